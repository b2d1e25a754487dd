//! What a run does, so that it goes on with nothing else.

use chrono::DateTime;

use crate::backfill::refuse_key;
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::plan::{self, Assignment};
use crate::query::{Distinct, Query};

/// The update of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// Its statements without a range of keys, and their parameters: for people.
    pub sql: String,
    /// What tells it from other updates.
    pub hash: String,
}

impl Spec {
    /// Of an update, which is checked on the way.
    ///
    /// # Errors
    ///
    /// As [`plan::update`]; and [`Request`](crate::ErrorKind::Request) where it cannot be done in chunks: of a slice, or of distinct rows, or where
    /// it sets a field of the key by which the chunks go.
    pub fn new(dialect: &dyn Dialect, query: &Query, assignments: &[Assignment]) -> Result<Spec> {
        query.check()?;
        let model = &query.model;
        refuse_key(model)?;
        if query.distinct != Distinct::No || !query.order_by.is_empty() {
            return Err(Error::request(
                "An update in chunks goes in the order of the keys: it takes no order_by and no distinct.",
            ));
        }
        for assignment in assignments {
            let position = plan::concrete(model, &assignment.field)?;
            if model.is_key(position) {
                return Err(Error::request(format!(
                    "{}.{} is the key by which the chunks go, and cannot be set in chunks: a row could be passed over, or written twice.",
                    model.name, model.fields[position].name
                )));
            }
        }
        // fields with auto_now are set to another time in each chunk, and this is the same for all of them
        let plan = plan::update(dialect, query, assignments, DateTime::UNIX_EPOCH)?;
        let whole = format!("{} {plan:?}", model.table);
        Ok(Spec { sql: plan.to_string(), hash: format!("{:032x}", fnv(whole.as_bytes())) })
    }
}

/// FNV-1a with 128 bits: it is the same on every machine and in every version.
fn fnv(bytes: &[u8]) -> u128 {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013B;
    const START: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    bytes.iter().fold(START, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(format!("{:032x}", super::fnv(b"")), "6c62272e07bb014262b821756295c58d");
        assert_eq!(format!("{:032x}", super::fnv(b"a")), "d228cb696f1a8caf78912b704e4a8964");
    }
}
