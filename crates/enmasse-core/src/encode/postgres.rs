//! Cells in PostgreSQL's binary format, the same in `COPY` and in an array: the number of bytes, then the value as the type's
//! `recv` function in the server reads it.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use crate::dialect::postgres::codec;
use crate::encode::numeric;
use crate::error::{Error, Result};
use crate::value::{DataType, ValueRef};

/// The length of NULL.
const NULL: i32 = -1;

/// The first byte of `jsonb`.
const JSONB_VERSION: u8 = 1;

/// Dates and times count from 2000: in days from chrono's day 0, and in microseconds from 1970.
const DAY_ZERO: i32 = 730_120;
const MOMENT_ZERO: i64 = 946_684_800_000_000;

/// The type's number in `pg_type`; `None` where an array cannot have it for its elements.
fn oid(data_type: &DataType) -> Option<u32> {
    Some(match data_type {
        DataType::Bool => 16,
        DataType::SmallInt => 21,
        DataType::Integer => 23,
        DataType::BigInt => 20,
        DataType::Real => 700,
        DataType::Double => 701,
        DataType::Text { .. } | DataType::Native(_) => 25,
        DataType::Bytes => 17,
        DataType::DateTime => 1184,
        DataType::NaiveDateTime => 1114,
        DataType::Date => 1082,
        DataType::Time => 1083,
        DataType::Duration => 1186,
        DataType::Decimal { .. } => 1700,
        DataType::Uuid => 2950,
        DataType::Json => 3802,
        DataType::Array(_) => return None,
    })
}

/// Appends a cell of a column of this type.
pub(super) fn write(out: &mut Vec<u8>, value: &ValueRef<'_>, data_type: &DataType) -> Result<()> {
    if value.is_null() {
        out.extend(NULL.to_be_bytes());
        return Ok(());
    }
    if is_prepared(value, data_type) {
        return write_stored(out, value, data_type);
    }
    let stored = codec::store(&value.borrowed().into_owned(), data_type)?;
    write_stored(out, &(&stored).into(), data_type)
}

/// Whether the value needs nothing done to it, nor any element of an array.
fn is_prepared(value: &ValueRef<'_>, data_type: &DataType) -> bool {
    match (value, data_type) {
        (ValueRef::Array(items), DataType::Array(item)) => {
            items.iter().all(|value| value.is_null() || is_prepared(&value.into(), item))
        }
        _ => value.is_prepared(data_type),
    }
}

/// Appends a value of its column's type; what is refused is what [`codec::store`] refuses.
fn write_stored(out: &mut Vec<u8>, value: &ValueRef<'_>, data_type: &DataType) -> Result<()> {
    match value {
        ValueRef::Bool(value) => fixed(out, [u8::from(*value)]),
        ValueRef::Int(number) => match data_type {
            DataType::SmallInt => fixed(out, narrow::<i16>(*number)?.to_be_bytes()),
            DataType::Integer => fixed(out, narrow::<i32>(*number)?.to_be_bytes()),
            _ => fixed(out, number.to_be_bytes()),
        },
        ValueRef::Float(number) => match data_type {
            DataType::Real => fixed(out, (*number as f32).to_be_bytes()),
            _ => fixed(out, number.to_be_bytes()),
        },
        ValueRef::Text(text) => {
            codec::without_nul(text)?;
            return bytes(out, text.as_bytes());
        }
        ValueRef::Bytes(value) => return bytes(out, value),
        ValueRef::DateTime(moment) => fixed(out, micros_utc(*moment)?.to_be_bytes()),
        ValueRef::NaiveDateTime(moment) => fixed(out, micros_naive(*moment)?.to_be_bytes()),
        ValueRef::Date(date) => fixed(out, days(*date)?.to_be_bytes()),
        ValueRef::Time(time) => fixed(out, micros_of_day(*time).to_be_bytes()),
        ValueRef::Duration(length) => fixed(out, interval(*length)),
        ValueRef::Uuid(uuid) => fixed(out, *uuid.as_bytes()),
        ValueRef::Decimal(number) => {
            return measured(out, |out| {
                numeric::encode(*number, out);
                Ok(())
            });
        }
        ValueRef::DecimalText(text) => return measured(out, |out| numeric::encode_text(text, out)),
        ValueRef::JsonText(text) => {
            codec::keeps_escapes(text)?;
            return measured(out, |out| {
                out.push(JSONB_VERSION);
                out.extend_from_slice(text.as_bytes());
                Ok(())
            });
        }
        ValueRef::Json(document) => {
            codec::json_without_nul(document)?;
            return measured(out, |out| {
                out.push(JSONB_VERSION);
                serde_json::to_writer(out, document)
                    .map_err(|error| Error::value("the document cannot be written.").with_source(error))
            });
        }
        ValueRef::Array(items) => {
            let DataType::Array(item) = data_type else { return Err(unexpected()) };
            return measured(out, |out| {
                let start = out.len();
                out.resize(start + ARRAY_HEADER, 0);
                for value in *items {
                    write(out, &value.into(), item)?;
                }
                let has_null = items.iter().any(|item| item.is_null());
                array_header(&mut out[start..], item, items.len(), has_null)
            });
        }
        ValueRef::Null | ValueRef::Owned(_) | ValueRef::Opaque(_) => return Err(unexpected()),
    }
    Ok(())
}

/// The bytes before the elements of an array: its dimensions, whether it has NULLs, its elements' type, how many there are,
/// and the number of the first.
pub(super) const ARRAY_HEADER: usize = 20;

/// Fills in the header of an array.
pub(super) fn array_header(header: &mut [u8], item: &DataType, length: usize, has_null: bool) -> Result<()> {
    let oid = oid(item).ok_or_else(|| Error::not_supported("an array of arrays cannot be written."))?;
    let length = u32::try_from(length).map_err(|_| too_long())?;
    for (place, number) in header.chunks_exact_mut(4).zip([1, has_null.into(), oid, length, 1]) {
        place.copy_from_slice(&u32::to_be_bytes(number));
    }
    Ok(())
}

fn fixed<const SIZE: usize>(out: &mut Vec<u8>, bytes: [u8; SIZE]) {
    out.reserve(4 + SIZE);
    out.extend((SIZE as i32).to_be_bytes());
    out.extend(bytes);
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<()> {
    out.extend(length(bytes.len())?);
    out.extend_from_slice(bytes);
    Ok(())
}

/// Appends a value whose length is known when it has been written.
fn measured(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
    let start = out.len();
    out.extend([0; 4]);
    write(out)?;
    let length = length(out.len() - start - 4)?;
    out[start..start + 4].copy_from_slice(&length);
    Ok(())
}

fn length(length: usize) -> Result<[u8; 4]> {
    i32::try_from(length).map(i32::to_be_bytes).map_err(|_| too_long())
}

fn too_long() -> Error {
    Error::value("the value has more than 2 GiB, which PostgreSQL cannot store.")
}

fn unexpected() -> Error {
    Error::value("PostgreSQL takes no such value: it has not been stored first.")
}

fn narrow<T: TryFrom<i64>>(number: i64) -> Result<T> {
    T::try_from(number).map_err(|_| Error::value(format!("{number} does not fit into the column's integer.")))
}

fn days(date: NaiveDate) -> Result<i32> {
    codec::in_range(date)?;
    Ok(date.num_days_from_ce() - DAY_ZERO)
}

fn micros_utc(moment: DateTime<Utc>) -> Result<i64> {
    micros_naive(moment.naive_utc())
}

/// Chrono's range is within that of 64 bits of microseconds.
fn micros_naive(moment: NaiveDateTime) -> Result<i64> {
    codec::in_range(moment.date())?;
    Ok(moment.and_utc().timestamp_micros() - MOMENT_ZERO)
}

fn micros_of_day(time: NaiveTime) -> i64 {
    i64::from(time.num_seconds_from_midnight()) * 1_000_000 + i64::from(time.nanosecond() / 1_000)
}

/// Microseconds, days and months: days as Python's `timedelta` is sent by psycopg, and no months.
fn interval(length: TimeDelta) -> [u8; 16] {
    const DAY: i64 = 86_400_000_000;
    // a stored duration has 64 bits of microseconds, so its days have 32
    let micros = length.num_microseconds().unwrap_or(i64::MAX);
    let mut out = [0; 16];
    out[..8].copy_from_slice(&(micros % DAY).to_be_bytes());
    out[8..12].copy_from_slice(&((micros / DAY) as i32).to_be_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn cell(value: impl Into<Value>, data_type: &DataType) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        write(&mut out, &(&value.into()).into(), data_type)?;
        let (length, payload) = out.split_at(4);
        assert_eq!(length, (payload.len() as i32).to_be_bytes());
        Ok(payload.to_owned())
    }

    fn moment(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    /// What PostgreSQL's `send` functions give for the same values.
    #[test]
    fn writes_what_postgres_sends() {
        let cell = |value: Value, data_type| cell(value, &data_type).unwrap();
        assert_eq!(cell(true.into(), DataType::Bool), [1]);
        assert_eq!(cell(Value::Int(-2), DataType::SmallInt), [255, 254]);
        assert_eq!(cell(Value::Int(258), DataType::BigInt), [0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(cell(Value::Float(1.5), DataType::Real), [0x3f, 0xc0, 0, 0]);
        assert_eq!(cell(Value::Float(1.5), DataType::Double), [0x3f, 0xf8, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            cell(moment("2000-01-01T00:00:01").into(), DataType::NaiveDateTime),
            1_000_000_i64.to_be_bytes()
        );
        assert_eq!(
            cell(moment("1999-12-31T23:59:59.999999999").and_utc().into(), DataType::DateTime),
            (-1_i64).to_be_bytes()
        );
        assert_eq!(cell(moment("1999-12-31T00:00:00").date().into(), DataType::Date), (-1_i32).to_be_bytes());
        assert_eq!(
            cell(moment("1999-12-31T00:00:02").time().into(), DataType::Time),
            2_000_000_i64.to_be_bytes()
        );
        let day_and_a_second = TimeDelta::seconds(-86_401);
        let interval = [&(-1_000_000_i64).to_be_bytes()[..], &(-1_i32).to_be_bytes(), &[0; 4]].concat();
        assert_eq!(cell(day_and_a_second.into(), DataType::Duration), interval);
        assert_eq!(
            cell(rust_decimal::Decimal::new(-1_250, 2).into(), DataType::DECIMAL),
            [0, 2, 0, 0, 0x40, 0, 0, 1, 0, 12, 0x13, 0x88]
        );
        assert_eq!(
            cell(serde_json::json!([null, "é"]).into(), DataType::Json),
            "\u{1}[null,\"é\"]".as_bytes()
        );
        assert_eq!(
            cell(Value::Array(vec![Value::Null, true.into()]), DataType::Array(Box::new(DataType::Bool))),
            [
                [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0, 2, 0, 0, 0, 1].as_slice(),
                &[255, 255, 255, 255, 0, 0, 0, 1, 1],
            ]
            .concat()
        );
    }

    #[test]
    fn refuses_what_postgres_cannot_keep() {
        let texts = DataType::Array(Box::new(DataType::TEXT));
        let early = NaiveDate::from_ymd_opt(-4_713, 11, 23).unwrap();
        assert!(cell(early, &DataType::Date).is_err());
        assert!(cell(early.succ_opt().unwrap(), &DataType::Date).is_ok());
        assert!(cell(early.and_time(NaiveTime::MIN), &DataType::NaiveDateTime).is_err());
        assert!(cell("a\0", &DataType::TEXT).is_err());
        assert!(cell(Value::Array(vec!["a\0".into()]), &texts).is_err());
        assert!(cell(serde_json::json!({"a\0": 1}), &DataType::Json).is_err());
        assert!(cell(Value::Int(40_000), &DataType::SmallInt).is_err());
        assert!(cell("five", &DataType::SmallInt).is_err());
        assert!(cell(Value::Array(vec![]), &DataType::Array(Box::new(texts))).is_err());
    }
}
