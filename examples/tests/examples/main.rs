//! The examples do what they say, on every database.

mod membership;
mod runways;
