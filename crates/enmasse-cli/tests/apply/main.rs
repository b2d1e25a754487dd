//! `enmasse apply` as its users run it: the built program, on every database.

mod account;
mod bad_input;
mod bad_rows;
mod circles;
mod commit;
mod damaged;
mod documents;
mod formats;
mod fuzz;
mod inherited;
#[cfg(unix)]
mod interrupt;
mod items;
mod keys;
#[cfg(target_os = "linux")]
mod limits;
mod missing;
mod names;
mod opposed;
mod output;
mod parquet_file;
mod passwords;
#[cfg(unix)]
mod places;
#[cfg(unix)]
mod pooled;
mod program;
#[cfg(unix)]
mod progress;
mod references;
mod refused;
mod rights;
mod runways;
mod spellings;
mod tables;
#[cfg(unix)]
mod terminal;
mod unread;
#[cfg(unix)]
mod waiting;
