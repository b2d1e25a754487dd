//! The database and the driver that the Python half reaches it with.

use std::sync::Arc;

use enmasse_core::dialect::{Capability, Dialect, Driver, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::sql::Placeholders;
use pyo3::prelude::*;

/// A database of this version, and what the driver can do.
#[pyclass(frozen)]
pub struct Database(pub Arc<dyn Dialect>);

#[pymethods]
impl Database {
    /// PostgreSQL, with a driver that streams rows to `COPY`, or not, and takes arrays in the binary format, or not.
    #[staticmethod]
    fn postgres(version: (u32, u32), copy: bool, arrays: bool) -> Self {
        let mut driver = driver(Placeholders::Format);
        if !copy {
            driver = driver.without(Capability::CopyStream);
        }
        if !arrays {
            driver = driver.without(Capability::ArrayParams);
        }
        Database(Arc::new(Postgres { version, driver, ..Postgres::default() }))
    }

    /// MariaDB or MySQL, where `LOAD DATA LOCAL` can be had, or not.
    #[staticmethod]
    fn mysql(version: (u32, u32), is_mariadb: bool, max_packet: usize, load: bool) -> Self {
        let mut driver = driver(Placeholders::Format).without(Capability::BulkExecute);
        if !load {
            driver = driver.without(Capability::LoadStream);
        }
        let flavour = if is_mariadb { Flavour::MariaDb } else { Flavour::Mysql };
        Database(Arc::new(Mysql { flavour, version, max_packet, driver, ..Mysql::default() }))
    }

    /// SQLite.
    #[staticmethod]
    fn sqlite(version: (u32, u32), max_params: usize) -> Self {
        Database(Arc::new(Sqlite { version, max_params, driver: driver(Placeholders::Question) }))
    }

    fn __repr__(&self) -> String {
        format!("<Database {}>", self.0.name())
    }
}

fn driver(placeholders: Placeholders) -> Driver {
    Driver::default().with_placeholders(placeholders)
}
