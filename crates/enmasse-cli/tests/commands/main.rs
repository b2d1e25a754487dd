//! The commands besides `apply`, as their users run them: the built program, on every database.

mod backfill;
mod connect;
mod inspect;
mod program;
mod update;
