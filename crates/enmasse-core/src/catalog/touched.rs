//! Finds the tables, procedures and functions named in the texts of triggers, views, procedures and
//! functions.

use crate::catalog::StoredText;
use crate::schema::table_part;

/// The names in a text, as far as the text shows; each in the form of a model's table name.
#[derive(Debug, Default, PartialEq)]
pub struct Touched {
    /// The tables that it may write, or that a view shows.
    pub tables: Vec<String>,
    /// The procedures that it calls.
    pub procedures: Vec<String>,
    /// The functions that it may call; most are built-in.
    pub functions: Vec<String>,
}

/// SQL words before a table name; after some of them before a list.
const BEFORE_TABLES: [&str; 7] = ["insert", "replace", "update", "into", "from", "join", "using"];
const BEFORE_LISTS: [&str; 4] = ["update", "from", "join", "using"];

/// SQL words between a table's name and the word that starts a write.
const BETWEEN: [&str; 7] = ["into", "ignore", "low_priority", "delayed", "high_priority", "table", "quick"];

/// SQL words that end a list of tables.
const AFTER_LISTS: [&str; 9] =
    ["set", "where", "values", "value", "select", "group", "order", "having", "limit"];

impl StoredText {
    /// The names in the text; `None` if it may not be read.
    pub fn touched(&self) -> Option<Touched> {
        let text = self.text.as_deref()?;
        let mut touched = self.read(&tokens(text, Some(self.has_escapes)));
        // MySQL's catalogue loses the backslash of `'it\'s'`, so a string may end elsewhere.
        if text.contains(['\'', '"']) {
            let more = self.read(&tokens(text, None));
            touched.tables.extend(more.tables);
            touched.functions.extend(more.functions.into_iter().chain(more.procedures));
        }
        Some(touched)
    }

    fn read(&self, tokens: &[Token]) -> Touched {
        let mut touched = Touched::default();
        let (mut expects, mut is_list) = (false, false);
        let mut before = String::new();
        for (at, token) in tokens.iter().enumerate() {
            let name = match token {
                Token::Mark('(') => continue,
                Token::Mark(',') if is_list => {
                    expects = true;
                    continue;
                }
                Token::Mark(mark) => {
                    expects = false;
                    is_list &= *mark != ';';
                    continue;
                }
                Token::Name(parts, _) => self.qualified(parts),
            };
            let word = match token {
                Token::Name(parts, false) if parts.len() == 1 => parts[0].to_lowercase(),
                _ => String::new(),
            };
            let is_called = tokens.get(at + 1) == Some(&Token::Mark('('));
            let before = std::mem::replace(&mut before, word.clone());
            if before == "call" {
                add(&mut touched.procedures, name);
            } else if BEFORE_TABLES.contains(&word.as_str()) && !(expects && BETWEEN.contains(&word.as_str()))
            {
                // `ON DUPLICATE KEY UPDATE` and `FOR UPDATE` name no table.
                let names_none = word == "update" && ["key", "for"].contains(&before.as_str());
                expects = !names_none;
                is_list = BEFORE_LISTS.contains(&word.as_str()) && !names_none;
            } else if expects && BETWEEN.contains(&word.as_str()) {
            } else if AFTER_LISTS.contains(&word.as_str()) {
                (expects, is_list) = (false, false);
            } else if expects {
                expects = false;
                add(&mut touched.tables, name);
            } else if is_called {
                add(&mut touched.functions, name);
            }
        }
        touched
    }

    /// Another object with this name in its schema, in the form of a model's table name.
    pub fn beside(&self, name: &str) -> String {
        self.qualified(&[name.to_owned()])
    }

    /// A name in the form of a model's table name; without a schema, in this text's own.
    fn qualified(&self, parts: &[String]) -> String {
        let own = if parts.len() == 1 { self.schema.as_ref() } else { None };
        let parts: Vec<_> = own.into_iter().chain(parts).map(|part| table_part(part)).collect();
        parts.join(".")
    }
}

fn add(names: &mut Vec<String>, name: String) {
    if !names.contains(&name) {
        names.push(name);
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    /// The parts of a name, and whether one is quoted; or an SQL word, or a number.
    Name(Vec<String>, bool),
    /// Any other character.
    Mark(char),
}

/// The names and marks of a text without comments and strings, in which a backslash may escape the next
/// character. The content of `"` may be a name. If `strings` is `None`, the content of strings and comments
/// counts as SQL too.
fn tokens(text: &str, strings: Option<bool>) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut is_qualified = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(length) = strings.and_then(|_| comment(rest)) {
            rest = &rest[length..];
            continue;
        }
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let (name, length) = match (first, strings) {
            ('`', _) => {
                let (name, length) = quoted(rest, first, false);
                (Some((name, true)), length)
            }
            ('\'' | '"', Some(has_escapes)) => {
                let (name, length) = quoted(rest, first, has_escapes);
                ((first == '"').then_some((name, true)), length)
            }
            _ if is_name(first) => {
                let length = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
                (Some((rest[..length].to_owned(), false)), length)
            }
            _ => (None, first.len_utf8()),
        };
        rest = &rest[length..];
        match (name, tokens.last_mut()) {
            (Some((name, _)), Some(Token::Name(parts, is_quoted))) if is_qualified => {
                parts.push(name);
                *is_quoted = true;
                is_qualified = false;
            }
            (Some((name, is_quoted)), _) => {
                tokens.push(Token::Name(vec![name], is_quoted));
                is_qualified = false;
            }
            (None, Some(Token::Name(..))) if first == '.' => is_qualified = true,
            (None, _) if first.is_whitespace() => {}
            (None, _) => {
                tokens.push(Token::Mark(first));
                is_qualified = false;
            }
        }
    }
    tokens
}

/// The length of the comment at the start of a text; for one that the server executes, the length of its
/// mark.
fn comment(text: &str) -> Option<usize> {
    let to_line_end = || text.find('\n').unwrap_or(text.len());
    if text.starts_with('#') {
        return Some(to_line_end());
    }
    if let Some(after) = text.strip_prefix("--") {
        return after.chars().next().is_none_or(|c| c.is_whitespace() || c.is_control()).then(to_line_end);
    }
    if text.starts_with("*/") {
        return Some(2);
    }
    let after = text.strip_prefix("/*")?;
    if let Some(executed) = after.strip_prefix('!').or_else(|| after.strip_prefix("M!")) {
        let code = executed.trim_start_matches(|c: char| c.is_ascii_digit());
        return Some(text.len() - code.len());
    }
    Some(after.find("*/").map_or(text.len(), |end| end + 4))
}

/// The content of the quotes at the start of a text, and its length including the quotes.
fn quoted(text: &str, quote: char, has_escapes: bool) -> (String, usize) {
    let mut name = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && has_escapes {
            name.extend(characters.next().map(|(_, next)| next));
        } else if character != quote {
            name.push(character);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            name.push(quote);
        } else {
            return (name, at + 1);
        }
    }
    (name, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(text: &str, schema: Option<&str>, has_escapes: bool) -> Touched {
        let stored = StoredText {
            kind: "trigger".into(),
            name: "t".into(),
            schema: schema.map(str::to_owned),
            text: Some(text.to_owned()),
            has_escapes,
        };
        stored.touched().unwrap()
    }

    #[test]
    fn tables_are_found_in_the_texts_of_triggers_and_views() {
        for (text, expected) in [
            ("INSERT INTO log VALUES (NEW.id)", vec!["log"]),
            (
                "BEGIN INSERT IGNORE `log` SET a = 1; UPDATE shop.`x y` SET b = 5; END",
                vec!["log", "shop.x y"],
            ),
            ("DELETE FROM a WHERE id IN (1)", vec!["a"]),
            ("DELETE QUICK FROM a WHERE id IN (1)", vec!["a"]),
            ("REPLACE LOW_PRIORITY INTO a (b) VALUES (1)", vec!["a"]),
            ("SET NEW.a = 5", vec![]),
            ("BEGIN SET NEW.a = 'it's'; INSERT INTO log VALUES (1); END", vec!["log"]),
            ("select `d`.`t`.`id` AS `id` from `d`.`t`", vec!["d.t"]),
            ("select 1 from (`d`.`t` join `d`.`u` on(1))", vec!["d.t", "d.u"]),
            ("UPDATE a, log SET log.n = 1, a.m = 2", vec!["a", "log"]),
            ("UPDATE a AS x JOIN b ON x.i = b.i, log l SET l.n = 1", vec!["a", "b", "log"]),
            ("DELETE x, y FROM a x, `log` AS y WHERE x.i = y.i", vec!["a", "log"]),
            ("INSERT INTO a (i, n) VALUES (1, 2) ON DUPLICATE KEY UPDATE n = 3", vec!["a"]),
            ("UPDATE`log`SET n=1", vec!["log"]),
            ("UPDATE `a.b` SET n=1", vec!["\"a.b\""]),
        ] {
            let mut found = touched(text, None, true).tables;
            found.dedup();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn comments_and_strings_hide_nothing_that_follows_them() {
        for text in [
            "BEGIN -- it's\n INSERT INTO log VALUES (1); END",
            "BEGIN # it's\n INSERT INTO log VALUES (1); END",
            "BEGIN /* it's from x */ INSERT INTO /* o'clock */ log VALUES (1); END",
            r"BEGIN SET NEW.a = 'it\'s'; INSERT INTO log VALUES (1); END",
            r#"BEGIN SET NEW.a = "it's"; INSERT INTO log VALUES ("it\"s"); END"#,
            "BEGIN SET NEW.a = 'it''s from x'; INSERT INTO log VALUES (1); END",
            "BEGIN /*!50003 INSERT INTO log VALUES (1) */; END",
            "BEGIN SET NEW.a = 1--1; INSERT INTO log VALUES (1); END",
        ] {
            assert!(touched(text, None, true).tables.contains(&"log".to_owned()), "{text}");
        }
        let text = r"BEGIN SET NEW.a = '\'; INSERT INTO log VALUES (1); END";
        assert!(touched(text, None, false).tables.contains(&"log".to_owned()), "{text}");
        assert_eq!(touched("-- insert into log", None, true), Touched::default());
    }

    #[test]
    fn names_are_those_of_the_texts_own_schema() {
        let found = touched(
            "BEGIN UPDATE a, d.b SET n = told(1, NOW()); CALL note(5); CALL d . more; END",
            Some("s"),
            true,
        );
        assert_eq!(found.tables, ["s.a", "d.b"]);
        assert_eq!(found.procedures, ["s.note", "d.more"]);
        assert_eq!(found.functions, ["s.told", "s.NOW"]);
    }
}
