//! Rows of JSON Lines: one object per line, one key per column.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

use enmasse::Value;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::bad::shortened;
use super::cell::{Converter, Problem};
use super::disk::Disk;
use super::limits::{self, Limits};
use super::stream::{self, Stream};
use super::{BadRow, Columns, InputOptions, Item, Place, Row, Wanted, detect, json};
use crate::failure::{Failure, Result};

/// The size of a read, in bytes.
const CHUNK: usize = 128 * 1024;

/// The rows of a file, reduced to the wanted columns.
pub struct JsonRows {
    name: String,
    lines: Lines,
    wanted: Vec<Converter>,
    boxed_documents: bool,
    keeps_raw: bool,
}

impl JsonRows {
    pub fn open(name: &str, disk: Disk, options: &InputOptions, wanted: &[Wanted]) -> Result<Self> {
        let wanted = wanted.iter().map(|wanted| Converter::new(wanted, options)).collect();
        let lines = Lines::open(name, disk, options)?;
        let &InputOptions { boxed_documents, keeps_raw, .. } = options;
        Ok(JsonRows { name: name.to_owned(), lines, wanted, boxed_documents, keeps_raw })
    }

    fn read(&mut self) -> Result<Option<Item>> {
        let Some((line, text)) = self.lines.next()? else { return Ok(None) };
        let place = Place::Line(line);
        Ok(Some(match row(&self.wanted, text, self.boxed_documents) {
            Ok(values) => {
                let raw = self.keeps_raw.then(|| text.to_owned());
                Item::Row(Row { place, values, raw })
            }
            Err((cell, problem)) => {
                Item::Bad(BadRow { file: self.name.clone(), place, cell, problem, raw: text.to_owned() })
            }
        }))
    }
}

impl Iterator for JsonRows {
    type Item = Result<Item>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

type Cell = Option<(String, String)>;

fn row(wanted: &[Converter], text: &str, boxed: bool) -> Result<Vec<Option<Value>>, (Cell, Problem)> {
    let members = members(text).map_err(|problem| (None, problem))?;
    let value = |converter: &Converter| {
        let place = members.binary_search_by(|(key, _)| key.as_ref().cmp(&converter.column));
        let Ok(place) = place else {
            return if converter.required {
                Err((None, format!("the key '{}' is required.", converter.column)))
            } else {
                Ok(None)
            };
        };
        let raw = members[place].1.get();
        let value = if boxed { converter.boxed_json(raw) } else { converter.json(raw) };
        value.map(Some).map_err(|problem| (Some((converter.column.clone(), raw.to_owned())), problem))
    };
    wanted.iter().map(value).collect()
}

/// All keys in the order of their first appearance, from the whole file. Reading the rows reports wrong
/// lines, unless every line is wrong.
pub fn columns(name: &str, disk: Disk, options: &InputOptions) -> Result<Columns> {
    let mut lines = Lines::open(name, disk, options)?;
    let (mut names, mut rows) = (Vec::<String>::new(), 0_u64);
    let mut length = 0;
    // The number of rows with each key, and the last such row.
    let mut counts = HashMap::<String, (u64, u64)>::new();
    let mut twice = false;
    let mut first_wrong = None;
    while let Some((line, text)) = lines.next()? {
        let members = match serde_json::from_str(text) {
            Ok(Members(members)) => members,
            Err(error) => {
                first_wrong.get_or_insert_with(|| format!("{name}:{line}: {}", not_object(text, &error)));
                continue;
            }
        };
        rows += 1;
        for (key, _) in members {
            match counts.get_mut(key.as_ref()) {
                // Reading the row refuses the duplicate key, which must not count for a row without the key.
                Some((_, last)) if *last == rows => twice = true,
                Some((count, last)) => (*count, *last) = (*count + 1, rows),
                None => {
                    length += key.len();
                    let problem = if names.len() == limits::COLUMNS {
                        Some(limits::too_many_columns())
                    } else {
                        (length > options.limits.row).then(|| options.limits.names_too_long())
                    };
                    if let Some(problem) = problem {
                        return Err(Failure::failed(format!("{name}:{line}: {problem}")));
                    }
                    names.push(key.clone().into_owned());
                    counts.insert(key.into_owned(), (1, rows));
                }
            }
        }
    }
    if let (0, Some(wrong)) = (rows, first_wrong) {
        return Err(Failure::failed(wrong));
    }
    Ok(Columns { names, uneven: twice || counts.values().any(|(count, _)| *count != rows) })
}

/// The unparsed members of an object.
pub fn all_members(text: &str) -> serde_json::Result<Vec<(Cow<'_, str>, &RawValue)>> {
    serde_json::from_str(text).map(|Members(members)| members)
}

/// The members of an object, sorted by key.
fn members(text: &str) -> Result<Vec<(Cow<'_, str>, &RawValue)>, Problem> {
    let Members(mut members) = serde_json::from_str(text).map_err(|error| not_object(text, &error))?;
    members.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    match members.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        Some(pair) => Err(format!("the key '{}' occurs twice.", shortened(&pair[0].0))),
        None => Ok(members),
    }
}

fn not_object(text: &str, error: &serde_json::Error) -> Problem {
    if detect::first_character(text.as_bytes()) != Some(b'{') {
        return format!("expected a JSON object but got '{}'.", shortened(text));
    }
    if error.is_eof() {
        "the object does not end on its line; JSON Lines needs one whole object per line.".to_owned()
    } else {
        format!("is not JSON: {}.", json::reason(error))
    }
}

/// The non-empty lines with their numbers.
struct Lines {
    name: String,
    reader: BufReader<Stream>,
    line: Vec<u8>,
    number: u64,
    limits: Limits,
}

impl Lines {
    fn open(name: &str, disk: Disk, options: &InputOptions) -> Result<Self> {
        let encoding = options.encoding.as_deref().map(stream::encoding_of).transpose()?;
        let stream = Stream::open(name, disk, encoding)?;
        if detect::first_character(stream.head()) == Some(b'[') {
            return Err(Failure::failed(format!(
                "{name} is one JSON array, and JSON Lines is expected: one object per line, with no brackets around them \
                 and no commas between them. `jq -c '.[]'` converts it."
            )));
        }
        let reader = BufReader::with_capacity(CHUNK, stream);
        Ok(Lines { name: name.to_owned(), reader, line: Vec::new(), number: 0, limits: options.limits })
    }

    fn next(&mut self) -> Result<Option<(u64, &str)>> {
        loop {
            self.line.clear();
            let longest = self.limits.row as u64 + 1;
            let read = self.reader.by_ref().take(longest).read_until(b'\n', &mut self.line);
            let read = read.map_err(|error| stream::read_failure(&self.name, &error))?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            if read as u64 == longest && !self.line.ends_with(b"\n") {
                let problem = self.limits.row_too_long();
                return Err(Failure::failed(format!("{}:{}: {problem}", self.name, self.number)));
            }
            if !self.line.iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        let decoded_from = self.reader.get_ref().decoded_from;
        if self.line.contains(&0) {
            return Err(stream::nul_bytes(&self.name, self.number));
        }
        match std::str::from_utf8(self.line.trim_ascii_end()) {
            Ok(text) if decoded_from.is_none() || !text.contains(char::REPLACEMENT_CHARACTER) => {
                Ok(Some((self.number, text)))
            }
            _ => Err(stream::wrong_text(&self.name, self.number, decoded_from)),
        }
    }
}

/// An object's unparsed members; keys without escapes are borrowed.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some(key) = map.next_key_seed(Key)? {
            if members.len() == limits::COLUMNS {
                return Err(A::Error::custom(limits::too_many_columns()));
            }
            members.push((key, map.next_value()?));
        }
        Ok(Members(members))
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
