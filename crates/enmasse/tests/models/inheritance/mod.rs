//! Models that extend others, each with its own table, written and read as one; and models that share a
//! table. Every scenario runs on every database.

mod half;
mod runtime;
mod seed;
mod typed;
