//! What a keyword of a filter asks for, without a value yet.

use crate::compile::Compiler;
use crate::compile::compare::placed;
use crate::compile::names::Target;
use crate::dialect::Dialect;
use crate::error::Result;
use crate::query::{FieldPath, Lookup, Query};
use crate::value::DataType;

/// What a keyword asks for: its lookup, and what it compares.
#[derive(Clone, Debug, PartialEq)]
pub struct Keyword {
    /// The type of the field, or of what transforms make of it.
    pub data_type: Option<DataType>,
    /// The lookup; `exact` where the keyword names none.
    pub lookup: Lookup,
}

impl Query {
    /// What a keyword asks for, so that a program that has a value as text knows what to make of it.
    ///
    /// ```
    /// use enmasse_core::DataType;
    /// use enmasse_core::dialect::Sqlite;
    /// use enmasse_core::query::Lookup;
    /// use enmasse_core::query::Query;
    /// use enmasse_core::schema::{Field, Model, Schema};
    ///
    /// let user = Model::new("User", "users")
    ///     .add(Field::new("id", DataType::BigInt).primary_key())
    ///     .add(Field::new("last_login", DataType::DateTime));
    /// let users = Query::new(Schema::new(vec![user])?.model("User")?);
    /// let keyword = users.keyword(&Sqlite::default(), &"last_login__year__in".into())?;
    /// assert_eq!(keyword.lookup, Lookup::In);
    /// assert!(keyword.data_type.is_some_and(|data_type| data_type.is_integer()));
    /// # Ok::<(), enmasse_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where a name, a transform or a lookup is not known.
    pub fn keyword(&self, dialect: &dyn Dialect, path: &FieldPath) -> Result<Keyword> {
        self.check()?;
        let mut compiler = Compiler::new(dialect, self);
        let (target, rest) = compiler.scope().resolve(path.names())?;
        let named = rest.last().and_then(|name| Lookup::named(name));
        let transforms = if named.is_some() { &rest[..rest.len() - 1] } else { rest };
        let lookup = named.unwrap_or(Lookup::Exact);
        let target = match target {
            // whether there is such a row is asked of any row, also of one whose key is several columns
            Target::Row { present, .. } if lookup == Lookup::IsNull => Target::Column(present),
            other => other,
        };
        let (value, column) = compiler.target(target)?;
        let value =
            compiler.transformed(value, transforms).map_err(|error| placed(error, column.as_ref()))?;
        Ok(Keyword { data_type: value.data_type, lookup })
    }
}
