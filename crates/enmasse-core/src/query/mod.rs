//! What a QuerySet holds: rows, conditions and expressions, as data.

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

/// A query: which rows of a model, in what order.
///
/// Plain data, cheap to clone; nothing in it is checked until a statement is made of it.
#[derive(Clone, Debug)]
pub struct Query {
    /// The model.
    pub model: ModelRef,
    /// The conditions, one for each call of `filter` or `exclude`: as in Django, conditions of one call on a relation with
    /// many rows hold for the same row of it, those of several calls each for any row.
    pub filters: Vec<Q>,
    /// Named expressions that filters, orders and values may use.
    pub annotations: Vec<(String, Expr)>,
    /// The order.
    pub order_by: Vec<Order>,
    /// How many rows are passed over.
    pub offset: u64,
    /// How many rows are taken at most.
    pub limit: Option<u64>,
    /// Whether equal rows are given once.
    pub distinct: Distinct,
    /// Whether it was made to have no rows.
    pub none: bool,
    /// Whether an update of it locks its rows in the order of their keys, before it writes the first.
    pub lock_in_order: bool,
    /// How many keys there are, where the rows are integer keys that were stored for a while, each to be looked up by itself.
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

    /// The rows of it for which a condition holds too.
    #[must_use]
    pub fn filtered(mut self, condition: Q) -> Self {
        self.filters.push(condition);
        self
    }

    /// A query of a model that could not be had: every use of it gives this error.
    pub fn broken(problem: Error) -> Self {
        Query { problem: Some(Arc::new(problem)), none: true, ..Query::new(ModelRef::unknown()) }
    }

    /// Makes every use of it give this error, unless it gives one already.
    pub fn fail(&mut self, problem: Error) {
        self.problem.get_or_insert_with(|| Arc::new(problem));
    }

    /// Whether it can be used: its model could be had, and it was put together as queries are.
    ///
    /// # Errors
    ///
    /// The one that [`broken`](Query::broken) or [`fail`](Query::fail) was given.
    pub fn check(&self) -> Result<()> {
        self.problem.as_ref().map_or(Ok(()), |problem| Err(problem.again()))
    }

    /// Whether it has been cut to a slice.
    pub fn is_sliced(&self) -> bool {
        self.offset > 0 || self.limit.is_some()
    }
}

/// Whether equal rows are given once.
#[derive(Clone, Debug, PartialEq)]
pub enum Distinct {
    /// No.
    No,
    /// Rows that are equal in all that is selected.
    Rows,
    /// Rows that are equal in these fields, of which the first is given: PostgreSQL's `DISTINCT ON`.
    On(Vec<FieldPath>),
}

/// One part of an order.
#[derive(Clone, Debug)]
pub struct Order {
    /// What is ordered by.
    pub by: Expr,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// A query with what it selects: a subquery.
#[derive(Clone, Debug)]
pub struct Select {
    /// The rows.
    pub query: Query,
    /// What is selected of each; nothing means its primary key.
    pub output: Vec<Expr>,
}
