//! Whether what is written to a table can be undone: a storage engine may have no transactions, and several servers have one each.

use crate::dialect::{Dialect, ReachQueries, StorageQueries};
use crate::error::{Error, ErrorKind, Result};
use crate::sql::Statement;
use crate::value::{DataType, Value};

/// A statement that asks about a table, and the types of its columns.
pub type Question = (Statement, Vec<DataType>);

/// What to ask about a table, or about what stands in its schema.
pub struct StorageQuestions {
    /// Its storage engine: [`lasting_engine`] reads the answer.
    pub engine: Question,
    /// What else a write may reach; `None` where that is not looked at.
    pub reached: Option<ReachQuestions>,
}

/// What to ask about what else a write to a table may reach.
pub struct ReachQuestions {
    /// Its triggers, and where it is a view its text: [`stored_texts`] reads the answer.
    pub texts: Question,
    /// A table of the schema that has no transactions, and its engine.
    pub lasting: Question,
}

const TEXT: DataType = DataType::TEXT;

/// What to ask about a table as a model names it; `None` where every table of the database has transactions.
///
/// # Errors
///
/// Where the name cannot be a parameter.
pub fn storage_questions(dialect: &dyn Dialect, table: &str) -> Result<Option<StorageQuestions>> {
    let Some(StorageQueries { engine, reached }) = dialect.storage(table)? else { return Ok(None) };
    let engine = (engine.statement(dialect), vec![TEXT, DataType::Bool]);
    let reached = reached.map(|ReachQueries { texts, lasting }| ReachQuestions {
        texts: (texts.statement(dialect), TEXT_COLUMNS.to_vec()),
        lasting: (lasting.statement(dialect), vec![TEXT, TEXT]),
    });
    Ok(Some(StorageQuestions { engine, reached }))
}

/// What to ask about procedures and functions; the answer is read by [`stored_texts`].
///
/// # Errors
///
/// Where a name cannot be a parameter.
pub fn routine_question(dialect: &dyn Dialect, names: &[String]) -> Result<Question> {
    Ok((dialect.routines(names)?.statement(dialect), TEXT_COLUMNS.to_vec()))
}

/// The engine of a table that has no transactions, from the rows of the first question.
pub fn lasting_engine(rows: &[Vec<Value>]) -> Option<&str> {
    match rows.first().map(Vec::as_slice) {
        Some([Value::Text(engine), Value::Bool(false)]) => Some(engine),
        _ => None,
    }
}

/// A trigger, a view, a procedure or a function.
#[derive(Clone, Debug)]
pub struct StoredText {
    /// What it is: `trigger`.
    pub kind: String,
    /// What it is called.
    pub name: String,
    /// The schema that its names without one are of; none is the connection's own.
    pub schema: Option<String>,
    /// What it does; `None` where the user may not read that.
    pub text: Option<String>,
    /// Whether a backslash in a string says something of the next character.
    pub has_escapes: bool,
}

const TEXT_COLUMNS: [DataType; 5] = [TEXT, TEXT, TEXT, TEXT, DataType::Bool];

/// The texts of an answer.
///
/// # Errors
///
/// [`Database`](ErrorKind::Database) where the rows are not those of the question.
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
