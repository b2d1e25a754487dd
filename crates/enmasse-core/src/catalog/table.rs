//! The rows of a catalogue, grouped by table.

use std::collections::{BTreeMap, HashSet};

use crate::dialect::{Declared, Dialect};
use crate::error::{Error, ErrorKind, Result};
use crate::value::Value;

/// The rows of the queries, one list for each.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub tables: Vec<Vec<Value>>,
    pub columns: Vec<Vec<Value>>,
    pub keys: Vec<Vec<Value>>,
    pub references: Vec<Vec<Value>>,
    pub json: Vec<Vec<Value>>,
}

/// A table, a view or another table-like object.
pub(super) struct Table {
    pub name: String,
    /// `table`, `view`, …
    pub kind: String,
    pub engine: Option<String>,
    pub transactional: bool,
    pub columns: Vec<Column>,
    pub key: Vec<String>,
    pub unique: Vec<Vec<String>>,
    pub references: Vec<Reference>,
}

pub(super) struct Column {
    pub name: String,
    pub type_name: String,
    pub declared: Option<Declared>,
    pub null: bool,
    pub generated: Option<String>,
    pub identity: bool,
    pub always_identity: bool,
}

impl Column {
    /// Whether it starts or ends the period of a row version: for current rows, all keys are unique without
    /// it.
    fn is_period(&self) -> bool {
        self.generated.as_deref().is_some_and(|generated| PERIOD.contains(&generated))
    }
}

/// MariaDB's marks of a versioned table's period columns.
const PERIOD: [&str; 2] = ["ROW START", "ROW END"];

/// A foreign key of one column.
pub(super) struct Reference {
    pub column: String,
    pub table: String,
    /// `None` for the primary key.
    pub to_column: Option<String>,
}

impl Rows {
    /// The names of the tables.
    pub fn names(&self) -> Result<Vec<String>> {
        self.tables.iter().map(|row| name_at(row, 0)).collect()
    }

    /// The tables that a table's foreign keys refer to, each with its column.
    pub fn referred(&self, table: &str) -> Result<Vec<(String, String)>> {
        let mut referred = Vec::new();
        for row in self.references.iter().filter(|row| row.first() == Some(&Value::from(table))) {
            if let Some(to) = row.get(3).filter(|to| !to.is_null()) {
                referred.push((name_at(row, 2)?, optional_text(to.clone())?.unwrap_or_default()));
            }
        }
        Ok(referred)
    }

    /// The tables, ordered by name.
    pub fn tables(self, dialect: &dyn Dialect) -> Result<Vec<Table>> {
        let mut tables = BTreeMap::new();
        for row in self.tables {
            let [name, kind, engine, transactional] = parts(row)?;
            let name = text(name)?;
            let table = Table {
                name: name.clone(),
                kind: text(kind)?,
                engine: optional_text(engine)?,
                transactional: transactional == Value::Bool(true),
                columns: Vec::new(),
                key: Vec::new(),
                unique: Vec::new(),
                references: Vec::new(),
            };
            tables.insert(name, table);
        }
        let mut json = HashSet::new();
        for row in self.json {
            let [table, column] = parts(row)?;
            json.insert((text(table)?, text(column)?));
        }
        for row in self.columns {
            let [table, name, type_name, null, generated, identity, always] = parts(row)?;
            let (table, name, mut type_name) = (text(table)?, text(name)?, text(type_name)?);
            let Some(found) = tables.get_mut(&table) else { continue };
            let pair = (table, name);
            if json.contains(&pair) {
                type_name = "json".to_owned();
            }
            found.columns.push(Column {
                name: pair.1,
                declared: dialect.declared_type(&type_name),
                type_name,
                null: null == Value::Bool(true),
                generated: optional_text(generated)?,
                identity: identity == Value::Bool(true),
                always_identity: always == Value::Bool(true),
            });
        }
        add_keys(self.keys, &mut tables)?;
        add_references(self.references, &mut tables)?;
        Ok(tables.into_values().collect())
    }
}

impl Table {
    /// Whether its rows can be read and written as those of a table.
    pub fn is_table(&self) -> bool {
        self.kind == "table"
    }
}

fn add_keys(rows: Vec<Vec<Value>>, tables: &mut BTreeMap<String, Table>) -> Result<()> {
    let mut indexes: BTreeMap<(String, String), Vec<Option<String>>> = BTreeMap::new();
    for row in rows {
        let [table, index, column] = parts(row)?;
        indexes.entry((text(table)?, text(index)?)).or_default().push(optional_text(column)?);
    }
    for ((table, index), columns) in indexes {
        let (Some(table), Some(mut columns)) =
            (tables.get_mut(&table), columns.into_iter().collect::<Option<Vec<_>>>())
        else {
            continue;
        };
        columns.retain(|name| !table.columns.iter().any(|column| column.name == *name && column.is_period()));
        if index == "PRIMARY" {
            table.key = columns;
        } else {
            table.unique.push(columns);
        }
    }
    Ok(())
}

fn add_references(rows: Vec<Vec<Value>>, tables: &mut BTreeMap<String, Table>) -> Result<()> {
    type Pair = (String, Option<String>, Option<String>);
    let mut keys: BTreeMap<(String, String), Vec<Pair>> = BTreeMap::new();
    for row in rows {
        let [table, name, column, to_table, to_column] = parts(row)?;
        let pair = (text(column)?, optional_text(to_table)?, optional_text(to_column)?);
        keys.entry((text(table)?, text(name)?)).or_default().push(pair);
    }
    for ((table, _), mut pairs) in keys {
        if let (Some(table), 1, Some((column, Some(to_table), to_column))) =
            (tables.get_mut(&table), pairs.len(), pairs.pop())
        {
            table.references.push(Reference { column, table: to_table, to_column });
        }
    }
    Ok(())
}

fn parts<const N: usize>(row: Vec<Value>) -> Result<[Value; N]> {
    row.try_into().map_err(|row: Vec<Value>| unexpected(format!("{} columns instead of {N}", row.len())))
}

fn name_at(row: &[Value], position: usize) -> Result<String> {
    text(row.get(position).cloned().unwrap_or(Value::Null))
}

fn text(value: Value) -> Result<String> {
    optional_text(value)?.ok_or_else(|| unexpected("NULL instead of a name".to_owned()))
}

fn optional_text(value: Value) -> Result<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::Text(text) => Ok(Some(text)),
        other => Err(unexpected(format!("{other} instead of text"))),
    }
}

fn unexpected(what: String) -> Error {
    Error::new(ErrorKind::Database, format!("The database's catalogue gave {what}."))
}
