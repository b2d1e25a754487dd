//! The way to a model over relations.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

use enmasse_core::expr::FieldPath;

/// The hops that lead from a query's model to another one: none, or the names of relations.
///
/// `Copy`, because columns are. Each different way is kept once for the life of the program: the names are those of the
/// program's own code, so that there are few.
#[derive(Clone, Copy)]
pub struct Path(Option<&'static Hop>);

struct Hop {
    before: Path,
    name: &'static str,
}

/// A hop's predecessor, by address, and its name.
type Key = (usize, &'static str);

static HOPS: LazyLock<Mutex<HashMap<Key, &'static Hop>>> = LazyLock::new(Mutex::default);

impl Path {
    /// The query's model itself.
    pub const fn root() -> Self {
        Path(None)
    }

    /// One relation further.
    #[must_use]
    pub fn hop(self, name: &'static str) -> Self {
        let before = self.0.map_or(0, |hop| std::ptr::from_ref(hop).addr());
        let mut hops = HOPS.lock().unwrap_or_else(PoisonError::into_inner);
        let hop =
            hops.entry((before, name)).or_insert_with(|| Box::leak(Box::new(Hop { before: self, name })));
        Path(Some(hop))
    }

    /// The path of a field at the end.
    pub(crate) fn field(self, name: &'static str) -> FieldPath {
        let mut names = self.names();
        names.push(name);
        FieldPath::new(names)
    }

    /// The path of a field at the end, by a name that may itself be a path.
    pub(crate) fn named(self, name: &str) -> FieldPath {
        let names = self.names().into_iter().map(Cow::Borrowed);
        FieldPath::new(names.chain(FieldPath::from(name).names().iter().cloned()))
    }

    fn names(self) -> Vec<&'static str> {
        let mut names = Vec::new();
        let mut at = self.0;
        while let Some(hop) = at {
            names.push(hop.name);
            at = hop.before.0;
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
        assert!(std::ptr::eq(first.0.unwrap(), second.0.unwrap()));
        assert_eq!(first.field("code").to_string(), "user__country__code");
        assert_eq!(first.named("city__name").to_string(), "user__country__city__name");
        assert_eq!(format!("{:?}", Path::root().hop("a")), "Path(a)");
    }
}
