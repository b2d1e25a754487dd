//! How the command ends.

use std::process::ExitCode;

use serde_json::json;

pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// How the command ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Rows were missing, and that was to be told.
    Missing,
    /// A run was paused or stopped before its end.
    Paused,
    /// Another program took a run over.
    FencedOff,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        ExitCode::from(match outcome {
            Outcome::Done => 0,
            Outcome::Missing => 3,
            Outcome::Paused => 6,
            Outcome::FencedOff => 7,
        })
    }
}

/// How a failure says that it was rolled back.
const NOTHING_WRITTEN: &str = "Nothing was written.";

/// The exit code where some of it may be done.
const UNKNOWN: u8 = 5;

/// Why the command did not do what it was asked; nothing was written, unless it says so.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    /// One or more lines, of which the first says most.
    message: String,
}

impl Failure {
    /// Something went wrong.
    pub fn failed(message: impl Into<String>) -> Self {
        Failure { code: 1, message: message.into() }
    }

    /// What was asked makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Failure { code: 2, message: message.into() }
    }

    /// It is done, but a file that was asked for could not be put in its place.
    pub fn unplaced(message: impl Into<String>) -> Self {
        Failure { code: 4, message: message.into() }
    }

    /// This program has a fault, seen where nothing can be said of the database.
    pub fn fault(panic: &str) -> Self {
        Failure::unknown(format!(
            "enmasse has a fault, please report it: {panic}. Look at the table: what was asked for may be done."
        ))
    }

    /// This program has a fault, which rolled its transaction back.
    pub fn rolled_back(panic: &str) -> Self {
        Failure::failed(format!("enmasse has a fault, please report it: {panic}.\nNothing was written."))
    }

    /// It may be done, or not: nobody knows.
    fn unknown(message: impl Into<String>) -> Self {
        Failure { code: UNKNOWN, message: message.into() }
    }

    /// A signal ended it.
    pub fn interrupted(signal: u8, message: impl Into<String>) -> Self {
        Failure { code: 128 + signal, message: message.into() }
    }

    /// Puts where it happened before the text.
    pub fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Says more, on lines of their own.
    pub fn with_lines(mut self, lines: Vec<String>) -> Self {
        lines.iter().for_each(|line| self.message.extend(["\n", line]));
        self
    }

    /// Of a write to a table that may have no transactions, where nobody can say that nothing was written.
    pub fn without_rollback(mut self) -> Self {
        for nothing in [NOTHING_WRITTEN, "all is rolled back, nothing was written"] {
            self.message = self
                .message
                .replace(nothing, "What was written to a table that cannot be rolled back stays written.");
        }
        if self.code == 1 {
            self.code = UNKNOWN;
        }
        self
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// Tells of it, and gives the exit code.
    pub fn report(&self, json: bool) -> ExitCode {
        crate::interrupt::failed();
        let message = without_passwords(&cut(&self.message));
        if json {
            say!("{}", json!({ "error": message, "exit_code": self.code }));
        }
        tell!("enmasse: {message}");
        ExitCode::from(self.code)
    }
}

/// A message whose lines are all short enough to be read: in names and values of a file there may be megabytes.
pub fn cut(message: &str) -> String {
    cut_to(message, 4_096)
}

/// A message whose lines have at most so many characters.
pub fn cut_to(message: &str, length: usize) -> String {
    let line = |line: &str| match line.char_indices().nth(length) {
        None => line.to_owned(),
        Some((end, _)) => format!("{}…", &line[..end]),
    };
    message.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The schemes of databases that have passwords; a URL of one may be mistyped, and lack its slashes.
const SCHEMES: [&str; 4] = ["postgres:", "postgresql:", "mysql:", "mariadb:"];

/// Without the passwords of URLs, which may have been given in a wrong place.
///
/// A password may have any character but white space, and a user an `@`: what may be a password is hidden, be it more than that.
pub fn without_passwords(text: &str) -> String {
    text.split_inclusive(char::is_whitespace).map(without_password).collect()
}

/// A word, and the white space after it.
fn without_password(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    let scheme = |scheme: &&str| lower.find(*scheme).map(|at| at + scheme.len());
    let start = lower.find("://").map(|at| at + 3).or_else(|| SCHEMES.iter().find_map(scheme));
    let (word, space) = word.split_at(word.trim_end().len());
    let Some(start) = start else {
        // as libpq has them, or a parameter of a URL that was taken apart
        return match lower.find("password=").map(|at| at + "password=".len()) {
            Some(end) if end < word.len() => format!("{}…{space}", &word[..end]),
            _ => format!("{word}{space}"),
        };
    };
    let (before, url) = word.split_at(start);
    let slashes = url.len() - url.trim_start_matches('/').len();
    let (slashes, url) = url.split_at(slashes);
    let (user, place) = match (url.find(':'), url.rfind('@')) {
        (Some(colon), Some(at)) if colon < at => (format!("{}:…", &url[..colon]), &url[at..]),
        _ => (String::new(), url),
    };
    let place = place.split_once("password=").map_or(place, |(place, _)| place);
    format!("{before}{slashes}{user}{place}{space}")
}

impl From<enmasse::Error> for Failure {
    /// The names that a user gave wrong are wrong usage; all else failed, or may have.
    fn from(error: enmasse::Error) -> Self {
        use enmasse::ErrorKind::{CommitUnknown, Configuration, Field, Request, UnknownField};
        match error.kind() {
            CommitUnknown => Failure::unknown(error.to_string()),
            UnknownField | Field | Request | Configuration => Failure::usage(error.to_string()),
            _ => Failure::failed(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use enmasse::{Error, ErrorKind};

    use super::{Failure, without_passwords};

    #[test]
    fn the_exit_code_says_whether_something_was_written() {
        for (kind, code) in [
            (ErrorKind::UnknownField, 2),
            (ErrorKind::Value, 1),
            (ErrorKind::Connection, 1),
            (ErrorKind::CommitUnknown, 5),
        ] {
            assert_eq!(Failure::from(Error::new(kind, "no")).code, code, "{kind:?}");
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        for (text, shown) in [
            ("no table 'postgres://me:se/cr:et@h:5/d' here", "no table 'postgres://me:…@h:5/d' here"),
            ("a://u:p@h b://u@h:5/d?password=x c", "a://u:…@h b://u@h:5/d? c"),
            ("a://me@example.com:secret@h/d", "a://me@example.com:…@h/d"),
            ("a://me:sec'ret@h/d", "a://me:…@h/d"),
            ("'a://me:s<e>c\"ret@h:5/d'", "'a://me:…@h:5/d'"),
            ("a://user@host:5432/db", "a://user@host:5432/db"),
            ("see https://example.org:80/x", "see https://example.org:80/x"),
            ("postgres:/me:pw@h is no table", "postgres:/me:…@h is no table"),
            ("'MySQL:me:p:w@h'\nb", "'MySQL:me:…@h'\nb"),
            ("mariadb:me@h", "mariadb:me@h"),
            ("host=h password=secret user=u", "host=h password=… user=u"),
            ("mysql: no such user: 'a'@'b'", "mysql: no such user: 'a'@'b'"),
            ("none", "none"),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }
}
