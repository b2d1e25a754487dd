//! Whether writes to a table can be rolled back: a storage engine may have no transactions, and several
//! servers do not commit as one.

use crate::dialect::{Dialect, ReachQueries, StorageQueries};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::Statement;
use crate::value::{DataType, Value};

/// A statement about a table, with its column types.
pub type Question = (Statement, Vec<DataType>);

/// The queries about a table, or about objects of its schema.
pub struct StorageQuestions {
    /// Its storage engine: [`lasting_engine`] reads the answer.
    pub engine: Question,
    /// Objects that a write may also reach; `None` if this is not checked.
    pub reached: Option<ReachQuestions>,
}

/// The queries about objects that a write to a table may also reach.
pub struct ReachQuestions {
    /// Its triggers, and the text of a view: [`stored_texts`] reads the answer.
    pub texts: Question,
    /// A table of the schema without transactions, and its engine.
    pub lasting: Question,
}

const TEXT: DataType = DataType::TEXT;

/// The queries about a table, named as in a model; `None` if every table of the database has transactions.
///
/// # Errors
///
/// If the name cannot be a parameter.
pub fn storage_questions(dialect: &dyn Dialect, table: &str) -> Result<Option<StorageQuestions>> {
    let Some(StorageQueries { engine, reached }) = dialect.storage(table)? else { return Ok(None) };
    let engine = (engine.statement(dialect), vec![TEXT, DataType::Bool]);
    let reached = reached.map(|ReachQueries { texts, lasting }| ReachQuestions {
        texts: (texts.statement(dialect), TEXT_COLUMNS.to_vec()),
        lasting: (lasting.statement(dialect), vec![TEXT, TEXT]),
    });
    Ok(Some(StorageQuestions { engine, reached }))
}

/// The query about procedures and functions; [`stored_texts`] reads the answer.
///
/// # Errors
///
/// If a name cannot be a parameter.
pub fn routine_question(dialect: &dyn Dialect, names: &[String]) -> Result<Question> {
    Ok((dialect.routines(names)?.statement(dialect), TEXT_COLUMNS.to_vec()))
}

/// The engine of a table without transactions, from the rows of the first query.
pub fn lasting_engine(rows: &[Vec<Value>]) -> Option<&str> {
    match rows.first().map(Vec::as_slice) {
        Some([Value::Text(engine), Value::Bool(false)]) => Some(engine),
        _ => None,
    }
}

/// A trigger, a view, a procedure or a function.
#[derive(Clone, Debug)]
pub struct StoredText {
    /// The kind of object: `trigger`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// The schema of its unqualified names; `None` is the connection's own.
    pub schema: Option<String>,
    /// The source text; `None` if the user may not read it.
    pub text: Option<String>,
    /// Whether a backslash escapes the next character of a string.
    pub has_escapes: bool,
}

const TEXT_COLUMNS: [DataType; 5] = [TEXT, TEXT, TEXT, TEXT, DataType::Bool];

/// The texts in an answer.
///
/// # Errors
///
/// [`Database`](ErrorKind::Database) if the rows do not match the query.
pub fn stored_texts(rows: Vec<Vec<Value>>) -> Result<Vec<StoredText>> {
    let optional = |value| match value {
        Value::Text(text) => Some(text),
        _ => None,
    };
    let read = |row: Vec<Value>| match <[Value; 5]>::try_from(row) {
        Ok([Value::Text(kind), Value::Text(name), schema, text, has_escapes]) => Ok(StoredText {
            kind,
            name,
            schema: optional(schema),
            text: optional(text).filter(|text| !text.is_empty()),
            has_escapes: has_escapes != Value::Bool(false),
        }),
        _ => Err(Error::new(ErrorKind::Database, "The database's catalogue gave no text of a trigger.")),
    };
    rows.into_iter().map(read).collect()
}
