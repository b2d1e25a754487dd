//! Placeholders in the style that a host's driver takes.
//!
//! Where that is not the database's own, a statement is put together with marks in their place, which nothing else in its text can be taken
//! for: a NUL, the parameter's number where the database numbers them, and a semicolon. No database takes a NUL in a name or a constant.

use std::borrow::Cow;

use crate::sql::{RowStatement, Statement};

/// How a driver finds the places of parameters in a statement's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placeholders {
    /// As the database does it: `$1`, or `?`.
    #[default]
    Own,
    /// `$1`, `$2`: by number, which may come again.
    Numbered,
    /// `?` for each, in their order.
    Question,
    /// `%s` for each, in their order, and `%%` for every other `%`: "format", a style of Python's DB-API.
    Format,
}

const MARK: char = '\0';
const END: char = ';';

/// What stands for a parameter until its statement is rendered.
pub(crate) fn mark(number: Option<usize>) -> String {
    let number = number.map_or(String::new(), |number| number.to_string());
    format!("{MARK}{number}{END}")
}

/// A part of a text with marks in it.
enum Part<'t> {
    Text(&'t str),
    /// A parameter; the database's own number, where it has one.
    Param(Option<usize>),
}

/// The parts of a text.
fn parts(sql: &str) -> impl Iterator<Item = Part<'_>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some(after) = rest.strip_prefix(MARK) else {
            let (text, others) = rest.split_at(rest.find(MARK).unwrap_or(rest.len()));
            rest = others;
            return Some(Part::Text(text));
        };
        let (number, others) = after.split_once(END).unwrap_or((after, ""));
        rest = others;
        Some(Part::Param(number.parse().ok()))
    })
}

impl Placeholders {
    /// The text in this style, and the positions of its parameters in the order in which the text has them.
    fn render(self, sql: &str) -> (String, Vec<usize>) {
        let mut text = String::with_capacity(sql.len());
        let mut order = Vec::new();
        for part in parts(sql) {
            match part {
                Part::Text(plain) if self == Placeholders::Format => text.push_str(&plain.replace('%', "%%")),
                Part::Text(plain) => text.push_str(plain),
                Part::Param(number) => {
                    let position = number.map_or(order.len(), |number| number.saturating_sub(1));
                    order.push(position);
                    match self {
                        Placeholders::Numbered => text.push_str(&format!("${}", position + 1)),
                        Placeholders::Format => text.push_str("%s"),
                        Placeholders::Question | Placeholders::Own => text.push('?'),
                    }
                }
            }
        }
        (text, order)
    }

    /// The text in this style, with what is bound to its placeholders.
    fn rendered<T: Clone>(self, sql: String, params: Vec<T>) -> (String, Vec<T>) {
        if self == Placeholders::Own {
            return (sql, params);
        }
        let (sql, order) = self.render(&sql);
        let in_place = order.len() == params.len() && order.iter().copied().eq(0..params.len());
        if self == Placeholders::Numbered || in_place {
            return (sql, params);
        }
        (sql, order.into_iter().filter_map(|position| params.get(position).cloned()).collect())
    }
}

impl Statement {
    /// The statement in a driver's style: its [`Driver`](crate::dialect::Driver) says which, and the same one is said here. A
    /// [`Run`](crate::run::Run) does so by itself; this is for a host that runs statements of its own.
    ///
    /// ```
    /// use enmasse_core::dialect::{Driver, Postgres};
    /// use enmasse_core::sql::{Fragment, Placeholders};
    /// use enmasse_core::{DataType, Value};
    ///
    /// let driver = Driver::default().with_placeholders(Placeholders::Format);
    /// let postgres = Postgres { driver, ..Postgres::default() };
    /// let id = Fragment::value(&postgres, &Value::Int(5), &DataType::BigInt)?;
    /// let statement = Fragment::format("DELETE FROM \"100%\" WHERE id = {}", [id]).statement(&postgres);
    /// assert_eq!(statement.rendered(Placeholders::Format).sql, "DELETE FROM \"100%%\" WHERE id = %s");
    /// # Ok::<_, enmasse_core::Error>(())
    /// ```
    #[must_use]
    pub fn rendered(self, style: Placeholders) -> Statement {
        let (sql, params) = style.rendered(self.sql, self.params);
        Statement { sql, params }
    }
}

impl RowStatement {
    /// As [`Statement::rendered`].
    #[must_use]
    pub fn rendered(self, style: Placeholders) -> RowStatement {
        let (sql, binds) = style.rendered(self.sql, self.binds);
        RowStatement { sql, binds }
    }
}

/// A text for people, with the database's own placeholders where it has marks.
pub(crate) fn shown(sql: &str) -> Cow<'_, str> {
    if !sql.contains(MARK) {
        return Cow::Borrowed(sql);
    }
    let part = |part| match part {
        Part::Text(text) => Cow::Borrowed(text),
        Part::Param(Some(number)) => Cow::Owned(format!("${number}")),
        Part::Param(None) => Cow::Borrowed("?"),
    };
    Cow::Owned(parts(sql).map(part).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Placeholders::{Format, Numbered, Own, Question};

    #[test]
    fn renders_each_style() {
        let numbered =
            format!("a%s? = {} AND '%' < {} AND {} = b", mark(Some(2)), mark(Some(1)), mark(Some(2)));
        let params = || vec!["one", "two"];
        let of = |style: Placeholders, sql: &str| style.rendered(sql.to_owned(), params());
        assert_eq!(
            of(Format, &numbered),
            ("a%%s? = %s AND '%%' < %s AND %s = b".to_owned(), vec!["two", "one", "two"])
        );
        assert_eq!(
            of(Question, &numbered),
            ("a%s? = ? AND '%' < ? AND ? = b".to_owned(), vec!["two", "one", "two"])
        );
        assert_eq!(of(Numbered, &numbered), ("a%s? = $2 AND '%' < $1 AND $2 = b".to_owned(), params()));
        let in_order = format!("{}, `100%`, {}", mark(None), mark(None));
        assert_eq!(of(Format, &in_order), ("%s, `100%%`, %s".to_owned(), params()));
        assert_eq!(of(Numbered, &in_order), ("$1, `100%`, $2".to_owned(), params()));
        assert_eq!(of(Own, "100% ?"), ("100% ?".to_owned(), params()));
        assert_eq!(shown(&numbered), "a%s? = $2 AND '%' < $1 AND $2 = b");
        assert_eq!(shown(&in_order), "?, `100%`, ?");
    }
}
