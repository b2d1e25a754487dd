//! A write whose rows and values a query of the host's gives.
//!
//! ```sql
//! CREATE TEMPORARY TABLE pg_temp."enmasse_taken" ON COMMIT DROP AS SELECT "customer"."baseuser_ptr_id" k
//!     FROM (WITH enmasse_given (k0, v0) AS (<the host's query>) SELECT DISTINCT k0 FROM enmasse_given) enmasse_given,
//!     "customer" INNER JOIN "base_user" t1 ON … WHERE "customer"."baseuser_ptr_id" = enmasse_given.k0
//!     ORDER BY k FOR NO KEY UPDATE OF t1, "customer";
//! CREATE TEMPORARY TABLE pg_temp."enmasse_values" ON COMMIT DROP AS SELECT taken.k, enmasse_given.v0 v0
//!     FROM (WITH enmasse_given (k0, v0) AS (<the host's query>) SELECT … once for each key …) enmasse_given, pg_temp."enmasse_taken" taken, …;
//! UPDATE "base_user" SET "points" = taken.v0 FROM pg_temp."enmasse_values" taken WHERE "base_user"."id" = taken.k
//! ```
//!
//! The host's query cannot lock the rows in order, so that it is run twice: for the keys, and once the rows are locked for the values. A row that
//! has left it by then is not written. Where others cannot write meanwhile, it is run once.

use crate::compile::Compiler;
use crate::dialect::{Capability, Dialect};
use crate::error::Result;
use crate::plan::chain::staged::Staged;
use crate::plan::chain::{Batch, ChainWrite, Set};
use crate::plan::update::new_value;
use crate::plan::{Plan, UpdateFrom, free_name};
use crate::query::Expr;
use crate::sql::Fragment;

/// What the host's query is called.
const GIVEN: &str = "enmasse_given";

/// The plan that sets the fields at `positions` to what the host's query gives, and others to constants.
pub(in crate::plan) fn update_from(
    dialect: &dyn Dialect,
    request: &UpdateFrom<'_>,
    positions: &[usize],
    constants: &[(usize, Expr)],
) -> Result<Plan> {
    let model = &request.query.model;
    let given = Given { name: free_name(model, GIVEN), keys: model.key().len(), values: positions.len() };
    let mut compiler = Compiler::new(dialect, request.query);
    compiler.allow_joins(false);
    let mut set = Vec::new();
    for (number, &position) in positions.iter().enumerate() {
        set.push(Set { position, value: given.column("v", number).into(), is_taken: true });
    }
    for (position, value) in constants {
        let value = new_value(&mut compiler, model, *position, value)?;
        set.push(Set { position: *position, value, is_taken: false });
    }
    compiler.allow_joins(true);
    let own = compiler.own_key().into_iter().enumerate();
    let on =
        own.map(|(number, own)| Fragment::format(&format!("{{}} = {}", given.column("k", number)), [own]));
    let on = Fragment::join(on.collect::<Vec<_>>(), " AND ");
    let Some(mut write) = ChainWrite::new(request.query, compiler, set)? else { return Ok(Plan::default()) };

    let values = given.rows(given.once(), request.source.into());
    let batch = if dialect.supports(Capability::RowLocks) {
        let keys = given.rows(given.all_keys(dialect), request.source.into());
        Batch { sql: keys, late: Some(values), on, keys: Vec::new() }
    } else {
        Batch { sql: values, late: None, on, keys: Vec::new() }
    };
    write.batch = Some(batch);
    let asked = Staged {
        returning: request.returning,
        keep: request.keep.kept().map(|kept| kept.sql(dialect)),
        keys_only: !request.keep.writes(),
        ..Staged::default()
    };
    Ok(Plan::of(write.staged(dialect, asked)?))
}

/// The columns of the host's query.
struct Given {
    name: String,
    keys: usize,
    values: usize,
}

impl Given {
    fn column(&self, kind: &str, number: usize) -> String {
        format!("{}.{kind}{number}", self.name)
    }

    fn names(&self, kind: &str, count: usize) -> Vec<String> {
        (0..count).map(|number| format!("{kind}{number}")).collect()
    }

    /// The query's rows as a table, with its name; `select` reads them.
    fn rows(&self, select: String, source: Fragment) -> Fragment {
        let columns = [self.names("k", self.keys), self.names("v", self.values)].concat().join(", ");
        let name = &self.name;
        Fragment::format(&format!("(WITH {name} ({columns}) AS ({{}}) {select}) {name}"), [source])
    }

    /// The keys, each once; in their order where that is the order in which the rows are locked.
    fn all_keys(&self, dialect: &dyn Dialect) -> String {
        let keys = self.names("k", self.keys).join(", ");
        let order = if dialect.supports(Capability::LocksAsRead) {
            format!(" ORDER BY {keys}{}", dialect.keep_order())
        } else {
            String::new()
        };
        format!("SELECT DISTINCT {keys} FROM {}{order}", self.name)
    }

    /// The keys and values, one row of each key: a join in the host's query may give a row several times.
    fn once(&self) -> String {
        let keys = self.names("k", self.keys).join(", ");
        let all = [self.names("k", self.keys), self.names("v", self.values)].concat().join(", ");
        format!(
            "SELECT {all} FROM (SELECT {all}, ROW_NUMBER() OVER (PARTITION BY {keys}) n FROM {}) numbered WHERE n = 1",
            self.name
        )
    }
}
