//! Tables that cannot be rolled back are found before the first write.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use enmasse_core::catalog::{
    Question, StoredText, Touched, lasting_engine, routine_question, storage_questions, stored_texts,
};
use enmasse_core::dialect::{Capability, quote_table};
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::schema::ModelRef;
use enmasse_core::value::{DataType, Value};

use crate::Database;
use crate::backend::Row;
use crate::handle::Executor;

/// What is known of the tables of a database.
#[derive(Debug, Default)]
pub(crate) struct Storage {
    /// The tables that were asked about and can be rolled back.
    safe: Mutex<HashSet<String>>,
    /// The tables that were asked about, and whether they have child tables.
    parents: Mutex<HashMap<String, bool>>,
    is_allowed: AtomicBool,
}

impl Database {
    /// Allows writes to tables that cannot be rolled back, by all handles of this database: those of MySQL's and MariaDB's storage engines without
    /// transactions, such as MyISAM, Aria, MEMORY and CSV, and PostgreSQL's tables of which parts are on other servers.
    ///
    /// Without this, such a write is refused before anything is sent, with the table's name and its engine or servers. With it, what is written there
    /// stays, whatever fails afterwards, and a transaction that is rolled back keeps it.
    ///
    /// A trigger that may write there counts as one that does: by procedures and functions, or where the user may not read it and its database has
    /// such a table. MySQL hides triggers from users without the privilege `TRIGGER`; theirs are not found.
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
            if let Some((reason, lasting)) = self.why_lasting(&model.table).await? {
                let safe = if self.dialect().supports(Capability::StorageEngines) {
                    format!("a table of another engine is safe: ALTER TABLE {lasting} ENGINE=InnoDB")
                } else {
                    "one partition at a time is safe".to_owned()
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

    /// Whether a model's table has child tables, in which its keys may come once more; asked once of each table.
    pub(crate) async fn has_child_tables(&self, model: &ModelRef) -> Result<bool> {
        let (dialect, table) = (self.dialect(), &model.concrete().table);
        let Some(question) = dialect.has_child_tables(&quote_table(&*dialect, table)) else {
            return Ok(false);
        };
        let parents = || self.database().storage().parents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = parents().get(table).copied() {
            return Ok(known);
        }
        let rows = match self.query(&question.statement(&*dialect), &[DataType::Bool]).await {
            // the write says so itself, after what is wrong with its rows
            Err(error) if error.kind() == ErrorKind::TransactionEnded => return Ok(false),
            rows => rows?,
        };
        let has_some = rows.concat() == [Value::Bool(true)];
        parents().insert(table.clone(), has_some);
        Ok(has_some)
    }

    /// Why a table cannot be rolled back, and what table that is: its own engine, or that of a table that a trigger of it writes.
    async fn why_lasting(&self, table: &str) -> Result<Option<(String, String)>> {
        let storage = self.database().storage();
        if storage.is_safe(table) {
            return Ok(None);
        }
        let dialect = self.dialect();
        let mut seen = HashSet::from([table.to_owned()]);
        let mut seen_routines = HashSet::new();
        let mut next = vec![(table.to_owned(), None::<String>)];
        while let Some((name, by)) = next.pop() {
            let Some(questions) = storage_questions(&*dialect, &name)? else { break };
            if let Some(engine) = lasting_engine(&self.ask(questions.engine).await?) {
                let reason = match questions.reached {
                    Some(_) => lasts(&name, engine, by),
                    None => is_on_servers(&name, engine),
                };
                return Ok(Some((reason, name)));
            }
            let Some(reached) = questions.reached else { continue };
            let mut texts = stored_texts(self.ask(reached.texts).await?)?;
            while let Some(text) = texts.pop() {
                let Some(Touched { tables, procedures, functions }) = text.touched() else {
                    match self.why_unknown(&text).await? {
                        None => continue,
                        reason => return Ok(reason),
                    }
                };
                let by = format!("{} {}", text.kind, text.name);
                let tables = tables.into_iter().filter(|table| seen.insert(table.clone()));
                next.extend(tables.map(|table| (table, Some(by.clone()))));
                let called: Vec<_> = procedures
                    .iter()
                    .chain(&functions)
                    .filter(|name| seen_routines.insert((*name).clone()))
                    .cloned()
                    .collect();
                if called.is_empty() {
                    continue;
                }
                let found = stored_texts(self.ask(routine_question(&*dialect, &called)?).await?)?;
                let is_found = |name: &str| {
                    let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
                    found.iter().any(|found| found.name.eq_ignore_ascii_case(name))
                };
                // the user may not see it
                let hidden: Vec<_> = procedures
                    .into_iter()
                    .filter(|name| called.contains(name) && !is_found(name))
                    .map(|name| StoredText { kind: "procedure".into(), name, text: None, ..text.clone() })
                    .collect();
                texts.extend(found.into_iter().chain(hidden));
            }
        }
        storage.note(table);
        Ok(None)
    }

    /// Why what may not be read might write to a table that cannot be rolled back, and which: its schema has one.
    async fn why_unknown(&self, text: &StoredText) -> Result<Option<(String, String)>> {
        let questions = storage_questions(&*self.dialect(), &text.beside("x"))?;
        let Some(reached) = questions.and_then(|questions| questions.reached) else { return Ok(None) };
        let rows = self.ask(reached.lasting).await?;
        let Some([Value::Text(lasting), Value::Text(engine)]) = rows.first().map(Vec::as_slice) else {
            return Ok(None);
        };
        let StoredText { kind, name, .. } = text;
        let remedy = match kind.as_str() {
            "trigger" => " (GRANT TRIGGER allows that)",
            "view" => " (GRANT SHOW VIEW allows that)",
            _ => "",
        };
        let reason = format!(
            "The {kind} {name} may write to the table '{lasting}', which is stored by {engine} and cannot be rolled back: \
             this user may not read what it does{remedy}"
        );
        Ok(Some((reason, lasting.clone())))
    }

    async fn ask(&self, (statement, columns): Question) -> Result<Vec<Row>> {
        self.query(&statement, &columns).await
    }
}

/// Says that parts of a table are on servers that do not commit as one.
fn is_on_servers(table: &str, servers: &str) -> String {
    format!(
        "The table '{table}' has rows on other servers, {servers}, and not all of them commit or roll back as one: a part may \
         stay written, whatever fails"
    )
}

/// Says that a table is stored by an engine without transactions; it is the model's own, or one that is written by what `by` names.
fn lasts(table: &str, engine: &str, by: Option<String>) -> String {
    match by {
        None if engine.eq_ignore_ascii_case("spider") => format!(
            "The table '{table}' is stored by {engine}, which has no savepoints and miscounts rows: work on its backends"
        ),
        None => format!(
            "The table '{table}' is stored by {engine}, which cannot roll back: what is written stays, whatever fails"
        ),
        Some(by) => format!(
            "The {by} writes to the table '{table}', which is stored by {engine} and cannot be rolled back"
        ),
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
