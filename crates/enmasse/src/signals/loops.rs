//! Nested signals, and their limit.

use std::sync::Arc;

use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::schema::ModelRef;

use crate::signals::registry::SignalKind;

/// Maximum depth of nested signals.
const DEEPEST: usize = 12;

/// The nested signals that are currently sent.
pub(crate) struct Path {
    step: String,
    outer: Option<Arc<Path>>,
    depth: usize,
}

impl Path {
    /// Adds one signal.
    pub fn further(outer: Option<&Arc<Path>>, model: &ModelRef, kind: SignalKind) -> Result<Arc<Path>> {
        let depth = outer.map_or(1, |outer| outer.depth + 1);
        let path = Path { step: format!("{}.{kind}", model.name), outer: outer.cloned(), depth };
        if depth > DEEPEST {
            return Err(Error::new(
                ErrorKind::Request,
                format!(
                    "Signals are sent in a loop, nested more than {DEEPEST} deep: {}. To end it, write in a receiver with \
                     .without_signals().",
                    path.shown()
                ),
            ));
        }
        Ok(Arc::new(path))
    }

    fn shown(&self) -> String {
        match &self.outer {
            Some(outer) => format!("{} -> {}", outer.shown(), self.step),
            None => self.step.clone(),
        }
    }
}
