//! Panics are faults of this program or of a library. Each becomes a failure with its own message.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::failure::{Failure, Result};

/// Disables the default output of panics, unless `RUST_BACKTRACE` is set. The code that catches a panic
/// reports it.
pub fn silence() {
    let wants_traces =
        std::env::var_os("RUST_BACKTRACE").is_some_and(|value| !value.is_empty() && value != "0");
    if !wants_traces {
        std::panic::set_hook(Box::new(|_| {}));
    }
}

/// Runs work and returns a panic's text as an error.
pub fn caught<T>(work: impl FnOnce() -> T) -> std::result::Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| text(&*panic))
}

/// Runs work on a file. A panic becomes a failure that names the file.
pub fn reading<T>(file: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(work).unwrap_or_else(|panic| Err(unreadable(file, &panic)))
}

/// The failure for a file whose reader panicked at `place`.
pub fn unreadable(place: &str, panic: &str) -> Failure {
    Failure::failed(format!(
        "{place}: the file is damaged in a way that stops its reader, or enmasse has a fault: {panic}.\nNothing was written."
    ))
}

/// The text of a panic.
pub fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text =
        text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without text");
    text.trim_end_matches('.').to_owned()
}
