//! From the rows of a catalogue to models.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::catalog::names::{clean, unused};
use crate::catalog::{Catalogue, Declared};
use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Field, ForeignKey, LeftOut, Model, Parent, Schema};
use crate::value::Value;

/// The schema that the rows of the three [`queries`](super::queries) describe.
///
/// Left out, with the reason, are tables without a primary key and columns whose type is not known here. A foreign
/// key of several columns, or to a table that is left out or in another schema, is plain columns.
///
/// # Errors
///
/// [`Database`](ErrorKind::Database) where the rows are not those of the queries.
pub fn build(dialect: &dyn Dialect, schema: Option<&str>, rows: [Vec<Vec<Value>>; 3]) -> Result<Catalogue> {
    let mut left_out = Vec::new();
    let mut tables = Vec::new();
    for table in read(dialect, rows)? {
        match table.reason_to_leave_out() {
            None => tables.push(table),
            Some(reason) => left_out.push(LeftOut { name: table.name, reason }),
        }
    }
    let by_name: HashMap<&str, &Table> = tables.iter().map(|table| (table.name.as_str(), table)).collect();
    let names: HashMap<&str, Names> =
        tables.iter().map(|table| (table.name.as_str(), table.names(&by_name))).collect();
    // What leads away from each table already, which no reverse relation may be called.
    let mut taken: HashMap<&str, HashSet<String>> = HashMap::new();
    for table in &tables {
        let mut all = Vec::new();
        _ = table.all_names(&by_name, &names, &mut all, 0);
        taken.insert(&table.name, all.into_iter().map(str::to_owned).collect());
    }
    let models = tables.iter().map(|table| table.model(schema, &by_name, &names, &mut taken)).collect();
    Ok(Catalogue { schema: Schema::new(models)?, left_out })
}

/// The field of each column.
type Names<'a> = HashMap<&'a str, String>;

#[derive(Default)]
struct Table {
    name: String,
    columns: Vec<Column>,
    key: Vec<String>,
    unique: Vec<Vec<String>>,
    references: Vec<Reference>,
}

struct Column {
    name: String,
    type_name: String,
    declared: Option<Declared>,
    null: bool,
    generated: Option<String>,
    identity: bool,
}

/// A foreign key of one column.
struct Reference {
    column: String,
    table: String,
    /// Nothing is the primary key.
    to_column: Option<String>,
}

fn read(dialect: &dyn Dialect, rows: [Vec<Vec<Value>>; 3]) -> Result<Vec<Table>> {
    let [columns, keys, references] = rows;
    let mut tables: Vec<Table> = Vec::new();
    for row in columns {
        let [table, name, type_name, null, generated, identity] = parts(row)?;
        let (table, type_name) = (text(table)?, text(type_name)?);
        if tables.last().is_none_or(|last| last.name != table) {
            tables.push(Table { name: table, ..Table::default() });
        }
        let column = Column {
            name: text(name)?,
            declared: dialect.declared_type(&type_name),
            type_name,
            null: null == Value::Bool(true),
            generated: optional_text(generated)?,
            identity: identity == Value::Bool(true),
        };
        tables.last_mut().expect("just added").columns.push(column);
    }
    let position: HashMap<String, usize> =
        tables.iter().enumerate().map(|(position, table)| (table.name.clone(), position)).collect();

    let mut indexes: BTreeMap<(String, String), Vec<Option<String>>> = BTreeMap::new();
    for row in keys {
        let [table, index, column] = parts(row)?;
        indexes.entry((text(table)?, text(index)?)).or_default().push(optional_text(column)?);
    }
    for ((table, index), columns) in indexes {
        let (Some(&table), Some(columns)) =
            (position.get(&table), columns.into_iter().collect::<Option<Vec<_>>>())
        else {
            continue;
        };
        match index.as_str() {
            "PRIMARY" => tables[table].key = columns,
            _ => tables[table].unique.push(columns),
        }
    }

    type Pair = (String, Option<String>, Option<String>);
    let mut keys: BTreeMap<(String, String), Vec<Pair>> = BTreeMap::new();
    for row in references {
        let [table, name, column, to_table, to_column] = parts(row)?;
        let pair = (text(column)?, optional_text(to_table)?, optional_text(to_column)?);
        keys.entry((text(table)?, text(name)?)).or_default().push(pair);
    }
    for ((table, _), mut pairs) in keys {
        if let (Some(&table), 1, Some((column, Some(to_table), to_column))) =
            (position.get(&table), pairs.len(), pairs.pop())
        {
            tables[table].references.push(Reference { column, table: to_table, to_column });
        }
    }
    Ok(tables)
}

fn parts<const N: usize>(row: Vec<Value>) -> Result<[Value; N]> {
    row.try_into().map_err(|row: Vec<Value>| unexpected(format!("{} columns instead of {N}", row.len())))
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

impl Column {
    /// Why it is left out, where it has no declared type that is known.
    fn reason_to_leave_out(&self) -> String {
        match self.type_name.as_str() {
            "" => "no type is declared".to_owned(),
            name => format!("the type {name} is not supported"),
        }
    }
}

impl Table {
    fn reason_to_leave_out(&self) -> Option<String> {
        if self.key.is_empty() {
            return Some("it has no primary key".to_owned());
        }
        if self.name.contains('.') {
            return Some("a dot in a table's name is taken for the end of a schema's name".to_owned());
        }
        let in_key = |column: &&Column| self.key.contains(&column.name) && column.declared.is_none();
        let unknown = self.columns.iter().find(in_key)?;
        Some(format!("of its key '{}' {}", unknown.name, unknown.reason_to_leave_out()))
    }

    /// The column of this name; SQLite's foreign keys may spell it in another case.
    fn column(&self, name: &str) -> Option<&Column> {
        let exact = self.columns.iter().find(|column| column.name == name);
        exact.or_else(|| self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)))
    }

    /// The foreign key that starts at a column, its target and the column there.
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

    /// The table that this one extends by a column, as Django's multi-table inheritance has it: the primary key links to the parent's, and
    /// so do unique columns to those of further parents.
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
        // no row has two fields of one name
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

    /// Adds the names of the fields of this table and of those that it extends; `None` where they run in a circle.
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

    /// A field's name for each column that can be a field.
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
        let table = schema.map_or(self.name.clone(), |schema| format!("{schema}.{}", self.name));
        let mut model = Model::new(&self.name, table);
        for column in &self.columns {
            let Some(declared) = &column.declared else {
                let reason = column.reason_to_leave_out();
                model.left_out.push(LeftOut { name: column.name.clone(), reason });
                continue;
            };
            let name = &own[column.name.as_str()];
            let in_key = self.key.contains(&column.name);
            let mut field = Field::new(name, declared.data_type.clone()).column(&column.name);
            field.range = declared.range;
            field.second_digits = declared.second_digits;
            field.primary_key = in_key;
            // SQLite lets NULL stand in a key, which then is no key of that row.
            field.null = column.null && !in_key;
            field.identity = column.identity;
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
                // It takes its value from there, though SQLite would number it.
                field.identity = false;
                field = field.references(ForeignKey { model: target.name.clone(), to_field, related_name });
            }
            model = model.add(field);
        }
        // Django makes the links in the opposite order: the first parent's, which is the key, comes last.
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

/// What a relation is called from its far end, where the default is not free: with the field's name, or not at all.
fn related_name(table: &str, field: &str, taken: &mut HashSet<String>) -> Option<String> {
    let default = table.to_lowercase();
    if clean(&default) == default && taken.insert(default.clone()) {
        return None;
    }
    let longer = clean(&format!("{default}_{field}"));
    Some(if taken.insert(longer.clone()) { longer } else { "+".to_owned() })
}
