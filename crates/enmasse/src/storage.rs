//! Tables that cannot be rolled back are found before the first write.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use enmasse_core::catalog::{lasting_engine, storage_questions, tables_in};
use enmasse_core::dialect::Capability;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::schema::ModelRef;
use enmasse_core::value::Value;

use crate::Database;
use crate::handle::Executor;

/// What is known of the tables of a database.
#[derive(Debug, Default)]
pub(crate) struct Storage {
    /// The tables that were asked about and can be rolled back.
    safe: Mutex<HashSet<String>>,
    is_allowed: AtomicBool,
}

impl Database {
    /// Allows writes to tables that cannot be rolled back, by all handles of this database: those of MySQL's and MariaDB's storage engines without
    /// transactions, such as MyISAM, Aria, MEMORY and CSV, and PostgreSQL's tables of which parts are on other servers.
    ///
    /// Without this, such a write is refused before anything is sent, with the table's name and its engine or servers. With it, what is written there
    /// stays, whatever fails afterwards, and a transaction that is rolled back keeps it.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// let db = enmasse::Database::connect("sqlite::memory:").await?;
    /// db.allow_non_transactional(true); // of no effect: SQLite has no such tables
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    pub fn allow_non_transactional(&self, allow: bool) {
        self.storage().is_allowed.store(allow, Ordering::Relaxed);
    }
}

impl Executor {
    /// [`refuse_lasting`](Executor::refuse_lasting), but for what is wrong with the request itself: that comes before anything is asked.
    pub(crate) async fn refuse_lasting_unless(
        &self,
        model: &ModelRef,
        wrong: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        if !self.database().storage().is_safe(&model.concrete().table) {
            wrong()?;
        }
        self.refuse_lasting(model).await
    }

    /// Refuses a write to a model's tables where one of them cannot be rolled back; each table is asked about once, unless it is refused.
    pub(crate) async fn refuse_lasting(&self, model: &ModelRef) -> Result<()> {
        let storage = self.database().storage();
        if storage.is_allowed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut next = vec![model.concrete()];
        while let Some(model) = next.pop() {
            if let Some(reason) = self.why_lasting(&model.table).await? {
                let safe = match self.dialect().supports(Capability::JoinedUpdate) {
                    true => {
                        format!(
                            "a table of another engine is safe: ALTER TABLE {} ENGINE=InnoDB",
                            model.table
                        )
                    }
                    false => "one partition at a time is safe".to_owned(),
                };
                return Err(Error::new(
                    ErrorKind::NotSupported,
                    format!(
                        "{reason}. Nothing was written. Database::allow_non_transactional (--allow-non-transactional) allows it; {safe}."
                    ),
                ));
            }
            next.extend(model.extended().into_iter().map(|(above, _)| above));
        }
        Ok(())
    }

    /// Why a table cannot be rolled back: its own engine, or that of a table that a trigger of it writes.
    async fn why_lasting(&self, table: &str) -> Result<Option<String>> {
        let storage = self.database().storage();
        if storage.is_safe(table) {
            return Ok(None);
        }
        let mut reason = None;
        let mut seen = HashSet::from([table.to_owned()]);
        let mut next = vec![(table.to_owned(), None::<String>)];
        while let (None, Some((name, by))) = (&reason, next.pop()) {
            let dialect = self.dialect();
            let Some((engine, texts)) = storage_questions(&*dialect, &name)? else { break };
            let rows = self.query(&engine.0, &engine.1).await?;
            if let Some(engine) = lasting_engine(&rows) {
                reason = Some(match by {
                    None if texts.is_none() => format!(
                        "The table '{name}' has rows on other servers, {engine}, and not all of them commit or roll back as one: a part may \
                         stay written, whatever fails"
                    ),
                    None if engine.eq_ignore_ascii_case("spider") => format!(
                        "The table '{name}' is stored by {engine}, which has no savepoints and miscounts rows: work on its backends"
                    ),
                    None => format!(
                        "The table '{name}' is stored by {engine}, which cannot roll back: what is written stays, whatever fails"
                    ),
                    Some(by) => format!(
                        "The {by} writes to the table '{name}', which is stored by {engine} and cannot be rolled back"
                    ),
                });
            }
            let Some((texts, types)) = texts else { continue };
            for row in self.query(&texts, &types).await? {
                let [Value::Text(of), Value::Text(text)] = &row[..] else { continue };
                for found in tables_in(text) {
                    if seen.insert(found.clone()) {
                        next.push((found, Some(of.clone())));
                    }
                }
            }
        }
        if reason.is_none() {
            storage.note(table);
        }
        Ok(reason)
    }
}

impl Storage {
    fn is_safe(&self, table: &str) -> bool {
        self.safe.lock().unwrap_or_else(PoisonError::into_inner).contains(table)
    }

    fn note(&self, table: &str) {
        self.safe.lock().unwrap_or_else(PoisonError::into_inner).insert(table.to_owned());
    }
}
