//! Models that extend others. Each has its own table, whose primary key is a link to the parent's row.
//!
//! The fields of a model are those of its parents, then the links, then its own. A position therefore
//! identifies a field in any of the tables.

use std::collections::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Field, ForeignKey, Model, ModelRef, Relation};

/// A model that another one extends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Its label.
    pub model: String,
    /// The child's field that links to the parent's row; by default the parent's name in lower case with
    /// `_ptr`.
    pub link: Option<String>,
    /// That field's column; by default its name with `_id`.
    pub column: Option<String>,
    /// The reverse name of the relation; by default the child's name in lower case, `"+"` for none.
    pub related_name: Option<String>,
}

/// The place of an inherited field in a parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inherited {
    /// The number of the parent.
    pub parent: usize,
    /// The field's position there.
    pub position: usize,
}

/// Adds to each model the fields of its parents and the links, and to a proxy the fields of its concrete
/// model.
pub(super) fn inherit(models: &mut [Model], by_label: &HashMap<String, usize>) -> Result<()> {
    let mut done = vec![false; models.len()];
    for index in 0..models.len() {
        visit(index, models, by_label, &mut done, &mut Vec::new())?;
    }
    Ok(())
}

fn visit(
    index: usize,
    models: &mut [Model],
    by_label: &HashMap<String, usize>,
    done: &mut [bool],
    around: &mut Vec<usize>,
) -> Result<()> {
    if done[index] {
        return Ok(());
    }
    if around.contains(&index) {
        return Err(wrong(format!("{} extends itself.", models[index].name)));
    }
    around.push(index);
    let above = models[index].parents.iter().map(|parent| parent.model.clone());
    for label in above.chain(models[index].proxy.clone()).collect::<Vec<_>>() {
        let above = *by_label.get(&label).ok_or_else(|| {
            let what = format!("{} extends an unknown model", models[index].name);
            let labels = models.iter().map(|model| model.label.as_str());
            Error::unknown(ErrorKind::Configuration, what, &label, labels)
        })?;
        visit(above, models, by_label, done, around)?;
    }
    around.pop();
    done[index] = true;
    match &models[index].proxy {
        Some(concrete) => stand_for(index, by_label[concrete], models),
        None => extend(index, models, by_label),
    }
}

/// A proxy has the table and the fields of its concrete model.
fn stand_for(index: usize, concrete: usize, models: &mut [Model]) -> Result<()> {
    let Model { table, fields, parents, unique_together, candidate_keys, storage, left_out, .. } =
        models[concrete].clone();
    let proxy = &mut models[index];
    if !proxy.fields.is_empty() || !proxy.parents.is_empty() {
        return Err(wrong(format!("{} is a proxy, which has no fields of its own.", proxy.name)));
    }
    (proxy.table, proxy.fields, proxy.parents) = (table, fields, parents);
    (proxy.unique_together, proxy.candidate_keys) = (unique_together, candidate_keys);
    (proxy.storage, proxy.left_out) = (storage, left_out);
    Ok(())
}

fn extend(index: usize, models: &mut [Model], by_label: &HashMap<String, usize>) -> Result<()> {
    if models[index].parents.is_empty() {
        return Ok(());
    }
    let child = models[index].name.clone();
    if let Some(key) = models[index].fields.iter().find(|field| field.primary_key) {
        return Err(wrong(format!(
            "{child}.{}: a model that extends another has the link to it as its primary key.",
            key.name
        )));
    }
    let mut parents = std::mem::take(&mut models[index].parents);
    let (mut fields, mut links) = (Vec::new(), Vec::new());
    for (number, parent) in parents.iter_mut().enumerate() {
        let above = &models[by_label[&parent.model]];
        let [key] = above.key()[..] else {
            return Err(wrong(format!(
                "{child} extends {}, which has a composite primary key: a link to it is one column.",
                above.name
            )));
        };
        for (position, field) in above.fields.iter().enumerate() {
            let mut field = field.clone();
            (field.primary_key, field.identity) = (false, false);
            field.inherited = Some(Inherited { parent: number, position });
            fields.push(field);
        }
        let link = parent.link.get_or_insert_with(|| format!("{}_ptr", above.name.to_lowercase()));
        let mut field =
            Field::new(link.as_str(), above.fields[key].data_type.clone()).references(ForeignKey {
                model: parent.model.clone(),
                to_field: None,
                related_name: parent.related_name.clone(),
            });
        if let Some(column) = &parent.column {
            field = field.column(column);
        }
        parent.column = Some(field.column.clone());
        field = if number == 0 { field.primary_key() } else { field.unique() };
        links.push(field);
    }
    let model = &mut models[index];
    let own = std::mem::take(&mut model.fields);
    model.fields = fields.into_iter().chain(links).chain(own).collect();
    model.parents = parents;
    refuse_diamond(index, models, by_label)
}

/// A table that a model reaches on two paths would have to be written twice for one row.
fn refuse_diamond(index: usize, models: &[Model], by_label: &HashMap<String, usize>) -> Result<()> {
    let mut seen = Vec::new();
    let mut next: Vec<&Model> = vec![&models[index]];
    while let Some(model) = next.pop() {
        for parent in &model.parents {
            if seen.contains(&&parent.model) {
                let twice = &models[by_label[&parent.model]].name;
                return Err(wrong(format!("{} extends {twice} on two paths.", models[index].name)));
            }
            seen.push(&parent.model);
            next.push(&models[by_label[&parent.model]]);
        }
    }
    Ok(())
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

impl ModelRef {
    /// The parents, each with the position of the field that links to its row.
    pub fn extended(&self) -> Vec<(ModelRef, usize)> {
        let inherited = self.fields.iter().filter(|field| field.inherited.is_some()).count();
        let models = self.parents.iter().zip(inherited..);
        models.map(|(parent, link)| (self.other(self.schema().by_label[&parent.model]), link)).collect()
    }

    /// The parent with this number.
    pub(crate) fn parent(&self, number: usize) -> ModelRef {
        self.other(self.schema().by_label[&self.parents[number].model])
    }

    /// The position of the link to the parent with this number.
    pub(crate) fn link(&self, number: usize) -> usize {
        self.fields.iter().filter(|field| field.inherited.is_some()).count() + number
    }

    /// Whether the field at this position links to a parent's row.
    pub(crate) fn is_link(&self, position: usize) -> bool {
        (self.link(0)..self.link(self.parents.len())).contains(&position)
    }

    /// Whether the field at this position is a part of the row's key: the model's own primary key, or a
    /// parent's.
    pub fn is_key(&self, position: usize) -> bool {
        let (way, above) = self.owner(position);
        let model = way.iter().fold(self.clone(), |model, &parent| model.parent(parent));
        model.fields[above].primary_key || model.is_link(above)
    }

    /// The positions of all fields with the same value as this one, including itself: a link and the key that
    /// it refers to.
    pub fn same_key(&self, position: usize) -> Vec<usize> {
        let wanted = self.referred_by(position);
        (0..self.fields.len()).filter(|&other| self.referred_by(other) == wanted).collect()
    }

    /// The end of the links that start at this field: the parents on the path, and the position there.
    fn referred_by(&self, position: usize) -> (Vec<usize>, usize) {
        let (mut way, mut position) = self.owner(position);
        loop {
            let model = way.iter().fold(self.clone(), |model, &parent| model.parent(parent));
            if !model.is_link(position) {
                return (way, position);
            }
            let parent = position - model.link(0);
            way.push(parent);
            position = model.parent(parent).key()[0];
        }
    }

    /// The positions of the fields of the parent with this number, in its order.
    pub fn inherited(&self, parent: usize) -> impl Iterator<Item = usize> + '_ {
        let of = move |position: &usize| {
            self.fields[*position].inherited.is_some_and(|inherited| inherited.parent == parent)
        };
        (0..self.fields.len()).filter(of)
    }

    /// Whether the model extends another.
    pub fn is_child(&self) -> bool {
        !self.parents.is_empty()
    }

    /// The path of parents to the model, this one or an ancestor, that has a relation with this name.
    pub(crate) fn way_to(&self, name: &str) -> Option<Vec<usize>> {
        if self.relation(name).is_some() {
            return Some(Vec::new());
        }
        (0..self.parents.len()).find_map(|number| {
            let mut way = self.parent(number).way_to(name)?;
            way.insert(0, number);
            Some(way)
        })
    }

    /// The relation over the link to the parent with this number, and its name.
    pub(crate) fn upward(&self, number: usize) -> (String, Relation) {
        let link = self.link(number);
        let relation = self.forward(link).expect("a link is a foreign key");
        (self.fields[link].name.clone(), relation)
    }

    /// The field at a position within its own table: the path of parents, and the position there.
    pub(crate) fn owner(&self, position: usize) -> (Vec<usize>, usize) {
        let (mut way, mut model, mut position) = (Vec::new(), self.clone(), position);
        while let Some(Inherited { parent, position: above }) = model.fields[position].inherited {
            way.push(parent);
            model = model.parent(parent);
            position = above;
        }
        (way, position)
    }
}
