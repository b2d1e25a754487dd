//! `enmasse apply` as its users run it: the built program, on every database.

#[path = "../../../enmasse/tests/common/mod.rs"]
mod common;

mod bad_input;
mod items;
mod program;
