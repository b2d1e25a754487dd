//! All derived models of the program.

use std::sync::{Arc, LazyLock};

use enmasse_core::schema::{Model, Schema};
use enmasse_core::{Error, Result};

/// A registration made by `#[derive(Model)]`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Registration(pub fn() -> Model);

inventory::collect!(Registration);

static SCHEMA: LazyLock<Result<Arc<Schema>>> = LazyLock::new(|| {
    Schema::new(inventory::iter::<Registration>().map(|registration| (registration.0)()).collect())
});

/// The schema of all derived models of the program.
///
/// # Errors
///
/// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the models do not fit together.
pub fn schema() -> Result<&'static Arc<Schema>> {
    SCHEMA.as_ref().map_err(|error| Error::new(error.kind(), error.to_string()))
}
