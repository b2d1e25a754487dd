//! Dates, times and decimals as text without allocation, in the form of Python's `str`.

use std::fmt;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use rust_decimal::Decimal;

/// The maximum length, that of a decimal: 29 digits, a zero before the point, the point and the sign.
const LONGEST: usize = 32;

/// A short text of ASCII characters.
#[derive(Clone, Copy)]
pub(crate) struct Short {
    bytes: [u8; LONGEST],
    length: usize,
}

/// `2024-02-29`, for a four-digit year.
#[inline]
pub(crate) fn date(date: NaiveDate) -> Short {
    let mut out = Short { bytes: *MOMENT, length: DATE };
    out.date(date);
    out
}

/// `09:05:00`, or `09:05:00.000250` with microseconds.
#[inline]
pub(crate) fn time(time: NaiveTime) -> Short {
    let mut out = Short { bytes: *TIME, length: 0 };
    out.time::<0>(time);
    out
}

/// `2024-02-29 09:05:00`, or with microseconds as [`time`].
#[inline]
pub(crate) fn datetime(moment: NaiveDateTime) -> Short {
    let mut out = Short { bytes: *MOMENT, length: 0 };
    out.date(moment.date());
    out.time::<{ DATE + 1 }>(moment.time());
    out
}

/// The separators between the digits.
const MOMENT: &[u8; LONGEST] = b"    -  -     :  :  .            ";
const TIME: &[u8; LONGEST] = b"  :  :  .                       ";

/// The length of a date.
const DATE: usize = 10;

/// `-12.50`, with the number's own digits after the point.
#[inline]
pub(crate) fn decimal(number: Decimal) -> Short {
    let mut buffer = itoa::Buffer::new();
    let digits = match u64::try_from(number.mantissa().unsigned_abs()) {
        Ok(short) => buffer.format(short),
        Err(_) => buffer.format(number.mantissa().unsigned_abs()),
    };
    let mut out = Short { bytes: [0; LONGEST], length: 0 };
    if number.is_sign_negative() {
        out.push(b'-');
    }
    let scale = number.scale() as usize;
    let whole = digits.len().saturating_sub(scale);
    match whole {
        0 => out.push(b'0'),
        _ => out.extend(&digits.as_bytes()[..whole]),
    }
    if scale > 0 {
        out.push(b'.');
        for _ in digits.len()..scale {
            out.push(b'0');
        }
        out.extend(&digits.as_bytes()[whole..]);
    }
    out
}

impl Short {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("only ASCII is written")
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.bytes[self.length..][..bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    fn pair(&mut self, place: usize, number: u32) {
        self.bytes[place..place + 2].copy_from_slice(&pair(number));
    }

    /// Writes the digits of a date at the start.
    fn date(&mut self, date: NaiveDate) {
        let year = date.year().unsigned_abs();
        self.pair(0, year / 100);
        self.pair(2, year);
        self.pair(5, date.month());
        self.pair(8, date.day());
    }

    /// Writes the digits of a time at the end.
    fn time<const START: usize>(&mut self, time: NaiveTime) {
        let seconds = time.num_seconds_from_midnight();
        self.pair(START, seconds / 3_600);
        self.pair(START + 3, seconds / 60 % 60);
        self.pair(START + 6, seconds % 60);
        let micros = time.nanosecond() / 1_000;
        if micros == 0 {
            self.length = START + 8;
            return;
        }
        self.pair(START + 9, micros / 10_000);
        self.pair(START + 11, micros / 100);
        self.pair(START + 13, micros);
        self.length = START + 15;
    }
}

/// The last two digits of a number.
fn pair(number: u32) -> [u8; 2] {
    let last = (number % 100) as u8;
    [b'0' + last / 10, b'0' + last % 10]
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn writes_as_python_does() {
        assert_eq!(datetime(moment("0987-02-03T04:05:06")).as_str(), "0987-02-03 04:05:06");
        assert_eq!(datetime(moment("2024-02-29T23:59:59.000250")).as_str(), "2024-02-29 23:59:59.000250");
        assert_eq!(datetime(moment("2024-02-29T23:59:59.000000999")).as_str(), "2024-02-29 23:59:59");
        assert_eq!(time(moment("2024-02-29T00:00:00.1").time()).as_str(), "00:00:00.100000");
        assert_eq!(date(moment("9999-12-31T00:00:00").date()).as_str(), "9999-12-31");
    }

    #[test]
    fn writes_decimals_in_full() {
        for text in [
            "0",
            "0.00",
            "-0.001",
            "-1",
            "12.50",
            "100",
            "18446744073709551616",
            "-79228162514264337593543950335",
            "-7.9228162514264337593543950335",
            "-0.7922816251426433759354395033",
            "0.0000000000000000000000000001",
        ] {
            let number: Decimal = text.parse().unwrap();
            assert_eq!(decimal(number).as_str(), text);
            assert_eq!(number.to_string(), text);
        }
    }
}
