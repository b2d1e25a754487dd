//! A row of a model that is known only at run time.

use enmasse_core::schema::ModelRef;
use enmasse_core::{Error, ErrorKind, Result, Value, ValueRef};

use crate::columns::{NamedColumns, Path};
use crate::model::Entity;

/// A row of a model that is known only at run time: made of a description, or read from a database's catalogue.
///
/// ```
/// use enmasse::schema::{Field, Model, Schema};
/// use enmasse::{DataType, Record, Value};
///
/// let schema = Schema::new(vec![
///     Model::new("User", "users")
///         .add(Field::new("id", DataType::BigInt).primary_key())
///         .add(Field::new("country", DataType::TEXT)),
/// ])?;
/// let mut user = Record::new(&schema.model("User")?);
/// user.set("country", "US")?;
/// assert_eq!(user.get("country")?, &Value::Text("US".into()));
/// assert!(user.get("contry").is_err());
/// # Ok::<(), enmasse::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    model: ModelRef,
    values: Vec<Value>,
}

impl Record {
    /// A new row: each field has its default, or is NULL.
    pub fn new(model: &ModelRef) -> Self {
        let default = |field: &enmasse_core::schema::Field| {
            field.default.as_ref().map_or(Value::Null, |default| default.value())
        };
        Record { values: model.fields.iter().map(default).collect(), model: model.clone() }
    }

    /// The model.
    pub fn model(&self) -> &ModelRef {
        &self.model
    }

    /// The value of the field of this name, of the one behind `user_id`, or of `pk`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownField`] with the nearest name and the choices.
    pub fn get(&self, field: &str) -> Result<&Value> {
        self.model.find(field).map(|position| &self.values[position])
    }

    /// Sets the field of this name. Whether the value fits the field is checked when it is written.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownField`] with the nearest name and the choices.
    pub fn set(&mut self, field: &str, value: impl Into<Value>) -> Result<()> {
        let position = self.model.find(field)?;
        let value = value.into();
        if self.model.is_child() && self.model.is_key(position) {
            // a row that is in several tables has one key in all of them
            self.model.same_key(position).into_iter().for_each(|same| self.values[same] = value.clone());
        } else {
            self.values[position] = value;
        }
        Ok(())
    }

    /// The values, in the order of the model's fields.
    pub fn values(&self) -> &[Value] {
        &self.values
    }
}

impl Entity for Record {
    type Columns = NamedColumns;

    fn columns(path: Path) -> NamedColumns {
        NamedColumns::new(path)
    }

    fn from_row(model: &ModelRef, row: Vec<Value>) -> Result<Self> {
        if row.len() != model.fields.len() {
            let (name, fields, values) = (&model.name, model.fields.len(), row.len());
            let text = format!("{name} has {fields} fields, but the row has {values} values.");
            return Err(Error::new(ErrorKind::Value, text));
        }
        Ok(Record { model: model.clone(), values: row })
    }

    fn value(&self, _: &ModelRef, field: usize) -> Value {
        self.values.get(field).cloned().unwrap_or(Value::Null)
    }

    fn value_ref(&self, _: &ModelRef, field: usize) -> ValueRef<'_> {
        self.values.get(field).map_or(ValueRef::Null, ValueRef::from)
    }

    fn set_value(&mut self, model: &ModelRef, field: usize, value: Value) -> Result<()> {
        match self.values.get_mut(field) {
            Some(place) => *place = value,
            None => return Err(no_such_position(&model.name, field)),
        }
        Ok(())
    }
}

/// The error for a position that no field has.
#[doc(hidden)]
pub fn no_such_position(model: &str, field: usize) -> Error {
    Error::new(ErrorKind::UnknownField, format!("{model} has no field at position {field}."))
}
