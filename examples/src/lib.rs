//! What the example programs are made of, so that tests can run it too.

pub mod runways;
