//! Reads what the encoders have written, as the servers do.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use enmasse_core::{DataType, Value};
use uuid::Uuid;

/// The rows of `LOAD DATA`'s text; `None` is NULL.
pub fn load_data(bytes: &[u8]) -> Vec<Vec<Option<Vec<u8>>>> {
    let mut rows = vec![];
    let (mut row, mut cell, mut is_null) = (vec![], vec![], false);
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\t' | b'\n' => {
                let cell = std::mem::take(&mut cell);
                row.push((!std::mem::take(&mut is_null)).then_some(cell));
                if *byte == b'\n' {
                    rows.push(std::mem::take(&mut row));
                }
            }
            b'\\' => match bytes.next().expect("something is escaped") {
                b'N' => is_null = true,
                b't' => cell.push(b'\t'),
                b'n' => cell.push(b'\n'),
                b'r' => cell.push(b'\r'),
                b'0' => cell.push(0),
                b'Z' => cell.push(26),
                b'b' => cell.push(8),
                other => cell.push(*other),
            },
            0 | 26 | b'\r' => panic!("the byte {byte} stands by itself"),
            other => cell.push(*other),
        }
    }
    assert!(row.is_empty() && cell.is_empty(), "the last row is whole");
    rows
}

/// A cell of `LOAD DATA` as a value like the given one.
pub fn cell(cell: Option<Vec<u8>>, data_type: &DataType, like: &Value) -> Value {
    let Some(bytes) = cell else { return Value::Null };
    let text = String::from_utf8(bytes).unwrap();
    match like {
        Value::Int(_) => Value::Int(text.parse().unwrap()),
        Value::Float(_) => Value::Float(text.parse().unwrap()),
        Value::NaiveDateTime(_) => {
            Value::NaiveDateTime(text.parse::<NaiveDateTime>().unwrap_or_else(|_| moment(&text)))
        }
        Value::Date(_) => Value::Date(text.parse().unwrap()),
        Value::Time(_) => Value::Time(text.parse().unwrap()),
        _ if *data_type == DataType::Bytes => Value::Bytes(unhex(&text)),
        _ => Value::Text(text),
    }
}

fn moment(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f").unwrap()
}

fn unhex(digits: &str) -> Vec<u8> {
    assert!(digits.len().is_multiple_of(2));
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The rows of a binary `COPY`.
pub fn copy(bytes: &[u8], types: &[DataType]) -> Vec<Vec<Value>> {
    let mut reader = Reader(bytes);
    assert_eq!(reader.take(11), b"PGCOPY\n\xff\r\n\0");
    assert_eq!((reader.i32(), reader.i32()), (0, 0));
    let mut rows = vec![];
    loop {
        match reader.i16() {
            -1 => break,
            cells => assert_eq!(cells as usize, types.len()),
        }
        rows.push(types.iter().map(|data_type| reader.cell(data_type)).collect());
    }
    assert!(reader.0.is_empty(), "nothing follows the trailer");
    rows
}

/// The elements of a binary array.
pub fn array(bytes: &[u8], item: &DataType) -> Vec<Value> {
    let mut reader = Reader(bytes);
    assert_eq!(reader.i32(), 1, "one dimension");
    let has_null = reader.i32() == 1;
    assert_eq!(reader.i32(), oid(item));
    let length = reader.i32();
    assert_eq!(reader.i32(), 1, "the first element's number");
    let items: Vec<Value> = (0..length).map(|_| reader.cell(item)).collect();
    assert!(reader.0.is_empty(), "nothing follows the last element");
    assert_eq!(has_null, items.contains(&Value::Null));
    items
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn array<const SIZE: usize>(&mut self) -> [u8; SIZE] {
        self.take(SIZE).try_into().unwrap()
    }

    fn i16(&mut self) -> i16 {
        i16::from_be_bytes(self.array())
    }

    fn i32(&mut self) -> i32 {
        i32::from_be_bytes(self.array())
    }

    fn i64(&mut self) -> i64 {
        i64::from_be_bytes(self.array())
    }

    fn cell(&mut self, data_type: &DataType) -> Value {
        match self.i32() {
            -1 => Value::Null,
            length => {
                let mut cell = Reader(self.take(length as usize));
                let value = cell.value(data_type);
                assert!(cell.0.is_empty(), "{data_type:?} has been read whole");
                value
            }
        }
    }

    fn value(&mut self, data_type: &DataType) -> Value {
        match data_type {
            DataType::Bool => Value::Bool(self.array::<1>() == [1]),
            DataType::SmallInt => self.i16().into(),
            DataType::Integer => self.i32().into(),
            DataType::BigInt => self.i64().into(),
            DataType::Real => f32::from_be_bytes(self.array()).into(),
            DataType::Double => f64::from_be_bytes(self.array()).into(),
            DataType::Text { .. } => std::str::from_utf8(self.rest()).unwrap().into(),
            DataType::Bytes => self.rest().into(),
            DataType::DateTime => self.moment().and_utc().into(),
            DataType::NaiveDateTime => self.moment().into(),
            DataType::Date => {
                let days = self.i32();
                let shift = Days::new(days.unsigned_abs().into());
                let date = if days < 0 {
                    year_2000().checked_sub_days(shift)
                } else {
                    year_2000().checked_add_days(shift)
                };
                date.unwrap().into()
            }
            DataType::Time => {
                let (time, days) = NaiveTime::MIN.overflowing_add_signed(TimeDelta::microseconds(self.i64()));
                assert_eq!(days, 0);
                time.into()
            }
            DataType::Duration => {
                let micros = TimeDelta::microseconds(self.i64());
                let days = TimeDelta::days(self.i32().into());
                assert_eq!(self.i32(), 0, "no months");
                (days + micros).into()
            }
            DataType::Decimal { .. } => Value::DecimalText(self.number()),
            DataType::Uuid => Uuid::from_bytes(self.array()).into(),
            DataType::Json => {
                assert_eq!(self.take(1), [1], "the version of jsonb");
                Value::JsonText(String::from_utf8(self.rest().to_owned()).unwrap())
            }
            DataType::Array(item) => Value::Array(array(self.rest(), item)),
            other => panic!("no values of {other}"),
        }
    }

    /// As `numeric_out` in the server writes it.
    fn number(&mut self) -> String {
        let (count, weight, sign) = (self.i16(), i32::from(self.i16()), self.i16());
        let places = self.i16() as usize;
        let groups: Vec<i16> = (0..count).map(|_| self.i16()).collect();
        assert!(groups.first() != Some(&0) && groups.last() != Some(&0), "no zeros at the ends");
        let group =
            |power: i32| usize::try_from(weight - power).ok().and_then(|at| groups.get(at)).unwrap_or(&0);
        let whole: String = (0..=weight.max(0)).rev().map(|power| format!("{:04}", group(power))).collect();
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        };
        let fraction: String =
            (1..=places as i32 / 4 + 1).map(|power| format!("{:04}", group(-power))).collect();
        let sign = match sign {
            0 => "",
            0x4000 => "-",
            other => panic!("the sign {other}"),
        };
        let point = if places > 0 { "." } else { "" };
        format!("{sign}{whole}{point}{}", &fraction[..places])
    }

    fn rest(&mut self) -> &'a [u8] {
        self.take(self.0.len())
    }

    fn moment(&mut self) -> NaiveDateTime {
        let micros = self.i64() + year_2000().and_time(NaiveTime::MIN).and_utc().timestamp_micros();
        DateTime::from_timestamp_micros(micros).unwrap().naive_utc()
    }
}

fn year_2000() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap()
}

fn oid(data_type: &DataType) -> i32 {
    match data_type {
        DataType::Bool => 16,
        DataType::Bytes => 17,
        DataType::BigInt => 20,
        DataType::SmallInt => 21,
        DataType::Integer => 23,
        DataType::Text { .. } => 25,
        DataType::Real => 700,
        DataType::Double => 701,
        DataType::Date => 1082,
        DataType::Time => 1083,
        DataType::NaiveDateTime => 1114,
        DataType::DateTime => 1184,
        DataType::Duration => 1186,
        DataType::Decimal { .. } => 1700,
        DataType::Uuid => 2950,
        DataType::Json => 3802,
        other => panic!("no arrays of {other}"),
    }
}
