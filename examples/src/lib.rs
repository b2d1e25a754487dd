//! What the example programs are made of, so that tests can run it too.

#[allow(missing_docs)] // the code says it
pub mod membership;
pub mod runways;
