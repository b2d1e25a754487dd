//! Errors on their way between the core and Python.

use std::error::Error as _;

use enmasse_core::{Error, ErrorKind};
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::given;

pyo3::create_exception!(
    _engine,
    EngineError,
    PyException,
    "An error of the engine's own. Its arguments are the kind's name, the message and the keys that it is about."
);

/// An exception of Python's, kept in an error of the core until it can be raised again.
pub fn kept(error: PyErr) -> Error {
    Error::new(ErrorKind::Request, error.to_string()).with_source(error)
}

/// The exception for an error of the core: the one that is kept in it, or an [`EngineError`].
pub fn raised(py: Python<'_>, error: Error) -> PyErr {
    if let Some(kept) = error.source().and_then(|source| source.downcast_ref::<PyErr>()) {
        return kept.clone_ref(py);
    }
    let keys = error.keys().iter().map(|key| given::key(py, key)).collect::<PyResult<Vec<_>>>();
    match keys.and_then(|keys| Ok(PyList::new(py, keys)?.unbind())) {
        Ok(keys) => EngineError::new_err((format!("{:?}", error.kind()), error.message().to_owned(), keys)),
        Err(error) => error,
    }
}
