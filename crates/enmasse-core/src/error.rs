//! The error type.

use std::error::Error as StdError;
use std::fmt;

use crate::shorten;
use crate::value::Value;

/// `Result` with Enmasse's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error: what went wrong, where, and what would be correct.
///
/// An error is one pointer wide. Programs match on [`kind`](Error::kind); the text is for people. If a
/// database or a driver is the cause, it is the [`source`](StdError::source), and [`code`](Error::code) is
/// the database's own code. No text contains a password.
///
/// ```
/// use enmasse_core::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::Value, "Field 'points' expected a number but got 'abc'.");
/// assert_eq!(error.kind(), ErrorKind::Value);
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    code: Option<String>,
    keys: Vec<Vec<Value>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The kind of an [`Error`], to match on.
///
/// Each kind names the exception that Django raises in the same case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A model has no field with that name (`FieldDoesNotExist`, or `FieldError` in a filter).
    UnknownField,
    /// A field that exists cannot be used in this place: a relation, a joined reference, an aggregate (`FieldError`).
    Field,
    /// A value is of the wrong type, or does not fit its column (`ValueError`).
    Value,
    /// The request is invalid, for example an update of a slice (`TypeError`).
    Request,
    /// The database cannot do this (`NotSupportedError`).
    NotSupported,
    /// Two rows of one batch have the same key.
    DuplicateKey,
    /// An object without a primary key was used where a saved one is needed (`ValueError`).
    Unsaved,
    /// `get` found no row (`DoesNotExist`).
    NotFound,
    /// `get` found several rows (`MultipleObjectsReturned`).
    MultipleFound,
    /// A unique, foreign key, not-null or check constraint, a trigger or a row policy refused the write (`IntegrityError`).
    Integrity,
    /// The database refused a value: it is out of its column's range, too long, or malformed (`DataError`).
    Data,
    /// A deadlock, a serialisation failure or a lock timeout: the transaction may be retried.
    Conflict,
    /// The connection could not be established, or was lost (`OperationalError`). A transaction is rolled
    /// back; for a single statement outside of a transaction, the outcome is unknown.
    Connection,
    /// The connection was lost during a commit: it is unknown whether everything or nothing was written
    /// (`OperationalError`).
    CommitUnknown,
    /// A handle was used after its transaction had ended.
    TransactionEnded,
    /// The description of a model or the database's URL is wrong (`ImproperlyConfigured`).
    Configuration,
    /// Any other error that the database reported (`DatabaseError`).
    Database,
}

impl Error {
    /// Creates an error with its kind and text. A text of more than some thousand characters is shortened in
    /// the middle, because names and values may have any length.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = shorten::message(message.into());
        Error(Box::new(Inner { kind, message, code: None, keys: Vec::new(), source: None }))
    }

    /// Sets the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Sets the database's own code: an SQLSTATE, an error number, a result code's name.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// Sets the keys concerned.
    #[must_use]
    pub fn with_keys(mut self, keys: Vec<Vec<Value>>) -> Self {
        self.0.keys = keys;
        self
    }

    /// Prefixes the text with the place.
    #[must_use]
    pub fn at(mut self, place: impl fmt::Display) -> Self {
        self.0.message = format!("{place}: {}", self.0.message);
        self
    }

    /// A copy of the error without its cause.
    #[must_use]
    pub fn again(&self) -> Self {
        let Inner { kind, message, code, keys, .. } = &*self.0;
        Error(Box::new(Inner {
            kind: *kind,
            message: message.clone(),
            code: code.clone(),
            keys: keys.clone(),
            source: None,
        }))
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The keys concerned, for errors about rows of a bulk update: for a
    /// [`DuplicateKey`](ErrorKind::DuplicateKey) the duplicate keys in the message; for a
    /// [`Value`](ErrorKind::Value) that of its row. Each key is the list of its fields' values.
    pub fn keys(&self) -> &[Vec<Value>] {
        &self.0.keys
    }

    /// The text without the code.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The database's own code, for errors of a database: `23505`, `1062`, `SQLITE_CONSTRAINT_UNIQUE`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Whether a retry of the same transaction may succeed.
    pub fn is_retryable(&self) -> bool {
        self.0.kind == ErrorKind::Conflict
    }

    /// Whether the database refused a value or a row, so that the other rows may be written without it.
    pub fn is_of_rows(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Integrity | ErrorKind::Data | ErrorKind::Value)
    }

    pub(crate) fn value(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Value, message)
    }

    pub(crate) fn field(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Field, message)
    }

    pub(crate) fn request(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::Request, message)
    }

    pub(crate) fn not_supported(message: impl Into<String>) -> Self {
        Error::new(ErrorKind::NotSupported, message)
    }

    /// The error for a name that is not among `choices`, with the nearest choice.
    pub fn unknown<'a>(
        kind: ErrorKind,
        what: impl fmt::Display,
        name: &str,
        choices: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let choices: Vec<&str> = choices.into_iter().collect();
        let of_similar_length = |choice: &&&str| choice.len().abs_diff(name.len()) <= 1 + name.len() / 3;
        let nearest = choices
            .iter()
            .filter(of_similar_length)
            .map(|choice| (strsim::damerau_levenshtein(name, choice), *choice))
            .min()
            .filter(|(distance, choice)| *distance <= 1 + choice.len().min(name.len()) / 3);
        let hint = nearest
            .map_or(String::new(), |(_, choice)| format!(" Did you mean '{}'?", shorten::name(choice)));
        let listed: Vec<_> =
            choices.iter().take(shorten::LISTED).map(|choice| shorten::name(choice)).collect();
        let more = match choices.len().saturating_sub(shorten::LISTED) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let choices = match listed[..] {
            [] => String::new(),
            _ => format!(" Choices are: {}{more}", listed.join(", ")),
        };
        let name = shorten::name(name);
        Error::new(kind, format!("{what} '{name}'.{hint}{choices}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match &self.0.code {
            Some(code) => write!(f, " [{code}]"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("code", &self.0.code)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
