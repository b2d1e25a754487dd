//! The text of `LOAD DATA`.

use std::fmt;
use std::sync::Arc;

use crate::dialect::mysql::codec;
use crate::dialect::{Capability, Dialect};
use crate::encode::{Chunk, Encoder};
use crate::error::{Error, Result};
use crate::value::short::{self, Short};
use crate::value::{DataType, ValueRef, json};

/// A stream of rows for `LOAD DATA LOCAL INFILE`, in the form that the statement takes if it says nothing else: cells end with
/// a tab and rows with a new line, `\N` is NULL, and a backslash escapes.
///
/// The text is `CHARACTER SET utf8mb4`. Bytes are written as hexadecimal digits, for `SET column = UNHEX(@variable)`: a
/// character set's parser must not see them.
#[derive(Debug)]
pub struct LoadData {
    dialect: Arc<dyn Dialect>,
    types: Vec<DataType>,
    native_uuid: bool,
    out: Vec<u8>,
    /// How many bytes the last chunk had: the next will be about as long.
    room: usize,
}

impl LoadData {
    /// Rows with columns of these types.
    pub fn new(dialect: Arc<dyn Dialect>, types: Vec<DataType>) -> Self {
        let native_uuid = dialect.supports(Capability::NativeUuid);
        LoadData { dialect, types, native_uuid, out: Vec::new(), room: 0 }
    }

    /// Writes a value of its column's type as MariaDB and MySQL store it; the rule is [`codec::store`].
    fn write(&mut self, value: &ValueRef<'_>) -> Result<()> {
        let out = &mut self.out;
        let dialect = &*self.dialect;
        match value {
            ValueRef::Null => out.extend(b"\\N"),
            ValueRef::Bool(value) => out.push(b'0' + u8::from(*value)),
            ValueRef::Int(number) => integer(out, *number),
            ValueRef::Float(number) => {
                codec::finite(*number, dialect)?;
                out.extend(zmij::Buffer::new().format_finite(*number).as_bytes());
            }
            ValueRef::Text(text) => escape(out, text.as_bytes()),
            ValueRef::Bytes(bytes) => hexadecimal(out, bytes),
            ValueRef::DateTime(moment) => {
                let moment = moment.naive_utc();
                codec::four_digits(moment.date(), dialect)?;
                plain(out, &short::datetime(moment));
            }
            ValueRef::NaiveDateTime(moment) => {
                codec::four_digits(moment.date(), dialect)?;
                plain(out, &short::datetime(*moment));
            }
            ValueRef::Date(date) => {
                codec::four_digits(*date, dialect)?;
                plain(out, &short::date(*date));
            }
            ValueRef::Time(time) => plain(out, &short::time(*time)),
            ValueRef::Duration(length) => integer(out, length.num_microseconds().unwrap_or(i64::MAX)),
            ValueRef::Decimal(number) => plain(out, &short::decimal(*number)),
            ValueRef::DecimalText(text) => {
                codec::has_room(text, dialect)?;
                out.extend_from_slice(text.as_bytes());
            }
            ValueRef::JsonText(text) => escape(out, text.as_bytes()),
            ValueRef::Uuid(uuid) if self.native_uuid => {
                codec::keeps(*uuid, dialect)?;
                out.extend(uuid.hyphenated().encode_lower(&mut [0; 36]).as_bytes());
            }
            ValueRef::Uuid(uuid) => out.extend(uuid.simple().encode_lower(&mut [0; 32]).as_bytes()),
            ValueRef::Json(document) => {
                json::push_json(&mut Escaped(out), document).expect("a Vec takes all")
            }
            ValueRef::Array(_) | ValueRef::Owned(_) | ValueRef::Opaque(_) => {
                return Err(Error::value(format!(
                    "{} takes no such value: it has not been stored first.",
                    dialect.name()
                )));
            }
        }
        Ok(())
    }
}

impl Encoder for LoadData {
    fn cell(&mut self, column: usize, value: &ValueRef<'_>) -> Result<()> {
        if column > 0 {
            self.out.push(b'\t');
        } else if self.out.is_empty() {
            self.out.reserve(self.room);
        }
        let data_type = &self.types[column];
        if value.is_null() {
            self.write(&ValueRef::Null)
        } else if value.is_prepared(data_type) {
            self.write(value)
        } else {
            let stored = self.dialect.store(&value.borrowed().into_owned(), data_type)?;
            self.write(&(&stored).into())
        }
    }

    fn end_row(&mut self) {
        self.out.push(b'\n');
    }

    fn size(&self) -> usize {
        self.out.len()
    }

    fn take(&mut self) -> Chunk {
        self.room = self.out.len();
        Chunk::Bytes(std::mem::take(&mut self.out))
    }
}

/// Appends what has nothing to escape.
fn plain(out: &mut Vec<u8>, text: &Short) {
    out.extend_from_slice(text.as_bytes());
}

fn integer(out: &mut Vec<u8>, number: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn hexadecimal(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend(
        bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]),
    );
}

/// How many bytes are looked at at once: a few of the processor's widest registers.
const STRIDE: usize = 32;

/// Appends text with a backslash before each byte that means something: a tab, the ends of lines, the backslash, NUL, and the
/// byte 26, which ends a file on Windows.
fn escape(out: &mut Vec<u8>, text: &[u8]) {
    out.reserve(text.len());
    for piece in text.chunks(STRIDE) {
        // without a branch for each byte; most text has none of them
        let is_plain = piece.iter().fold(true, |plain, byte| plain & (*byte > 26) & (*byte != b'\\'));
        if is_plain {
            out.extend_from_slice(piece);
        } else {
            piece.iter().for_each(|byte| escape_byte(out, *byte));
        }
    }
}

fn escape_byte(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'\t' => out.extend(b"\\t"),
        b'\n' => out.extend(b"\\n"),
        b'\r' => out.extend(b"\\r"),
        b'\\' => out.extend(b"\\\\"),
        0 => out.extend(b"\\0"),
        26 => out.extend(b"\\Z"),
        plain => out.push(plain),
    }
}

/// Escapes what is written into it.
struct Escaped<'a>(&'a mut Vec<u8>);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(self.0, text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Flavour, Mysql};
    use crate::value::Value;

    fn text(dialect: Mysql, data_type: DataType, value: impl Into<Value>) -> Result<String> {
        let mut load = LoadData::new(Arc::new(dialect), vec![data_type]);
        load.cell(0, &(&value.into()).into())?;
        let Chunk::Bytes(bytes) = load.take() else { panic!("bytes are written") };
        Ok(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn writes_cells() {
        let text = |value: Value, data_type| text(Mysql::default(), data_type, value).unwrap();
        let moment: chrono::NaiveDateTime = "0987-02-03T04:05:06.000789999".parse().unwrap();
        let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
        assert_eq!(text(Value::Null, DataType::TEXT), r"\N");
        assert_eq!(text(r"\N".into(), DataType::TEXT), r"\\N");
        assert_eq!(text("NULL".into(), DataType::TEXT), "NULL");
        assert_eq!(text("".into(), DataType::TEXT), "");
        assert_eq!(
            text("a\tb\nc\rd\\e\0f\u{1a}g\u{1b}'\"é😀".into(), DataType::TEXT),
            "a\\tb\\nc\\rd\\\\e\\0f\\Zg\u{1b}'\"é😀"
        );
        assert_eq!(text("x".repeat(100).into(), DataType::TEXT), "x".repeat(100));
        assert_eq!(text(true.into(), DataType::Bool), "1");
        assert_eq!(text(Value::Int(i64::MIN), DataType::BigInt), "-9223372036854775808");
        assert_eq!(text(Value::Float(0.1), DataType::Double), "0.1");
        assert_eq!(text(Value::Float(0.1), DataType::Real), "0.10000000149011612");
        assert_eq!(text(vec![0, 255, b'\t'].into(), DataType::Bytes), "00FF09");
        assert_eq!(text(moment.into(), DataType::NaiveDateTime), "0987-02-03 04:05:06.000789");
        assert_eq!(text(moment.date().into(), DataType::Date), "0987-02-03");
        assert_eq!(text(chrono::TimeDelta::seconds(-1).into(), DataType::Duration), "-1000000");
        assert_eq!(text(decimal("-12.50"), DataType::DECIMAL), "-12.5");
        assert_eq!(text(serde_json::json!("é\\\n").into(), DataType::Json), r#""\\u00e9\\\\\\n""#);
    }

    #[test]
    fn writes_a_uuid_as_the_server_has_it() {
        let mysql = Mysql { flavour: Flavour::Mysql, version: (8, 0), ..Mysql::default() };
        let uuid = uuid::Uuid::from_u128(0xab);
        assert_eq!(text(mysql, DataType::Uuid, uuid).unwrap(), "000000000000000000000000000000ab");
        assert_eq!(
            text(Mysql::default(), DataType::Uuid, uuid).unwrap(),
            "00000000-0000-0000-0000-0000000000ab"
        );
    }

    #[test]
    fn writes_rows() {
        let mut load = LoadData::new(Arc::new(Mysql::default()), vec![DataType::BigInt, DataType::TEXT]);
        for (number, text) in [(1, "a"), (2, "")] {
            load.cell(0, &ValueRef::Int(number)).unwrap();
            load.cell(1, &ValueRef::Text(text)).unwrap();
            load.end_row();
        }
        assert_eq!(load.size(), 7);
        let Chunk::Bytes(bytes) = load.take() else { panic!("bytes are written") };
        assert_eq!(bytes, b"1\ta\n2\t\n");
    }

    #[test]
    fn refuses_what_the_server_would_change() {
        let refused = |data_type, value: Value| assert!(text(Mysql::default(), data_type, value).is_err());
        refused(DataType::Double, Value::Float(f64::NAN));
        refused(DataType::Real, Value::Float(f64::INFINITY));
        refused(DataType::Date, chrono::NaiveDate::from_ymd_opt(10_000, 1, 1).unwrap().into());
        refused(DataType::Date, chrono::NaiveDate::from_ymd_opt(-1, 1, 1).unwrap().into());
        refused(DataType::Uuid, uuid::Uuid::from_u128(0x8000 << 64 | 1 << 63).into());
        refused(DataType::Array(Box::new(DataType::Bool)), Value::Array(vec![]));
    }
}
