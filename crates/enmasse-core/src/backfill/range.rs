//! Ranges of keys: where a chunk ends, and the condition that makes a query one of its rows.

use crate::compile::Selection;
use crate::dialect::{Capability, Dialect};
use crate::error::Result;
use crate::query::{Expr, FieldPath, Lookup, Order, Q, Query};
use crate::schema::ModelRef;
use crate::value::{DataType, Value};

/// The keys after one and up to another.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRange {
    /// The key before the first; none where it begins with the table.
    pub after: Option<Vec<Value>>,
    /// The last key.
    pub up_to: Vec<Value>,
}

/// The chunks of a model's rows, in the order of its keys.
#[derive(Clone, Debug)]
pub struct Chunks {
    model: ModelRef,
    fields: Vec<Expr>,
    types: Vec<DataType>,
    rows_compare: bool,
}

impl Chunks {
    /// Of all rows of a model.
    pub fn new(dialect: &dyn Dialect, model: &ModelRef) -> Self {
        let key = model.key();
        let field = |&position: &usize| Expr::Field(FieldPath::new([model.fields[position].name.clone()]));
        Chunks {
            model: model.clone(),
            fields: key.iter().map(field).collect(),
            types: key.iter().map(|&position| model.fields[position].data_type.clone()).collect(),
            rows_compare: dialect.supports(Capability::RowRanges),
        }
    }

    /// Whether a key that was read may be another text in the table than the one that it is sent as: a UUID with dashes in a column of texts. What is
    /// read must then be found again before a range ends with it.
    pub fn must_be_found(&self) -> bool {
        !self.types.iter().all(DataType::is_integer)
    }

    /// The condition of a range.
    pub fn condition(&self, range: &KeyRange) -> Q {
        let up_to = self.side(&range.up_to, false);
        match &range.after {
            Some(after) => Q::And(vec![self.side(after, true), up_to]),
            None => up_to,
        }
    }

    /// The keys on one side of a key: after it, or up to it.
    fn side(&self, key: &[Value], after: bool) -> Q {
        let value = |place: usize| Expr::Value(key[place].clone(), Some(self.types[place].clone()));
        let (strict, or_equal) = if after { (Lookup::Gt, Lookup::Gte) } else { (Lookup::Lt, Lookup::Lte) };
        let compare = |place: usize, lookup| Q::compare(self.fields[place].clone(), lookup, value(place));
        let last = self.fields.len() - 1;
        let end = if after { strict } else { or_equal };
        if last == 0 {
            return compare(0, end);
        }
        if self.rows_compare {
            let places = vec!["{}"; self.fields.len()].join(", ");
            let sign = if after { ">" } else { "<=" };
            let parts = self.fields.iter().cloned().chain((0..=last).map(value)).collect();
            let sql = format!("({places}) {sign} ({places})");
            return Q::Expr(Box::new(Expr::Raw { sql, parts, data_type: DataType::Bool }));
        }
        // a > x or (a = x and (b > y or …)); and a >= x, which is what an index is read by
        let inner = (0..last).rev().fold(compare(last, end), |rest, place| {
            let equal = Q::And(vec![compare(place, Lookup::Exact), rest]);
            Q::Or(vec![compare(place, strict), equal])
        });
        Q::And(vec![compare(0, or_equal), inner])
    }

    fn ordered(&self, descending: bool) -> Query {
        let order = |by: &Expr| Order { by: by.clone(), descending };
        let mut query = Query::new(self.model.clone());
        query.order_by = self.fields.iter().map(order).collect();
        query
    }

    fn keys(&self, dialect: &dyn Dialect, query: Query) -> Result<Selection> {
        Ok(query.select_values(dialect, &self.fields)?.expect("a query of keys may have rows"))
    }

    /// The query that gives the greatest key, or no row.
    ///
    /// # Errors
    ///
    /// None that a model's key could be the cause of.
    pub fn greatest(&self, dialect: &dyn Dialect) -> Result<Selection> {
        let mut query = self.ordered(true);
        query.limit = Some(1);
        self.keys(dialect, query)
    }

    /// The query that gives the key that is `size` keys further; no row where there are fewer.
    ///
    /// # Errors
    ///
    /// As [`greatest`](Chunks::greatest).
    pub fn boundary(&self, dialect: &dyn Dialect, range: &KeyRange, size: u64) -> Result<Selection> {
        let mut query = self.ordered(false).filtered(self.condition(range));
        (query.limit, query.offset) = (Some(1), size.max(1) - 1);
        self.keys(dialect, query)
    }

    /// The query that counts the keys of a range.
    ///
    /// # Errors
    ///
    /// As [`greatest`](Chunks::greatest).
    pub fn count(&self, dialect: &dyn Dialect, range: &KeyRange) -> Result<Selection> {
        let query = Query::new(self.model.clone()).filtered(self.condition(range));
        Ok(query.select_count(dialect)?.expect("a range may have rows"))
    }

    /// The query that counts the rows with a key: one, where the key is in the table as it is sent.
    ///
    /// # Errors
    ///
    /// As [`greatest`](Chunks::greatest).
    pub fn found(&self, dialect: &dyn Dialect, key: &[Value]) -> Result<Selection> {
        let equal = |((field, value), data_type): ((&Expr, &Value), &DataType)| {
            let value = Expr::Value(value.clone(), Some(data_type.clone()));
            Q::compare(field.clone(), Lookup::Exact, value)
        };
        let parts = self.fields.iter().zip(key).zip(&self.types).map(equal).collect();
        let query = Query::new(self.model.clone()).filtered(Q::And(parts));
        Ok(query.select_count(dialect)?.expect("a key may have a row"))
    }
}
