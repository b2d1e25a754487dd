//! A live database's catalogue as a schema of models.
//!
//! A [`Reading`] provides the queries to run, and takes their rows, until it has enough. As with Django's
//! `inspectdb`, a model has its table's name, a field its column's name, and the field of a foreign key
//! `user_id` is `user`.

mod build;
mod name;
mod names;
mod reading;
mod storage;
mod table;
mod touched;

pub use name::{TableName, table_names};
pub use reading::{Asked, Reading};
pub use storage::{
    Question, StorageQuestions, StoredText, lasting_engine, routine_question, storage_questions, stored_texts,
};
pub use touched::Touched;

use std::sync::Arc;

use crate::dialect::{Dialect, Tables};
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{LeftOut, ModelRef, Schema};
use crate::sql::Statement;
use crate::value::DataType;

/// A catalogue as models.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// A model for each table with a primary key. A model's [`left_out`](crate::schema::Model::left_out)
    /// lists the columns of unknown types.
    pub schema: Arc<Schema>,
    /// The tables that cannot be models.
    pub left_out: Vec<LeftOut>,
}

impl Catalogue {
    /// The model of this table.
    ///
    /// # Errors
    ///
    /// [`Configuration`](ErrorKind::Configuration) if the table does not exist, or with the reason why it is
    /// left out.
    pub fn model(&self, table: &str) -> Result<ModelRef> {
        match self.left_out.iter().find(|left_out| left_out.name == table) {
            None => self.schema.model(table).map_err(|_| {
                let models: Vec<ModelRef> = self.schema.models().collect();
                let tables = models.iter().map(|model| model.name.as_str());
                Error::unknown(ErrorKind::Configuration, "There is no table", table, tables)
            }),
            Some(LeftOut { reason, .. }) => {
                let message = match reason.strip_prefix(build::IT_IS_A) {
                    Some(what) => format!("'{table}' is a {what}."),
                    None => format!("The table '{table}' is left out: {reason}."),
                };
                Err(Error::new(ErrorKind::Configuration, message))
            }
        }
    }
}

/// The statement that returns the names of a schema's tables first, and the types of its columns.
///
/// # Errors
///
/// If the schema's name cannot be a parameter.
pub fn names(dialect: &dyn Dialect, schema: Option<&str>) -> Result<(Statement, Vec<DataType>)> {
    const TEXT: DataType = DataType::TEXT;
    let tables = dialect.catalog(schema, Tables::All)?.tables.statement(dialect);
    Ok((tables, vec![TEXT, TEXT, TEXT, DataType::Bool]))
}
