//! The transaction of an apply.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use enmasse::{Database, Error, ErrorKind, QuerySet, Record, Transaction};

use crate::apply::ahead::lacks_reference;
use crate::apply::changes::Noted;
use crate::apply::explain;
use crate::apply::files::{self, FinishedFile};
use crate::apply::mapping::Mapping;
use crate::apply::missing::Absent;
use crate::apply::refused::{self, Refused};
use crate::apply::source::{BadRows, records};
use crate::apply::summary::{Counts, Summary};
use crate::apply::writing::{Shared, lock};
use crate::args::ApplyArgs;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::interrupt::Committing;
use crate::output::grouped;
use crate::progress::Meter;

pub struct Job<'a> {
    pub args: &'a ApplyArgs,
    pub input: &'a Arc<Input>,
    pub mapping: &'a Arc<Mapping>,
    /// Whether rows of the file may lack columns that others have.
    pub uneven: bool,
    /// How many bad rows were told of, by whichever try.
    pub told: &'a Arc<AtomicU64>,
    pub meter: &'a Meter,
    pub committing: &'a Committing,
}

/// Why the transaction is not committed.
pub enum Ended {
    /// It was only to be looked at.
    Tried(Box<Done>),
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

/// What was done, and the files that are to be put in their places.
pub struct Done {
    summary: Summary,
    files: Vec<FinishedFile>,
}

impl Done {
    /// Leaves the files where they are, for nobody knows whether what they say was done: what was to be, and where they are.
    fn keep(self) -> Vec<String> {
        let files = self.files.into_iter().map(FinishedFile::keep);
        std::iter::once(format!("If it was: {}", self.summary.line())).chain(files).collect()
    }
}

impl Done {
    /// Puts the files in their places.
    pub async fn place(self, dry_run: bool) -> Result<Summary> {
        let Done { summary, files } = self;
        let unplaced = files::place(files).await;
        if unplaced.is_empty() {
            return Ok(summary);
        }
        let table = if dry_run { "nothing was written to the table" } else { "the table is written" };
        Err(Failure::unplaced(format!("{}\n{table}: {}", unplaced.join("\n"), summary.line())))
    }
}

impl Job<'_> {
    /// Runs it, and gives what was done. Rows that the database refuses are left out, where bad rows are skipped.
    pub async fn run(&self, db: &Database) -> Result<Done> {
        let mut refused = Arc::new(Refused::default());
        let mut inserts_ahead = false;
        loop {
            let error = match self.attempt(db, &refused, inserts_ahead).await {
                Ok(done) => return Ok(done),
                Err(Ended::Tried(done)) => return Ok(*done),
                Err(Ended::Failed(failure)) => return Err(failure),
                Err(Ended::Database(error)) => error,
            };
            // what was refused before it was sent has its key
            let is_known = !error.keys().is_empty() && !self.args.skip_bad;
            // the search writes the rows again, which nothing may roll back
            let can_search = error.is_of_rows() && !self.args.allow_non_transactional;
            if is_known || !can_search {
                return Err(explain(error, self.input, self.mapping).await);
            }
            // a row of the table may refer to one that is yet to be inserted
            if self.args.insert_missing && !inserts_ahead && lacks_reference(&error) {
                inserts_ahead = true;
                continue;
            }
            let found = refused::find(self, db, &refused).await?;
            let (name, most) = (self.input.name(), self.args.max_errors);
            if found.refused.is_empty() {
                return Err(if found.early.is_empty() {
                    explain(error, self.input, self.mapping).await
                } else {
                    found.early.failure_of_order(name, most)
                });
            }
            if !self.args.skip_bad {
                return Err(found.refused.failure(name, most));
            }
            Arc::make_mut(&mut refused).add(found.refused);
        }
    }

    /// One transaction.
    async fn attempt(
        &self,
        db: &Database,
        refused: &Arc<Refused>,
        inserts_ahead: bool,
    ) -> Result<Done, Ended> {
        let committed = Mutex::new(None);
        let result = db
            .transaction_with(async |tx| {
                self.committing.set(false);
                let done = self.work(&tx, refused, inserts_ahead).await?;
                if self.args.dry_run {
                    // what would be found at the end is found now
                    tx.check_constraints().await?;
                    return Err(Ended::Tried(Box::new(done)));
                }
                if done.summary.counts.inserted > 0 {
                    self.advance_identity(&tx).await?;
                }
                *lock(&committed) = Some(done);
                self.committing.set(true);
                Ok(())
            })
            .await;
        self.committing.set(false);
        let committed = lock(&committed).take();
        match (result, committed) {
            (Ok(()), Some(done)) => Ok(done),
            (Ok(()), None) => Err(has_not_ended().into()),
            (Err(Ended::Database(error)), Some(done)) if error.kind() == ErrorKind::CommitUnknown => {
                Err(Failure::from(error).at(self.input.name()).with_lines(done.keep()).into())
            }
            (Err(ended), _) => Err(ended),
        }
    }

    async fn work(
        &self,
        tx: &Transaction,
        refused: &Arc<Refused>,
        inserts_ahead: bool,
    ) -> Result<Done, Ended> {
        let Job { args, input, mapping, meter, .. } = *self;
        let untouched =
            if args.dry_run { Some(QuerySet::<Record>::of(&mapping.model, tx).count().await?) } else { None };
        let bad_rows = BadRows {
            most: args.max_errors,
            rejects: args.rejects.clone(),
            refused: refused.clone(),
            told: self.told.clone(),
        };
        let noted =
            if self.wants_changes() { Some(Arc::new(Mutex::new(Noted::new(mapping, args)?))) } else { None };
        let wants_missing = args.missing.is_some() || args.insert_missing || args.strict;
        let mut absent = if wants_missing { Some(Absent::new(mapping, args, input)?) } else { None };
        let (inserted, ahead) = match absent.as_mut().filter(|_| inserts_ahead) {
            Some(absent) => self.insert_ahead(tx, &bad_rows, absent, noted.as_ref()).await?,
            None => Default::default(),
        };
        let inserted = Arc::new(inserted);
        let (records, read, rejects) = records(input, mapping, self.uneven, &bad_rows, &inserted, meter)?;
        let mut update = self.update(tx, records);
        let sql = if args.dry_run { update.explain()? } else { String::new() };
        let told = meter.clone();
        update = update.on_progress(move |progress| told.written(progress.written));

        if let Some(noted) = noted.clone() {
            update = update.each_change(move |change| lock(&noted).note(&change).map_err(given_up));
        }
        let absent = absent.map(|absent| Arc::new(Mutex::new(absent)));
        if let Some(absent) = absent.clone() {
            update = update.each_missing(move |record| lock(&absent).note(&record).map_err(given_up));
        }

        let report = update.await;
        let read = std::mem::take(&mut *lock(&read));
        // what is wrong with the file is why the database got no more of it
        if let Some(failure) = read.failure {
            return Err(failure.into());
        }
        let report = report?;
        let mut counts = Counts {
            rows: read.rows,
            bad: read.bad,
            matched: ahead.matched + report.matched,
            changed: ahead.changed + report.changed,
            skipped: ahead.skipped + report.skipped,
            missing: ahead.missing + report.missing_count,
            inserted: ahead.inserted,
        };
        let mut files = Vec::new();
        if let Some(mut absent) = absent.map(taken).transpose()? {
            if args.strict && counts.missing > 0 {
                return Err(absent.refuse(input.name(), counts.missing).into());
            }
            if args.insert_missing {
                absent.insert(self, tx, &mut counts, noted.as_ref()).await?;
            }
            files.extend(absent.finish()?);
        }
        if args.strict && counts.skipped > 0 {
            return Err(self.refuse_skipped(counts.skipped).into());
        }
        let untouched = untouched.map(|rows| rows.saturating_sub(counts.matched));
        let mut summary = Summary { counts, untouched, changes: None, sql };
        if let Some(noted) = noted.map(taken).transpose()? {
            let (changes, diff) = noted.finish()?;
            summary.changes = Some(changes);
            files.extend(diff);
        }
        if let (Some(file), Some(writer)) = (rejects, read.rejects) {
            let synced = || {
                let whole = writer.into_inner().map_err(|error| error.into_error());
                whole
                    .and_then(|file| file.sync_all())
                    .map_err(|error| Failure::failed(format!("cannot write the rejects: {error}")))
            };
            files.push(file.finish(|()| synced())?);
        }
        Ok(Done { summary, files })
    }

    fn refuse_skipped(&self, skipped: u64) -> Failure {
        let rows = if skipped == 1 { "row was" } else { "rows were" };
        Failure::failed(format!(
            "{}: {} {rows} not written to {}: a trigger or a row policy of the table keeps them as they are, and --strict refuses that. \
             Nothing was written.",
            self.input.name(),
            grouped(skipped),
            self.mapping.model.table
        ))
    }
}

/// What the update, which is over, has let go of.
pub fn taken<T>(shared: Shared<T>) -> Result<T> {
    let taken = Arc::try_unwrap(shared).ok().and_then(|shared| shared.into_inner().ok());
    taken.ok_or_else(has_not_ended)
}

pub fn has_not_ended() -> Failure {
    Failure::failed("the update has not ended")
}

/// A failure to write a file, so that it ends the update: no row is to blame, and it is no wrong usage, whatever it was.
pub fn given_up(failure: Failure) -> Error {
    Error::new(ErrorKind::Database, failure.message())
}
