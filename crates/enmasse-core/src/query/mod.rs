//! The content of a QuerySet as data: rows, conditions and expressions.

mod expr;
mod function;
mod host;
mod key_set;
mod lookup;
mod operator;
mod q;
mod visit;

pub use expr::{Expr, FieldPath};
pub use function::{Aggregate, DatePart, Function, JsonStep, TruncateTo};
pub use host::HostSql;
pub use key_set::KeySet;
pub use lookup::{Lookup, Operand};
pub use operator::Operator;
pub use q::Q;

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::schema::ModelRef;

/// A query: rows of a model in an order.
///
/// It is plain data and cheap to clone. It is checked when a statement is built.
#[derive(Clone, Debug)]
pub struct Query {
    /// The model.
    pub model: ModelRef,
    /// The conditions, one for each call of `filter` or `exclude`. As in Django, conditions of one call on a
    /// to-many relation apply to the same related row; those of separate calls may match different ones.
    pub filters: Vec<Q>,
    /// Named expressions that filters, orders and values may use.
    pub annotations: Vec<(String, Expr)>,
    /// The order.
    pub order_by: Vec<Order>,
    /// The number of rows to skip.
    pub offset: u64,
    /// The maximum number of rows.
    pub limit: Option<u64>,
    /// Whether duplicate rows are removed.
    pub distinct: Distinct,
    /// Whether it is an empty set.
    pub none: bool,
    /// Whether an update locks its rows in key order before the first write.
    pub lock_in_order: bool,
    /// The number of keys, if the rows are temporarily stored integer keys that are looked up one by one.
    pub(crate) stored: Option<u64>,
    problem: Option<Arc<Error>>,
}

impl Query {
    /// All rows of a model.
    pub fn new(model: ModelRef) -> Self {
        Query {
            model,
            filters: Vec::new(),
            annotations: Vec::new(),
            order_by: Vec::new(),
            offset: 0,
            limit: None,
            distinct: Distinct::No,
            none: false,
            lock_in_order: false,
            stored: None,
            problem: None,
        }
    }

    /// Adds a condition.
    #[must_use]
    pub fn filtered(mut self, condition: Q) -> Self {
        self.filters.push(condition);
        self
    }

    /// A query without a valid model: every use of it returns this error.
    pub fn broken(problem: Error) -> Self {
        Query { problem: Some(Arc::new(problem)), none: true, ..Query::new(ModelRef::unknown()) }
    }

    /// Makes every use of it return this error, unless it already has an error.
    pub fn fail(&mut self, problem: Error) {
        self.problem.get_or_insert_with(|| Arc::new(problem));
    }

    /// Checks that it can be used: its model is valid, and so is its construction.
    ///
    /// # Errors
    ///
    /// The error given to [`broken`](Query::broken) or [`fail`](Query::fail).
    pub fn check(&self) -> Result<()> {
        self.problem.as_ref().map_or(Ok(()), |problem| Err(problem.again()))
    }

    /// Whether it is a slice.
    pub fn is_sliced(&self) -> bool {
        self.offset > 0 || self.limit.is_some()
    }
}

/// Whether duplicate rows are removed.
#[derive(Clone, Debug, PartialEq)]
pub enum Distinct {
    /// No.
    No,
    /// Rows that are equal in the whole selection.
    Rows,
    /// The first of the rows that are equal in these fields: PostgreSQL's `DISTINCT ON`.
    On(Vec<FieldPath>),
}

/// One part of an order.
#[derive(Clone, Debug)]
pub struct Order {
    /// The sort expression.
    pub by: Expr,
    /// Whether the order is descending.
    pub descending: bool,
}

/// A query with its selection: a subquery.
#[derive(Clone, Debug)]
pub struct Select {
    /// The rows.
    pub query: Query,
    /// The selected expressions; empty for the primary key.
    pub output: Vec<Expr>,
}
