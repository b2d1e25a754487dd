//! Enmasse's engine as an extension module for Python: it plans and encodes, and the Python half runs the statements on Django's connection.

use pyo3::prelude::*;

/// Enmasse's engine.
#[pymodule]
mod _engine {
    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
