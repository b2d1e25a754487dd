//! Rows that only the database refuses: by a constraint, a trigger, a row policy, or a type that it knows better.
//!
//! One such row fails the statement for all, which does not say where the file has it. So the rows are written once more, in parts, in a
//! transaction that is rolled back: what is found are the places, for a message or so that these rows are left out.

use std::collections::BTreeMap;
use std::convert::Infallible;

use enmasse::{Database, Error, ErrorKind, Record, Transaction};

use crate::apply::parts::{Order, in_parts};
use crate::apply::transaction::Job;
use crate::failure::{Failure, Result};
use crate::input::{BadRow, Item, Place, Rows};
use crate::shown;

/// How many rows are written at a time.
const PART: usize = 512;

/// More refused rows than this are a fault of the table or of the file as a whole.
const MOST: usize = 10_000;

/// Rows that were refused may be written once others are: how often that is tried.
const ROUNDS: usize = 8;

/// The refused rows, and what is said of each.
#[derive(Clone, Debug, Default)]
pub struct Refused(BTreeMap<Place, Problem>);

/// Why a row is refused.
#[derive(Clone, Debug)]
struct Problem {
    text: String,
    /// Whether another row has one of its unique values.
    is_taken: bool,
}

/// What was found.
pub struct Found {
    pub refused: Refused,
    /// Rows that take unique values which other rows of the file give up: they are refused in the order in which rows are written.
    pub early: Refused,
}

/// Why the transaction ends, which is never committed.
enum Ended {
    Found(Found),
    Failed(Failure),
    Database(Error),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Ended::Database(error)
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Ended::Failed(failure)
    }
}

/// A row of the file, and why it was refused.
struct Line {
    place: Place,
    record: Record,
    error: Option<Error>,
}

impl Refused {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the database says of the row in this place.
    pub fn problem(&self, place: Place) -> Option<&str> {
        self.0.get(&place).map(|problem| problem.text.as_str())
    }

    pub fn add(&mut self, others: Refused) {
        self.0.extend(others.0);
    }

    /// The failure that names the first of them.
    pub fn failure(&self, file: &str, most: u64) -> Failure {
        // of rows that exchange values, none is to blame alone
        let exchanges = self.0.values().filter(|problem| problem.is_taken).count() > 1;
        let most = if exchanges { most.max(2) } else { most };
        let named = self.0.iter().take(most as usize);
        let mut lines: Vec<String> = named.map(|(place, problem)| problem.at(file, *place)).collect();
        lines.extend(exchanges.then(|| EXCHANGED.to_owned()));
        lines.push(NOTHING.to_owned());
        Failure::failed(lines.join("\n"))
    }

    /// The failure where these rows would only have to be written later than others.
    pub fn failure_of_order(&self, file: &str, most: u64) -> Failure {
        let named = self.0.iter().take(most as usize).map(|(place, problem)| problem.at(file, *place));
        Failure::failed(named.chain([SHIFTED, NOTHING].map(str::to_owned)).collect::<Vec<_>>().join("\n"))
    }
}

impl Problem {
    /// As bad rows are told of.
    fn at(&self, file: &str, place: Place) -> String {
        let (file, problem, raw) = (file.to_owned(), self.text.clone(), String::new());
        BadRow { file, place, cell: None, problem, raw }.to_string()
    }
}

const NOTHING: &str = "Nothing was written.";

const SHIFTED: &str = "Rows like this take unique values that other rows of the file give up, and are written before these: on PostgreSQL make the \
                       constraint DEFERRABLE INITIALLY DEFERRED; elsewhere give the rows values first that no row has.";

const EXCHANGED: &str = "If these rows exchange unique values: on PostgreSQL make the constraint DEFERRABLE INITIALLY DEFERRED; \
                         elsewhere give one of them another value first.";

/// Finds the rows of the file that the database refuses, those left out that are known.
pub async fn find(job: &Job<'_>, db: &Database, known: &Refused) -> Result<Found> {
    let found = db
        .transaction_with(async |tx| -> Result<Infallible, Ended> {
            Err(Ended::Found(find_in(job, &tx, known).await?))
        })
        .await;
    match found {
        Err(Ended::Found(found)) => Ok(found),
        Err(Ended::Failed(failure)) => Err(failure),
        Err(Ended::Database(error)) => Err(Failure::from(error).at(job.input.name())),
        Ok(never) => match never {},
    }
}

async fn find_in(job: &Job<'_>, tx: &Transaction, known: &Refused) -> Result<Found, Ended> {
    let mut rows = job.input.rows(&job.mapping.wanted())?;
    let mut refused = Vec::new();
    loop {
        let (back, part) = next_part(job, rows, known).await?;
        rows = back;
        if part.is_empty() {
            break;
        }
        refused.extend(write(job, tx, part, MOST - refused.len(), Order::FirstRows).await?);
    }
    let mut early = problems(job, &refused);
    early.0.retain(|_, problem| problem.is_taken);
    // a row may wait for others: for the one that it refers to, or that still has its unique value
    let mut order = Order::LastRows;
    for _ in 0..ROUNDS {
        let before = refused.len();
        refused = write(job, tx, refused, MOST, order).await?;
        if refused.is_empty() || refused.len() == before {
            break;
        }
        order = if order == Order::LastRows { Order::FirstRows } else { Order::LastRows };
    }
    if job.args.insert_missing && !refused.is_empty() && !job.mapping.references.is_empty() {
        refused = write_circle(job, tx, refused).await?;
    }
    Ok(Found { refused: problems(job, &refused), early })
}

/// Writes rows that may refer to each other, first without that, and gives those that were refused.
async fn write_circle(job: &Job<'_>, tx: &Transaction, mut lines: Vec<Line>) -> Result<Vec<Line>, Error> {
    let mut bare = Vec::new();
    for Line { place, record, .. } in &lines {
        let record = job.mapping.without_references(record)?.unwrap_or_else(|| record.clone());
        bare.push(Line { place: *place, record, error: None });
    }
    let mut refused = write(job, tx, bare, MOST, Order::FirstRows).await?;
    lines.retain(|line| refused.iter().all(|other| other.place != line.place));
    refused.extend(write(job, tx, lines, MOST, Order::FirstRows).await?);
    Ok(refused)
}

/// The next rows of the file.
async fn next_part(job: &Job<'_>, mut rows: Rows, known: &Refused) -> Result<(Rows, Vec<Line>)> {
    let (mapping, known) = (job.mapping.clone(), known.clone());
    let read = tokio::task::spawn_blocking(move || {
        let mut part = Vec::new();
        for item in rows.by_ref() {
            // what is bad in itself is not sent
            let Item::Row(row) = item? else { continue };
            if known.problem(row.place).is_some() {
                continue;
            }
            part.push(Line { place: row.place, record: mapping.record(row.values)?, error: None });
            if part.len() == PART {
                break;
            }
        }
        Ok((rows, part))
    });
    read.await.map_err(|error| Failure::failed(format!("reading ended: {error}")))?
}

/// Writes rows, and gives those that were refused.
async fn write(
    job: &Job<'_>,
    tx: &Transaction,
    lines: Vec<Line>,
    most: usize,
    order: Order,
) -> Result<Vec<Line>, Error> {
    let refused = in_parts(tx, lines.len(), most, order, async |tx, range| {
        let records = lines[range].iter().map(|line| line.record.clone()).collect();
        if job.args.insert_missing {
            let written = job.write(tx, records, false).await?;
            job.insert(tx, written.missing).await?;
        } else {
            job.update(tx, records).await?;
        }
        tx.check_constraints().await
    });
    let mut errors: BTreeMap<usize, Error> = refused.await?.into_iter().collect();
    let refused = lines.into_iter().enumerate().filter_map(|(number, line)| {
        let error = errors.remove(&number)?;
        Some(Line { error: Some(error), ..line })
    });
    Ok(refused.collect())
}

fn problems(job: &Job<'_>, lines: &[Line]) -> Refused {
    Refused(lines.iter().map(|line| (line.place, problem(job, line))).collect())
}

/// What is said of a refused row: its key, and the database's own words.
fn problem(job: &Job<'_>, line: &Line) -> Problem {
    let row = job.mapping.row(&line.record);
    let key = job
        .mapping
        .key
        .iter()
        .filter_map(|&column| Some((job.mapping.columns[column].name.as_str(), row[column].as_ref()?)));
    let key = shown::key(key);
    let Some(error) = &line.error else { return Problem { text: key, is_taken: false } };
    if error.kind() == ErrorKind::Value {
        return Problem { text: error.to_string(), is_taken: false };
    }
    // PostgreSQL, MySQL and MariaDB, SQLite
    let is_taken = matches!(error.code(), Some("23505" | "1062" | "SQLITE_CONSTRAINT_UNIQUE"));
    Problem { text: format!("the database refuses the row with {key}: {error}"), is_taken }
}
