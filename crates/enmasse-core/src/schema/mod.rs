//! Models as data: tables, fields, types, keys and the relations between them.
//!
//! A [`Schema`] is a set of [`Model`]s that may refer to each other. The derive, programs at run time and the
//! reader of a database's catalogue all create one, and the rest of the crate works on a [`ModelRef`] into
//! it.

mod character_set;
mod field;
mod inherit;
mod limits;
mod model;
mod narrow;
mod quoted;

pub use character_set::CharacterSet;
pub use field::{Auto, Default, Field, ForeignKey};
pub use inherit::{Inherited, Parent};
pub use limits::Limits;
pub use model::{LeftOut, Model, Storage};
pub(crate) use model::{table_part, table_parts};
pub(crate) use quoted::quoted_parts;

use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::value::DataType;

/// A set of models that may refer to each other.
///
/// ```
/// use enmasse_core::DataType;
/// use enmasse_core::schema::{Field, Model, Schema};
///
/// let schema = Schema::new(vec![
///     Model::new("User", "users")
///         .add(Field::new("id", DataType::BigInt).primary_key())
///         .add(Field::new("country", DataType::TEXT)),
///     Model::new("Profile", "profiles")
///         .add(Field::new("id", DataType::BigInt).primary_key())
///         .add(Field::new("user", DataType::BigInt).foreign_key("User").unique())
///         .add(Field::new("points", DataType::Integer)),
/// ])?;
/// assert_eq!(schema.model("Profile")?.field("user")?.column, "user_id");
/// # Ok::<(), enmasse_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Schema {
    models: Vec<Model>,
    by_label: HashMap<String, usize>,
    /// For each model, the foreign keys that refer to it.
    reverse: Vec<Vec<Reverse>>,
}

/// A relation from its other side: a foreign key of another model.
#[derive(Clone, Debug)]
struct Reverse {
    name: String,
    model: usize,
    field: usize,
}

/// A relation that a name in a filter can follow.
#[derive(Clone, Debug)]
pub struct Relation {
    /// The model at the other end.
    pub model: ModelRef,
    /// The join column of this model.
    pub from_column: String,
    /// The join column of the other model.
    pub to_column: String,
    /// Whether the related row may be missing.
    pub optional: bool,
    /// Whether there may be several related rows.
    pub many: bool,
    /// The foreign key field, if this model has it.
    pub field: Option<usize>,
}

impl Schema {
    /// Builds a schema of these models.
    ///
    /// A foreign key without its own length or digits takes those of the referenced field, as in Django.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] if two models have the same label, a model has no primary key or two
    /// fields with the same name, a foreign key refers to an unknown model or field, or two relations have
    /// the same reverse name.
    pub fn new(mut models: Vec<Model>) -> Result<Arc<Schema>> {
        let wrong = |message: String| Error::new(ErrorKind::Configuration, message);
        let mut by_label = HashMap::new();
        for (index, model) in models.iter().enumerate() {
            if by_label.insert(model.label.clone(), index).is_some() {
                return Err(wrong(format!("Two models have the label '{}'.", model.label)));
            }
        }
        models.iter_mut().for_each(Model::find_key);
        inherit::inherit(&mut models, &by_label)?;
        models.iter().try_for_each(Model::check)?;
        let mut reverse: Vec<Vec<Reverse>> = models.iter().map(|_| Vec::new()).collect();
        for (index, model) in models.iter().enumerate() {
            // Only the concrete model's foreign keys count, in its own table.
            for position in model.own().filter(|_| model.proxy.is_none()) {
                let field = &model.fields[position];
                let Some(key) = &field.foreign_key else { continue };
                let place = format!("{}.{}", model.name, field.name);
                let target = *by_label.get(&key.model).ok_or_else(|| {
                    Error::unknown(
                        ErrorKind::Configuration,
                        format!("{place} refers to an unknown model"),
                        &key.model,
                        models.iter().map(|m| m.label.as_str()),
                    )
                })?;
                models[target].referred(key).map_err(|error| error.at(&place))?;
                let Some(name) = key.reverse_name(model) else { continue };
                let target = concrete(target, &models, &by_label);
                let taken = models[target].position(&name).is_some()
                    || reverse[target].iter().any(|other| other.name == name);
                if taken {
                    return Err(wrong(format!(
                        "{place}: {} already has a field or relation '{name}'; give the foreign key a related_name \
                         of its own, or \"+\" for none.",
                        models[target].name,
                    )));
                }
                reverse[target].push(Reverse { name, model: index, field: position });
            }
        }
        for index in 0..models.len() {
            reverse[index] = reverse[concrete(index, &models, &by_label)].clone();
        }
        take_limits(&mut models, &by_label);
        Ok(Arc::new(Schema { models, by_label, reverse }))
    }

    /// The model with this label.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] with the nearest label if it is unknown.
    pub fn model(self: &Arc<Self>, label: &str) -> Result<ModelRef> {
        match self.by_label.get(label) {
            Some(&index) => Ok(ModelRef { schema: self.clone(), index }),
            None => Err(Error::unknown(
                ErrorKind::Configuration,
                "There is no model",
                label,
                self.models.iter().map(|model| model.label.as_str()),
            )),
        }
    }

    /// All models, in the order they were given.
    pub fn models(self: &Arc<Self>) -> impl Iterator<Item = ModelRef> {
        let schema = self.clone();
        (0..self.models.len()).map(move |index| ModelRef { schema: schema.clone(), index })
    }
}

/// The model whose table a proxy uses; the model itself otherwise.
fn concrete(mut index: usize, models: &[Model], by_label: &HashMap<String, usize>) -> usize {
    while let Some(label) = &models[index].proxy {
        index = by_label[label];
    }
    index
}

/// Copies the length and digits of the referenced field to foreign keys without their own; that field may be
/// a foreign key too.
fn take_limits(models: &mut [Model], by_label: &HashMap<String, usize>) {
    for _ in 0..models.len() {
        let mut taken = Vec::new();
        for (index, model) in models.iter().enumerate() {
            for (position, field) in model.fields.iter().enumerate() {
                let Some(key) = &field.foreign_key else { continue };
                let Ok(referred) = models[by_label[&key.model]].referred(key) else { continue };
                let is_open = matches!(
                    (&field.data_type, &referred.data_type),
                    (DataType::Text { max_length: None }, DataType::Text { max_length: Some(_) })
                        | (
                            DataType::Decimal { max_digits: None, decimal_places: None },
                            DataType::Decimal { max_digits: Some(_), .. }
                        )
                );
                if is_open {
                    taken.push((index, position, referred.data_type.clone()));
                }
            }
        }
        if taken.is_empty() {
            return;
        }
        for (index, position, data_type) in taken {
            models[index].fields[position].data_type = data_type;
        }
    }
}

/// A [`Model`] with the schema of its relations: a cheap handle.
#[derive(Clone)]
pub struct ModelRef {
    schema: Arc<Schema>,
    index: usize,
}

impl ModelRef {
    /// A placeholder for an invalid model.
    pub(crate) fn unknown() -> Self {
        let schema = Schema {
            models: vec![Model::new("?", "?")],
            by_label: HashMap::new(),
            reverse: vec![Vec::new()],
        };
        ModelRef { schema: Arc::new(schema), index: 0 }
    }

    /// The schema of the model.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The model whose table a proxy uses; the model itself otherwise.
    pub fn concrete(&self) -> ModelRef {
        self.other(concrete(self.index, &self.schema.models, &self.schema.by_label))
    }

    fn other(&self, index: usize) -> ModelRef {
        ModelRef { schema: self.schema.clone(), index }
    }

    /// The relation with this name: a foreign key of the model, or one that refers to it.
    pub fn relation(&self, name: &str) -> Option<Relation> {
        if let Some(position) = self.position(name) {
            return self.forward(position);
        }
        let reverse = self.schema.reverse[self.index].iter().find(|reverse| reverse.name == name)?;
        let model = self.other(reverse.model);
        let field = &model.fields[reverse.field];
        let key = field.foreign_key.as_ref().expect("a reverse relation is made from a foreign key");
        let to_column = field.column.clone();
        let from_column = self.referred(key).expect("checked when the schema was made").column.clone();
        let many = !field.is_unique() && model.key() != [reverse.field];
        Some(Relation { from_column, to_column, optional: true, many, field: None, model })
    }

    /// The relation of the foreign key at this position.
    pub fn forward(&self, position: usize) -> Option<Relation> {
        let field = &self.fields[position];
        let key = field.foreign_key.as_ref()?;
        let model = self.other(self.schema.by_label[&key.model]);
        let to_column = model.referred(key).expect("checked when the schema was made").column.clone();
        Some(Relation {
            from_column: field.column.clone(),
            to_column,
            optional: field.null,
            many: false,
            field: Some(position),
            model,
        })
    }

    /// All names that a filter on this model can start with.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str()).chain(self.reverse_names())
    }

    /// The reverse names of relations to this model and to its parents.
    fn reverse_names(&self) -> Vec<&str> {
        let Schema { models, by_label, reverse } = &*self.schema;
        let (mut names, mut next) = (Vec::new(), vec![self.index]);
        while let Some(index) = next.pop() {
            names.extend(reverse[index].iter().map(|reverse| reverse.name.as_str()));
            next.extend(models[index].parents.iter().map(|parent| by_label[&parent.model]));
        }
        names
    }
}

impl Deref for ModelRef {
    type Target = Model;

    fn deref(&self) -> &Model {
        &self.schema.models[self.index]
    }
}

impl PartialEq for ModelRef {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && Arc::ptr_eq(&self.schema, &other.schema)
    }
}

impl fmt::Debug for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelRef({})", self.label)
    }
}
