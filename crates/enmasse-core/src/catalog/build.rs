//! Builds models from the tables of a catalogue.

use std::collections::{HashMap, HashSet};

use crate::catalog::Catalogue;
use crate::catalog::names::{clean, unused};
use crate::catalog::table::{Column, Table};
use crate::error::Result;
use crate::schema::{Field, ForeignKey, LeftOut, Model, Parent, Schema, Storage, table_part};

/// Builds the schema of these tables.
///
/// Tables without a primary key and columns of unknown types are left out, with the reason. A foreign key of
/// several columns, or to a table that is left out or in another schema, becomes plain columns.
pub(super) fn build(schema: Option<&str>, found: Vec<Table>) -> Result<Catalogue> {
    let mut left_out = Vec::new();
    let mut tables = Vec::new();
    for table in found {
        match table.reason_to_leave_out() {
            None => tables.push(table),
            Some(reason) => left_out.push(LeftOut { name: table.name, reason }),
        }
    }
    let by_name: HashMap<&str, &Table> = tables.iter().map(|table| (table.name.as_str(), table)).collect();
    let names: HashMap<&str, Names> =
        tables.iter().map(|table| (table.name.as_str(), table.names(&by_name))).collect();
    // The names of each table's own relations, which reverse relations cannot use.
    let mut taken: HashMap<&str, HashSet<String>> = HashMap::new();
    for table in &tables {
        let mut all = Vec::new();
        _ = table.all_names(&by_name, &names, &mut all, 0);
        taken.insert(&table.name, all.into_iter().map(str::to_owned).collect());
    }
    let models = tables.iter().map(|table| table.model(schema, &by_name, &names, &mut taken)).collect();
    Ok(Catalogue { schema: Schema::new(models)?, left_out })
}

/// The prefix of the reason for objects that are not tables.
pub(super) const IT_IS_A: &str = "it is a ";

/// The field of each column.
type Names<'a> = HashMap<&'a str, String>;

impl Column {
    /// The reason to leave the column out, if it has no known declared type.
    fn reason_to_leave_out(&self) -> String {
        match self.type_name.as_str() {
            "" => "no type is declared".to_owned(),
            name => format!("the type {name} is not supported"),
        }
    }
}

impl Table {
    fn reason_to_leave_out(&self) -> Option<String> {
        if !self.is_table() {
            return Some(match self.kind.as_str() {
                "view" | "materialized view" => {
                    format!("{IT_IS_A}{}, whose rows have no key; name the table that it shows", self.kind)
                }
                "foreign table" => {
                    format!("{IT_IS_A}foreign table, whose rows have no key; use its own server")
                }
                kind => format!("{IT_IS_A}{kind}"),
            });
        }
        if self.has_key() {
            return None;
        }
        if self.key.is_empty() {
            return Some("it has no primary key, and no columns that are unique and never NULL".to_owned());
        }
        let in_key = |column: &&Column| self.key.contains(&column.name) && column.declared.is_none();
        let unknown = self.columns.iter().find(in_key)?;
        Some(format!("its key column '{}': {}", unknown.name, unknown.reason_to_leave_out()))
    }

    /// Whether rows are identifiable: by a primary key, or by columns that are unique and never NULL.
    fn has_key(&self) -> bool {
        self.has_primary_key() || self.unique.iter().any(|columns| self.are_known(columns, true))
    }

    fn has_primary_key(&self) -> bool {
        !self.key.is_empty() && self.are_known(&self.key, false)
    }

    /// Whether all these columns have known types and, on request, are never NULL.
    fn are_known(&self, columns: &[String], never_null: bool) -> bool {
        columns.iter().all(|name| {
            self.columns.iter().any(|column| {
                column.name == *name && column.declared.is_some() && !(never_null && column.null)
            })
        })
    }

    /// The column with this name; SQLite's foreign keys may spell it in different case.
    fn column(&self, name: &str) -> Option<&Column> {
        let exact = self.columns.iter().find(|column| column.name == name);
        exact.or_else(|| self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)))
    }

    /// The foreign key on a column, its target and the column there.
    fn reference<'a>(
        &self,
        column: &str,
        tables: &HashMap<&str, &'a Table>,
    ) -> Option<(&'a Table, &'a Column)> {
        let reference =
            self.references.iter().find(|reference| reference.column.eq_ignore_ascii_case(column))?;
        let target = *tables.get(reference.table.as_str())?;
        let to_column = match (&reference.to_column, &target.key[..]) {
            (Some(name), _) => name,
            (None, [name]) => name,
            (None, _) => return None,
        };
        let to_column = target.column(to_column)?;
        to_column.declared.is_some().then_some((target, to_column))
    }

    /// The table that this one extends by a column, as in Django's multi-table inheritance: the primary key
    /// links to the parent's, and unique columns link to those of further parents.
    fn parent<'a>(
        &self,
        column: &Column,
        tables: &HashMap<&str, &'a Table>,
        names: &HashMap<&str, Names>,
    ) -> Option<&'a Table> {
        let links = |column: &Column| {
            let (target, to_column) = self.reference(&column.name, tables)?;
            let is_link = column.name.ends_with("_ptr_id") && target.key == [to_column.name.clone()];
            is_link.then_some(target)
        };
        let target = links(column)?;
        let [key] = &self.key[..] else { return None };
        let is_only = |columns: &Vec<String>| columns[..] == [column.name.clone()];
        let is_further = !column.null
            && self.unique.iter().any(is_only)
            && self.column(key).is_some_and(|key| links(key).is_some());
        if *key != column.name && !is_further {
            return None;
        }
        // Field names in a row are unique.
        let mut above: Vec<&str> = Vec::new();
        for column in &self.columns {
            let Some(target) = links(column) else { continue };
            target.all_names(tables, names, &mut above, 0)?;
        }
        above.extend(names[self.name.as_str()].values().map(String::as_str));
        let count = above.len();
        above.sort_unstable();
        above.dedup();
        (above.len() == count).then_some(target)
    }

    /// Adds the names of the fields of this table and its parents; `None` for a cycle.
    fn all_names<'n>(
        &self,
        tables: &HashMap<&str, &Table>,
        names: &'n HashMap<&str, Names>,
        all: &mut Vec<&'n str>,
        depth: usize,
    ) -> Option<()> {
        if depth > tables.len() {
            return None;
        }
        all.extend(names[self.name.as_str()].values().map(String::as_str));
        for column in self.columns.iter().filter(|column| column.name.ends_with("_ptr_id")) {
            if let Some((target, _)) = self.reference(&column.name, tables) {
                target.all_names(tables, names, all, depth + 1)?;
            }
        }
        Some(())
    }

    /// A field name for each column that can be a field.
    fn names<'a>(&'a self, tables: &HashMap<&str, &Table>) -> Names<'a> {
        let mut used = HashSet::new();
        let mut names = HashMap::new();
        for column in self.columns.iter().filter(|column| column.declared.is_some()) {
            let short = column.name.strip_suffix("_id").filter(|short| {
                !short.is_empty()
                    && self.reference(&column.name, tables).is_some()
                    && self.columns.iter().all(|other| other.name != *short)
            });
            names.insert(column.name.as_str(), unused(clean(short.unwrap_or(&column.name)), &mut used));
        }
        names
    }

    fn model<'a>(
        &self,
        schema: Option<&str>,
        tables: &HashMap<&str, &'a Table>,
        names: &HashMap<&str, Names>,
        taken: &mut HashMap<&'a str, HashSet<String>>,
    ) -> Model {
        let own = &names[self.name.as_str()];
        let name = table_part(&self.name);
        let table = schema.map_or_else(|| name.clone(), |schema| format!("{}.{name}", table_part(schema)));
        let mut model = Model::new(&self.name, table);
        model.storage =
            self.engine.clone().map(|engine| Storage { engine, transactional: self.transactional });
        for column in &self.columns {
            let Some(declared) = &column.declared else {
                let reason = column.reason_to_leave_out();
                model.left_out.push(LeftOut { name: column.name.clone(), reason });
                continue;
            };
            let name = &own[column.name.as_str()];
            let in_key = self.has_primary_key() && self.key.contains(&column.name);
            let mut field = Field::new(name, declared.data_type.clone()).column(&column.name);
            field.range = declared.range;
            field.second_digits = declared.second_digits;
            field.limits = declared.limits.clone();
            field.choices = declared.choices.clone();
            field.primary_key = in_key;
            // SQLite allows NULL in a key; such a row has no key.
            field.null = column.null && !in_key;
            field.identity = column.identity;
            field.always_identity = column.always_identity;
            field.generated = column.generated.clone();
            let is_only = |columns: &Vec<String>| columns[..] == [column.name.clone()];
            field.unique = self.unique.iter().any(is_only);
            if let Some(target) = self.parent(column, tables, names) {
                let taken = taken.get_mut(target.name.as_str()).expect("every table is there");
                model = model.extends_by(Parent {
                    model: target.name.clone(),
                    link: Some(name.clone()),
                    column: Some(column.name.clone()),
                    related_name: related_name(&self.name, name, taken),
                });
                continue;
            }
            if let Some((target, to_column)) = self.reference(&column.name, tables) {
                // A key that refers to another table's row is a one-to-one relation.
                field.unique |= is_only(&self.key);
                let to_field = (target.key[..] != [to_column.name.clone()])
                    .then(|| names[target.name.as_str()][to_column.name.as_str()].clone());
                let taken = taken.get_mut(target.name.as_str()).expect("every table is there");
                let related_name = related_name(&self.name, name, taken);
                // Its value comes from the parent, although SQLite would number it.
                field.identity = column.always_identity;
                field = field.references(ForeignKey { model: target.name.clone(), to_field, related_name });
            }
            model = model.add(field);
        }
        // Django creates the links in the opposite order: the first parent's, which is the key, comes last.
        model.parents.sort_by_key(|parent| parent.column.as_ref() != self.key.first());
        for columns in self.unique.iter().filter(|columns| columns.len() > 1) {
            if let Some(fields) =
                columns.iter().map(|column| own.get(column.as_str())).collect::<Option<Vec<_>>>()
            {
                model = model.unique_together(fields);
            }
        }
        model
    }
}

/// The reverse name of a relation if the default is taken: with the field's name, or none.
fn related_name(table: &str, field: &str, taken: &mut HashSet<String>) -> Option<String> {
    let default = table.to_lowercase();
    if clean(&default) == default && taken.insert(default.clone()) {
        return None;
    }
    let longer = clean(&format!("{default}_{field}"));
    Some(if taken.insert(longer.clone()) { longer } else { "+".to_owned() })
}
