//! What a text is matched against.

use crate::sql::Fragment;

/// Where one text stands in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// In which place.
    pub place: Place,
    /// Whether upper and lower case are the same.
    pub any_case: bool,
}

/// A place in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It is the whole text.
    Whole,
    /// Anywhere in it.
    Within,
    /// At its start.
    Start,
    /// At its end.
    End,
}

/// What is looked for in a text.
#[derive(Clone, Debug)]
pub enum Needle {
    /// This text.
    Value(String),
    /// A text that SQL gives.
    Sql(Fragment),
}
