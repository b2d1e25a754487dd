//! PostgreSQL's text of values that Enmasse cannot represent.

use std::fmt::Write;

const MICROSECONDS_A_DAY: i64 = 86_400_000_000;

/// The date of a day number, counted from 2000-01-01; the greatest and the least number are infinity.
pub(super) fn date(raw: &[u8]) -> Option<String> {
    let days = i32::from_be_bytes(raw.try_into().ok()?);
    infinite(days == i32::MAX, days == i32::MIN).or_else(|| {
        let (day, era) = day(days.into());
        Some(day + era)
    })
}

/// The timestamp of a number of microseconds after 2000-01-01, followed by `zone`.
pub(super) fn timestamp(raw: &[u8], zone: &str) -> Option<String> {
    let micros = i64::from_be_bytes(raw.try_into().ok()?);
    infinite(micros == i64::MAX, micros == i64::MIN).or_else(|| {
        let (day, era) = day(micros.div_euclid(MICROSECONDS_A_DAY));
        Some(format!("{day} {}{zone}{era}", time(micros.rem_euclid(MICROSECONDS_A_DAY))))
    })
}

/// Microseconds as hours, minutes and seconds.
pub(super) fn time(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (seconds, micros) = (micros.unsigned_abs() / 1_000_000, micros.unsigned_abs() % 1_000_000);
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    let fraction = fraction.trim_end_matches('0');
    format!("{sign}{:02}:{:02}:{:02}{fraction}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Microseconds, days and months.
pub(super) fn interval(raw: &[u8]) -> Option<String> {
    let micros = i64::from_be_bytes(raw.get(..8)?.try_into().ok()?);
    let days = i32::from_be_bytes(raw.get(8..12)?.try_into().ok()?);
    let months = i32::from_be_bytes(raw.get(12..16)?.try_into().ok()?);
    let is = |micros_at: i64, at: i32| (micros, days, months) == (micros_at, at, at);
    infinite(is(i64::MAX, i32::MAX), is(i64::MIN, i32::MIN))
        .or_else(|| Some(format!("{} years {} mons {days} days {}", months / 12, months % 12, time(micros))))
}

/// Four words, followed by the digits in groups of four: the number of groups, the weight of the first, the
/// sign, the decimal places.
pub(super) fn numeric(raw: &[u8]) -> Option<String> {
    let words: Vec<u16> = raw.chunks_exact(2).map(|word| u16::from_be_bytes([word[0], word[1]])).collect();
    let (&[_, weight, sign, places], groups) = words.split_first_chunk()?;
    let sign = match sign {
        0xc000 => return Some("NaN".to_owned()),
        0xd000 => return Some("Infinity".to_owned()),
        0xf000 => return Some("-Infinity".to_owned()),
        0x4000 => "-",
        _ => "",
    };
    let group = |place: i32| {
        let position = usize::try_from(i32::from(weight as i16) - place).ok();
        position.and_then(|position| groups.get(position)).copied().unwrap_or(0)
    };
    let mut whole = String::new();
    for place in (0..=i32::from(weight as i16).max(0)).rev() {
        _ = write!(whole, "{:04}", group(place));
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let mut fraction = String::new();
    while fraction.len() < usize::from(places) {
        _ = write!(fraction, "{:04}", group(-1 - fraction.len() as i32 / 4));
    }
    fraction.truncate(places.into());
    let point = if places == 0 { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

fn infinite(after_all: bool, before_all: bool) -> Option<String> {
    match (after_all, before_all) {
        (true, _) => Some("infinity".to_owned()),
        (_, true) => Some("-infinity".to_owned()),
        _ => None,
    }
}

/// Year, month and day of a day number, with the suffix for years before the first. Years are counted from
/// March, so a leap day is the last day; every 400 years have the same number of days.
fn day(days: i64) -> (String, &'static str) {
    // From the first of March of the year 0.
    let days = days + 730_425;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + next;
    let (year, era) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    (format!("{year:04}-{month:02}-{day:02}"), era)
}
