//! The names that lead to columns: over relations, to annotations, to what is left for transforms and lookups.

use std::borrow::Cow;

use crate::compile::expr::is_transform;
use crate::compile::scope::{Column, Scope};
use crate::error::{Error, ErrorKind, Result};
use crate::query::Lookup;
use crate::schema::{Inherited, ModelRef, Relation};

type Name = Cow<'static, str>;

/// What a list of names leads to.
pub(super) enum Target {
    Column(Column),
    /// A row of another table that a relation leads back from.
    Row {
        /// Its primary key, where that is one column.
        key: Option<Column>,
        /// The column that refers to the row here: never NULL where there is a row.
        present: Column,
        /// The relation's name.
        name: String,
    },
    /// The annotation that stands here.
    Annotation(usize),
}

/// The first relation with many rows on the way to a field, for conditions that exclude.
pub(super) struct Crossing {
    /// The column here that the relation starts from.
    pub(super) from: Column,
    pub(super) relation: Relation,
    /// The relation's name.
    name: String,
    /// How many names lead up to and over the relation.
    pub(super) names: usize,
}

impl Scope<'_> {
    /// Follows names to a column or an annotation; what is left over is transforms and a lookup.
    pub(super) fn resolve<'n>(&mut self, names: &'n [Name]) -> Result<(Target, &'n [Name])> {
        let first = names.first().ok_or_else(|| Error::field("A field needs a name."))?;
        if let Some(at) = self.annotations.iter().rposition(|(name, _)| name == first) {
            return Ok((Target::Annotation(at), &names[1..]));
        }
        let mut table = 0;
        for (index, name) in names.iter().enumerate() {
            let rest = &names[index + 1..];
            let next = rest.first();
            let model = self.tables[table].model.clone();
            let Ok(position) = model.find(name) else {
                let Some((own, relation)) = self.relation(table, name)? else {
                    return Err(self.unknown(&model, name));
                };
                table = own;
                let to_column = relation.to_column.clone();
                table = self.join(table, name, relation)?;
                if next.is_some_and(|next| leads_on(&self.tables[table].model, next)) {
                    continue;
                }
                return Ok((self.row(table, name, &to_column, next)?, rest));
            };
            let column = self.owned(table, position)?;
            let Column { model, position, .. } = column.clone();
            table = column.table;
            let own = Target::Column(column);
            let (Some(next), Some(relation)) = (next, model.forward(position)) else {
                return Ok((own, rest));
            };
            if !leads_on(&relation.model, next) {
                follows(&relation.model, next)?;
                return Ok((own, rest));
            }
            // The key of the other row stands here already.
            let is_key = relation.model.find(next).is_ok_and(|key| {
                relation.model.fields[key].column == relation.to_column
                    && !rest.get(1).is_some_and(|after| {
                        relation.model.forward(key).is_some_and(|to| leads_on(&to.model, after))
                    })
            });
            if is_key {
                return Ok((own, &rest[1..]));
            }
            table = self.join(table, &model.fields[position].name, relation)?;
        }
        unreachable!("names lead to a field or to an error")
    }

    /// The field at a position of a table's model, in the table that has it: those that the model extends are joined. The key of such a
    /// one stands in a link already.
    pub(super) fn owned(&mut self, mut table: usize, mut position: usize) -> Result<Column> {
        let mut model = self.tables[table].model.clone();
        while let Some(Inherited { parent, position: above }) = model.fields[position].inherited {
            if model.is_key(position)
                && let Some(own) =
                    model.same_key(position).into_iter().find(|&same| model.fields[same].inherited.is_none())
            {
                position = own;
                break;
            }
            table = self.join_parent(table, parent)?;
            (model, position) = (model.parent(parent), above);
        }
        Ok(Column { table, model, position })
    }

    /// The table of a parent of a table's model.
    pub(super) fn join_parent(&mut self, table: usize, parent: usize) -> Result<usize> {
        let (name, relation) = self.tables[table].model.upward(parent);
        self.join(table, &name, relation)
    }

    /// A relation from another model to a table's model, or to one that this extends; and the table that it leads from.
    fn relation(&mut self, table: usize, name: &str) -> Result<Option<(usize, Relation)>> {
        let Some(way) = self.tables[table].model.way_to(name) else { return Ok(None) };
        let table = way.into_iter().try_fold(table, |table, parent| self.join_parent(table, parent))?;
        Ok(self.tables[table].model.relation(name).map(|relation| (table, relation)))
    }

    /// Follows names on from a relation whose rows are this scope's: without any, the row itself is meant.
    pub(super) fn resolve_row<'n>(
        &mut self,
        over: &Crossing,
        names: &'n [Name],
    ) -> Result<(Target, &'n [Name])> {
        match names.first() {
            Some(next) if leads_on(self.model(), next) => self.resolve(names),
            next => Ok((self.row(0, &over.name, &over.relation.to_column, next)?, names)),
        }
    }

    /// A row of another table, by the column there that refers to this one.
    fn row(&self, table: usize, name: &str, column: &str, next: Option<&Name>) -> Result<Target> {
        let model = &self.tables[table].model;
        if let Some(next) = next {
            follows(model, next)?;
        }
        let column_at = |position| Column { table, model: model.clone(), position };
        let key = model.key();
        let present = model.own().find(|&position| model.fields[position].column == column).unwrap_or(key[0]);
        let key = if let [key] = key[..] { Some(column_at(key)) } else { None };
        Ok(Target::Row { key, present: column_at(present), name: name.to_owned() })
    }

    /// The first relation with many rows that names cross, if there is one that is not joined yet in this call; joins what
    /// comes before it.
    pub(super) fn crossing(&mut self, names: &[Name]) -> Result<Option<Crossing>> {
        if self.annotations.iter().any(|(name, _)| Some(name.as_str()) == names.first().map(Name::as_ref)) {
            return Ok(None);
        }
        let mut path: Vec<(String, Relation)> = Vec::new();
        let mut model = self.model().clone();
        let mut joined = Some(0);
        for (index, name) in names.iter().enumerate() {
            let found = model.find(name).ok();
            let (way, forward) = match found {
                Some(position) => {
                    let (way, position) = model.owner(position);
                    (way, Some(position))
                }
                None => (model.way_to(name).unwrap_or_default(), None),
            };
            for parent in way {
                let (name, relation) = model.upward(parent);
                joined = joined.and_then(|table| self.joined(table, &name, &relation));
                model = relation.model.clone();
                path.push((name, relation));
            }
            let relation = match forward {
                Some(position) => model.forward(position),
                None => model.relation(name),
            };
            let Some(relation) = relation else { return Ok(None) };
            let name = forward.map_or(name.to_string(), |position| model.fields[position].name.clone());
            joined = joined.and_then(|table| self.joined(table, &name, &relation));
            if relation.many && joined.is_none() {
                self.may_join(&name)?;
                let mut table = 0;
                for (name, relation) in path {
                    table = self.join(table, &name, relation)?;
                }
                let here = |position: &usize| model.fields[*position].column == relation.from_column;
                let position = model.own().find(here).expect("a relation starts from a field");
                let from = Column { table, model, position };
                return Ok(Some(Crossing { from, relation, name, names: index + 1 }));
            }
            model = relation.model.clone();
            path.push((name, relation));
        }
        Ok(None)
    }

    fn unknown(&self, model: &ModelRef, name: &str) -> Error {
        if name == "pk" {
            return Error::field(format!(
                "{} has a composite primary key; name one of its fields in place of 'pk'.",
                model.name
            ));
        }
        let own = model == self.model();
        let annotations = self.annotations.iter().filter(|_| own).map(|(name, _)| name.as_str());
        unknown(model, name, annotations)
    }
}

/// Whether a name that follows a relation names something of the other model, rather than a transform or a lookup.
fn leads_on(model: &ModelRef, name: &str) -> bool {
    model.find(name).is_ok() || model.way_to(name).is_some()
}

/// Refuses what follows a relation where it can be no transform and no lookup either: a misspelt field of the other model.
fn follows(model: &ModelRef, next: &str) -> Result<()> {
    if is_transform(next) || Lookup::named(next).is_some() {
        Ok(())
    } else {
        Err(unknown(model, next, std::iter::empty()))
    }
}

fn unknown<'a>(model: &'a ModelRef, name: &str, more: impl Iterator<Item = &'a str>) -> Error {
    if model.left_out.iter().any(|left_out| left_out.name == name)
        && let Err(error) = model.find(name)
    {
        return error;
    }
    let what = format!("{} has no field", model.name);
    Error::unknown(ErrorKind::UnknownField, what, name, more.chain(model.names()))
}
