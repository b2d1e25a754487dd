//! A model: a table and its fields.

use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Field, ForeignKey, Parent, quoted_parts};

/// A model: a table and its fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Model {
    /// The name in messages and, in lower case, the default reverse name of its foreign keys.
    pub name: String,
    /// A unique label in its schema; by default the name.
    pub label: String,
    /// Its table, as `table` or `schema.table`. A part that contains a dot is quoted, as in
    /// `shop."odd.name"`.
    pub table: String,
    /// Its fields, in order. In a schema, those of its [`parents`](Model::parents) come first, then the links
    /// to them.
    pub fields: Vec<Field>,
    /// The models that it extends. Its table has its own fields, and a link to the row of each parent.
    pub parents: Vec<Parent>,
    /// The label of the model whose table it uses, if it is a proxy.
    pub proxy: Option<String>,
    /// Sets of fields, by name, that are unique together.
    pub unique_together: Vec<Vec<String>>,
    /// The storage of its table, if the model was read from a catalogue of a database with several storage
    /// engines.
    pub storage: Option<Storage>,
    /// If no field is marked as the primary key: the sets of fields, by name, that are unique and never NULL.
    /// The first is used as the key.
    pub candidate_keys: Vec<Vec<String>>,
    /// The columns of the table without fields, if the model was read from a catalogue.
    pub left_out: Vec<LeftOut>,
}

/// The storage engine of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Its name: `InnoDB`, `MyISAM`.
    pub engine: String,
    /// Whether writes to it can be rolled back.
    pub transactional: bool,
}

/// A column or a table of a catalogue that is not in the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The name of the column or table.
    pub name: String,
    /// Why it is left out.
    pub reason: String,
}

/// Splits a table name in the form of [`Model::table`].
pub(crate) fn table_parts(table: &str) -> Vec<String> {
    quoted_parts(table).unwrap_or_else(|| table.split('.').map(str::to_owned).collect())
}

/// A part of a table name in the form of [`Model::table`].
pub(crate) fn table_part(name: &str) -> String {
    if name.contains(['.', '"', '`']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}

impl Model {
    /// A model without fields.
    pub fn new(name: impl Into<String>, table: impl Into<String>) -> Self {
        let name = name.into();
        let label = name.clone();
        Model {
            name,
            label,
            table: table.into(),
            fields: Vec::new(),
            parents: Vec::new(),
            proxy: None,
            unique_together: Vec::new(),
            storage: None,
            candidate_keys: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Sets a label other than its name.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds a field.
    #[must_use]
    #[allow(clippy::should_implement_trait)] // a builder method, not the operator
    pub fn add(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Extends the model with this label: Django's multi-table inheritance. The first parent provides the
    /// primary key, which is a link to the parent's row.
    ///
    /// ```
    /// use enmasse_core::DataType;
    /// use enmasse_core::schema::{Field, Model, Schema};
    ///
    /// let schema = Schema::new(vec![
    ///     Model::new("BaseUser", "base_user")
    ///         .add(Field::new("id", DataType::BigInt).primary_key())
    ///         .add(Field::new("name", DataType::TEXT)),
    ///     Model::new("Customer", "customer").extends("BaseUser").add(Field::new("level", DataType::TEXT)),
    /// ])?;
    /// let customer = schema.model("Customer")?;
    /// let names: Vec<_> = customer.fields.iter().map(|field| field.name.as_str()).collect();
    /// assert_eq!(names, ["id", "name", "baseuser_ptr", "level"]);
    /// assert_eq!(customer.field("pk")?.column, "baseuser_ptr_id");
    /// # Ok::<(), enmasse_core::Error>(())
    /// ```
    #[must_use]
    pub fn extends(self, model: impl Into<String>) -> Self {
        self.extends_by(Parent { model: model.into(), link: None, column: None, related_name: None })
    }

    /// Extends a model by a link with another name or column.
    #[must_use]
    pub fn extends_by(mut self, parent: Parent) -> Self {
        self.parents.push(parent);
        self
    }

    /// Makes it a proxy over the table of the model with this label; it has that model's fields, and none of
    /// its own.
    #[must_use]
    pub fn proxy_of(mut self, model: impl Into<String>) -> Self {
        self.proxy = Some(model.into());
        self
    }

    /// Makes these fields, by name, unique together.
    #[must_use]
    pub fn unique_together(mut self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.unique_together.push(fields.into_iter().map(Into::into).collect());
        self
    }

    /// The table's name without its schema.
    pub fn table_name(&self) -> String {
        table_parts(&self.table).pop().unwrap_or_default()
    }

    /// The position of the field with this name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The position of the field with this name, of the field behind a column's name (`user_id`), or of `pk`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownField`] with the nearest name and the choices.
    pub fn find(&self, name: &str) -> Result<usize> {
        if let Some(position) = self.position(name) {
            return Ok(position);
        }
        if name == "pk"
            && let [position] = self.key()[..]
        {
            return Ok(position);
        }
        if let Some(LeftOut { reason, .. }) = self.left_out.iter().find(|left_out| left_out.name == name) {
            let message = format!("{} leaves out the column '{name}': {reason}.", self.name);
            return Err(Error::new(ErrorKind::UnknownField, message));
        }
        let by_column = |field: &Field| field.foreign_key.is_some() && name == format!("{}_id", field.name);
        self.fields.iter().position(by_column).ok_or_else(|| {
            let names = self.fields.iter().map(|field| field.name.as_str());
            Error::unknown(ErrorKind::UnknownField, format!("{} has no field", self.name), name, names)
        })
    }

    /// The field with this name; see [`find`](Model::find).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownField`] with the nearest name and the choices.
    pub fn field(&self, name: &str) -> Result<&Field> {
        self.find(name).map(|position| &self.fields[position])
    }

    /// The positions of the fields in the model's own table.
    pub fn own(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.fields.len()).filter(|&position| self.fields[position].inherited.is_none())
    }

    /// The positions of the fields of the primary key.
    pub fn key(&self) -> Vec<usize> {
        (0..self.fields.len()).filter(|&position| self.fields[position].primary_key).collect()
    }

    /// The field that a foreign key to this model refers to.
    pub(crate) fn referred(&self, key: &ForeignKey) -> Result<&Field> {
        if let Some(name) = &key.to_field {
            let field = self.field(name)?;
            return match field.inherited {
                None => Ok(field),
                Some(_) => Err(Error::new(
                    ErrorKind::Configuration,
                    format!(
                        "{}.{name} is in the table of a model that it extends: refer to that one.",
                        self.name
                    ),
                )),
            };
        }
        match self.key()[..] {
            [position] => Ok(&self.fields[position]),
            _ => Err(Error::new(
                ErrorKind::Configuration,
                format!(
                    "{} has a composite primary key: name one unique field of it with to_field.",
                    self.name
                ),
            )),
        }
    }

    /// Without a marked primary key, uses the first candidate key.
    pub(crate) fn find_key(&mut self) {
        if !self.key().is_empty() || !self.parents.is_empty() || self.proxy.is_some() {
            return;
        }
        let single = self.fields.iter().filter(|field| field.unique && !field.null);
        let single = single.map(|field| vec![field.name.clone()]);
        let never_null = |name: &String| self.fields.iter().any(|field| field.name == *name && !field.null);
        let together = self.unique_together.iter().filter(|names| names.iter().all(never_null)).cloned();
        self.candidate_keys = single.chain(together).collect();
        if let Some(key) = self.candidate_keys.first().cloned() {
            self.fields.iter_mut().for_each(|field| field.primary_key = key.contains(&field.name));
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |message| Err(Error::new(ErrorKind::Configuration, message));
        if self.key().is_empty() {
            return wrong(format!(
                "{} has no primary key, and no fields that are unique and never NULL.",
                self.name
            ));
        }
        for (position, field) in self.fields.iter().enumerate() {
            let own = field.inherited.is_none();
            let same = |other: &Field| {
                other.name == field.name || own && other.inherited.is_none() && other.column == field.column
            };
            if self.fields[..position].iter().any(same) {
                return wrong(format!("{} has two fields or columns '{}'.", self.name, field.name));
            }
            if field.name.contains("__") || field.name.ends_with('_') {
                return wrong(format!(
                    "{}.{}: a field's name may not contain \"__\" nor end with \"_\", which separate the parts of a lookup.",
                    self.name, field.name
                ));
            }
            if field.primary_key && field.null {
                return wrong(format!("{}.{}: a primary key cannot be NULL.", self.name, field.name));
            }
        }
        for name in self.unique_together.iter().flatten() {
            if self.field(name)?.inherited.is_some() {
                return wrong(format!(
                    "{}.{name} is not in the model's own table, which could keep it unique.",
                    self.name
                ));
            }
        }
        Ok(())
    }
}
