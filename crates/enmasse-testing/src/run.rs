//! Runs a scenario on one database.

use std::panic::{AssertUnwindSafe, resume_unwind};

use enmasse::Database;
use futures_util::FutureExt;

use crate::{Kind, Scratch};

/// Runs the scenario on a new, empty database.
pub fn on_database(kind: Kind, scenario: impl AsyncFnOnce(Database)) {
    on_scratch(kind, async |scratch| scenario(scratch.connect().await).await);
}

/// Runs the scenario on a new, empty database, to which it makes its own connections.
pub fn on_scratch(kind: Kind, scenario: impl AsyncFnOnce(&Scratch)) {
    runtime().block_on(async {
        let Some(scratch) = Scratch::new(kind).await else { return };
        let result = AssertUnwindSafe(scenario(&scratch)).catch_unwind().await;
        scratch.drop().await;
        result.unwrap_or_else(|panic| resume_unwind(panic));
    });
}

/// A runtime for one test: several threads, so that what should be `Send` is moved between them.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}
