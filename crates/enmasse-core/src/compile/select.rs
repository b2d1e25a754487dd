//! A query as `SELECT`.

use crate::compile::Compiler;
use crate::dialect::{Capability, Dialect};
use crate::error::{Error, Result};
use crate::query::{Distinct, Expr, Query};
use crate::sql::{Condition, Fragment, Statement};
use crate::value::DataType;

/// A statement that gives rows, and the types of its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The statement.
    pub statement: Statement,
    /// The type of each column, for [`Dialect::load`].
    pub columns: Vec<DataType>,
}

impl Query {
    /// The statement for all fields of each row; `None` where the query has no rows whatever the table holds.
    ///
    /// # Errors
    ///
    /// Where a name, a lookup or a value does not fit the model, or the database cannot do what is asked.
    pub fn select_rows(&self, dialect: &dyn Dialect) -> Result<Option<Selection>> {
        let types = self.model.fields.iter().map(|field| field.data_type.clone()).collect();
        self.selection(dialect, |compiler| {
            let columns =
                (0..self.model.fields.len()).map(|position| compiler.own_column(position)).collect();
            Ok((columns, types))
        })
    }

    /// The statement for these expressions of each row.
    ///
    /// # Errors
    ///
    /// As [`select_rows`](Query::select_rows); and where the type of an expression is not known.
    pub fn select_values(&self, dialect: &dyn Dialect, values: &[Expr]) -> Result<Option<Selection>> {
        self.selection(dialect, |compiler| {
            let mut columns = Vec::new();
            let mut types = Vec::new();
            for value in values {
                let typed = compiler.typed(value, None)?;
                types.push(typed.data_type.ok_or_else(|| {
                    Error::field("The type of a selected expression is not known: say it with a cast.")
                })?);
                columns.push(typed.sql);
            }
            Ok((columns, types))
        })
    }

    /// The statement for the number of rows.
    ///
    /// # Errors
    ///
    /// As [`select_rows`](Query::select_rows).
    pub fn select_count(&self, dialect: &dyn Dialect) -> Result<Option<Selection>> {
        let plain = !self.is_sliced() && self.distinct == Distinct::No;
        let mut counted = self.clone();
        if self.distinct != Distinct::No || !self.is_sliced() {
            counted.order_by.clear();
        }
        let mut compiler = Compiler::new(dialect, &counted);
        let sql = body(&mut compiler, &counted, Purpose::Rows, |compiler| {
            Ok(if plain { vec!["COUNT(*)".into()] } else { compiler.own_key() })
        })?;
        Ok(sql.map(|sql| {
            let whole =
                if plain { sql } else { Fragment::format("SELECT COUNT(*) FROM ({}) counted", [sql]) };
            Selection { statement: whole.statement(dialect), columns: vec![DataType::BigInt] }
        }))
    }

    /// The statement that gives one row if the query has any.
    ///
    /// # Errors
    ///
    /// As [`select_rows`](Query::select_rows).
    pub fn select_exists(&self, dialect: &dyn Dialect) -> Result<Option<Selection>> {
        let mut first = self.clone();
        first.limit = Some(first.limit.map_or(1, |limit| limit.min(1)));
        let mut compiler = Compiler::new(dialect, &first);
        let sql = body(&mut compiler, &first, Purpose::Presence, |_| Ok(vec!["1".into()]))?;
        Ok(sql.map(|sql| Selection { statement: sql.statement(dialect), columns: vec![DataType::BigInt] }))
    }

    fn selection<'q>(
        &'q self,
        dialect: &'q dyn Dialect,
        output: impl FnOnce(&mut Compiler<'q>) -> Result<(Vec<Fragment>, Vec<DataType>)>,
    ) -> Result<Option<Selection>> {
        let mut compiler = Compiler::new(dialect, self);
        let mut columns = Vec::new();
        let sql = body(&mut compiler, self, Purpose::Rows, |compiler| {
            let (sql, types) = output(compiler)?;
            let selected =
                sql.into_iter().zip(&types).map(|(sql, data_type)| dialect.selected(sql, data_type));
            let selected = selected.collect();
            columns = types;
            Ok(selected)
        })?;
        Ok(sql.map(|sql| Selection { statement: sql.statement(dialect), columns }))
    }
}

/// What a `SELECT` is for: not all of a query matters to each.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Purpose {
    /// Its rows, in their order.
    Rows,
    /// Whether a value is among them.
    Membership,
    /// Whether there are any.
    Presence,
    /// An aggregate of them all, which has a value though there be none.
    Total,
}

impl Purpose {
    fn is_ordered(self, query: &Query) -> bool {
        match self {
            Purpose::Rows => true,
            Purpose::Membership => query.is_sliced() || matches!(query.distinct, Distinct::On(_)),
            Purpose::Presence | Purpose::Total => false,
        }
    }
}

/// `SELECT … FROM … WHERE … ORDER BY … LIMIT …`; `None` where no row can pass.
pub(super) fn body<'q>(
    compiler: &mut Compiler<'q>,
    query: &'q Query,
    purpose: Purpose,
    output: impl FnOnce(&mut Compiler<'q>) -> Result<Vec<Fragment>>,
) -> Result<Option<Fragment>> {
    if purpose == Purpose::Total && (query.is_sliced() || query.distinct != Distinct::No) {
        return Err(Error::request(
            "An aggregate is of all rows of a query, not of a slice or of distinct rows.",
        ));
    }
    let mut condition = compiler.filters(query)?;
    if condition == Condition::Nothing && purpose == Purpose::Total {
        condition = Condition::Sql(condition.into_sql());
    }
    if condition == Condition::Nothing || query.limit == Some(0) {
        return Ok(None);
    }
    let output = match purpose {
        // Which rows are passed over, and which are equal, is a matter of what is selected.
        Purpose::Presence if query.offset > 0 && query.distinct == Distinct::Rows => compiler.own_key(),
        _ => output(compiler)?,
    };
    let order = if purpose.is_ordered(query) { compiler.orders(query)? } else { Vec::new() };
    let distinct = match (&query.distinct, purpose) {
        (Distinct::Rows, Purpose::Presence) if query.offset == 0 => Fragment::default(),
        _ => compiler.distinct(query)?,
    };
    let whole = |output: Fragment, order: Fragment| -> Fragment {
        let from = compiler.from();
        let mut sql = Fragment::format("SELECT {}{} FROM {}", [distinct, output, from.into()]);
        if let Condition::Sql(condition) = condition {
            sql.push(" WHERE ");
            sql.push(condition);
        }
        sql.push(order);
        sql
    };
    // With parameters in it, PostgreSQL does not see that it is the same.
    let apart = |(by, _): &(Fragment, bool)| by.params() > 0 || !output.contains(by);
    let mut sql = if query.distinct == Distinct::Rows && order.iter().any(apart) {
        ordered_apart(output, order, |output| whole(output, Fragment::default()))
    } else {
        whole(Fragment::join(output, ", "), order_by(order))
    };
    sql.push(slice(compiler.dialect, query));
    Ok(Some(sql))
}

/// Distinct rows in an order of something that is not selected: as in Django it counts for what is distinct.
fn ordered_apart(
    output: Vec<Fragment>,
    order: Vec<(Fragment, bool)>,
    whole: impl FnOnce(Fragment) -> Fragment,
) -> Fragment {
    let named = |what: &str, number: usize| Fragment::text(format!("{what}{number}"));
    let names = (0..output.len()).map(|number| named("c", number));
    let names = Fragment::join(names, ", ");
    let mut inner = Vec::new();
    let mut outer = Vec::new();
    for (number, column) in output.into_iter().enumerate() {
        inner.push(Fragment::format("{} {}", [column, named("c", number)]));
    }
    for (number, (by, descending)) in order.into_iter().enumerate() {
        inner.push(Fragment::format("{} {}", [by, named("o", number)]));
        outer.push((named("o", number), descending));
    }
    let inner = whole(Fragment::join(inner, ", "));
    Fragment::format("SELECT {} FROM ({}) found{}", [names, inner, order_by(outer)])
}

fn order_by(order: Vec<(Fragment, bool)>) -> Fragment {
    let mut sql = Fragment::default();
    for (position, (by, descending)) in order.into_iter().enumerate() {
        sql.push(if position == 0 { " ORDER BY " } else { ", " });
        sql.push(by);
        sql.push(if descending { " DESC" } else { "" });
    }
    sql
}

impl<'q> Compiler<'q> {
    /// The column of a field of the query's model; the tables of models that this extends are joined.
    pub(crate) fn own_column(&mut self, position: usize) -> Fragment {
        let dialect = self.dialect;
        let scope = self.scope();
        let column = scope.owned(0, position).expect("a row's own parts can be joined");
        scope.sql(dialect, &column)
    }

    /// The tables that have parts of the row, as columns name them, the root of the chain first; and whether each is reached by another
    /// parent than the first.
    pub(crate) fn parts(&mut self) -> Vec<(String, bool)> {
        let dialect = self.dialect;
        let scope = self.scope();
        scope.parts().into_iter().map(|(table, aside)| (scope.table_sql(dialect, table), aside)).collect()
    }

    /// Joins the tables of all first parents up to the root.
    pub(crate) fn join_first_parents(&mut self) {
        let (mut way, mut model) = (Vec::new(), self.scope().model().clone());
        while model.is_child() {
            way.push(0);
            self.part(&way);
            model = model.parent(0);
        }
    }

    /// The table, as columns name it, that these parents in turn lead to.
    pub(crate) fn part(&mut self, way: &[usize]) -> String {
        let dialect = self.dialect;
        let scope = self.scope();
        let up = |table, &parent| scope.join_parent(table, parent).expect("a row's own parts can be joined");
        let table = way.iter().fold(0, up);
        self.scope().table_sql(dialect, table)
    }

    /// The columns of the primary key of the query's own table.
    pub(crate) fn own_key(&mut self) -> Vec<Fragment> {
        let key = self.scope().model().key();
        key.into_iter().map(|position| self.own_column(position)).collect()
    }

    /// ` ORDER BY …`, or nothing.
    pub(crate) fn order(&mut self, query: &'q Query) -> Result<Fragment> {
        self.orders(query).map(order_by)
    }

    /// What the rows are ordered by, and whether the greatest comes first.
    fn orders(&mut self, query: &'q Query) -> Result<Vec<(Fragment, bool)>> {
        query.order_by.iter().map(|order| Ok((self.typed(&order.by, None)?.sql, order.descending))).collect()
    }

    fn distinct(&mut self, query: &'q Query) -> Result<Fragment> {
        Ok(match &query.distinct {
            Distinct::No => Fragment::default(),
            Distinct::Rows => "DISTINCT ".into(),
            Distinct::On(_) if !self.dialect.supports(Capability::DistinctOn) => {
                return Err(Error::not_supported(format!(
                    "{} has no DISTINCT ON fields.",
                    self.dialect.name()
                )));
            }
            Distinct::On(fields) => {
                let fields = fields.iter().map(|field| Ok(self.field(field)?.sql));
                let fields = fields.collect::<Result<Vec<_>>>()?;
                Fragment::format("DISTINCT ON ({}) ", [Fragment::join(fields, ", ")])
            }
        })
    }
}

fn slice(dialect: &dyn Dialect, query: &Query) -> String {
    // What no table has so many rows of.
    let most = i64::MAX as u64;
    let limit = query.limit.map(|limit| limit.min(most).to_string());
    let limit = limit.or_else(|| dialect.limit_for_offset().filter(|_| query.offset > 0).map(str::to_owned));
    let mut sql = limit.map_or(String::new(), |limit| format!(" LIMIT {limit}"));
    if query.offset > 0 {
        sql.push_str(&format!(" OFFSET {}", query.offset.min(most)));
    }
    sql
}
