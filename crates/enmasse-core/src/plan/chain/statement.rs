//! One statement for all tables of a row.
//!
//! ```sql
//! WITH taken AS MATERIALIZED (SELECT "customer"."baseuser_ptr_id" k, t1."points" + 1 v0 FROM "customer" INNER JOIN "base_user" t1 ON …
//!     WHERE … ORDER BY k FOR NO KEY UPDATE OF t1, "customer"),
//! w0 AS (UPDATE "base_user" SET "points" = taken.v0 FROM taken WHERE "base_user"."id" = taken.k RETURNING taken.k),
//! w1 AS (UPDATE "customer" SET "level" = $1 FROM taken WHERE "customer"."baseuser_ptr_id" = taken.k RETURNING taken.k)
//! SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM taken), (SELECT count(*) FROM w0), (SELECT count(*) FROM w1),
//!     CASE WHEN <all counts are the same> THEN NULL ELSE (SELECT k FROM taken WHERE <it is half written> LIMIT 1) END
//! ```
//!
//! Where tables are joined in an update:
//!
//! ```sql
//! UPDATE (SELECT … ORDER BY k LIMIT 18446744073709551615 FOR UPDATE) taken
//!     STRAIGHT_JOIN `base_user` ON `base_user`.`id` = taken.k STRAIGHT_JOIN `customer` ON `customer`.`baseuser_ptr_id` = taken.k
//!     SET `base_user`.`points` = taken.v0, `customer`.`level` = ?
//! ```
//!
//! Computed in SET, whether an expression saw a column before or after it was set would depend on the plan.

use crate::dialect::{Capability, Dialect};
use crate::error::Result;
use crate::plan::Gives;
use crate::plan::Step;
use crate::plan::chain::ChainWrite;
use crate::plan::chain::half::is_half;
use crate::plan::taken::derived;
use crate::plan::update::settings;
use crate::sql::Fragment;

impl ChainWrite<'_> {
    pub(super) fn in_one_statement(mut self, dialect: &dyn Dialect) -> Result<Step> {
        let tables = self.parts.iter().map(|part| part.model.table.clone()).collect();
        let joined = dialect.supports(Capability::JoinedUpdate);
        let sql = if joined { self.joined(dialect)? } else { self.with_queries(dialect)? };
        let half_written = self.can_be_half(dialect).then(|| self.key_type());
        let gives =
            if joined { Gives::MatchedInEach(tables) } else { Gives::Counts { tables, half_written } };
        Ok(Step::Run(sql.statement(dialect), gives))
    }

    fn with_queries(&mut self, dialect: &dyn Dialect) -> Result<Fragment> {
        let taken = self.free_name("taken");
        let columns = self.taken();
        let strength = self.strength();
        let lock = self.lock(strength, true).unwrap_or_default();
        let mut sql = Fragment::format(
            &format!("WITH {taken} AS MATERIALIZED ({{}} ORDER BY k {lock})"),
            [self.select(columns)],
        );
        let count = format!("(SELECT count(*) FROM {taken})");
        let mut counts = vec![count.clone(), count.clone()];
        let (mut first, mut whole, mut written_in) = (0, Vec::new(), Vec::new());
        for (number, part) in self.parts.iter().enumerate() {
            let written = self.free_name(&format!("w{number}"));
            let set = settings(part.settings(dialect, self.model(), &taken, first));
            first += part.takes();
            sql.push(Fragment::format(
                &format!(
                    ", {written} AS (UPDATE {} SET {{}} FROM {taken} WHERE {} = {taken}.{} RETURNING {taken}.k)",
                    part.table(dialect),
                    part.own_key(dialect),
                    part.taken_key(number)
                ),
                [set],
            ));
            counts.push(format!("(SELECT count(*) FROM {written})"));
            whole.push(format!("(SELECT count(*) FROM {written}) = {count}"));
            written_in.push(Fragment::text(format!("{taken}.k IN (SELECT k FROM {written})")));
        }
        sql.push(format!(" SELECT {}", counts.join(", ")));
        if self.can_be_half(dialect) {
            // the tables are seen as they were
            let changes = self.has_values(dialect, &taken)?.into_iter();
            let changes = changes.map(|has_values| Fragment::format("NOT {}", [has_values]));
            let half = is_half(changes.zip(written_in));
            let whole = whole.join(" AND ");
            let key =
                format!(", CASE WHEN {whole} THEN NULL ELSE (SELECT k FROM {taken} WHERE {{}} LIMIT 1) END");
            sql.push(Fragment::format(&key, [half]));
        }
        Ok(sql)
    }

    fn joined(&mut self, dialect: &dyn Dialect) -> Result<Fragment> {
        let taken = self.free_name("taken");
        let strength = self.strength();
        let lock = self.lock(strength, true).unwrap_or_default();
        let columns = self.taken();
        // an order of the caller's own matters to a unique column
        let order = if self.query.order_by.is_empty() || self.query.lock_in_order {
            Fragment::text(" ORDER BY k")
        } else {
            self.compiler.order(self.query)?
        };
        let mut rows = self.select(columns);
        rows.push(order);
        rows.push(format!("{} {lock}", dialect.keep_order()));
        let mut sql = Fragment::format("UPDATE {}", [derived(dialect, rows, taken.clone())]);
        let (mut set, mut first) = (Vec::new(), 0);
        for (number, part) in self.parts.iter().enumerate() {
            let (own, key) = (part.own(dialect), part.taken_key(number));
            sql.push(format!(
                " STRAIGHT_JOIN {} ON {} = {taken}.{key}",
                part.table(dialect),
                part.own_key(dialect)
            ));
            let settings = part.settings(dialect, self.model(), &taken, first);
            set.extend(settings.into_iter().map(|(column, value)| (format!("{own}.{column}"), value)));
            first += part.takes();
        }
        sql.push(" SET ");
        sql.push(settings(set));
        Ok(sql)
    }
}
