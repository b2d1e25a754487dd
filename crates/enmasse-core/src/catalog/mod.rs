//! A live database's catalogue as a schema: models that nobody wrote.
//!
//! The host runs three [`queries`] and hands their rows to [`build`]. As with Django's `inspectdb`, a model is named as its
//! table, a field as its column, and the field of a foreign key `user_id` is `user`.

mod build;
mod declared;
mod names;

pub use build::build;
pub use declared::Declared;
pub(crate) use declared::Spelling;

use std::sync::Arc;

use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{LeftOut, ModelRef, Schema};
use crate::sql::{Fragment, Statement};
use crate::value::DataType;

/// What a catalogue says, as models.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// A model for each table that has a primary key; a model's [`left_out`](crate::schema::Model::left_out) lists the
    /// columns of types that are not known here.
    pub schema: Arc<Schema>,
    /// The tables that could not be models.
    pub left_out: Vec<LeftOut>,
}

impl Catalogue {
    /// The model of this table.
    ///
    /// # Errors
    ///
    /// [`Configuration`](ErrorKind::Configuration) where there is no such table, or with the reason why it is left out.
    pub fn model(&self, table: &str) -> Result<ModelRef> {
        match self.left_out.iter().find(|left_out| left_out.name == table) {
            None => self.schema.model(table).map_err(|_| {
                let models: Vec<ModelRef> = self.schema.models().collect();
                let tables = models.iter().map(|model| model.name.as_str());
                Error::unknown(ErrorKind::Configuration, "There is no table", table, tables)
            }),
            Some(LeftOut { reason, .. }) => Err(Error::new(
                ErrorKind::Configuration,
                format!("The table '{table}' is left out: {reason}."),
            )),
        }
    }
}

/// The SQL of a database's three queries, each for one schema.
pub struct Queries {
    /// Table, column, declared type, whether NULL may stand in it, the expression of a generated column, whether it is an
    /// identity column.
    pub columns: Fragment,
    /// Table, name of a unique index (the primary key's is `PRIMARY`), column; one row for each column of it, in order, with
    /// NULL for what is no whole column.
    pub keys: Fragment,
    /// Table, name of a foreign key, column, table of the same schema that it refers to, column there (NULL is its primary
    /// key); one row for each column of it, in order.
    pub references: Fragment,
}

/// The statements that read the tables of a schema, with the types of their columns; no schema is the connection's own.
///
/// # Errors
///
/// Where the schema's name cannot be a parameter.
pub fn queries(dialect: &dyn Dialect, schema: Option<&str>) -> Result<[(Statement, Vec<DataType>); 3]> {
    let Queries { columns, keys, references } = dialect.catalog(schema)?;
    const TEXT: DataType = DataType::TEXT;
    Ok([
        (columns.statement(dialect), vec![TEXT, TEXT, TEXT, DataType::Bool, TEXT, DataType::Bool]),
        (keys.statement(dialect), vec![TEXT, TEXT, TEXT]),
        (references.statement(dialect), vec![TEXT, TEXT, TEXT, TEXT, TEXT]),
    ])
}
