//! The collation of a column, which SQLite's catalogue tells of indexes only: it stands in the text of `CREATE TABLE`.

/// What a column without a word of it has.
const DEFAULT: &str = "BINARY";

/// Words with which a constraint of the table begins.
const CONSTRAINTS: [&str; 5] = ["constraint", "primary", "unique", "check", "foreign"];

/// The collation that a column has in the text of its table.
pub(super) fn collation(create_table: &str, column: &str) -> String {
    let mut found = DEFAULT.to_owned();
    let mut depth = 0;
    let mut begins = false;
    let mut is_column = false;
    let mut names_collation = false;
    let mut rest = create_table;
    while let Some((token, after)) = token(rest) {
        rest = after;
        match token {
            Token::Mark('(') => {
                depth += 1;
                begins = depth == 1;
            }
            Token::Mark(')') => depth -= 1,
            Token::Mark(',') if depth == 1 => begins = true,
            Token::Mark(_) => {}
            Token::Word(_, _) if depth != 1 => {}
            Token::Word(word, is_quoted) => {
                if begins {
                    let is_constraint =
                        !is_quoted && CONSTRAINTS.iter().any(|begin| word.eq_ignore_ascii_case(begin));
                    is_column = !is_constraint && word.eq_ignore_ascii_case(column);
                } else if names_collation {
                    found = word;
                    names_collation = false;
                } else {
                    names_collation = is_column && !is_quoted && word.eq_ignore_ascii_case("collate");
                }
                begins = false;
            }
        }
    }
    found
}

enum Token {
    /// A name, a word of SQL, a number or a string, and whether it is in quotes.
    Word(String, bool),
    Mark(char),
}

/// The first token of a text after spaces and comments, and what follows it.
fn token(text: &str) -> Option<(Token, &str)> {
    let mut rest = text.trim_start();
    loop {
        let end = match rest.get(..2) {
            Some("--") => rest.find('\n'),
            Some("/*") => rest.find("*/").map(|end| end + 2),
            _ => break,
        };
        rest = rest[end.unwrap_or(rest.len())..].trim_start();
    }
    let first = rest.chars().next()?;
    if let Some(close) = match first {
        '[' => Some(']'),
        '"' | '\'' | '`' => Some(first),
        _ => None,
    } {
        let mut word = String::new();
        let mut characters = rest.char_indices().skip(1).peekable();
        while let Some((at, character)) = characters.next() {
            if character != close {
                word.push(character);
            } else if close != ']' && characters.next_if(|(_, next)| *next == close).is_some() {
                word.push(close);
            } else {
                return Some((Token::Word(word, true), &rest[at + 1..]));
            }
        }
        return Some((Token::Word(word, true), ""));
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii();
    match rest.find(|c: char| !is_name(c)).unwrap_or(rest.len()) {
        0 => Some((Token::Mark(first), &rest[first.len_utf8()..])),
        length => Some((Token::Word(rest[..length].to_owned(), false), &rest[length..])),
    }
}

#[cfg(test)]
mod tests {
    use super::collation;

    #[test]
    fn the_collation_of_a_column_is_read_from_its_table() {
        let table = r#"CREATE TABLE "a, (b" ( -- the first, "id" collate x
            id integer primary key, Name varchar(20) not null COLLATE nocase unique,
            "odd ""one" text /* ) */ collate "RTRIM" check (name collate binary = 'x)'), [last one] text default 'collate rtrim',
            `unique` text collate [nocase],
            size decimal(10, 2), UNIQUE (name collate binary), constraint id check (size collate rtrim > 0))"#;
        for (column, expected) in [
            ("id", "BINARY"),
            ("name", "nocase"),
            ("odd \"one", "RTRIM"),
            ("last one", "BINARY"),
            ("unique", "nocase"),
            ("size", "BINARY"),
            ("nothing", "BINARY"),
        ] {
            assert_eq!(collation(table, column), expected, "{column}");
        }
    }
}
