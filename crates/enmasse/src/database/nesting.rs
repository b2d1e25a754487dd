//! Nested signals, and their limit.

use std::sync::Arc;

use enmasse_core::error::{Error, ErrorKind, Result};

/// Maximum depth of nested signals.
const DEEPEST: usize = 12;

/// The nested signals that are currently sent.
pub(crate) struct Nesting {
    signal: String,
    outer: Option<Arc<Nesting>>,
    depth: usize,
}

impl Nesting {
    /// Adds a signal, named by its model and kind: `User.post_save`.
    ///
    /// # Errors
    ///
    /// [`Request`](ErrorKind::Request) where receivers trigger each other endlessly.
    pub fn further(outer: Option<&Arc<Nesting>>, signal: String) -> Result<Arc<Nesting>> {
        let depth = outer.map_or(1, |outer| outer.depth + 1);
        let nesting = Nesting { signal, outer: outer.cloned(), depth };
        if depth > DEEPEST {
            return Err(Error::new(
                ErrorKind::Request,
                format!(
                    "Signals are sent in a loop, nested more than {DEEPEST} deep: {}. To end it, write in a receiver with \
                     .without_signals().",
                    nesting.path()
                ),
            ));
        }
        Ok(Arc::new(nesting))
    }

    fn path(&self) -> String {
        match &self.outer {
            Some(outer) => format!("{} -> {}", outer.path(), self.signal),
            None => self.signal.clone(),
        }
    }
}
