//! What one statement is made with: the queries it is in, and the conditions that are put together.

use crate::compile::scope::{Call, Scope};
use crate::compile::select::{self, Purpose};
use crate::dialect::{Capability, Dialect};
use crate::error::{Error, Result};
use crate::query::{Q, Query};
use crate::schema::ModelRef;
use crate::sql::{Condition, Fragment, Term};
use crate::value::{DataType, Value};

/// Makes SQL of the expressions and conditions of one statement.
pub(crate) struct Compiler<'q> {
    pub(super) dialect: &'q dyn Dialect,
    /// The queries around the present one, outermost first, and the present one last.
    pub(super) scopes: Vec<Scope<'q>>,
    /// The new value of the field at a position, where a bulk update carries one for each row.
    pub(super) carried: Option<Carried<'q>>,
    /// Whether aggregates have a meaning here: in what a subquery selects.
    pub(super) aggregates: bool,
    /// Whether a query has been put inside of the statement, or a list so long that it may be read as if it were one.
    pub(super) nested: bool,
    /// The fewest keys in a table of stored keys that is read in a query inside.
    stored: Option<u64>,
}

/// Spells the value of a field that a bulk update carries for each row.
pub(crate) type Carried<'q> = &'q dyn Fn(usize) -> Option<Fragment>;

/// Where a condition stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Inside an odd number of NOTs.
    pub negated: bool,
    /// Inside any NOT: there a relation with many rows is not joined, but asked whether it has such a row.
    pub under_not: bool,
    /// Whether no row is wanted for which it does not hold.
    pub required: bool,
}

impl Place {
    /// A condition that every row has to meet.
    pub(super) const FILTER: Place = Place { negated: false, under_not: false, required: true };
    /// A condition whose truth is a value.
    pub(super) const VALUE: Place = Place { required: false, ..Place::FILTER };
}

impl<'q> Compiler<'q> {
    pub(crate) fn new(dialect: &'q dyn Dialect, query: &'q Query) -> Self {
        Compiler::of(dialect, Scope::new(query.model.clone(), &query.annotations))
    }

    /// For a query inside of a statement on the same table: its table goes by another name.
    pub(crate) fn inside(dialect: &'q dyn Dialect, query: &'q Query) -> Self {
        let around = Scope::new(query.model.clone(), &[]);
        Compiler::of(dialect, around.inner(query.model.clone(), &query.annotations))
    }

    fn of(dialect: &'q dyn Dialect, scope: Scope<'q>) -> Self {
        Compiler {
            dialect,
            scopes: vec![scope],
            carried: None,
            aggregates: false,
            nested: false,
            stored: None,
        }
    }

    /// Lets expressions name the values that a bulk update carries.
    pub(crate) fn carry(&mut self, carried: Carried<'q>) {
        self.carried = Some(carried);
    }

    pub(super) fn scope(&mut self) -> &mut Scope<'q> {
        self.scopes.last_mut().expect("a statement has a scope")
    }

    pub(crate) fn dialect(&self) -> &'q dyn Dialect {
        self.dialect
    }

    /// Whether names may hop to other tables from here on.
    pub(crate) fn allow_joins(&mut self, allowed: bool) {
        self.scope().joins_allowed = allowed;
    }

    /// Whether there are joins: names have hopped to other tables, or a part of the row is in one.
    pub(crate) fn has_joins(&mut self) -> bool {
        self.scope().has_joins()
    }

    /// Whether names have hopped to other tables, or there are queries inside of the statement.
    pub(crate) fn reads_others(&mut self) -> bool {
        self.scope().has_joins() || self.nested || self.stored.is_some()
    }

    /// Whether the rows that a write is for have to be found by a query of their own: where names have hopped to other
    /// tables, and where the table that is written may not be read in a query inside.
    pub(crate) fn finds_apart(&mut self) -> bool {
        let nested = self.nested || self.stored.is_some();
        self.scope().has_joins() || nested && !self.dialect.supports(Capability::TargetInSubquery)
    }

    /// How many stored keys there are, where a write has to find its rows apart for no other reason than to look up theirs among them.
    pub(crate) fn looks_up(&mut self) -> Option<u64> {
        if self.scope().has_joins() || self.nested { None } else { self.stored }
    }

    /// Whether joins may give a row of the query's own table several times.
    pub(crate) fn multiplies(&mut self) -> bool {
        self.scope().multiplies()
    }

    /// The query's model.
    pub(crate) fn model(&mut self) -> &ModelRef {
        self.scope().model()
    }

    /// The query's own table as columns name it.
    pub(crate) fn table(&mut self) -> String {
        let dialect = self.dialect;
        dialect.quote(self.scope().alias())
    }

    /// The query's table and its joins, for `FROM`.
    pub(crate) fn from(&mut self) -> String {
        let dialect = self.dialect;
        self.scope().from(dialect)
    }

    /// Runs `work` in a query inside of the present one.
    pub(super) fn within<T>(&mut self, query: &'q Query, work: impl FnOnce(&mut Self) -> T) -> T {
        match query.stored {
            Some(keys) => self.stored = Some(self.stored.map_or(keys, |fewest| fewest.min(keys))),
            None => self.nested = true,
        }
        let scope = self.scope().inner(query.model.clone(), &query.annotations);
        self.scopes.push(scope);
        let aggregates = std::mem::replace(&mut self.aggregates, false);
        let result = work(self);
        self.aggregates = aggregates;
        self.scopes.pop();
        result
    }

    /// The conditions of a query.
    pub(crate) fn filters(&mut self, query: &'q Query) -> Result<Condition> {
        query.check()?;
        let mut parts = Vec::new();
        for (number, filter) in query.filters.iter().enumerate() {
            self.scope().call = Call::Filter(number);
            parts.push(self.q(filter, Place::FILTER)?);
        }
        self.scope().call = Call::Any;
        Ok(if query.none { Condition::Nothing } else { Condition::all(parts) })
    }

    pub(super) fn q(&mut self, q: &'q Q, place: Place) -> Result<Condition> {
        let optional = Place { required: false, ..place };
        match q {
            Q::And(parts) => self.each(parts, place).map(Condition::all),
            Q::Or(parts) if parts.is_empty() => Ok(Condition::Everything),
            Q::Or(parts) => {
                let place = if parts.len() == 1 { place } else { optional };
                self.each(parts, place).map(Condition::any)
            }
            Q::Xor(parts) if parts.is_empty() => Ok(Condition::Everything),
            Q::Xor(parts) => {
                // One that is not known does not hold, whether the whole is negated or not.
                let parts = self.each(parts, Place { negated: false, ..optional })?;
                Ok(Condition::xor(parts))
            }
            Q::Not(part) => {
                let place = Place { negated: !place.negated, under_not: true, required: false };
                Ok(self.q(part, place)?.not())
            }
            Q::Compare { left, lookup, right } => self.compare(left, *lookup, right, place),
            Q::Named { path, right } => self.compare_path(path.names(), None, right, place),
            Q::Exists(select) => self.exists(&select.query),
            Q::Expr(expr) => match self.expr(expr)? {
                Term::Value(Value::Bool(true)) => Ok(Condition::Everything),
                Term::Value(Value::Bool(false) | Value::Null) => Ok(Condition::Nothing),
                Term::Value(other) => {
                    Err(Error::value(format!("A condition is true or false, not {other}.")))
                }
                Term::Sql(typed) => match typed.data_type {
                    None | Some(DataType::Bool) => Ok(Condition::Sql(typed.sql)),
                    Some(other) => Err(Error::field(format!("A condition is true or false, not {other}."))),
                },
            },
        }
    }

    fn each(&mut self, parts: &'q [Q], place: Place) -> Result<Vec<Condition>> {
        parts.iter().map(|part| self.q(part, place)).collect()
    }

    fn exists(&mut self, query: &'q Query) -> Result<Condition> {
        let inside = self
            .within(query, |inner| select::body(inner, query, Purpose::Presence, |_| Ok(vec!["1".into()])))?;
        Ok(inside.map_or(Condition::Nothing, |sql| Condition::Sql(Fragment::format("EXISTS ({})", [sql]))))
    }
}
