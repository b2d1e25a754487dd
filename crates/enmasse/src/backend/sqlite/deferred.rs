//! Foreign keys that are checked at the commit.

use std::ffi::c_int;

use enmasse_core::error::Result;
use rusqlite::{Connection as Handle, ffi};

use super::convert::error;

/// Fails as a commit would if rows refer to missing rows. SQLite maintains a count of these, so no table is
/// read.
pub(super) fn refuse_broken_keys(handle: &Handle) -> Result<()> {
    let (mut broken, mut highest): (c_int, c_int) = (0, 0);
    // SAFETY: the connection stays open while the handle is borrowed, only this thread uses it, and both
    // numbers are writable. No statement and no safe function returns the count.
    #[allow(unsafe_code)]
    let code = unsafe {
        ffi::sqlite3_db_status(
            handle.handle(),
            ffi::SQLITE_DBSTATUS_DEFERRED_FKS,
            &mut broken,
            &mut highest,
            0,
        )
    };
    let failed = |code, message: &str| {
        Err(error(rusqlite::Error::SqliteFailure(ffi::Error::new(code), Some(message.to_owned()))))
    };
    match (code, broken) {
        (ffi::SQLITE_OK, 0) => Ok(()),
        (ffi::SQLITE_OK, _) => failed(ffi::SQLITE_CONSTRAINT_FOREIGNKEY, "FOREIGN KEY constraint failed"),
        (code, _) => failed(code, "SQLite does not report which foreign keys are still unchecked"),
    }
}
