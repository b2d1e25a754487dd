//! Processes many rows in parts, each in a savepoint, to find the rows that the database refuses.

use enmasse::{Error, Transaction};

/// Which rows of a part that failed are tried first: rows may wait for others, before or after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    FirstRows,
    LastRows,
}

/// Does work for rows, and finds those that the database refuses: a part of the rows that fails is done in halves, down to one row.
/// Gives the refused rows' positions with their errors; what was done for the others stands.
///
/// # Errors
///
/// Those that are not about rows. So that a fault of all rows ends soon, at most `most` rows may be refused: the last error is given then.
pub async fn in_parts(
    tx: &Transaction,
    rows: usize,
    most: usize,
    order: Order,
    mut work: impl AsyncFnMut(&Transaction, std::ops::Range<usize>) -> Result<(), Error>,
) -> Result<Vec<(usize, Error)>, Error> {
    let mut refused = Vec::new();
    let mut ranges: Vec<_> = std::iter::once(0..rows).collect();
    while let Some(range) = ranges.pop() {
        let done = tx.transaction(async |tx| work(&tx, range.clone()).await).await;
        match done {
            Ok(()) => {}
            Err(error) if !error.is_of_rows() => return Err(error),
            Err(error) if range.len() <= 1 => {
                if refused.len() == most {
                    return Err(error);
                }
                refused.push((range.start, error));
            }
            Err(_) => {
                let middle = range.start + range.len() / 2;
                let (first, last) = (range.start..middle, middle..range.end);
                // what was added last is done next
                ranges.extend(match order {
                    Order::FirstRows => [last, first],
                    Order::LastRows => [first, last],
                });
            }
        }
    }
    refused.sort_by_key(|(position, _)| *position);
    Ok(refused)
}
