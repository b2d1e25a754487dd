//! The driver that a host reaches the database with.

use crate::dialect::Capability;

/// What a host's driver cannot do, of what a server can. Plans take other ways then.
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
    lacks: u32,
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

    /// Whether the driver can do this, if the server can.
    pub fn can(self, capability: Capability) -> bool {
        self.lacks & bit(capability) == 0
    }
}

fn bit(capability: Capability) -> u32 {
    1 << capability as u32
}
