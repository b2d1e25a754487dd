//! Detects a pooler between the client and the server, such as PgBouncer, which gives each transaction any
//! free connection.
//!
//! Behind a pooler, a prepared statement may be missing later, or belong to another program under the same
//! name. Statements are therefore unnamed, settings are made per transaction, and rows are sent as arrays,
//! because COPY would need a name.
//!
//! A mark detects it: we connect with a setting of our own among the server's options, which a pooler refuses
//! or drops. A caller's pool has no mark; a duplicate or missing statement name reveals the pooler.

use std::sync::atomic::{AtomicBool, Ordering};

use enmasse_core::error::Error;
use tokio_postgres::config::Config;

/// The setting.
pub(super) const MARK: &str = "enmasse.direct";

/// What is known about a pooler.
#[derive(Debug)]
pub(super) struct Pooler {
    /// Whether the mark of a connection has been checked, or need not be.
    is_known: AtomicBool,
    is_there: AtomicBool,
    copies: AtomicBool,
}

impl Pooler {
    /// The caller has said whether there is a pooler.
    pub fn said(is_there: bool) -> Self {
        Pooler {
            is_known: AtomicBool::new(true),
            is_there: AtomicBool::new(is_there),
            copies: AtomicBool::new(!is_there),
        }
    }

    /// The mark will show whether there is one.
    pub fn asked() -> Self {
        Pooler { is_known: AtomicBool::new(false), ..Pooler::said(false) }
    }

    /// Records the mark of a new connection.
    pub fn note_mark(&self, mark: Option<&str>) {
        if mark != Some("on") {
            self.found();
        }
        self.is_known.store(true, Ordering::SeqCst);
    }

    /// Whether it is already known if there is a pooler.
    pub fn is_known(&self) -> bool {
        self.is_known.load(Ordering::SeqCst)
    }

    /// Records that there is a pooler.
    pub fn found(&self) {
        self.is_there.store(true, Ordering::SeqCst);
        self.cannot_copy();
    }

    /// Whether there is a pooler.
    pub fn is_there(&self) -> bool {
        self.is_there.load(Ordering::SeqCst)
    }

    /// Records that COPY was not answered, as by pgpool.
    pub fn cannot_copy(&self) {
        self.copies.store(false, Ordering::SeqCst);
    }

    /// Whether COPY can be used.
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

/// Whether an error reports an unknown setting: from PgBouncer, or from proxies that accept no options.
pub(super) fn refuses_mark(error: &Error) -> bool {
    let refused = matches!(error.code(), Some("08P01" | "0A000" | "42704"));
    let text = error.message().to_ascii_lowercase();
    refused && (text.contains("startup parameter") || text.contains("options") || text.contains("enmasse"))
}
