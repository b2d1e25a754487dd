//! The driver that a host reaches the database with.

use crate::dialect::Capability;
use crate::sql::{Placeholders, mark};

/// What a host's driver cannot do, of what a server can, and how it finds the places of parameters. Plans take other ways, and statements are
/// rendered so.
///
/// ```
/// use enmasse_core::dialect::{Capability, Dialect, Driver, Mysql};
///
/// let driver = Driver::default().without(Capability::BulkExecute).without(Capability::LoadStream);
/// let mariadb = Mysql { driver, ..Mysql::default() };
/// assert!(mariadb.server_supports(Capability::LoadStream));
/// assert!(!mariadb.supports(Capability::LoadStream));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Driver {
    /// A bit for each capability.
    lacks: u64,
    placeholders: Placeholders,
}

impl Driver {
    /// A driver that cannot do this either.
    ///
    /// # Panics
    ///
    /// Where it is not one of the ways of carrying rows: [`CopyStream`](Capability::CopyStream), [`LoadStream`](Capability::LoadStream),
    /// [`ArrayParams`](Capability::ArrayParams) (in the binary format) and [`BulkExecute`](Capability::BulkExecute). All else is SQL, which any
    /// driver sends.
    #[must_use]
    pub fn without(self, capability: Capability) -> Self {
        use Capability::*;
        let is_of_driver = matches!(capability, CopyStream | LoadStream | ArrayParams | BulkExecute);
        assert!(is_of_driver, "{capability:?} is the server's: a driver has no part in it");
        Driver { lacks: self.lacks | bit(capability), ..self }
    }

    /// A driver that takes statements with these placeholders: those that a [`Run`](crate::run::Run) asks for are rendered so.
    #[must_use]
    pub fn with_placeholders(self, placeholders: Placeholders) -> Self {
        Driver { placeholders, ..self }
    }

    /// How it finds the places of parameters.
    pub fn placeholders(self) -> Placeholders {
        self.placeholders
    }

    /// What stands for a parameter while a statement is put together: the database's own, or a mark; with a number where it has one.
    pub(super) fn place(self, number: Option<usize>) -> String {
        match (self.placeholders, number) {
            (Placeholders::Own, Some(number)) => format!("${number}"),
            (Placeholders::Own, None) => "?".to_owned(),
            (_, number) => mark(number),
        }
    }

    /// Whether the driver can do this, if the server can.
    pub fn can(self, capability: Capability) -> bool {
        self.lacks & bit(capability) == 0
    }
}

fn bit(capability: Capability) -> u64 {
    1 << capability as u32
}
