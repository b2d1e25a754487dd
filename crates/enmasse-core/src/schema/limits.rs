//! Limits of a column beyond its type: bytes, characters, ranges of time, signs, members of a set.

use chrono::NaiveDateTime;
use rust_decimal::Decimal;

use crate::error::{Error, Result};
use crate::schema::CharacterSet;
use crate::value::digits::Digits;
use crate::value::{Value, ValueRef, json};

/// The limits of a column that are narrower than its type's, as read from a catalogue.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// The minimum and the maximum number of bytes: a `tinytext` of MariaDB has at most 255.
    pub bytes: Option<(u64, u64)>,
    /// The character set of a text column, if it is not UTF-8.
    pub character_set: Option<CharacterSet>,
    /// Whether negative numbers are excluded.
    pub unsigned: bool,
    /// The first and the last datetime.
    pub moments: Option<(NaiveDateTime, NaiveDateTime)>,
    /// Whether the column converts texts that look like numbers, as SQLite's columns do if their type name
    /// implies no affinity.
    pub makes_numbers: bool,
    /// Whether a JSON document is stored as plain text, so the database cannot compare documents.
    pub plain_json: bool,
    /// The members of a set; a value is a comma-separated list of some of them.
    pub members: Option<Vec<String>>,
}

impl Limits {
    /// Whether there are no limits.
    pub(crate) fn is_empty(&self) -> bool {
        let Limits { bytes, character_set, unsigned, moments, makes_numbers, members, .. } = self;
        bytes.is_none()
            && character_set.is_none()
            && !unsigned
            && moments.is_none()
            && !makes_numbers
            && members.is_none()
    }

    /// Whether the value is within the limits, as far as can be decided without checking each character.
    pub(crate) fn keep(&self, value: &ValueRef<'_>) -> bool {
        if self.is_empty() {
            return true;
        }
        let within =
            |length: usize| self.bytes.is_none_or(|(least, most)| (least..=most).contains(&(length as u64)));
        match value {
            ValueRef::Text(text) => {
                self.members.is_none()
                    && !self.makes_numbers
                    && within(text.len())
                    && self.character_set.is_none_or(|set| set.is_of_bytes() && text.is_ascii())
            }
            ValueRef::Bytes(bytes) => within(bytes.len()),
            _ => false,
        }
    }

    /// Refuses values outside of the limits.
    pub(crate) fn check(&self, value: &Value) -> Result<()> {
        match value {
            Value::Text(text) => self.text(value, text),
            Value::Bytes(bytes) => self.size(value, bytes.len() as u64, ""),
            Value::Decimal(number) if self.unsigned && *number < Decimal::ZERO => Err(negative(value)),
            Value::DecimalText(text) if self.unsigned && Digits::checked(text)?.is_negative() => {
                Err(negative(value))
            }
            Value::JsonText(text) if self.makes_numbers => self.not_a_number(value, text),
            Value::Float(number) if self.unsigned && *number < 0.0 => Err(negative(value)),
            Value::Json(document) if self.makes_numbers => json::whole(document),
            Value::DateTime(moment) => self.moment(value, moment.naive_utc()),
            Value::NaiveDateTime(moment) => self.moment(value, *moment),
            _ => Ok(()),
        }
    }

    /// Refuses a text that the column would convert to a number.
    fn not_a_number(&self, value: &Value, text: &str) -> Result<()> {
        match number_of(text).filter(|_| self.makes_numbers) {
            None => Ok(()),
            Some(made) => Err(Error::value(format!(
                "{value} would become the number {made}: the column cannot store such a text."
            ))),
        }
    }

    fn text(&self, value: &Value, text: &str) -> Result<()> {
        self.not_a_number(value, text)?;
        let Some(set) = self.character_set else {
            return self.size(value, text.len() as u64, "");
        };
        if let Some(lacking) = text.chars().find(|character| !set.has(*character)) {
            return Err(Error::value(format!(
                "{value} has the character {lacking:?} (U+{:04X}), which the column's character set {} lacks.",
                u32::from(lacking),
                set.name()
            )));
        }
        match set.size(text) {
            Some(size) => self.size(value, size, &format!(" in {}", set.name())),
            None => Ok(()),
        }
    }

    fn size(&self, value: &Value, found: u64, how: &str) -> Result<()> {
        let Some((least, most)) = self.bytes else { return Ok(()) };
        if (least..=most).contains(&found) {
            return Ok(());
        }
        let bytes = |count: u64| format!("{count} {}", if count == 1 { "byte" } else { "bytes" });
        let given = match value {
            Value::Text(_) => format!("{value} has {}{how}", bytes(found)),
            _ => format!("the value has {}", bytes(found)),
        };
        Err(Error::value(if least == most {
            format!("{given}, and exactly {} fit: the database would pad it.", bytes(most))
        } else {
            format!("{given}, and at most {most} fit.")
        }))
    }

    fn moment(&self, value: &Value, moment: NaiveDateTime) -> Result<()> {
        match self.moments {
            Some((first, last)) if !(first..=last).contains(&moment) => Err(Error::value(format!(
                "{value} is not between {first} and {last} UTC, which the column's type holds."
            ))),
            _ => Ok(()),
        }
    }

    /// The value as the column stores it: the members of a set in their declared order, each once.
    ///
    /// # Errors
    ///
    /// [`Value`](crate::ErrorKind::Value) for an unknown member.
    pub(crate) fn settle(&self, value: Value) -> Result<Value> {
        let (Some(members), Value::Text(text)) = (&self.members, &value) else { return Ok(value) };
        let named: Vec<&str> = text.split(',').filter(|_| !text.is_empty()).collect();
        if let Some(unknown) = named.iter().find(|name| !members.iter().any(|member| member == *name)) {
            return Err(Error::value(format!(
                "'{unknown}' is not a member of the column's set. Its members are: {}",
                members.join(", ")
            )));
        }
        let kept: Vec<&str> =
            members.iter().map(String::as_str).filter(|member| named.contains(member)).collect();
        Ok(Value::Text(kept.join(",")))
    }
}

/// The number that SQLite makes of a text, if it is written differently from the text.
fn number_of(text: &str) -> Option<String> {
    let number = text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let has_form = number.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let float: f64 =
        number.parse().ok().filter(|_| has_form && number.bytes().any(|byte| byte.is_ascii_digit()))?;
    if let Ok(whole) = number.parse::<i64>() {
        return Some(whole.to_string()).filter(|made| made != text);
    }
    let whole = float as i64;
    if whole as f64 == float && whole.unsigned_abs() < 1 << 51 {
        return Some(whole.to_string()).filter(|made| made != text);
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).skip_while(|digit| *digit == b'0').count();
    if digits > DIGITS || !text.contains('.') {
        return Some(format!("{float:e}"));
    }
    Some(float.to_string()).filter(|made| made != text)
}

/// The number of digits of a float that SQLite preserves.
const DIGITS: usize = 15;

fn negative(value: &Value) -> Error {
    Error::value(format!("{value} is negative, and the column is unsigned."))
}
