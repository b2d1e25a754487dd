//! SQL that a host wrote, with parameters that only the host can read.

use crate::error::{Error, Result};

/// A piece of SQL that a host wrote: texts, and between them parameters that only the host can read.
///
/// A parameter is a number of the host's choice. In a statement it is a [`Value::Opaque`](crate::Value::Opaque) of that number, which may occur several times; the
/// host binds its own value in place of it. Its placeholder is rendered in the style of the host's [driver](crate::dialect::Driver).
///
/// ```
/// use enmasse_core::dialect::Postgres;
/// use enmasse_core::query::HostSql;
/// use enmasse_core::sql::Fragment;
///
/// let condition = HostSql::format("\"points\" %% 2 = %s", 7)?;
/// assert_eq!(condition.params(), [7]);
/// let statement = Fragment::from(&condition).statement(&Postgres::default());
/// assert_eq!(statement.to_string(), "\"points\" % 2 = $1\n-- params: the host's parameter 7");
/// # Ok::<_, enmasse_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSql {
    /// One more than parameters.
    texts: Vec<String>,
    params: Vec<u32>,
}

impl HostSql {
    /// Texts, and the parameters that stand between each two of them.
    ///
    /// # Errors
    ///
    /// [`Request`](crate::ErrorKind::Request) where there is not one text more than there are parameters, or a text has a NUL, which no
    /// database takes.
    pub fn new(
        texts: impl IntoIterator<Item = impl Into<String>>,
        params: impl IntoIterator<Item = u32>,
    ) -> Result<Self> {
        let texts: Vec<String> = texts.into_iter().map(Into::into).collect();
        let params: Vec<u32> = params.into_iter().collect();
        if texts.len() != params.len() + 1 {
            return Err(Error::request(format!(
                "SQL of the host with {} parameters has {} texts between them, where it needs {}.",
                params.len(),
                texts.len(),
                params.len() + 1
            )));
        }
        if texts.iter().any(|text| text.contains('\0')) {
            return Err(Error::request("SQL of the host has a NUL character in it."));
        }
        Ok(HostSql { texts, params })
    }

    /// SQL in the style "format" of Python's DB-API: `%s` is a parameter, and `%%` is a `%`. The parameters have this number and those that
    /// follow it.
    ///
    /// # Errors
    ///
    /// [`Request`](crate::ErrorKind::Request) where a `%` is followed by something else, and as [`new`](HostSql::new).
    pub fn format(sql: &str, first: u32) -> Result<Self> {
        let mut texts = vec![String::new()];
        let mut rest = sql;
        while let Some((before, after)) = rest.split_once('%') {
            let text = texts.last_mut().expect("there is one text at least");
            text.push_str(before);
            rest = if let Some(after) = after.strip_prefix('%') {
                text.push('%');
                after
            } else if let Some(after) = after.strip_prefix('s') {
                texts.push(String::new());
                after
            } else {
                let place = before.len() + sql.len() - rest.len();
                return Err(Error::request(format!(
                    "SQL of the host has a '%' at byte {place} that is neither '%s' nor '%%'."
                )));
            };
        }
        texts.last_mut().expect("there is one text at least").push_str(rest);
        let params = (0..).take(texts.len() - 1).map(|number| first + number).collect::<Vec<_>>();
        HostSql::new(texts, params)
    }

    /// The texts, one more than there are parameters.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// The numbers of its parameters, in their order.
    pub fn params(&self) -> &[u32] {
        &self.params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_style_of_python() {
        let sql = |texts: &[&str], params: &[u32]| {
            HostSql::new(texts.iter().copied(), params.iter().copied()).unwrap()
        };
        assert_eq!(HostSql::format("", 0).unwrap(), sql(&[""], &[]));
        assert_eq!(HostSql::format("%s", 3).unwrap(), sql(&["", ""], &[3]));
        assert_eq!(
            HostSql::format("a = %s AND b %% %s%%", 1).unwrap(),
            sql(&["a = ", " AND b % ", "%"], &[1, 2])
        );
        assert_eq!(HostSql::format("é%%s", 0).unwrap(), sql(&["é%s"], &[]));
        for wrong in ["%", "a %d", "LIKE 'x%'", "%(name)s", "%s%"] {
            assert!(HostSql::format(wrong, 0).is_err(), "{wrong}");
        }
        assert_eq!(
            HostSql::format("a %% b %d", 0).unwrap_err().to_string(),
            "SQL of the host has a '%' at byte 7 that is neither '%s' nor '%%'."
        );
    }

    #[test]
    fn refuses_what_does_not_fit_together() {
        assert!(HostSql::new(["a"], [1]).is_err());
        assert!(HostSql::new(["a", "b"], []).is_err());
        assert!(HostSql::new(["a\0"], []).is_err());
    }
}
