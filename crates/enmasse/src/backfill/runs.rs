//! The runs of a database, and what may be wished of them.

use enmasse_core::backfill::{RunRow, RunTable, Wish};
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::Step;
use enmasse_core::sql::Statement;

use crate::Database;
use crate::backfill::Settings;
use crate::database::handle::Handle;

impl Database {
    /// The updates in chunks that were begun on this database; see [`Update::in_chunks`](crate::query_set::Update::in_chunks).
    pub fn runs(&self) -> Runs {
        Runs { db: self.clone() }
    }
}

/// The updates in chunks of a database: what each does, how far it is, and what is wished of it.
#[derive(Clone, Debug)]
pub struct Runs {
    pub(super) db: Database,
}

impl Runs {
    /// All of them, the oldest first.
    ///
    /// # Errors
    ///
    /// Those of the database. The list is empty if no run was ever started.
    pub async fn list(&self) -> Result<Vec<RunRow>> {
        let dialect = self.db.dialect();
        self.read(RunTable::new(&*dialect).all()).await
    }

    /// The run of this name.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if no run has this name.
    pub async fn get(&self, name: &str) -> Result<RunRow> {
        self.find(name).await?.ok_or_else(|| no_run(name))
    }

    /// Pauses a run: its program waits before the next chunk.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if no run has this name.
    pub async fn pause(&self, name: &str) -> Result<()> {
        self.wish(name, Wish::Pause).await
    }

    /// Resumes a paused run whose program waits. It does not start a program that has ended.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if no run has this name.
    pub async fn resume(&self, name: &str) -> Result<()> {
        self.wish(name, Wish::Run).await
    }

    /// Stops a run: its program ends before the next chunk. The progress is kept.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if no run has this name.
    pub async fn stop(&self, name: &str) -> Result<()> {
        self.wish(name, Wish::Stop).await
    }

    /// Changes the settings of a run. They apply from the next chunk on.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if no run has this name; [`Request`](ErrorKind::Request) if a setting is out of range.
    pub async fn set(&self, name: &str, settings: Settings) -> Result<()> {
        settings.check()?;
        let dialect = self.db.dialect();
        self.write(name, RunTable::new(&*dialect).settings(name, &settings.write())).await
    }

    /// Deletes a run. A program that still executes it fails before its next chunk. A new run of this name starts at the first row.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorKind::NotFound) if no run has this name.
    pub async fn forget(&self, name: &str) -> Result<()> {
        let dialect = self.db.dialect();
        self.write(name, RunTable::new(&*dialect).delete(name)).await
    }

    async fn wish(&self, name: &str, wish: Wish) -> Result<()> {
        let dialect = self.db.dialect();
        self.write(name, RunTable::new(&*dialect).wish(name, wish)).await
    }

    async fn write(&self, name: &str, statement: Statement) -> Result<()> {
        match self.db.executor().execute(&statement).await {
            Ok(done) if done.rows > 0 => Ok(()),
            Ok(_) => Err(no_run(name)),
            Err(error) if is_no_table(&error) => Err(no_run(name)),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn find(&self, name: &str) -> Result<Option<RunRow>> {
        let dialect = self.db.dialect();
        Ok(self.read(RunTable::new(&*dialect).one(name)).await?.pop())
    }

    async fn read(&self, statement: Statement) -> Result<Vec<RunRow>> {
        let columns = RunTable::new(&*self.db.dialect()).columns();
        match self.db.executor().query(&statement, &columns).await {
            Ok(rows) => rows.into_iter().map(RunRow::read).collect(),
            Err(error) if is_no_table(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Makes the table where it is not there, and refuses one whose rows cannot be rolled back.
    pub(super) async fn prepare(&self) -> Result<()> {
        let dialect = self.db.dialect();
        let table = RunTable::new(&*dialect);
        let (columns, one) = (table.columns(), table.one(""));
        match self.db.executor().query(&one, &columns).await {
            Ok(_) => {}
            Err(error) if is_no_table(&error) => {
                for step in table.create()?.steps {
                    let Step::Run(statement, _) = step else { continue };
                    if let Err(error) = self.db.executor().script(&statement.sql).await {
                        // another may have made it meanwhile
                        if self.db.executor().query(&one, &columns).await.is_err() {
                            return Err(error.at("enmasse_run"));
                        }
                    }
                }
            }
            Err(error) => return Err(error),
        }
        self.db.executor().refuse_lasting(&RunTable::model()?).await
    }
}

fn no_run(name: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("There is no run '{name}' in this database."))
}

fn is_no_table(error: &Error) -> bool {
    error.code().is_some_and(|code| ["42P01", "42S02", "1146"].contains(&code))
        || error.message().contains("no such table: enmasse_run")
}
