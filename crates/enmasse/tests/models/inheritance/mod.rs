//! Models that extend others, each in a table of its own, written and read as one; and models that share a table. Every scenario runs on every database.

mod half;
mod runtime;
mod seed;
mod typed;
