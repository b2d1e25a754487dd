//! Misplaced quotes, which a CSV parser would interpret silently.

use std::borrow::Cow;

use super::bad::shortened;
use super::cell::Problem;
use super::records::Layout;

/// The first cell of a record with text after its closing quote, which a parser would change: its position
/// and its text.
///
/// A quote inside a cell that does not start with one is text.
pub fn wrong(record: &[u8], layout: Layout) -> Option<(usize, Cow<'_, str>)> {
    let (quote, delimiter) = (layout.quote?, layout.delimiter);
    if !record.contains(&quote) {
        return None;
    }
    let (mut start, mut position) = (0, 0);
    loop {
        let rest = &record[start..];
        let closed = if rest.first() == Some(&quote) { 1 + quoted(&rest[1..], quote) } else { 0 };
        let end = rest[closed..].iter().position(|byte| *byte == delimiter).map(|end| closed + end);
        let cell = &rest[..end.unwrap_or(rest.len())];
        if closed > 0 && closed < cell.len() {
            return Some((position, String::from_utf8_lossy(cell)));
        }
        start += end? + 1;
        position += 1;
    }
}

/// The problem with such a cell.
pub fn problem(cell: &str) -> Problem {
    format!("{PROBLEM}: '{}'.", shortened(cell))
}

/// The start of that message.
pub const PROBLEM: &str = "text after the closing quote of a cell";

/// The number of cells of a record, and the position of the last one.
pub fn last_cell(record: &[u8], layout: Layout) -> (usize, usize) {
    let (mut start, mut cells) = (0, 1);
    loop {
        let rest = &record[start..];
        let is_quoted = rest.first().is_some_and(|first| Some(*first) == layout.quote);
        let closed = layout.quote.filter(|_| is_quoted).map_or(0, |quote| 1 + quoted(&rest[1..], quote));
        let Some(end) = rest[closed..].iter().position(|byte| *byte == layout.delimiter) else {
            return (cells, start);
        };
        start += closed + end + 1;
        cells += 1;
    }
}

/// The length of a quoted text, including the closing quote.
fn quoted(text: &[u8], quote: u8) -> usize {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        if *byte != quote {
            at += 1;
        } else if text.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    text.len()
}
