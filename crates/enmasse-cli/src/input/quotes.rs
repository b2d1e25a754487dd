//! Quotes that a CSV parser would guess about.

use std::borrow::Cow;

use super::bad::shortened;
use super::cell::Problem;

/// The first cell of a record with text after its closing quote, of which a parser would make another text: its position, and
/// how it stands there.
///
/// A quote within a cell that does not begin with one is text.
pub fn wrong(record: &[u8], delimiter: u8) -> Option<(usize, Cow<'_, str>)> {
    if !record.contains(&b'"') {
        return None;
    }
    let (mut start, mut position) = (0, 0);
    loop {
        let rest = &record[start..];
        let closed = if rest.first() == Some(&b'"') { 1 + quoted(&rest[1..]) } else { 0 };
        let end = rest[closed..].iter().position(|byte| *byte == delimiter).map(|end| closed + end);
        let cell = &rest[..end.unwrap_or(rest.len())];
        if closed > 0 && closed < cell.len() {
            return Some((position, String::from_utf8_lossy(cell)));
        }
        start += end? + 1;
        position += 1;
    }
}

/// What is wrong with such a cell.
pub fn problem(cell: &str) -> Problem {
    format!("there is text after the quote that closes its cell: '{}'.", shortened(cell))
}

/// The length of what stands in quotes, with the closing one.
fn quoted(text: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (byte, text.get(at + 1)) {
            (b'"', Some(b'"')) => at += 2,
            (b'"', _) => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}
