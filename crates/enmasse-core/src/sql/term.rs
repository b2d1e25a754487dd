//! What stands on one side of a comparison or an operator.

use crate::query::{DatePart, JsonStep};
use crate::sql::Fragment;
use crate::value::{DataType, Value};

/// A value, or SQL that gives one.
#[derive(Clone, Debug)]
pub enum Term {
    /// A value that has no type from elsewhere.
    Value(Value),
    /// SQL.
    Sql(Typed),
}

/// SQL that gives a value, and the type of the value where it is known.
#[derive(Clone, Debug)]
pub struct Typed {
    /// The SQL: safe as an operand, in parentheses where it needs them.
    pub sql: Fragment,
    /// What it gives.
    pub data_type: Option<DataType>,
    /// What it was taken out of, which some lookups would rather look at.
    pub(crate) origin: Option<Box<Origin>>,
}

/// What something was taken out of.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// A part of a date or time: a comparison of a year becomes a range of the date.
    Part(Typed, DatePart),
    /// What stands at a path of a JSON document.
    Json(Fragment, Vec<JsonStep>),
}

impl Typed {
    /// SQL with its type.
    pub fn new(sql: Fragment, data_type: impl Into<Option<DataType>>) -> Self {
        Typed { sql, data_type: data_type.into(), origin: None }
    }

    pub(crate) fn from(self, origin: Origin) -> Self {
        Typed { origin: Some(Box::new(origin)), ..self }
    }

    /// The document and the path, of something that is JSON.
    pub(crate) fn json_path(self) -> (Fragment, Vec<JsonStep>) {
        match self.origin.map(|origin| *origin) {
            Some(Origin::Json(document, path)) => (document, path),
            _ => (self.sql, Vec::new()),
        }
    }
}

/// The common type of two operands, where both are known.
pub(crate) fn common_type(left: &Typed, right: &Typed) -> Option<DataType> {
    Some(left.data_type.as_ref()?.common(right.data_type.as_ref()?))
}
