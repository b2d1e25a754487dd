//! Rows of models known only at run time.

use enmasse_core::schema::ModelRef;
use enmasse_core::{Error, ErrorKind, Result, Value, ValueRef};

use crate::model::Entity;
use crate::typed::columns::{NamedColumns, Path};

/// A row of a model known only at run time, which is built from a description or read from a database's
/// catalogue.
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
    /// A bit for each field without a value; empty if all have values.
    unset: Vec<u64>,
}

impl Record {
    /// Creates a row in which each field has its default or NULL.
    pub fn new(model: &ModelRef) -> Self {
        let default = |field: &enmasse_core::schema::Field| {
            field.default.as_ref().map_or(Value::Null, |default| default.value())
        };
        let values = model.fields.iter().map(default).collect();
        Record { values, model: model.clone(), unset: Vec::new() }
    }

    /// The model.
    pub fn model(&self) -> &ModelRef {
        &self.model
    }

    /// The value of the field with this name, of the field behind `user_id`, or of `pk`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownField`] with the nearest name and the choices.
    pub fn get(&self, field: &str) -> Result<&Value> {
        self.model.find(field).map(|position| &self.values[position])
    }

    /// Sets the field with this name. The value is checked when it is written.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownField`] with the nearest name and the choices.
    pub fn set(&mut self, field: &str, value: impl Into<Value>) -> Result<()> {
        let position = self.model.find(field)?;
        let value = value.into();
        if self.model.is_child() && self.model.is_key(position) {
            // A row in several tables has the same key in all of them.
            self.model.same_key(position).into_iter().for_each(|same| self.values[same] = value.clone());
        } else {
            self.values[position] = value;
            self.mark(position, true);
        }
        Ok(())
    }

    /// Creates a row with values for some of the fields, in the order of the model, and no value for the
    /// others.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] if the number of values differs from the number of fields.
    pub fn of_some(model: &ModelRef, values: impl IntoIterator<Item = Option<Value>>) -> Result<Self> {
        let mut absent = Vec::new();
        let values = values.into_iter().enumerate().map(|(position, value)| {
            value.unwrap_or_else(|| {
                absent.push(position);
                Value::Null
            })
        });
        let values = values.collect();
        let mut record = Record::from_row(model, values)?;
        absent.into_iter().for_each(|position| record.mark(position, false));
        Ok(record)
    }

    /// Removes the value of the field with this name. A bulk update [of set fields
    /// only](crate::query_set::BulkUpdate::only_set_fields) then leaves the field alone; every other write
    /// treats it as NULL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownField`] with the nearest name and the choices.
    pub fn unset(&mut self, field: &str) -> Result<()> {
        let position = self.model.find(field)?;
        self.values[position] = Value::Null;
        self.mark(position, false);
        Ok(())
    }

    /// Whether the field at this position has a value, which may be NULL.
    pub fn is_set(&self, position: usize) -> bool {
        self.unset.get(position / 64).is_none_or(|bits| bits & (1 << (position % 64)) == 0)
    }

    /// Records whether the field at this position has a value.
    fn mark(&mut self, position: usize, is_set: bool) {
        if is_set && self.unset.is_empty() {
            return;
        }
        self.unset.resize(self.values.len().div_ceil(64), 0);
        let bit = 1 << (position % 64);
        if is_set {
            self.unset[position / 64] &= !bit
        } else {
            self.unset[position / 64] |= bit
        }
        if self.unset.iter().all(|bits| *bits == 0) {
            self.unset.clear();
        }
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
        Ok(Record { model: model.clone(), values: row, unset: Vec::new() })
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
        self.mark(field, true);
        Ok(())
    }

    fn sets(&self, field: usize) -> bool {
        self.is_set(field)
    }
}

/// The error for an unknown position.
#[doc(hidden)]
pub fn no_such_position(model: &str, field: usize) -> Error {
    Error::new(ErrorKind::UnknownField, format!("{model} has no field at position {field}."))
}
