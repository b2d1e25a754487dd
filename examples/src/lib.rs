//! The code of the example programs, in a library for tests.

#[allow(missing_docs)] // the code says it
pub mod membership;
pub mod runways;
