//! What was written is what is said: each row of a batch is written, unchanged, skipped by the database, or missing.

mod beside_a_writer;
mod goods;
mod inserts;
mod random;
