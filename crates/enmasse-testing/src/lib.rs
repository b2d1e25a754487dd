//! The databases that Enmasse's tests are run on.
//!
//! ```text
//! #[test_on(all)]
//! fn a_row_is_written(kind: Kind) {
//!     on_database(kind, async |db| …);
//! }
//! ```
//!
//! makes one test for each database: `a_row_is_written::sqlite`, `…::postgres`, `…::mariadb` and `…::mysql`, each on a new, empty
//! database. The servers are those of `ENMASSE_TEST_POSTGRES_URL`, `ENMASSE_TEST_MARIADB_URL` and `ENMASSE_TEST_MYSQL_URL`, which
//! `scripts/with-databases` sets. A test whose server is missing fails, unless `ENMASSE_TEST_DATABASES` leaves that database out.

#[cfg(unix)]
mod bouncer;
mod clerk;
mod kind;
mod left_out;
mod proxy;
mod run;
mod scratch;
mod several;
mod table;

#[cfg(unix)]
pub use bouncer::Bouncer;
pub use clerk::Clerk;
pub use enmasse_testing_macros::test_on;
pub use kind::Kind;
pub use left_out::leave_out;
pub use proxy::{Flow, Proxy};
pub use run::{on_database, on_scratch, runtime};
pub use scratch::{Scratch, with_parameter};
pub use several::{on_each_database, on_each_of, on_each_scratch};
pub use table::{ids, insert, make_table, number};
