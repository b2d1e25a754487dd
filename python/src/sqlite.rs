//! The functions that SQLite lacks, as Python's.

use enmasse_core::dialect::sqlite_functions;
use enmasse_core::{Result, Value};
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

use crate::cell::{Classes, owned};
use crate::error::raised;
use crate::given;

/// The functions that the engine's SQL for SQLite uses: name, number of arguments, function.
#[pyfunction]
pub fn functions(py: Python<'_>) -> PyResult<Vec<(&'static str, i32, Bound<'_, PyCFunction>)>> {
    let mut made = Vec::new();
    for function in sqlite_functions() {
        let call = move |given: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<Py<PyAny>> {
            let py = given.py();
            let classes = Classes::get(py)?;
            let values: Result<Vec<Value>> = given.iter().map(|value| owned(classes, &value)).collect();
            let result = values.and_then(|values| (function.call)(&values));
            Ok(given::value(py, &result.map_err(|error| raised(py, error))?)?.unbind())
        };
        made.push((function.name, function.args, PyCFunction::new_closure(py, None, None, call)?));
    }
    Ok(made)
}
