//! A query as `SELECT`.

use crate::dialect::{Capability, Dialect};
use crate::error::{Error, Result};
use crate::expr::Expr;
use crate::lookup::Condition;
use crate::query::compile::Compiler;
use crate::query::{Distinct, Order, Query};
use crate::sql::{Fragment, Statement};
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
            let columns = (0..self.model.fields.len()).map(|position| compiler.own_column(position));
            Ok((columns.collect(), types))
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
            counted.order_by.retain(|_| matches!(self.distinct, Distinct::On(_)));
        }
        let mut compiler = Compiler::new(dialect, &counted);
        let sql = body(&mut compiler, &counted, |compiler| {
            if plain {
                return Ok(vec!["COUNT(*)".into()]);
            }
            Ok(self.model.key().into_iter().map(|position| compiler.own_column(position)).collect())
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
        first.order_by.clear();
        let mut compiler = Compiler::new(dialect, &first);
        let sql = body(&mut compiler, &first, |_| Ok(vec!["1".into()]))?;
        Ok(sql.map(|sql| Selection { statement: sql.statement(dialect), columns: vec![DataType::BigInt] }))
    }

    fn selection<'q>(
        &'q self,
        dialect: &'q dyn Dialect,
        output: impl FnOnce(&mut Compiler<'q>) -> Result<(Vec<Fragment>, Vec<DataType>)>,
    ) -> Result<Option<Selection>> {
        let mut compiler = Compiler::new(dialect, self);
        let mut columns = Vec::new();
        let sql = body(&mut compiler, self, |compiler| {
            let (sql, types) = output(compiler)?;
            columns = types;
            Ok(sql)
        })?;
        Ok(sql.map(|sql| Selection { statement: sql.statement(dialect), columns }))
    }
}

/// `SELECT … FROM … WHERE … ORDER BY … LIMIT …`; `None` where no row can pass.
pub(super) fn body<'q>(
    compiler: &mut Compiler<'q>,
    query: &'q Query,
    output: impl FnOnce(&mut Compiler<'q>) -> Result<Vec<Fragment>>,
) -> Result<Option<Fragment>> {
    let condition = compiler.filters(query)?;
    if condition == Condition::Nothing || query.limit == Some(0) {
        return Ok(None);
    }
    let dialect = compiler.dialect;
    let output = output(compiler)?;
    let mut sql = Fragment::text("SELECT ");
    match &query.distinct {
        Distinct::No => {}
        Distinct::Rows => sql.push("DISTINCT "),
        Distinct::On(_) if !dialect.supports(Capability::DistinctOn) => {
            return Err(Error::not_supported(format!("{} has no DISTINCT ON fields.", dialect.name())));
        }
        Distinct::On(fields) => {
            sql.push("DISTINCT ON (");
            for (position, field) in fields.iter().enumerate() {
                sql.push(if position > 0 { ", " } else { "" });
                sql.push(compiler.field(field)?.sql);
            }
            sql.push(") ");
        }
    }
    let orders = compiler.orders(query)?;
    // What DISTINCT rows are ordered by must be selected too, and is then what makes them distinct, as in Django.
    let is_selected = |order: &(Fragment, &str)| order.0.params() == 0 && output.contains(&order.0);
    let wraps = query.distinct == Distinct::Rows && !orders.iter().all(is_selected);
    let names: Vec<String> = (0..output.len()).map(|number| format!("c{number}")).collect();
    let order = if wraps {
        let columns = output.into_iter().zip(&names).map(|(sql, name)| named(sql, name));
        let hidden =
            orders.iter().enumerate().map(|(number, (sql, _))| named(sql.clone(), &format!("o{number}")));
        sql.push(Fragment::join(columns.chain(hidden), ", "));
        order_by(orders.into_iter().enumerate().map(|(number, (_, way))| (format!("o{number}").into(), way)))
    } else {
        sql.push(Fragment::join(output, ", "));
        order_by(orders)
    };
    sql.push(" FROM ");
    sql.push(compiler.scope().from(dialect));
    if let Condition::Sql(condition) = condition {
        sql.push(" WHERE ");
        sql.push(condition);
    }
    if wraps {
        let whole = format!("SELECT {} FROM ({{}}) different", names.join(", "));
        sql = Fragment::format(&whole, [sql]);
    }
    sql.push(order);
    sql.push(slice(dialect, query));
    Ok(Some(sql))
}

fn named(sql: Fragment, name: &str) -> Fragment {
    Fragment::format(&format!("{{}} {name}"), [sql])
}

/// ` ORDER BY …`, or nothing.
fn order_by<'a>(orders: impl IntoIterator<Item = (Fragment, &'a str)>) -> Fragment {
    let mut sql = Fragment::default();
    for (position, (order, way)) in orders.into_iter().enumerate() {
        sql.push(if position == 0 { " ORDER BY " } else { ", " });
        sql.push(order);
        sql.push(way);
    }
    sql
}

impl<'q> Compiler<'q> {
    /// A column of the query's own table.
    pub(crate) fn own_column(&mut self, position: usize) -> Fragment {
        let dialect = self.dialect;
        self.scope().own_column(dialect, position)
    }

    /// ` ORDER BY …`, or nothing.
    pub(crate) fn order(&mut self, query: &'q Query) -> Result<Fragment> {
        Ok(order_by(self.orders(query)?))
    }

    fn orders(&mut self, query: &'q Query) -> Result<Vec<(Fragment, &'static str)>> {
        let way = |descending| if descending { " DESC" } else { "" };
        let order = |order: &'q Order| Ok((self.typed(&order.by, None)?.sql, way(order.descending)));
        query.order_by.iter().map(order).collect()
    }
}

fn slice(dialect: &dyn Dialect, query: &Query) -> String {
    let limit = query.limit.map(|limit| limit.to_string());
    let limit = limit.or_else(|| dialect.limit_for_offset().filter(|_| query.offset > 0).map(str::to_owned));
    let mut sql = limit.map_or(String::new(), |limit| format!(" LIMIT {limit}"));
    if query.offset > 0 {
        sql.push_str(&format!(" OFFSET {}", query.offset));
    }
    sql
}
