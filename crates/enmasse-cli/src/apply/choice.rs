//! Maps the file's columns to the table's, by their names and the options.

use enmasse::schema::ModelRef;
use enmasse::{Error, ErrorKind};

use crate::args::ApplyArgs;
use crate::failure::{Failure, Result};
use crate::input::{DELIMITERS, REASON, other_delimiter};
use crate::shown::{listed, printable};

/// What is asked for, the names looked up.
pub struct Choice<'a> {
    args: &'a ApplyArgs,
    file: &'a str,
    /// The file's columns.
    names: &'a [String],
    table: &'a ModelRef,
    /// The positions of the fields by which rows are found.
    pub key: Vec<usize>,
    /// Those of `--only`.
    only: Vec<usize>,
    /// The file's name and the table's, of `--map`.
    renamed: Vec<(String, String)>,
}

impl<'a> Choice<'a> {
    pub fn new(args: &'a ApplyArgs, file: &'a str, names: &'a [String], table: &'a ModelRef) -> Result<Self> {
        let renamed = renamed(args, file, names)?;
        for ignored in &args.ignore {
            if !names.contains(ignored) {
                return Err(no_column(file, "--ignore", ignored, names));
            }
        }
        let all = |option: &str, named: &[String]| {
            let found: Result<Vec<_>, _> = named.iter().map(|name| find(table, name)).collect();
            found.map_err(|error| Failure::from(error.at(option)))
        };
        let only = all("--only", &args.only)?;
        if args.key.is_empty() && table.candidate_keys.len() > 1 {
            let keys: Vec<String> =
                table.candidate_keys.iter().map(|key| format!("--key {}", key.join(","))).collect();
            return Err(Failure::usage(format!(
                "{} has no primary key: say what rows are found by: {}",
                table.table,
                keys.join(", or ")
            )));
        }
        let key = if args.key.is_empty() { table.key() } else { all("--key", &args.key)? };
        Ok(Choice { args, file, names, table, key, only, renamed })
    }

    /// The columns of the file that are read, each with the position of its field.
    pub fn columns(&self) -> Result<Vec<(String, usize)>> {
        let mut taken: Vec<(String, usize)> = Vec::new();
        for (name, column) in self.names.iter().zip(1..).filter(|(name, _)| !self.args.ignore.contains(name))
        {
            if name.is_empty() {
                return Err(Failure::failed(format!(
                    "{} has no name for column {column} in its header: name it, or leave it out by --ignore ''",
                    self.file
                )));
            }
            let Some(position) = self.field(name)? else { continue };
            let (file, table) = (self.file, &self.table.table);
            let field = &self.table.fields[position];
            if let Some((other, _)) = taken.iter().find(|(_, other)| same(self.table, *other, position)) {
                return Err(Failure::usage(format!(
                    "{file}: the columns '{other}' and '{name}' are both '{}' in {table}: --ignore one of them",
                    field.column
                )));
            }
            if !field.is_writable() && !self.is_key(position) {
                return Err(Failure::usage(format!(
                    "{file}: the column '{name}' is computed by the database in {table}: --ignore {name}"
                )));
            }
            taken.push((name.clone(), position));
        }
        self.check(&taken)?;
        Ok(taken)
    }

    /// The field of a column of the file; `None` where it is not read.
    fn field(&self, name: &str) -> Result<Option<usize>> {
        let target = self.renamed.iter().find(|(from, _)| from == name).map_or(name, |(_, to)| to);
        if let Some(position) = position(self.table, target) {
            let is_wanted = self.only.is_empty() || self.only.contains(&position) || self.is_key(position);
            return Ok(is_wanted.then_some(position));
        }
        // with --only, other columns of the file are none of the table's; why rows were rejected never is
        if target == name && (!self.only.is_empty() || name == REASON) {
            return Ok(None);
        }
        let error = no_field(self.table, target);
        Err(unknown(self.file, self.names, name, target != name, error))
    }

    /// Whether all is there that is asked for, and nothing that is never changed.
    fn check(&self, taken: &[(String, usize)]) -> Result<()> {
        let Choice { args, file, names, table, .. } = self;
        let is_taken = |position: usize| taken.iter().any(|(_, other)| same(table, *other, position));
        if let Some((_, said)) = self.only.iter().zip(&args.only).find(|(position, _)| !is_taken(**position))
        {
            return Err(no_column(file, "--only", said, names));
        }
        if let Some(&position) = self.key.iter().find(|position| !is_taken(**position)) {
            let (what, hint) = if args.key.is_empty() {
                ("primary key", "; --key names another, --map another name for it")
            } else {
                ("key", "")
            };
            return Err(Failure::usage(format!(
                "{file} has no column '{}', the {what} of {}{hint}. Its columns are: {}",
                table.fields[position].column,
                table.table,
                listed(names)
            )));
        }
        let other_key = taken.iter().find(|(_, position)| table.is_key(*position) && !self.is_key(*position));
        match other_key.filter(|_| !args.insert_missing) {
            None => Ok(()),
            Some((name, _)) => Err(Failure::usage(format!(
                "{file}: the column '{name}' is of the primary key of {}, which is never changed, and --key finds rows by others: \
                 --ignore {name}",
                table.table
            ))),
        }
    }

    fn is_key(&self, position: usize) -> bool {
        self.key.iter().any(|&key| same(self.table, key, position))
    }
}

/// Whether two fields of a row always have the same value.
pub fn same(table: &ModelRef, one: usize, other: usize) -> bool {
    one == other || (table.is_child() && table.is_key(one) && table.same_key(one).contains(&other))
}

/// The field of a column, or of a field's name; in another case too, where only one is meant.
pub fn find(table: &ModelRef, name: &str) -> Result<usize, Error> {
    position(table, name).ok_or_else(|| no_field(table, name))
}

fn position(table: &ModelRef, name: &str) -> Option<usize> {
    let by = |is: &dyn Fn(&str) -> bool| {
        let mut found = (0..table.fields.len()).filter(|&position| is(&table.fields[position].column));
        found.next().filter(|&first| found.all(|other| same(table, first, other)))
    };
    by(&|column| column == name)
        .or_else(|| table.position(name))
        .or_else(|| by(&|column| column.eq_ignore_ascii_case(name)))
}

/// Why there is no such field.
fn no_field(table: &ModelRef, name: &str) -> Error {
    if let Some(left_out) = table.left_out.iter().find(|left_out| left_out.name == name) {
        return Error::new(
            ErrorKind::UnknownField,
            format!("{}.{name} cannot be written: {}.", table.table, left_out.reason),
        );
    }
    let columns = table.fields.iter().map(|field| field.column.as_str());
    let what = format!("{} has no column", table.table);
    Error::unknown(ErrorKind::UnknownField, what, name, columns)
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
    let other = DELIMITERS.iter().find(|(other, _)| name.as_bytes().contains(other));
    if let ([only], Some((_, delimiter))) = (names, other) {
        return other_delimiter(file, only, delimiter);
    }
    let hint = "--map gives it another name, --ignore leaves it out.";
    let place = if renamed { format!("{file}: column '{}'", printable(name)) } else { file.to_owned() };
    Failure::usage(format!("{place}: {}. {hint}", error.message().trim_end_matches('.')))
}
