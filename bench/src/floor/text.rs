//! Numbers and times as text, written into a reused buffer.

use enmasse::chrono::{DateTime, Datelike, Timelike, Utc};
use enmasse::rust_decimal::Decimal;

pub fn push_int(into: &mut Vec<u8>, number: i64) {
    if number < 0 {
        into.push(b'-');
    }
    push_digits(into, number.unsigned_abs(), 1);
}

/// At least `width` digits.
fn push_digits(into: &mut Vec<u8>, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    while number > 0 || digits.len() - first < width {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    into.extend_from_slice(&digits[first..]);
}

/// A price: two decimal places.
pub fn push_price(into: &mut Vec<u8>, price: Decimal) {
    let cents = price.mantissa() as i64;
    if cents < 0 {
        into.push(b'-');
    }
    push_digits(into, cents.unsigned_abs() / 100, 1);
    into.push(b'.');
    push_digits(into, cents.unsigned_abs() % 100, 2);
}

/// `YYYY-MM-DD HH:MM:SS.ffffff`
pub fn push_time(into: &mut Vec<u8>, time: DateTime<Utc>) {
    let time = time.naive_utc();
    let mut part = |number: u32, width, after: &[u8]| {
        push_digits(into, number.into(), width);
        into.extend_from_slice(after);
    };
    part(time.year() as u32, 4, b"-");
    part(time.month(), 2, b"-");
    part(time.day(), 2, b" ");
    part(time.hour(), 2, b":");
    part(time.minute(), 2, b":");
    part(time.second(), 2, b".");
    part(time.nanosecond() / 1_000, 6, b"");
}

/// LOAD DATA splits lines at tabs and newlines, and interprets backslashes.
pub fn push_escaped(into: &mut Vec<u8>, text: &str) {
    for &byte in text.as_bytes() {
        match byte {
            b'\t' => into.extend_from_slice(b"\\t"),
            b'\n' => into.extend_from_slice(b"\\n"),
            b'\\' => into.extend_from_slice(b"\\\\"),
            0 => into.extend_from_slice(b"\\0"),
            _ => into.push(byte),
        }
    }
}
