//! The queries about a database's tables, one after the other, until enough is known.
//!
//! A schema is read as a whole. A single table is read with its parents, the targets of its foreign keys, and
//! the targets of lookups: the cost does not depend on the number of other tables.

use std::collections::BTreeSet;

use crate::catalog::Catalogue;
use crate::catalog::build::build;
use crate::catalog::table::Rows;
use crate::dialect::{Dialect, Queries, Tables};
use crate::error::Result;
use crate::schema::ModelRef;
use crate::sql::{Fragment, Statement};
use crate::value::{DataType, Value};

/// Maximum number of tables in one query.
const MOST_TABLES: usize = 50;

/// The suffix of the link to a parent's row, as in Django.
pub(super) const LINK: &str = "_ptr_id";

/// A catalogue being read.
///
/// ```
/// use enmasse_core::catalog::Reading;
/// use enmasse_core::dialect::Sqlite;
///
/// let dialect = Sqlite::default();
/// let mut reading = Reading::of_table(&dialect, None, "users", []);
/// // the host runs the statements and returns their rows, as long as there are any
/// while let Some(asked) = reading.next_question()? {
///     let rows = asked.statements.iter().map(|_| Vec::new()).collect();
///     reading.answer(rows)?;
/// }
/// assert!(reading.finish()?.model("users").is_err());
/// # Ok::<(), enmasse_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Reading<'d> {
    dialect: &'d dyn Dialect,
    schema: Option<String>,
    /// The table to read, with its lookups; `None` reads all tables.
    wanted: Option<Wanted>,
    rows: Rows,
    /// The tables already requested, and those whose referring tables were requested.
    asked: BTreeSet<String>,
    asked_referring: BTreeSet<String>,
    /// The tables whose relations are needed too.
    related: BTreeSet<String>,
    question: Question,
}

#[derive(Debug)]
struct Wanted {
    table: String,
    lookups: Vec<String>,
}

/// The subject of the last statements.
#[derive(Debug, PartialEq)]
enum Question {
    Nothing,
    Tables,
    Referring,
}

/// Statements to run, each with its column types.
#[derive(Debug)]
pub struct Asked {
    /// The statements, in the order in which [`Reading::answer`] takes their rows.
    pub statements: Vec<(Statement, Vec<DataType>)>,
}

impl<'d> Reading<'d> {
    /// All tables of a schema; `None` is the connection's own.
    pub fn of_schema(dialect: &'d dyn Dialect, schema: Option<&str>) -> Self {
        Reading {
            dialect,
            schema: schema.map(str::to_owned),
            wanted: None,
            rows: Rows::default(),
            asked: BTreeSet::new(),
            asked_referring: BTreeSet::new(),
            related: BTreeSet::new(),
            question: Question::Nothing,
        }
    }

    /// One table of a schema, its parents and references, and the targets of these lookups, as
    /// `profile__points__gte`.
    pub fn of_table<'l>(
        dialect: &'d dyn Dialect,
        schema: Option<&str>,
        table: &str,
        lookups: impl IntoIterator<Item = &'l str>,
    ) -> Self {
        let lookups = lookups.into_iter().map(str::to_owned).collect();
        let wanted = Wanted { table: table.to_owned(), lookups };
        Reading { wanted: Some(wanted), ..Reading::of_schema(dialect, schema) }
    }

    /// The next statements; `None` if enough is known.
    ///
    /// # Errors
    ///
    /// If a name cannot be a parameter, or the answers do not match the statements.
    pub fn next_question(&mut self) -> Result<Option<Asked>> {
        if self.wanted.is_none() {
            return match std::mem::replace(&mut self.question, Question::Tables) {
                Question::Nothing => self.statements(Tables::All).map(Some),
                _ => Ok(None),
            };
        }
        let (tables, referring) = self.missing()?;
        if !tables.is_empty() {
            self.question = Question::Tables;
            let part = &tables[..tables.len().min(MOST_TABLES)];
            self.asked.extend(part.iter().cloned());
            return self.statements(Tables::Named(part)).map(Some);
        }
        if !referring.is_empty() {
            self.question = Question::Referring;
            let tables = Tables::Referring(&referring);
            let names = self.dialect.catalog(self.schema.as_deref(), tables)?.tables;
            self.asked_referring.extend(referring);
            let statements = vec![(names.statement(self.dialect), vec![DataType::TEXT])];
            return Ok(Some(Asked { statements }));
        }
        Ok(None)
    }

    /// Takes the rows of the last statements.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database) if the rows do not match the statements.
    pub fn answer(&mut self, rows: Vec<Vec<Vec<Value>>>) -> Result<()> {
        let mut rows = rows.into_iter();
        let mut next = || rows.next().unwrap_or_default();
        if self.question == Question::Referring {
            let referring = Rows { tables: next(), ..Rows::default() };
            self.related.extend(referring.names()?);
            return Ok(());
        }
        // A table may be returned again under a name in different case.
        let known: BTreeSet<String> = self.rows.names()?.into_iter().collect();
        let is_new =
            |row: &Vec<Value>| !matches!(row.first(), Some(Value::Text(name)) if known.contains(name));
        let mut next = || next().into_iter().filter(is_new);
        self.rows.tables.extend(next());
        self.rows.columns.extend(next());
        self.rows.keys.extend(next());
        self.rows.references.extend(next());
        self.rows.json.extend(next());
        Ok(())
    }

    /// The models of the tables read.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database) if the rows do not match the statements.
    pub fn finish(self) -> Result<Catalogue> {
        build(self.schema.as_deref(), self.rows.tables(self.dialect)?)
    }

    /// The database's spelling of the requested table name, which may differ in case.
    ///
    /// # Errors
    ///
    /// [`Database`](crate::ErrorKind::Database) if the rows do not match the statements.
    pub fn found(&self) -> Result<Option<String>> {
        let Some(wanted) = &self.wanted else { return Ok(None) };
        let names = self.rows.names()?;
        let exact = names.iter().find(|name| **name == wanted.table);
        let in_any_case = || names.iter().find(|name| name.to_lowercase() == wanted.table.to_lowercase());
        Ok(exact.or_else(in_any_case).cloned())
    }

    fn statements(&self, tables: Tables<'_>) -> Result<Asked> {
        const TEXT: DataType = DataType::TEXT;
        const BOOL: DataType = DataType::Bool;
        let Queries { tables, columns, keys, references, json } =
            self.dialect.catalog(self.schema.as_deref(), tables)?;
        let mut statements = vec![
            (tables, vec![TEXT, TEXT, TEXT, BOOL]),
            (columns, vec![TEXT, TEXT, TEXT, BOOL, TEXT, BOOL, BOOL]),
            (keys, vec![TEXT, TEXT, TEXT]),
            (references, vec![TEXT, TEXT, TEXT, TEXT, TEXT]),
        ];
        statements.extend(json.map(|json| (json, vec![TEXT, TEXT])));
        let made = |(sql, types): (Fragment, Vec<DataType>)| (sql.statement(self.dialect), types);
        Ok(Asked { statements: statements.into_iter().map(made).collect() })
    }

    /// The tables still to request, and those whose referring tables are.
    fn missing(&mut self) -> Result<(Vec<String>, Vec<String>)> {
        let Some(wanted) = &self.wanted else { return Ok(Default::default()) };
        if self.asked.is_empty() {
            return Ok((vec![wanted.table.clone()], Vec::new()));
        }
        let Some(found) = self.found()? else { return Ok(Default::default()) };
        self.related.insert(found.clone());
        // It may have been requested in different case.
        self.asked.insert(found.clone());
        loop {
            let tables = self.unread()?;
            if !tables.is_empty() {
                return Ok((tables, Vec::new()));
            }
            let lookups = self.wanted.as_ref().map_or(&[][..], |wanted| &wanted.lookups);
            if lookups.is_empty() {
                return Ok(Default::default());
            }
            let catalogue = build(self.schema.as_deref(), self.rows.clone().tables(self.dialect)?)?;
            let Ok(model) = catalogue.model(&found) else { return Ok(Default::default()) };
            let (mut related, mut referring) = (Vec::new(), Vec::new());
            for lookup in lookups {
                self.follow(&model, lookup, &mut related, &mut referring);
            }
            let before = self.related.len();
            self.related.extend(related);
            if self.related.len() == before {
                referring.retain(|table| !self.asked_referring.contains(table));
                return Ok((Vec::new(), referring));
            }
        }
    }

    /// The tables that related tables extend or refer to and that were not requested yet; parents are related
    /// too.
    fn unread(&mut self) -> Result<Vec<String>> {
        let mut unread: Vec<String> = Vec::new();
        let mut next: Vec<String> = self.related.iter().cloned().collect();
        while let Some(table) = next.pop() {
            if !self.asked.contains(&table) && !self.rows.names()?.contains(&table) {
                if !unread.contains(&table) {
                    unread.push(table);
                }
                continue;
            }
            for (column, to) in self.rows.referred(&table)? {
                if !self.asked.contains(&to) && !unread.contains(&to) {
                    unread.push(to.clone());
                }
                if column.ends_with(LINK) && self.related.insert(to.clone()) {
                    next.push(to);
                }
            }
        }
        Ok(unread)
    }

    /// Follows a lookup and notes its target tables. If it ends at a name that may be a relation of unknown
    /// tables, notes the tables that these would refer to.
    fn follow(&self, model: &ModelRef, lookup: &str, related: &mut Vec<String>, referring: &mut Vec<String>) {
        let mut model = model.clone();
        for name in lookup.split("__") {
            let relation = match (model.find(name), model.way_to(name)) {
                (Ok(position), _) => model.forward(position),
                (Err(_), Some(way)) => {
                    way.into_iter().fold(model, |model, number| model.parent(number)).relation(name)
                }
                (Err(_), None) => return referring.extend(tables_of(&model)),
            };
            let Some(relation) = relation else { return };
            model = relation.model;
            if !self.related.contains(&model.name) {
                // The target is read first.
                return related.push(model.name.clone());
            }
        }
    }
}

/// The table of a model, and those of its parents.
fn tables_of(model: &ModelRef) -> Vec<String> {
    let above = model.extended().into_iter().flat_map(|(above, _)| tables_of(&above));
    std::iter::once(model.name.clone()).chain(above).collect()
}
