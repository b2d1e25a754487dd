//! Whether a pooler stands between us and the server, as PgBouncer does, which gives each transaction whichever connection is free.
//!
//! Behind one, a prepared statement may be there the next time, or not, or be another program's of the same name. So there statements have no
//! names, what is to be set is set for a transaction, and rows travel as arrays: COPY would need a name.
//!
//! It is found by a mark. We connect with a setting of our own among the server's options. A pooler refuses it, or drops it. Where the pool is
//! the caller's, there is no mark, and a name that is taken or gone tells.

use std::sync::atomic::{AtomicBool, Ordering};

use enmasse_core::error::Error;
use tokio_postgres::config::Config;

/// The setting.
pub(super) const MARK: &str = "enmasse.direct";

/// What has been found out.
#[derive(Debug)]
pub(super) struct Pooler {
    /// Whether the mark of a connection has been seen, or is not to be looked for.
    is_known: AtomicBool,
    is_there: AtomicBool,
    copies: AtomicBool,
}

impl Pooler {
    /// One of which is known whether it is there.
    pub fn said(is_there: bool) -> Self {
        Pooler {
            is_known: AtomicBool::new(true),
            is_there: AtomicBool::new(is_there),
            copies: AtomicBool::new(!is_there),
        }
    }

    /// One that the mark will show.
    pub fn asked() -> Self {
        Pooler { is_known: AtomicBool::new(false), ..Pooler::said(false) }
    }

    /// Notes what a new connection's mark is.
    pub fn note_mark(&self, mark: Option<&str>) {
        if mark != Some("on") {
            self.found();
        }
        self.is_known.store(true, Ordering::SeqCst);
    }

    /// Whether it is known already if there is one.
    pub fn is_known(&self) -> bool {
        self.is_known.load(Ordering::SeqCst)
    }

    /// Notes that there is one.
    pub fn found(&self) {
        self.is_there.store(true, Ordering::SeqCst);
        self.cannot_copy();
    }

    /// Whether there is one.
    pub fn is_there(&self) -> bool {
        self.is_there.load(Ordering::SeqCst)
    }

    /// Notes that COPY has not been answered, as by pgpool.
    pub fn cannot_copy(&self) {
        self.copies.store(false, Ordering::SeqCst);
    }

    /// Whether rows can be copied.
    pub fn copies(&self) -> bool {
        self.copies.load(Ordering::SeqCst)
    }
}

/// Connects with the mark.
pub(super) fn add_mark(config: &mut Config) {
    let mark = format!("-c {MARK}=on");
    let options = config.get_options().map_or(mark.clone(), |options| format!("{options} {mark}"));
    config.options(options);
}

/// Whether an error says that a setting is not known to who answers: of PgBouncer, and of proxies that take no options.
pub(super) fn refuses_mark(error: &Error) -> bool {
    let refused = matches!(error.code(), Some("08P01" | "0A000" | "42704"));
    let text = error.message().to_ascii_lowercase();
    refused && (text.contains("startup parameter") || text.contains("options") || text.contains("enmasse"))
}
