//! How a database takes values.

use crate::error::Result;
use crate::value::{DataType, Value};

/// How a database takes values: what a [`Fragment`](crate::sql::Fragment) must know of it to become a statement.
pub trait Parameters {
    /// What stands for the parameter with this number, from 1: the database's own placeholder, or a mark where the
    /// [driver](crate::dialect::Dialect::driver) takes others.
    fn placeholder(&self, number: usize) -> String;

    /// The placeholder of a parameter of this type.
    fn typed_placeholder(&self, number: usize, _data_type: &DataType) -> String {
        self.placeholder(number)
    }

    /// The value in the form in which Django stores it in this database, as its driver takes it.
    ///
    /// # Errors
    ///
    /// [`Value`](crate::ErrorKind::Value) where the value cannot be stored without a change;
    /// [`NotSupported`](crate::ErrorKind::NotSupported) where the database has no such type.
    fn store(&self, value: &Value, data_type: &DataType) -> Result<Value>;
}
