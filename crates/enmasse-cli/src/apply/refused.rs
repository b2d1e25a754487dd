//! Rows that only the database refuses: by a constraint, a trigger, a row policy or its own type checks.
//!
//! One such row fails the statement for all rows, without its place in the file. The rows are therefore
//! written again, in parts, in a transaction that is rolled back. The result is the places of the refused
//! rows, for a message or to leave these rows out.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use enmasse::{Database, Error, ErrorKind, Record, Transaction};

use crate::apply::kept::{Kept, KeptRows};
use crate::apply::parts::{Order, in_parts};
use crate::apply::source::memory;
use crate::apply::transaction::Job;
use crate::failure::{Failure, Result, cut_to};
use crate::input::{BadRow, Item, Place, Rows};
use crate::shown;

/// The most rows that are written at a time, and the bytes of memory after which a part of them ends.
const PART: usize = 512;
const PART_BYTES: usize = 1 << 20;

/// More refused rows than this are a fault of the table or of the file as a whole.
const MOST: usize = 10_000;

/// How many characters of what is said of a row are kept.
const TEXT: usize = 1_000;

/// Rows that were refused may be written once others are: how often that is tried.
const ROUNDS: usize = 8;

/// The refused rows, and what is said of each.
#[derive(Clone, Debug, Default)]
pub struct Refused(BTreeMap<Place, Problem>);

/// Why a row is refused.
#[derive(Clone, Debug, Default)]
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

/// A row of the file.
struct Line {
    place: Place,
    record: Record,
}

/// The rows that were refused so far: on the disk, for they may be long.
struct Lines {
    refused: Vec<(Place, Problem)>,
    kept: Kept,
}

impl Lines {
    fn new(job: &Job<'_>) -> Result<Self> {
        Ok(Lines { refused: Vec::new(), kept: Kept::new(job.mapping)? })
    }

    fn len(&self) -> usize {
        self.refused.len()
    }

    /// Writes rows, and adds those that the database refuses.
    async fn write(
        &mut self,
        job: &Job<'_>,
        tx: &Transaction,
        lines: Vec<Line>,
        order: Order,
    ) -> Result<(), Ended> {
        let most = MOST - self.len();
        for (number, error) in write(job, tx, &lines, most, order).await? {
            let line = &lines[number];
            self.add(job, line, problem(job, &line.record, &error))?;
        }
        Ok(())
    }

    /// Writes what inserted rows refer to, and adds those that the database refuses, or does not let refer.
    async fn write_references(
        &mut self,
        job: &Job<'_>,
        tx: &Transaction,
        lines: Vec<Line>,
    ) -> Result<(), Ended> {
        let most = MOST - self.len();
        let refused = in_parts(tx, lines.len(), most, Order::FirstRows, async |tx, range| {
            let records: Vec<_> = lines[range].iter().map(|line| line.record.clone()).collect();
            if job.set_references(tx, &records).await? > 0 {
                if records.len() > 1 {
                    return Err(Error::new(ErrorKind::Integrity, "one of the rows is not found"));
                }
                for record in records {
                    job.insert_skipped(tx, record).await?;
                }
            }
            tx.check_constraints().await
        });
        for (number, error) in refused.await? {
            let line = &lines[number];
            self.add(job, line, problem(job, &line.record, &error))?;
        }
        Ok(())
    }

    fn add(&mut self, job: &Job<'_>, line: &Line, problem: Problem) -> Result<()> {
        self.kept.push(&job.mapping.row(&line.record))?;
        self.refused.push((line.place, problem));
        Ok(())
    }

    /// Writes them once more, and gives those that are refused again, after others.
    async fn again(
        self,
        job: &Job<'_>,
        tx: &Transaction,
        order: Order,
        mut left: Lines,
    ) -> Result<Self, Ended> {
        let mut lots = Lots::of(self)?;
        loop {
            let lines = lots.next()?;
            if lines.is_empty() {
                return Ok(left);
            }
            left.write(job, tx, lines, order).await?;
        }
    }

    /// Writes rows that may refer to each other, first without that, and gives those that are refused.
    async fn write_circle(self, job: &Job<'_>, tx: &Transaction) -> Result<Self, Ended> {
        let (mut lots, mut left, mut bare) = (Lots::of(self)?, Lines::new(job)?, Lines::new(job)?);
        loop {
            let lines = lots.next()?;
            if lines.is_empty() {
                break;
            }
            let without = |Line { place, record }: &Line| {
                let record = job.mapping.without_references(record)?.unwrap_or_else(|| record.clone());
                Ok::<_, Error>(Line { place: *place, record })
            };
            let without = lines.iter().map(without).collect::<Result<Vec<_>, _>>()?;
            let errors = write(job, tx, &without, MOST - left.len(), Order::FirstRows).await?;
            let mut errors = errors.into_iter().peekable();
            for (number, line) in lines.iter().enumerate() {
                match errors.next_if(|(position, _)| *position == number) {
                    Some((_, error)) => left.add(job, line, problem(job, &line.record, &error))?,
                    None => bare.add(job, line, Problem::default())?,
                }
            }
        }
        let mut lots = Lots::of(bare)?;
        loop {
            let lines = lots.next()?;
            if lines.is_empty() {
                return Ok(left);
            }
            left.write_references(job, tx, lines).await?;
        }
    }
}

/// Refused rows, read back.
struct Lots {
    places: std::vec::IntoIter<(Place, Problem)>,
    rows: KeptRows,
}

impl Lots {
    fn of(lines: Lines) -> Result<Self> {
        Ok(Lots { places: lines.refused.into_iter(), rows: lines.kept.read()? })
    }

    /// The next rows; none after the last.
    fn next(&mut self) -> Result<Vec<Line>> {
        let records = self.rows.lot()?.into_iter();
        Ok(records.zip(&mut self.places).map(|(record, (place, _))| Line { place, record }).collect())
    }
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
pub async fn find(job: &Job<'_>, db: &Database, known: &Arc<Refused>) -> Result<Found> {
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

async fn find_in(job: &Job<'_>, tx: &Transaction, known: &Arc<Refused>) -> Result<Found, Ended> {
    let mut rows = job.input.rows(&job.mapping.wanted())?;
    let mut lines = Lines::new(job)?;
    loop {
        let (back, part) = next_part(job, rows, known).await?;
        rows = back;
        if part.is_empty() {
            break;
        }
        lines.write(job, tx, part, Order::FirstRows).await?;
    }
    let early = lines.refused.iter().filter(|(_, problem)| problem.is_taken).cloned();
    let early = Refused(early.collect());
    // a row may wait for others: for the one that it refers to, or that still has its unique value
    let mut order = Order::LastRows;
    for _ in 0..ROUNDS {
        let before = lines.len();
        if before == 0 {
            break;
        }
        lines = lines.again(job, tx, order, Lines::new(job)?).await?;
        if lines.len() == before {
            break;
        }
        order = if order == Order::LastRows { Order::FirstRows } else { Order::LastRows };
    }
    if job.args.insert_missing && lines.len() > 0 && !job.mapping.references.is_empty() {
        lines = lines.write_circle(job, tx).await?;
    }
    Ok(Found { refused: Refused(lines.refused.into_iter().collect()), early })
}

/// The next rows of the file.
async fn next_part(job: &Job<'_>, mut rows: Rows, known: &Arc<Refused>) -> Result<(Rows, Vec<Line>)> {
    let (mapping, known) = (job.mapping.clone(), known.clone());
    let read = tokio::task::spawn_blocking(move || {
        let (mut part, mut bytes) = (Vec::new(), 0);
        for item in rows.by_ref() {
            // what is bad in itself is not sent
            let Item::Row(row) = item? else { continue };
            if known.problem(row.place).is_some() {
                continue;
            }
            bytes += memory(&row.values);
            part.push(Line { place: row.place, record: mapping.record(row.values)? });
            if part.len() == PART || bytes >= PART_BYTES {
                break;
            }
        }
        Ok((rows, part))
    });
    read.await.map_err(|error| Failure::failed(format!("reading ended: {error}")))?
}

/// Writes rows, and gives the positions of those that were refused.
async fn write(
    job: &Job<'_>,
    tx: &Transaction,
    lines: &[Line],
    most: usize,
    order: Order,
) -> Result<Vec<(usize, Error)>, Error> {
    in_parts(tx, lines.len(), most, order, async |tx, range| {
        let records = lines[range].iter().map(|line| line.record.clone()).collect();
        if job.args.insert_missing {
            let written = job.write(tx, records, false).await?;
            job.insert(tx, written.missing).await?;
        } else {
            job.update(tx, records).await?;
        }
        tx.check_constraints().await
    })
    .await
}

/// What is said of a refused row: its key, and the database's own words.
fn problem(job: &Job<'_>, record: &Record, error: &Error) -> Problem {
    let row = job.mapping.row(record);
    let key = job
        .mapping
        .key
        .iter()
        .filter_map(|&column| Some((job.mapping.columns[column].name.as_str(), row[column].as_ref()?)));
    if error.kind() == ErrorKind::Value {
        return Problem { text: cut_to(&error.to_string(), TEXT), is_taken: false };
    }
    // PostgreSQL, MySQL and MariaDB, SQLite
    let is_taken = matches!(error.code(), Some("23505" | "1062" | "SQLITE_CONSTRAINT_UNIQUE"));
    let text = format!("the database refuses the row with {}: {error}", shown::key(key));
    Problem { text: cut_to(&text, TEXT), is_taken }
}
