//! Enmasse's engine as an extension module for Python: it plans bulk updates and encodes their rows. The Python half runs the statements on
//! Django's connection.

mod cell;
mod database;
mod error;
mod feed;
mod given;
mod host;
mod spec;
mod sqlite;
mod table;
mod update;

use pyo3::prelude::*;

/// Enmasse's engine.
#[pymodule]
mod _engine {
    #[pymodule_export]
    use super::database::Database;
    #[pymodule_export]
    use super::error::EngineError;
    #[pymodule_export]
    use super::sqlite::functions;
    #[pymodule_export]
    use super::table::Table;
    #[pymodule_export]
    use super::update::Update;
    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
