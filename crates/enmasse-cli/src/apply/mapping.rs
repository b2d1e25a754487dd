//! Which column of the file is which column of the table.

use enmasse::schema::ModelRef;
use enmasse::{Error, ErrorKind};

use crate::args::ApplyArgs;
use crate::failure::{Failure, Result};
use crate::input::Wanted;
use crate::shown::printable;

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
        let renamed = renamed(args, file, names)?;
        for ignored in &args.ignore {
            if !names.contains(ignored) {
                return Err(no_column(file, "--ignore", ignored, names));
            }
        }
        let only = args.only.iter().map(|name| find(table, name)).collect::<Result<Vec<_>, _>>();
        let only = only.map_err(|error| Failure::from(error.at("--only")))?;
        let key = match &args.key[..] {
            [] => table.key(),
            named => named
                .iter()
                .map(|name| find(table, name))
                .collect::<Result<_, _>>()
                .map_err(|error| Failure::from(error.at("--key")))?,
        };
        let is_key = |position: usize| key.iter().any(|&key| same(table, key, position));

        let mut taken: Vec<(String, usize)> = Vec::new();
        for name in names.iter().filter(|name| !args.ignore.contains(name)) {
            let target = renamed.iter().find(|(from, _)| from == name).map_or(name, |(_, to)| to);
            let position = match find(table, target) {
                Ok(position) => position,
                // with --only, other columns of the file are none of the table's
                Err(_) if !only.is_empty() && target == name => continue,
                Err(error) => return Err(unknown(file, names, name, target != name, error)),
            };
            if !only.is_empty() && !only.contains(&position) && !is_key(position) {
                continue;
            }
            if let Some((other, _)) = taken.iter().find(|(_, other)| same(table, *other, position)) {
                return Err(Failure::usage(format!(
                    "{file}: the columns '{other}' and '{name}' are both '{}' in {}: --ignore one of them",
                    table.fields[position].column, table.table
                )));
            }
            let field = &table.fields[position];
            if let (Some(_), false) = (&field.generated, is_key(position)) {
                return Err(Failure::usage(format!(
                    "{file}: the column '{name}' is computed by the database in {}: --ignore {name}",
                    table.table
                )));
            }
            taken.push((name.clone(), position));
        }
        for (&position, said) in only.iter().zip(&args.only) {
            if !taken.iter().any(|(_, other)| same(table, *other, position)) {
                return Err(no_column(file, "--only", said, names));
            }
        }
        for &position in &key {
            if !taken.iter().any(|(_, other)| same(table, *other, position)) {
                let field = &table.fields[position];
                let (what, hint) = match args.key.is_empty() {
                    true => ("primary key", "; --key names another, --map another name for it"),
                    false => ("key", ""),
                };
                return Err(Failure::usage(format!(
                    "{file} has no column '{}', the {what} of {}{hint}. Its columns are: {}",
                    field.column,
                    table.table,
                    names.join(", ")
                )));
            }
        }
        let other_key = taken.iter().find(|(_, position)| table.is_key(*position) && !is_key(*position));
        if let Some((name, _)) = other_key.filter(|_| !args.insert_missing) {
            return Err(Failure::usage(format!(
                "{file}: the column '{name}' is of the primary key of {}, which is never changed, and --key finds rows by others: \
                 --ignore {name}",
                table.table
            )));
        }
        Mapping::of(table, &key, &taken, file)
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
            if !is_told && table.fields[position].generated.is_none() {
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
        let mut by_primary_key = key.to_vec();
        by_primary_key.sort_unstable();
        let matches_on = (by_primary_key != table.key()).then_some(key_names);
        Ok(Mapping { model, columns, key: key_columns, matches_on, written })
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

    /// The names of the fields that are written.
    pub fn fields(&self) -> Vec<String> {
        let name = |&column: &usize| self.model.fields[self.columns[column].positions[0]].name.clone();
        self.written.iter().map(name).collect()
    }
}

/// Whether two fields of a row always have the same value.
fn same(table: &ModelRef, one: usize, other: usize) -> bool {
    one == other || (table.is_child() && table.is_key(one) && table.same_key(one).contains(&other))
}

/// The field of a column, or of a field's name; in another case too, where only one is meant.
fn find(table: &ModelRef, name: &str) -> Result<usize, Error> {
    let by = |is: &dyn Fn(&str) -> bool| {
        let mut found = (0..table.fields.len()).filter(|&position| is(&table.fields[position].column));
        found.next().filter(|&first| found.all(|other| same(table, first, other)))
    };
    if let Some(position) = by(&|column| column == name) {
        return Ok(position);
    }
    if let Some(position) = table.position(name) {
        return Ok(position);
    }
    if let Some(position) = by(&|column| column.eq_ignore_ascii_case(name)) {
        return Ok(position);
    }
    if let Some(left_out) = table.left_out.iter().find(|left_out| left_out.name == name) {
        return Err(Error::new(
            ErrorKind::UnknownField,
            format!("{}.{name} cannot be written: {}.", table.table, left_out.reason),
        ));
    }
    let columns = table.fields.iter().map(|field| field.column.as_str());
    let what = format!("{} has no column", table.table);
    Err(Error::unknown(ErrorKind::UnknownField, what, name, columns))
}

/// What `--map` says: the file's name and the table's.
fn renamed(args: &ApplyArgs, file: &str, names: &[String]) -> Result<Vec<(String, String)>> {
    let mut renamed: Vec<(String, String)> = Vec::new();
    for map in &args.map {
        let Some((from, to)) = map.rsplit_once('=').filter(|(from, to)| !from.is_empty() && !to.is_empty())
        else {
            return Err(Failure::usage(format!(
                "--map {map}: expected FILE_COLUMN=TABLE_COLUMN, as in --map 'new price=price'"
            )));
        };
        if !names.iter().any(|name| name == from) {
            return Err(no_column(file, "--map", from, names));
        }
        if renamed.iter().any(|(other, _)| other == from) {
            return Err(Failure::usage(format!("--map {map}: '{from}' is mapped already")));
        }
        renamed.push((from.to_owned(), to.to_owned()));
    }
    Ok(renamed)
}

fn no_column(file: &str, option: &str, name: &str, names: &[String]) -> Failure {
    let what = format!("{option}: {file} has no column");
    let names = names.iter().map(String::as_str);
    Error::unknown(ErrorKind::UnknownField, what, name, names).into()
}

fn unknown(file: &str, names: &[String], name: &str, renamed: bool, error: Error) -> Failure {
    // a header with other delimiters than were looked for is one column
    let other = [(';', "';'"), ('\t', "tab"), ('|', "'|'"), (',', "','")];
    if let ([only], Some((_, delimiter))) =
        (names, other.into_iter().find(|(other, _)| name.contains(*other)))
    {
        return Failure::usage(format!(
            "{file} has one column only, '{}': is something else between its cells? Say so, as with --delimiter {delimiter}",
            printable(only)
        ));
    }
    let hint = "--map gives it another name, --ignore leaves it out.";
    let place = if renamed { format!("{file}: column '{}'", printable(name)) } else { file.to_owned() };
    Failure::usage(format!("{place}: {}. {hint}", error.message().trim_end_matches('.')))
}
