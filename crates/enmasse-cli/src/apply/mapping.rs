//! The columns of the file to read, and the fields of their values.

use enmasse::schema::ModelRef;
use enmasse::{Record, Value};

use crate::apply::choice::{Choice, find, same};
use crate::args::ApplyArgs;
use crate::failure::{Failure, Result};
use crate::input::Wanted;

/// Which columns of the file are read, and where they go.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// The table, with the fields that the file has, and its keys.
    pub model: ModelRef,
    /// The columns of the file, in its order.
    pub columns: Vec<Column>,
    /// Where the key's fields stand among them.
    pub key: Vec<usize>,
    /// Whether the rows are found by other fields than those of the primary key.
    pub matches_on: Option<Vec<String>>,
    /// Of the columns, those that are written.
    pub written: Vec<usize>,
    /// Of these, those that refer to a row of the same table, or to none.
    pub references: Vec<usize>,
    /// Those of which the file also has the column that they refer to.
    pub own_references: Vec<OwnReference>,
}

/// Two columns of the file, of which one refers to the other in a row of the same table.
#[derive(Clone, Copy, Debug)]
pub struct OwnReference {
    pub from: usize,
    pub to: usize,
    /// Whether it may refer to none.
    pub can_be_null: bool,
}

/// A column of the file.
#[derive(Clone, Debug)]
pub struct Column {
    /// What the file calls it.
    pub name: String,
    /// The positions in the model that have its value: one, or all those of a row's key that is in several tables.
    pub positions: Vec<usize>,
}

impl Mapping {
    pub fn new(args: &ApplyArgs, file: &str, names: &[String], table: &ModelRef) -> Result<Self> {
        let choice = Choice::new(args, file, names, table)?;
        Mapping::of(table, &choice.key, &choice.columns()?, file)
    }

    /// Of a file without rows, which names no columns: as if it had all that can be written, by their own names.
    pub fn of_no_rows(args: &ApplyArgs, file: &str, table: &ModelRef) -> Result<Self> {
        let args = ApplyArgs { map: Vec::new(), ignore: Vec::new(), ..args.clone() };
        let key = match &args.key[..] {
            [] => table.key(),
            named => named.iter().filter_map(|name| find(table, name).ok()).collect(),
        };
        let mut positions = key.clone();
        for position in 0..table.fields.len() {
            let is_told = positions.iter().any(|&other| same(table, other, position));
            if !is_told && table.fields[position].is_writable() {
                positions.push(position);
            }
        }
        let name = |position: usize| {
            let field = &table.fields[position];
            let is_it = find(table, &field.column).is_ok_and(|found| same(table, found, position));
            if is_it { field.column.clone() } else { field.name.clone() }
        };
        let names: Vec<_> = positions.into_iter().map(name).collect();
        Mapping::new(&args, file, &names, table)
    }

    fn of(table: &ModelRef, key: &[usize], taken: &[(String, usize)], file: &str) -> Result<Self> {
        let fields = taken.iter().map(|(_, position)| *position).chain(key.iter().copied());
        let model = table.narrowed(fields.map(|position| table.fields[position].name.as_str()))?;
        let position = |name: &str| Ok::<_, Failure>(model.find(name)?);
        let mut columns = Vec::new();
        for (name, of_table) in taken {
            let own = position(&table.fields[*of_table].name)?;
            let is_key = model.is_child() && model.is_key(own);
            let positions = if is_key { model.same_key(own) } else { vec![own] };
            columns.push(Column { name: name.clone(), positions });
        }
        let key_names: Vec<_> = key.iter().map(|&position| table.fields[position].name.clone()).collect();
        let mut key_columns = Vec::new();
        for name in &key_names {
            let wanted = position(name)?;
            key_columns.extend(columns.iter().position(|column| column.positions.contains(&wanted)));
        }
        let written = (0..columns.len())
            .filter(|column| !key_columns.contains(column) && !model.is_key(columns[*column].positions[0]));
        let written: Vec<_> = written.collect();
        if written.is_empty() {
            return Err(Failure::usage(format!(
                "{file} has no column to write: of those of {} it has the key only",
                table.table
            )));
        }
        let mut own_references = Vec::new();
        let mut references = Vec::new();
        for &from in &written {
            let position = taken[from].1;
            let can_be_null = table.fields[position].null;
            let Some(relation) = table.forward(position).filter(|to| to.model.table == table.table) else {
                continue;
            };
            references.extend(can_be_null.then_some(from));
            let is_it =
                |(_, position): &(String, usize)| table.fields[*position].column == relation.to_column;
            let to = taken.iter().position(is_it);
            own_references.extend(to.map(|to| OwnReference { from, to, can_be_null }));
        }
        let mut by_primary_key = key.to_vec();
        by_primary_key.sort_unstable();
        let matches_on = (by_primary_key != table.key()).then_some(key_names);
        Ok(Mapping { model, columns, key: key_columns, matches_on, written, references, own_references })
    }

    /// What is read of the file.
    pub fn wanted(&self) -> Vec<Wanted> {
        let wanted = |(number, column): (usize, &Column)| {
            let mut field = self.model.fields[column.positions[0]].clone();
            let required = self.key.contains(&number);
            if required {
                // no row is found by NULL, also where the database would fill in a key
                (field.null, field.identity) = (false, false);
            }
            Wanted { column: column.name.clone(), model: self.model.name.clone(), field, required }
        };
        self.columns.iter().enumerate().map(wanted).collect()
    }

    /// The record without what it refers to in its own table; `None` where it does not.
    pub fn without_references(&self, record: &Record) -> Result<Option<Record>, enmasse::Error> {
        let positions = self.references.iter().map(|&column| self.columns[column].positions[0]);
        let mut bare = None;
        for position in positions.filter(|&position| !record.values()[position].is_null()) {
            let bare = bare.get_or_insert_with(|| record.clone());
            bare.set(&self.model.fields[position].name, Value::Null)?;
        }
        Ok(bare)
    }

    /// What the record has besides: its key, and what it refers to.
    pub fn references_of(&self, record: &Record) -> Result<Record, enmasse::Error> {
        let key = self.key.iter().flat_map(|&column| self.columns[column].positions.iter().copied());
        let refers = |position: &usize| !record.values()[*position].is_null();
        let references = self.references.iter().map(|&column| self.columns[column].positions[0]);
        let mut values = vec![None; record.values().len()];
        for position in key.chain(references.filter(refers)) {
            values[position] = record.is_set(position).then(|| record.values()[position].clone());
        }
        Record::of_some(&self.model, values)
    }

    /// The names of the fields that are written.
    pub fn fields(&self) -> Vec<String> {
        self.names_of(&self.written)
    }

    /// The names of the fields of these columns.
    pub fn names_of(&self, columns: &[usize]) -> Vec<String> {
        let name = |&column: &usize| self.model.fields[self.columns[column].positions[0]].name.clone();
        columns.iter().map(name).collect()
    }
}
