//! Whether what is written to a table can be undone: a storage engine may have no transactions, and several servers have one each.

use crate::dialect::Dialect;
use crate::error::Result;
use crate::sql::{Fragment, Statement};
use crate::value::{DataType, Value};

/// The questions about one table.
#[derive(Default)]
pub struct StorageQueries {
    /// Its storage engine, or the servers that it is on, and whether a transaction there is all or nothing.
    pub engine: Fragment,
    /// The names of its triggers, each with the text of what it does; of a view its name and its text. `None` where these are not looked at.
    pub texts: Option<Fragment>,
}

/// A statement that asks about a table, and the types of its columns.
pub type Question = (Statement, Vec<DataType>);

/// What to ask about a table as a model names it; `None` where every table of the database has transactions.
///
/// # Errors
///
/// Where the name cannot be a parameter.
pub fn storage_questions(dialect: &dyn Dialect, table: &str) -> Result<Option<(Question, Option<Question>)>> {
    const TEXT: DataType = DataType::TEXT;
    let Some(StorageQueries { engine, texts }) = dialect.storage(table)? else { return Ok(None) };
    let engine = (engine.statement(dialect), vec![TEXT, DataType::Bool]);
    let texts = texts.map(|texts| (texts.statement(dialect), vec![TEXT, TEXT]));
    Ok(Some((engine, texts)))
}

/// The engine of a table that has no transactions, from the rows of the first question.
pub fn lasting_engine(rows: &[Vec<Value>]) -> Option<&str> {
    match rows.first().map(Vec::as_slice) {
        Some([Value::Text(engine), Value::Bool(false)]) => Some(engine),
        _ => None,
    }
}

/// Words of SQL that stand between a table's name and the word that says it is written.
const BETWEEN: [&str; 6] = ["into", "ignore", "low_priority", "delayed", "high_priority", "table"];

/// The tables that a trigger's text says are written, or that a view's names, as far as a text tells: each as a model would name it.
pub fn tables_in(text: &str) -> Vec<String> {
    let words = words(text);
    let mut tables = Vec::new();
    let mut expects = false;
    for word in &words {
        let lower = word.text.to_lowercase();
        if !word.quoted && ["insert", "replace", "update", "delete", "from", "join"].contains(&lower.as_str())
        {
            expects = lower != "delete";
        } else if expects && !word.quoted && BETWEEN.contains(&lower.as_str()) {
            continue;
        } else if expects {
            expects = false;
            if !tables.contains(&word.text) {
                tables.push(word.text.clone());
            }
        }
    }
    tables
}

/// A name, with those before it that it is qualified by, or a keyword.
struct Word {
    text: String,
    quoted: bool,
}

fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut joins = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (name, quoted, length) = if first == '`' || first == '"' {
            let end = rest[1..].find(first).map_or(rest.len(), |end| end + 2);
            (rest[1..end.max(2) - 1].to_owned(), true, end)
        } else if first == '\'' {
            rest = &rest[1..];
            rest = rest.find('\'').map_or("", |end| &rest[end + 1..]);
            joins = false;
            continue;
        } else if first.is_alphanumeric() || first == '_' || first == '$' {
            let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
            let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
            (rest[..end].to_owned(), false, end)
        } else {
            joins = first == '.' && !words.is_empty();
            if !first.is_whitespace() && first != '.' && first != '(' {
                words.push(Word { text: first.to_string(), quoted: true });
            }
            rest = &rest[first.len_utf8()..];
            continue;
        };
        rest = &rest[length..];
        match words.last_mut().filter(|_| joins) {
            Some(last) => {
                last.text = format!("{}.{name}", last.text);
                last.quoted = true;
            }
            None => words.push(Word { text: name, quoted }),
        }
        joins = false;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_in_the_texts_of_triggers_and_views() {
        for (text, expected) in [
            ("INSERT INTO log VALUES (NEW.id)", vec!["log"]),
            (
                "BEGIN INSERT IGNORE `log` SET a = 1; UPDATE shop.`x y` SET b = 'from c'; END",
                vec!["log", "shop.x y"],
            ),
            ("DELETE FROM a WHERE id IN (1)", vec!["a"]),
            ("REPLACE LOW_PRIORITY INTO a (b) VALUES (1)", vec!["a"]),
            ("SET NEW.a = 5", vec![]),
            ("select `d`.`t`.`id` AS `id` from `d`.`t`", vec!["d.t"]),
            ("select 1 from (`d`.`t` join `d`.`u` on(1))", vec!["d.t", "d.u"]),
        ] {
            assert_eq!(tables_in(text), expected, "{text}");
        }
    }
}
