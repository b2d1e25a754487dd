//! The path to a model over relations.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

use enmasse_core::query::{Expr, FieldPath};

/// The relations from a query's model to another one, possibly none.
///
/// It is `Copy`, because columns are. Each distinct path is kept for the life of the program: the names are
/// part of the program's code, so there are few.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Path {
    hop: Option<&'static Hop>,
    /// Whether it refers to a bulk update's values instead of the stored ones.
    is_new: bool,
}

#[derive(PartialEq, Eq, Hash)]
struct Hop {
    before: Path,
    name: &'static str,
}

/// The address of a hop's predecessor, and its name.
type Key = (usize, &'static str);

static HOPS: LazyLock<Mutex<HashMap<Key, &'static Hop>>> = LazyLock::new(Mutex::default);

impl Path {
    /// The query's model itself.
    pub const fn root() -> Self {
        Path { hop: None, is_new: false }
    }

    /// The values of a bulk update for the row.
    pub(crate) const fn of_new() -> Self {
        Path { hop: None, is_new: true }
    }

    /// Adds one relation.
    #[must_use]
    pub fn hop(self, name: &'static str) -> Self {
        let before = self.hop.map_or(0, |hop| std::ptr::from_ref(hop).addr());
        let mut hops = HOPS.lock().unwrap_or_else(PoisonError::into_inner);
        let hop =
            hops.entry((before, name)).or_insert_with(|| Box::leak(Box::new(Hop { before: self, name })));
        Path { hop: Some(hop), ..self }
    }

    /// The path of a field of the last model.
    pub(crate) fn field(self, name: &'static str) -> FieldPath {
        let mut names = self.names();
        names.push(name);
        FieldPath::new(names)
    }

    /// The value of a field of the last model.
    pub(crate) fn expr(self, field: FieldPath) -> Expr {
        if self.is_new { Expr::New(field) } else { Expr::Field(field) }
    }

    /// The path of a field of the last model, by a name that may itself be a path.
    pub(crate) fn named(self, name: &str) -> FieldPath {
        let names = self.names().into_iter().map(Cow::Borrowed);
        FieldPath::new(names.chain(FieldPath::from(name).names().iter().cloned()))
    }

    fn names(self) -> Vec<&'static str> {
        let mut names = Vec::new();
        let mut at = self.hop;
        while let Some(hop) = at {
            names.push(hop.name);
            at = hop.before.hop;
        }
        names.reverse();
        names
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({})", self.names().join("__"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_kept_once() {
        let first = Path::root().hop("user").hop("country");
        let second = Path::root().hop("user").hop("country");
        assert!(std::ptr::eq(first.hop.unwrap(), second.hop.unwrap()));
        assert_eq!(first.field("code").to_string(), "user__country__code");
        assert_eq!(first.named("city__name").to_string(), "user__country__city__name");
        assert_eq!(format!("{:?}", Path::root().hop("a")), "Path(a)");
    }
}
