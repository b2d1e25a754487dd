//! Runs a scenario on several databases within one test, for tests that [`test_on`](crate::test_on) does not split yet.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use enmasse::Database;

use crate::{Kind, Scratch, on_database, on_scratch};

/// Runs the scenario on every database, one after the other.
pub fn on_each_database(scenario: impl AsyncFn(Database)) {
    on_each_of(&Kind::ALL, scenario);
}

/// Runs the scenario on some of the databases, one after the other.
pub fn on_each_of(kinds: &[Kind], scenario: impl AsyncFn(Database)) {
    on_each(kinds, |kind| on_database(kind, &scenario));
}

/// Runs the scenario on some of the databases; it makes its own connections.
pub fn on_each_scratch(kinds: &[Kind], scenario: impl AsyncFn(&Scratch)) {
    on_each(kinds, |kind| on_scratch(kind, &scenario));
}

/// A failure on one leaves out none of the others.
fn on_each(kinds: &[Kind], run: impl Fn(Kind)) {
    let mut failure = None;
    for &kind in kinds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(kind))) {
            eprintln!("FAILED on {kind:?}");
            failure.get_or_insert(panic);
        }
    }
    if let Some(panic) = failure {
        resume_unwind(panic);
    }
}
