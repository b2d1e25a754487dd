//! Parses a cell's text as the value of its field.

use enmasse::rust_decimal::Decimal;
use enmasse::schema::Field;
use enmasse::{DataType, Value};

use super::bad::shortened;
use super::limits::Limits;
use super::spelling::Spelling;
use super::{InputOptions, Wanted, array, documents, json, whole};

/// A problem with a value: a sentence without its place.
pub type Problem = String;

/// Converts the cells of one column.
#[derive(Clone, Debug)]
pub struct Converter {
    pub column: String,
    model: String,
    field: Field,
    /// Whether each row must have the column.
    pub required: bool,
    /// The prefix of the field's own error texts.
    prefix: String,
    spelling: Spelling,
    limits: Limits,
}

impl Converter {
    pub fn new(wanted: &Wanted, options: &InputOptions) -> Self {
        let Wanted { column, model, field, required } = wanted.clone();
        let prefix = format!("{model}.{}: ", field.name);
        let (spelling, limits) = (Spelling::default(), options.limits);
        Converter { column, model, field, required, prefix, spelling, limits }
    }

    /// For a CSV column, whose numbers and dates are spelt as the options define.
    pub fn of_text(wanted: &Wanted, options: &InputOptions) -> Self {
        Converter { spelling: Spelling::of(options), ..Converter::new(wanted, options) }
    }

    pub fn data_type(&self) -> &DataType {
        &self.field.data_type
    }

    /// Parses a cell of a CSV file.
    ///
    /// **NULL.** If the options give NULL texts, a cell with such a text is NULL, and an empty cell is the
    /// empty text, which only a text field accepts. Without NULL texts, an empty cell is NULL; in a text
    /// field that is NOT NULL it is the empty text. Quotes around a cell make no difference.
    pub fn cell(&self, cell: &str, nulls: &[String]) -> Result<Value, Problem> {
        let is_null = if nulls.is_empty() {
            cell.is_empty() && (self.field.null || !matches!(self.data_type(), DataType::Text { .. }))
        } else {
            nulls.iter().any(|null| null == cell)
        };
        if is_null {
            return self.value(Value::Null);
        }
        match self.spelling.usual(self.data_type(), cell)? {
            None => self.text(cell),
            Some(usual) => self.text(&usual),
        }
    }

    /// Parses a text.
    pub fn text(&self, text: &str) -> Result<Value, Problem> {
        self.check_key(text)?;
        self.check_document(text)?;
        self.value(read(self.data_type(), text)?)
    }

    /// Parses a JSON value.
    pub fn json(&self, raw: &str) -> Result<Value, Problem> {
        self.check_key(raw.trim_matches('"'))?;
        self.check_document(raw)?;
        self.value(json::read(self.data_type(), raw)?)
    }

    /// Parses a JSON value whose documents are each wrapped in an array.
    pub fn boxed_json(&self, raw: &str) -> Result<Value, Problem> {
        match self.data_type() {
            DataType::Json => self.value(json::boxed(raw)?),
            _ => self.json(raw),
        }
    }

    /// Refuses a decimal key whose spelling may have lost digits.
    fn check_key(&self, text: &str) -> Result<(), Problem> {
        match self.data_type() {
            DataType::Decimal { .. } if self.required => whole::check_decimal(text.trim()),
            _ => Ok(()),
        }
    }

    /// Whether every digit matters: in whole numbers, in decimals without places, and in decimal keys.
    pub fn is_exact(&self) -> bool {
        match self.data_type() {
            DataType::Decimal { decimal_places, .. } => self.required || *decimal_places == Some(0),
            other => other.is_integer(),
        }
    }

    /// Refuses a document that would need too much memory.
    fn check_document(&self, text: &str) -> Result<(), Problem> {
        match self.data_type() {
            DataType::Json | DataType::Array(_) => documents::check(text, self.limits),
            _ => Ok(()),
        }
    }

    /// Converts the value to the field's type.
    pub fn value(&self, value: Value) -> Result<Value, Problem> {
        self.field.clean(&self.model, value).map_err(|error| {
            let message = error.message();
            message.strip_prefix(self.prefix.as_str()).unwrap_or(message).to_owned()
        })
    }
}

/// Parses a text for a column of this type. [`DataType::coerce`] parses or refuses what remains text.
///
/// Booleans may also be `yes`, `no`, `y`, `n`, `on` and `off`, in any case. A whole number may be written as
/// a float that has all of its digits. Bytes are `\x` and hex digits, as in PostgreSQL. An array is a JSON
/// array or PostgreSQL's form. Midnight may follow a date.
pub fn read(data_type: &DataType, text: &str) -> Result<Value, Problem> {
    let trimmed = text.trim();
    Ok(match data_type {
        DataType::Text { .. } | DataType::Native(_) => Value::Text(text.to_owned()),
        DataType::SmallInt | DataType::Integer | DataType::BigInt => match trimmed.parse() {
            Ok(number) => Value::Int(number),
            Err(_) => whole::read(trimmed)?.unwrap_or_else(|| text.into()),
        },
        DataType::Real | DataType::Double => match trimmed.parse::<f64>() {
            Ok(number) if number.is_infinite() && trimmed.contains(|c: char| c.is_ascii_digit()) => {
                return Err(format!("{} is too large for a float of 64 bits.", shortened(trimmed)));
            }
            Ok(number) => Value::Float(number),
            Err(_) => text.into(),
        },
        DataType::Decimal { decimal_places, .. } => {
            if *decimal_places == Some(0) {
                whole::check_decimal(trimmed)?;
            }
            match Decimal::from_str_exact(trimmed) {
                Ok(number) => Value::Decimal(number),
                // `coerce` also reads exponents, and never rounds.
                Err(_) => DataType::DECIMAL.coerce(trimmed.into()).unwrap_or_else(|_| text.into()),
            }
        }
        DataType::Bool => truth(trimmed).map_or_else(|| text.into(), Value::Bool),
        DataType::Bytes => Value::Bytes(bytes(trimmed).ok_or_else(|| {
            format!("expected bytes, as \\x and hex digits, but got '{}'.", shortened(text))
        })?),
        DataType::Json => Value::Json(json::document(text)?),
        DataType::Array(item) if array::is_one(trimmed) => array::read(item, trimmed)?,
        DataType::Array(_) => json::read(data_type, trimmed)?,
        DataType::Date => date(trimmed),
        _ => trimmed.into(),
    })
}

/// Parses a date. Midnight may follow it, as spreadsheets and programs without a date type write it.
pub fn date(text: &str) -> Value {
    let is_utc = |text: &str| {
        text.len() > 10 && (text.ends_with(['Z', 'z']) || text.ends_with("+00") || text.ends_with("+00:00"))
    };
    let data_type = if is_utc(text) { DataType::DateTime } else { DataType::NaiveDateTime };
    match data_type.coerce(text.into()) {
        Ok(moment) if text.len() > 10 => DataType::Date.coerce(moment).unwrap_or_else(|_| text.into()),
        _ => text.into(),
    }
}

fn truth(text: &str) -> Option<bool> {
    let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(&["true", "t", "1", "yes", "y", "on"]) {
        Some(true)
    } else if is_one_of(&["false", "f", "0", "no", "n", "off"]) {
        Some(false)
    } else {
        None
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x").or_else(|| text.strip_prefix("\\X"))?.as_bytes();
    if digits.len() % 2 != 0 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    digits.chunks_exact(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converter(field: Field) -> Converter {
        let wanted = Wanted { column: field.name.clone(), model: "Price".into(), field, required: false };
        Converter::new(&wanted, &InputOptions::default())
    }

    fn of(data_type: DataType) -> Converter {
        converter(Field::new("cell", data_type))
    }

    fn text(data_type: DataType, text: &str) -> Result<Value, Problem> {
        of(data_type).text(text)
    }

    #[test]
    fn empty_cells_are_null_but_for_text_that_may_not_be() {
        let strict = of(DataType::TEXT);
        let loose = converter(Field::new("cell", DataType::TEXT).null());
        let number = converter(Field::new("cell", DataType::Integer).null());
        assert_eq!(strict.cell("", &[]), Ok(Value::from("")));
        assert_eq!(loose.cell("", &[]), Ok(Value::Null));
        assert_eq!(number.cell("", &[]), Ok(Value::Null));
        assert_eq!(of(DataType::Integer).cell("", &[]), Err("NULL is not allowed.".into()));
    }

    #[test]
    fn with_a_marker_only_the_marker_is_null() {
        let loose = converter(Field::new("cell", DataType::TEXT).null());
        let number = converter(Field::new("cell", DataType::Integer).null());
        assert_eq!(loose.cell("NULL", &["NULL".to_owned()]), Ok(Value::Null));
        assert_eq!(loose.cell("", &["NULL".to_owned()]), Ok(Value::from("")));
        assert_eq!(number.cell("NULL", &["NULL".to_owned()]), Ok(Value::Null));
        assert_eq!(number.cell("", &["NULL".to_owned()]), Err("expected a whole number but got ''.".into()));
    }

    #[test]
    fn whole_numbers() {
        assert_eq!(text(DataType::BigInt, " -9223372036854775808 "), Ok(Value::Int(i64::MIN)));
        assert_eq!(text(DataType::Integer, "12.0"), Ok(Value::Int(12)));
        assert_eq!(text(DataType::Integer, "1e3"), Ok(Value::Int(1000)));
        assert_eq!(text(DataType::Integer, "12.5"), Err("expected a whole number but got '12.5'.".into()));
        assert_eq!(text(DataType::SmallInt, "40000"), Err("40000 is not between -32768 and 32767.".into()),);
    }

    #[test]
    fn floats() {
        assert_eq!(text(DataType::Double, "-2.5e-3"), Ok(Value::Float(-0.0025)));
        assert_eq!(text(DataType::Double, "-Infinity"), Ok(Value::Float(f64::NEG_INFINITY)));
        assert_eq!(text(DataType::Double, "inf"), Ok(Value::Float(f64::INFINITY)));
        assert!(matches!(text(DataType::Double, "NaN"), Ok(Value::Float(nan)) if nan.is_nan()));
        assert_eq!(text(DataType::Double, "1e400"), Err("1e400 is too large for a float of 64 bits.".into()));
    }

    #[test]
    fn decimals() {
        let price = DataType::Decimal { max_digits: Some(6), decimal_places: Some(2) };
        assert_eq!(text(price.clone(), "12.50"), Ok(Value::Decimal(Decimal::new(125, 1))));
        assert_eq!(text(price.clone(), "12,5"), Err("expected a decimal number but got '12,5'.".into()));
        assert_eq!(text(price, "1.125"), Err("1.125 has 3 decimal places, and at most 2 fit.".into()));
        assert_eq!(text(DataType::DECIMAL, "1.5e3"), Ok(Value::Decimal(Decimal::new(1500, 0))));
        assert_eq!(text(DataType::DECIMAL, " 1.50E-3"), Ok(Value::Decimal(Decimal::new(15, 4))));
        for more_digits in ["0.12345678901234567890123456789012345e1", "1.5e-29"] {
            let problem = format!("expected a decimal number but got '{more_digits}'.");
            assert_eq!(text(DataType::DECIMAL, more_digits), Err(problem));
        }
    }

    #[test]
    fn truth_values() {
        for (spelled, truth) in [("t", true), ("TRUE", true), ("Yes", true), ("on", true), ("1", true)]
            .into_iter()
            .chain([("F", false), ("false", false), ("n", false), ("Off", false), ("0", false)])
        {
            assert_eq!(text(DataType::Bool, spelled), Ok(Value::Bool(truth)), "{spelled}");
        }
        assert_eq!(text(DataType::Bool, "2"), Err("expected true or false but got '2'.".into()));
    }

    #[test]
    fn moments() {
        let utc = "2024-02-29T07:05:00Z".parse().unwrap();
        assert_eq!(text(DataType::DateTime, "2024-02-29 09:05:00+02"), Ok(Value::DateTime(utc)));
        assert_eq!(text(DataType::Date, " 2024-02-29"), Ok(Value::Date("2024-02-29".parse().unwrap())));
        assert_eq!(text(DataType::Time, "09:05"), Ok(Value::Time("09:05:00".parse().unwrap())));
        assert_eq!(text(DataType::Date, "29.02.2024"), Err("expected a date but got '29.02.2024'.".into()));
    }

    #[test]
    fn texts_are_taken_as_they_stand() {
        assert_eq!(text(DataType::TEXT, " a "), Ok(Value::from(" a ")));
        let country = DataType::Text { max_length: Some(2) };
        assert_eq!(text(country, "Utopia"), Err("'Utopia' has 6 characters, and at most 2 fit.".into()));
    }

    #[test]
    fn bytes_are_hex() {
        assert_eq!(text(DataType::Bytes, "\\x00fF"), Ok(Value::Bytes(vec![0, 255])));
        assert_eq!(text(DataType::Bytes, "\\x"), Ok(Value::Bytes(vec![])));
        for wrong in ["00ff", "\\x0", "\\x0g", "\\xé"] {
            let problem = format!("expected bytes, as \\x and hex digits, but got '{wrong}'.");
            assert_eq!(text(DataType::Bytes, wrong), Err(problem));
        }
    }

    #[test]
    fn json_and_arrays() {
        assert_eq!(text(DataType::Json, "null"), Ok(Value::Json(enmasse::serde_json::Value::Null)));
        assert_eq!(
            text(DataType::Json, "{a}"),
            Err("expected a JSON document but got '{a}': key must be a string at column 2.".into())
        );
        let array = DataType::Array(Box::new(DataType::Integer));
        assert_eq!(
            text(array.clone(), "[1, null, \"3\"]"),
            Ok(Value::Array(vec![Value::Int(1), Value::Null, Value::Int(3)]))
        );
        assert_eq!(text(array.clone(), "{1,2"), Err("expected an array, as in JSON, but got '{1,2'.".into()));
        assert_eq!(text(array, "[1, 2.5]"), Err("expected a whole number but got 2.5.".into()));
    }
}
