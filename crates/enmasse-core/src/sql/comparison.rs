//! How two values compare.

use serde_json::Value as Json;

use crate::query::Lookup;
use crate::sql::{Fragment, Typed};

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};

impl Comparison {
    /// The comparison that one of five lookups makes; any other stands for equality.
    pub(crate) fn of(lookup: Lookup) -> Self {
        match lookup {
            Lookup::Gt => Greater,
            Lookup::Gte => GreaterOrEqual,
            Lookup::Lt => Less,
            Lookup::Lte => LessOrEqual,
            _ => Equal,
        }
    }

    /// As all databases write it.
    pub fn sign(self) -> &'static str {
        match self {
            Equal => "=",
            Greater => ">",
            GreaterOrEqual => ">=",
            Less => "<",
            LessOrEqual => "<=",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Equal => "exact",
            Greater => "gt",
            GreaterOrEqual => "gte",
            Less => "lt",
            LessOrEqual => "lte",
        }
    }

    pub(crate) fn sql(self, left: Fragment, right: Fragment) -> Fragment {
        Fragment::format(&format!("{{}} {} {{}}", self.sign()), [left, right])
    }
}

/// What something in a JSON document is compared with.
#[derive(Clone, Debug)]
pub enum JsonOperand {
    /// A document; where it is ordered, a number or a text.
    Value(Json),
    /// A value that SQL gives.
    Sql(Typed),
}
