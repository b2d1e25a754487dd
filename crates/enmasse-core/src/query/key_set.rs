//! A set of rows by their keys, for use in a filter.

use crate::query::{Expr, FieldPath, Lookup, Operand, Q, Query, Select};
use crate::schema::{Model, ModelRef};
use crate::value::{DataType, Value};

/// Rows of a model by their primary keys, which are known values or stored in a table of the database.
#[derive(Clone, Debug)]
pub struct KeySet {
    /// The keys as the operand of `in`.
    pub(crate) keys: Operand,
    /// The rows with these keys.
    pub(crate) rows: Select,
}

impl KeySet {
    /// The rows with these keys: for each, the values of the key's fields.
    pub fn known(model: &ModelRef, keys: &[Vec<Value>]) -> Self {
        let key = model.key();
        let mut rows = Query::new(model.clone());
        if let [position] = key[..] {
            let values = Operand::Many(keys.iter().filter_map(|key| key.first().cloned()).collect());
            let left = Expr::Field(path(model, position));
            rows.filters.push(Q::Compare { left, lookup: Lookup::In, right: values.clone() });
            return KeySet { keys: values, rows: select(rows) };
        }
        let equal = |(&position, value): (&usize, &Value)| {
            Q::compare(Expr::Field(path(model, position)), Lookup::Exact, Expr::Value(value.clone(), None))
        };
        let each = keys.iter().map(|values| Q::And(key.iter().zip(values).map(equal).collect()));
        rows.none = keys.is_empty();
        rows.filters.push(Q::Or(each.collect()));
        let rows = select(rows);
        KeySet { keys: Operand::Query(Box::new(rows.clone())), rows }
    }

    /// The rows whose keys are in a table. Composite keys are compared as a whole with the SQL query `list`,
    /// if given; otherwise field by field. `size` is the number of keys, once counted.
    pub(crate) fn stored(
        model: &ModelRef,
        table: &ModelRef,
        list: Option<String>,
        size: Option<u64>,
    ) -> Self {
        let key = model.key();
        let mut stored = Query::new(table.clone());
        let mut rows = Query::new(model.clone());
        if let [position] = key[..] {
            stored.stored = size.filter(|_| model.fields[position].data_type.is_integer());
            let keys = Operand::Query(Box::new(select(stored)));
            let left = Expr::Field(path(model, position));
            rows.filters.push(Q::Compare { left, lookup: Lookup::In, right: keys.clone() });
            return KeySet { keys, rows: select(rows) };
        }
        let paths = key.iter().map(|&position| path(model, position));
        rows.filters.push(match list {
            None => {
                let this = |number| Expr::Field(self::path(table, number));
                let equal = |(number, outer)| Q::compare(this(number), Lookup::Exact, Expr::Outer(outer));
                stored.filters.push(Q::And(paths.enumerate().map(equal).collect()));
                Q::Exists(Box::new(select(stored)))
            }
            Some(list) => Q::Expr(Box::new(Expr::Raw {
                sql: format!("({}) IN ({list})", vec!["{}"; key.len()].join(", ")),
                parts: paths.map(Expr::Field).collect(),
                data_type: DataType::Bool,
            })),
        });
        let rows = select(rows);
        KeySet { keys: Operand::Query(Box::new(rows.clone())), rows }
    }

    /// The rows.
    pub fn rows(&self) -> &Query {
        &self.rows.query
    }

    /// A query for these rows that replaces the given query's filters.
    #[must_use]
    pub fn in_place_of(&self, query: &Query) -> Query {
        Query { filters: self.rows().filters.clone(), none: self.rows().none, ..query.clone() }
    }
}

impl From<KeySet> for Operand {
    fn from(set: KeySet) -> Self {
        Operand::Keys(Box::new(set))
    }
}

fn select(query: Query) -> Select {
    Select { query, output: Vec::new() }
}

fn path(model: &Model, position: usize) -> FieldPath {
    FieldPath::new([model.fields[position].name.clone()])
}
