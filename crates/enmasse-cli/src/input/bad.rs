//! Messages about bad rows.

use std::fmt::{self, Write};

use super::{BadRow, Place};

/// Maximum number of characters of a value in a message.
const SHOWN: usize = 60;

/// `prices.csv:17: column 'price': expected a decimal number but got '12,5'.`
impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Line(line) => write!(f, "{}:{line}: ", self.file)?,
            Place::Row(row) => write!(f, "{}: row {row}: ", self.file)?,
        }
        f.write_str(&self.reason())
    }
}

impl BadRow {
    /// The problem on one line, with its column.
    pub fn reason(&self) -> String {
        let problem = Escaped(&self.problem);
        match &self.cell {
            Some((column, _)) => format!("column '{}': {problem}", Escaped(column)),
            None => problem.to_string(),
        }
    }
}

/// A text on one line: control characters are escaped as in Rust's source.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() { character.escape_default().fmt(f)? } else { f.write_char(character)? }
        }
        Ok(())
    }
}

/// A text for a message, shortened if it is long.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(place: Place, cell: Option<(&str, &str)>, problem: &str) -> String {
        let cell = cell.map(|(column, text)| (column.to_owned(), text.to_owned()));
        BadRow { file: "prices.csv".into(), place, cell, problem: problem.into(), raw: String::new() }
            .to_string()
    }

    #[test]
    fn says_where_and_what() {
        let problem = "expected a decimal number but got '12,5'.";
        assert_eq!(
            bad(Place::Line(17), Some(("price", "12,5")), problem),
            "prices.csv:17: column 'price': expected a decimal number but got '12,5'."
        );
        assert_eq!(bad(Place::Row(3), None, "is no row."), "prices.csv: row 3: is no row.");
    }

    #[test]
    fn stays_on_one_line() {
        assert_eq!(bad(Place::Line(1), None, "got 'a\n\u{1b}[2Jé'."), "prices.csv:1: got 'a\\n\\u{1b}[2Jé'.");
        assert_eq!(shortened(&"x".repeat(61)), format!("{}…", "x".repeat(60)));
        assert_eq!(shortened("é"), "é");
    }
}
