//! A model reduced to some of its fields.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Model, ModelRef, Schema};

impl ModelRef {
    /// The model with only these fields, its keys, and the links to its parents: for a program that knows
    /// only some of a table's columns. Its schema contains only the model and its parents; foreign keys are
    /// plain columns.
    ///
    /// ```
    /// use enmasse_core::DataType;
    /// use enmasse_core::schema::{Field, Model, Schema};
    ///
    /// let schema = Schema::new(vec![
    ///     Model::new("User", "users")
    ///         .add(Field::new("id", DataType::BigInt).primary_key())
    ///         .add(Field::new("name", DataType::TEXT))
    ///         .add(Field::new("country", DataType::TEXT)),
    /// ])?;
    /// let user = schema.model("User")?.narrowed(["country"])?;
    /// let names: Vec<_> = user.fields.iter().map(|field| field.name.as_str()).collect();
    /// assert_eq!(names, ["id", "country"]);
    /// # Ok::<(), enmasse_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`UnknownField`](crate::ErrorKind::UnknownField) with the nearest name and the choices.
    pub fn narrowed<'n>(&self, fields: impl IntoIterator<Item = &'n str>) -> Result<ModelRef> {
        let wanted = fields.into_iter().map(|name| self.find(name)).collect::<Result<Vec<_>>>()?;
        let mut models: Vec<Model> = Vec::new();
        narrow(&self.concrete(), wanted, &mut models);
        let label = models[0].label.clone();
        let schema: Arc<Schema> = Schema::new(models)?;
        schema.model(&label)
    }
}

impl ModelRef {
    /// The model with another of its [candidate keys](Model::candidate_keys) as its key; foreign keys are
    /// plain columns.
    ///
    /// ```
    /// use enmasse_core::DataType;
    /// use enmasse_core::schema::{Field, Model, Schema};
    ///
    /// let schema = Schema::new(vec![
    ///     Model::new("Good", "goods")
    ///         .add(Field::new("sku", DataType::BigInt).unique())
    ///         .add(Field::new("ean", DataType::BigInt).unique()),
    /// ])?;
    /// let good = schema.model("Good")?;
    /// assert!(good.field("sku")?.primary_key);
    /// assert!(good.keyed_by(&["ean".to_owned()])?.field("ean")?.primary_key);
    /// # Ok::<(), enmasse_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Configuration`](crate::ErrorKind::Configuration) if the fields are not a candidate key.
    pub fn keyed_by(&self, key: &[String]) -> Result<ModelRef> {
        let is_it = |candidate: &&Vec<String>| {
            candidate.len() == key.len() && candidate.iter().all(|name| key.contains(name))
        };
        let Some(key) = self.candidate_keys.iter().find(is_it) else {
            return Err(Error::new(
                ErrorKind::Configuration,
                format!("{} is not a key of {}.", key.join(", "), self.name),
            ));
        };
        let mut models: Vec<Model> = Vec::new();
        narrow(&self.concrete(), (0..self.fields.len()).collect(), &mut models);
        for field in &mut models[0].fields {
            field.primary_key = key.contains(&field.name);
        }
        let label = models[0].label.clone();
        Schema::new(models)?.model(&label)
    }
}

/// Adds the model with the fields at these positions, and its parents.
fn narrow(model: &ModelRef, wanted: Vec<usize>, models: &mut Vec<Model>) {
    let mut narrowed = Model { fields: Vec::new(), ..(**model).clone() };
    for (position, field) in model.fields.iter().enumerate() {
        let is_own = field.inherited.is_none() && !model.is_link(position);
        if is_own && (field.primary_key || wanted.contains(&position)) {
            let mut field = field.clone();
            field.foreign_key = None;
            narrowed.fields.push(field);
        }
    }
    narrowed.parents.iter_mut().for_each(|parent| parent.related_name = Some("+".to_owned()));
    let names = |model: &Model| model.fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
    let kept = names(&narrowed);
    narrowed.unique_together.retain(|together| together.iter().all(|name| kept.contains(name)));
    models.push(narrowed);
    for (number, (above, _)) in model.extended().into_iter().enumerate() {
        let of_parent = wanted.iter().filter_map(|&position| {
            model.fields[position].inherited.filter(|inherited| inherited.parent == number)
        });
        narrow(&above, of_parent.map(|inherited| inherited.position).collect(), models);
    }
}
