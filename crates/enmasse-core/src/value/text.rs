//! Parses dates, times, durations and decimals as Django's parsers do.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use rust_decimal::Decimal;

/// A date as `2024-2-29` or `2024-02-29`.
pub(crate) fn read_date(text: &str) -> Option<NaiveDate> {
    let mut reader = Reader::new(text);
    let date = reader.date()?;
    reader.is_done().then_some(date)
}

/// A time as `9:05`, `09:05:00` or `09:05:00.25`; digits below a microsecond are truncated.
pub(crate) fn read_time(text: &str) -> Option<NaiveTime> {
    let mut reader = Reader::new(text);
    let time = reader.time()?;
    reader.is_done().then_some(time)
}

/// A date and a time separated by a space or `T`, and the zone's offset in seconds east of UTC, if given
/// (`Z`, `+02`, `+0200`, `+02:00`). A date without a time is its midnight.
pub(crate) fn read_datetime(text: &str) -> Option<(NaiveDateTime, Option<i32>)> {
    let mut reader = Reader::new(text);
    let date = reader.date()?;
    if reader.is_done() {
        return Some((date.and_time(NaiveTime::MIN), None));
    }
    if !(reader.eat(b' ') || reader.eat(b'T') || reader.eat(b't')) {
        return None;
    }
    let time = reader.time()?;
    let zone = reader.zone()?;
    reader.is_done().then_some((date.and_time(time), zone))
}

/// A duration in Django's form (`3 04:05:06.25`, `04:05`, `-1 days, 02:00:00`) or in ISO 8601 (`P3DT4H`).
pub(crate) fn read_duration(text: &str) -> Option<TimeDelta> {
    let text = text.trim();
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let micros = match unsigned.strip_prefix('P') {
        Some(iso) => read_iso_duration(iso)?.checked_mul(if negative { -1 } else { 1 })?,
        None => read_clock_duration(text)?,
    };
    Some(TimeDelta::microseconds(i64::try_from(micros).ok()?))
}

const DAY: i128 = 86_400_000_000;
const HOUR: i128 = 3_600_000_000;
const MINUTE: i128 = 60_000_000;
const SECOND: i128 = 1_000_000;

/// `[days[ days,] ][-][[hours:]minutes:]seconds[.fraction]`; the second sign applies only to the time.
fn read_clock_duration(text: &str) -> Option<i128> {
    let (days, clock) = match text.rsplit_once(' ') {
        None => (0, text),
        Some((days, clock)) => {
            let number =
                days.trim_end_matches([',']).trim_end_matches("days").trim_end_matches("day").trim_end();
            (number.parse::<i64>().ok()?, clock)
        }
    };
    let (sign, clock) = match clock.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, clock),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let (seconds, larger) = parts.split_last()?;
    let mut total = scaled(seconds, SECOND)?;
    for (part, unit) in larger.iter().rev().zip([MINUTE, HOUR]) {
        total += whole(part)? * unit;
    }
    (larger.len() <= 2).then_some(i128::from(days) * DAY + sign * total)
}

fn read_iso_duration(iso: &str) -> Option<i128> {
    let (date, time) = iso.split_once('T').unwrap_or((iso, ""));
    let mut total = 0;
    if !date.is_empty() {
        total += scaled(date.strip_suffix('D')?, DAY)?;
    }
    let mut rest = time;
    for (letter, unit) in [('H', HOUR), ('M', MINUTE), ('S', SECOND)] {
        if let Some((number, after)) = rest.split_once(letter) {
            total += scaled(number, unit)?;
            rest = after;
        }
    }
    (rest.is_empty() && !iso.is_empty() && !iso.ends_with('T')).then_some(total)
}

fn whole(digits: &str) -> Option<i128> {
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then_some(())?;
    digits.parse::<u64>().ok().map(i128::from)
}

/// Digits with a fraction, in units of this many microseconds; digits below a microsecond are truncated.
fn scaled(number: &str, unit: i128) -> Option<i128> {
    let (digits, fraction) = number.split_once(['.', ',']).unwrap_or((number, "0"));
    let fraction = fraction.get(..fraction.len().min(12))?;
    Some(whole(digits)? * unit + whole(fraction)? * unit / 10_i128.pow(fraction.len() as u32))
}

/// A decimal number, plain or with an exponent; `None` for other texts, and for more digits than a
/// [`Decimal`] has.
pub(crate) fn read_decimal(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    // MariaDB writes as many zeros as the column has places, more than a `Decimal` has.
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0') } else { mantissa };
    let plain = Decimal::from_str_exact(mantissa).ok()?.normalize();
    let scale = (plain.scale() as i32).checked_sub(exponent)?;
    match u32::try_from(scale) {
        Ok(scale) => Decimal::try_from_i128_with_scale(plain.mantissa(), scale).ok(),
        Err(_) => {
            let factor = 10_i128.checked_pow(scale.unsigned_abs())?;
            Decimal::try_from_i128_with_scale(plain.mantissa().checked_mul(factor)?, 0).ok()
        }
    }
}

/// Parses a text from its start; each successful part is consumed.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        Reader { rest: text.as_bytes() }
    }

    fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    fn eat(&mut self, byte: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// From `least` to `most` digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let mut number = 0;
        let mut count = 0;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.rest
            && count < most
        {
            number = number * 10 + u32::from(digit - b'0');
            count += 1;
            self.rest = rest;
        }
        (count >= least).then_some(number)
    }

    fn date(&mut self) -> Option<NaiveDate> {
        let year = self.digits(4, 4)?;
        let month = self.eat(b'-').then(|| self.digits(1, 2))??;
        let day = self.eat(b'-').then(|| self.digits(1, 2))??;
        NaiveDate::from_ymd_opt(year as i32, month, day)
    }

    fn time(&mut self) -> Option<NaiveTime> {
        let hour = self.digits(1, 2)?;
        let minute = self.eat(b':').then(|| self.digits(2, 2))??;
        let second = if self.eat(b':') { self.digits(2, 2)? } else { 0 };
        let micros = if self.eat(b'.') || self.eat(b',') { self.fraction()? } else { 0 };
        NaiveTime::from_hms_micro_opt(hour, minute, second, micros)
    }

    /// The digits after the point, as microseconds.
    fn fraction(&mut self) -> Option<u32> {
        let before = self.rest.len();
        let number = self.digits(1, 6)?;
        let digits = before - self.rest.len();
        while let [b'0'..=b'9', rest @ ..] = self.rest {
            self.rest = rest;
        }
        Some(number * 10_u32.pow(6 - digits as u32))
    }

    /// The outer `None` means an invalid zone.
    fn zone(&mut self) -> Option<Option<i32>> {
        if self.is_done() {
            return Some(None);
        }
        self.eat(b' ');
        if self.eat(b'Z') || self.eat(b'z') {
            return Some(Some(0));
        }
        let sign = if self.eat(b'-') { -1 } else { self.eat(b'+').then_some(1)? };
        let hours = self.digits(2, 2)?;
        let colon = self.eat(b':');
        let minutes = if colon || !self.is_done() { self.digits(2, 2)? } else { 0 };
        (hours < 24 && minutes < 60).then(|| Some(sign * (hours * 3_600 + minutes * 60) as i32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_django_reads() {
        for (text, expected, zone) in [
            ("2024-02-29 09:05:00", "2024-02-29T09:05:00", None),
            ("2024-02-29T09:05", "2024-02-29T09:05:00", None),
            ("2024-2-9 9:05:00.25", "2024-02-09T09:05:00.25", None),
            ("2024-02-29 09:05:00.1234567Z", "2024-02-29T09:05:00.123456", Some(0)),
            ("2024-02-29 09:05:00+02:30", "2024-02-29T09:05:00", Some(9_000)),
            ("2024-02-29 09:05:00 -0100", "2024-02-29T09:05:00", Some(-3_600)),
            ("2024-02-29 09:05:00-01", "2024-02-29T09:05:00", Some(-3_600)),
            ("2024-02-29", "2024-02-29T00:00:00", None),
        ] {
            assert_eq!(read_datetime(text), Some((moment(expected), zone)), "{text}");
        }
        for text in [
            "",
            "2023-02-29",
            "2024-02-29 25:00",
            "2024-02-29 09:05:00 x",
            "2024-02-29x09:05",
            "24-02-29",
            "2024-02-29 09:05:00+0",
            "2024-02-29 09:05:00.",
        ] {
            assert_eq!(read_datetime(text), None, "{text}");
        }
    }

    #[test]
    fn reads_durations() {
        for (text, micros) in [
            ("15:30", 930 * SECOND),
            ("3 04:05:06.25", 3 * DAY + 4 * HOUR + 5 * MINUTE + 6_250_000),
            ("-1 days, 02:00:00", -DAY + 2 * HOUR),
            ("1 day, 0:00:00", DAY),
            ("-4:15", -255 * SECOND),
            ("5", 5 * SECOND),
            ("P3DT4H5.5S", 3 * DAY + 4 * HOUR + 5_500_000),
            ("-PT0.5M", -30 * SECOND),
        ] {
            assert_eq!(read_duration(text), Some(TimeDelta::microseconds(micros as i64)), "{text}");
        }
        for text in ["", "P", "PT", "1:2:3:4", "a 1:00", "PT5", "P1Y", "--5", "é5"] {
            assert_eq!(read_duration(text), None, "{text}");
        }
    }

    #[test]
    fn reads_decimals_without_rounding() {
        for (text, expected) in
            [("1.50", "1.5"), (" -7 ", "-7"), ("1e3", "1000"), ("2.5E-3", "0.0025"), ("1200e-2", "12")]
        {
            assert_eq!(read_decimal(text), Some(expected.parse().unwrap()), "{text}");
        }
        for text in ["", "abc", "1e", "1e40", "0.12345678901234567890123456789012", "NaN", "1e-40"] {
            assert_eq!(read_decimal(text), None, "{text}");
        }
    }
}
