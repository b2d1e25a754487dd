//! Runs a plan's steps on a connection, in order.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use enmasse_core::dialect::Dialect;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::{Plan, Rows, Step, duplicate_keys, loaded_key};
use enmasse_core::schema::ModelRef;
use enmasse_core::value::Value;

use crate::backend::{Connection, Row};

/// What a plan came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Rows that matched, or were inserted.
    pub matched: u64,
    /// The keys of the batch that matched no row.
    pub missing: Vec<Row>,
    /// What the database made for each new row.
    pub made: Vec<Row>,
    /// The first identity value and the number of rows of each insert, where the database tells keys this way only.
    pub first_ids: Vec<(i64, u64)>,
}

/// Runs a plan. All of its steps belong into one transaction, which is the caller's affair.
pub(crate) async fn run(
    connection: &mut dyn Connection,
    dialect: &Arc<dyn Dialect>,
    model: &ModelRef,
    plan: Plan,
) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    let Plan { steps, rows, key } = plan;
    for step in steps {
        match step {
            Step::Prepare(statement) => {
                connection.execute(&statement).await?;
            }
            Step::Load(statements) => {
                for (statement, _) in statements.each {
                    connection.execute(&statement).await?;
                }
            }
            Step::Write(statement) => outcome.matched += connection.execute(&statement).await?.rows,
            Step::WriteEach(each) => write_each(connection, dialect, model, each, &mut outcome).await?,
            Step::WriteChunks(statements) => {
                for (statement, rows) in statements.each {
                    let missing = connection.query(&statement, &key).await?;
                    outcome.matched += rows - missing.len() as u64;
                    outcome.missing.extend(missing);
                }
            }
            Step::Insert { statements, returned } => {
                for (statement, rows) in statements.each {
                    if returned.is_empty() {
                        let done = connection.execute(&statement).await?;
                        outcome.first_ids.extend(done.last_insert_id.map(|first| (first, rows)));
                    } else {
                        outcome.made.extend(connection.query(&statement, &returned).await?);
                    }
                    outcome.matched += rows;
                }
            }
            Step::RefuseDuplicates(statement) => {
                let twice = connection.query(&statement, &key).await?;
                if !twice.is_empty() {
                    return Err(duplicate_keys(model, twice.into_iter()));
                }
            }
            Step::FindMissing { statement, always } => {
                if always || outcome.matched < rows {
                    outcome.missing = connection.query(&statement, &key).await?;
                }
            }
            other => {
                return Err(Error::new(
                    ErrorKind::NotSupported,
                    format!("this host cannot run the step {other:?}"),
                ));
            }
        }
    }
    Ok(outcome)
}

/// Runs a statement for each row, and sorts what comes back: keys that matched nothing, keys that the database takes for
/// one, and what it made for new rows.
async fn write_each(
    connection: &mut dyn Connection,
    dialect: &Arc<dyn Dialect>,
    model: &ModelRef,
    rows: Rows,
    outcome: &mut Outcome,
) -> Result<()> {
    let heard = Arc::new(Mutex::new(std::mem::take(outcome)));
    let key = rows.key.clone();
    let returns = !rows.returned.is_empty();
    let each = {
        let heard = heard.clone();
        let (dialect, model) = (dialect.clone(), model.clone());
        let mut seen = HashSet::new();
        move |params: &[Value], matched: u64, returned: Vec<Row>| {
            let mut heard = heard.lock().expect("no run panics");
            heard.matched += matched;
            if key.is_empty() {
                heard.made.extend(returned);
            } else if matched == 0 {
                heard.missing.push(loaded_key(&*dialect, &model, &params[key.clone()]));
            } else if returns {
                for stored in returned {
                    if !seen.insert(format!("{stored:?}")) {
                        let twice = loaded_key(&*dialect, &model, &params[key.clone()]);
                        return Err(duplicate_keys(&model, std::iter::once(twice)));
                    }
                }
            }
            Ok(())
        }
    };
    let result = connection.execute_each(rows, Box::new(each)).await;
    *outcome = std::mem::take(&mut *heard.lock().expect("no run panics"));
    result
}
