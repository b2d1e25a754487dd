//! One model: a table and its fields.

use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Field, ForeignKey, Parent, quoted_parts};

/// One model: a table and its fields.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Model {
    /// What it is called in messages and, in lower case, from the far end of its foreign keys.
    pub name: String,
    /// What tells it from every other model of its schema; by default the name.
    pub label: String,
    /// Its table, as `table` or `schema.table`; a part with a dot in it stands in quotes, as `shop."odd.name"`.
    pub table: String,
    /// Its fields, in order; once it is in a schema, those of its [`parents`](Model::parents) first, then the links to these.
    pub fields: Vec<Field>,
    /// The models that it extends: its table has its own fields, and a link to the row of each.
    pub parents: Vec<Parent>,
    /// The label of the model whose table it has, where it is a proxy.
    pub proxy: Option<String>,
    /// Sets of fields, by name, that are unique together.
    pub unique_together: Vec<Vec<String>>,
    /// What stores its table, where the model was read from a catalogue and the database has several such engines.
    pub storage: Option<Storage>,
    /// Where no field is marked as the primary key: the sets of fields, by name, any of which could be one, being unique and never NULL. The first
    /// is used as the key.
    pub candidate_keys: Vec<Vec<String>>,
    /// The columns of the table that are no fields, where the model was read from a catalogue.
    pub left_out: Vec<LeftOut>,
}

/// What stores a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Its name: `InnoDB`, `MyISAM`.
    pub engine: String,
    /// Whether what is written to it can be rolled back.
    pub transactional: bool,
}

/// A column or a table that a catalogue has and a schema has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What it is called.
    pub name: String,
    /// Why it is left out.
    pub reason: String,
}

/// The parts of a table's name, as [`Model::table`] has it.
pub(crate) fn table_parts(table: &str) -> Vec<String> {
    quoted_parts(table).unwrap_or_else(|| table.split('.').map(str::to_owned).collect())
}

/// A part of a table's name as [`Model::table`] has it.
pub(crate) fn table_part(name: &str) -> String {
    if name.contains(['.', '"', '`']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    }
}

impl Model {
    /// A model with no fields yet.
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

    /// Gives it another label than its name.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds a field.
    #[must_use]
    #[allow(clippy::should_implement_trait)] // a builder's word, no operator
    pub fn add(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// Makes it extend the model with this label: Django's multi-table inheritance. The first that it extends gives it its primary key, a
    /// link to the parent's row.
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

    /// Makes it extend a model by a link that has a name or a column of its own.
    #[must_use]
    pub fn extends_by(mut self, parent: Parent) -> Self {
        self.parents.push(parent);
        self
    }

    /// Makes it another model over the table of the one with this label: it has that one's fields, and none of its own.
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

    /// The table's own name, without its schema's.
    pub fn table_name(&self) -> String {
        table_parts(&self.table).pop().unwrap_or_default()
    }

    /// Where the field of this name stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }

    /// The position of the field of this name, of the field behind a column's name (`user_id`), or of `pk`.
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

    /// The field of this name; see [`find`](Model::find).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownField`] with the nearest name and the choices.
    pub fn field(&self, name: &str) -> Result<&Field> {
        self.find(name).map(|position| &self.fields[position])
    }

    /// The positions of the fields that are in the model's own table.
    pub fn own(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.fields.len()).filter(|&position| self.fields[position].inherited.is_none())
    }

    /// The positions of the primary key's fields: one, or several of a composite key.
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

    /// Where no field is marked as the primary key, the first that are unique and never NULL are.
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
