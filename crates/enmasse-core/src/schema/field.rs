//! One field of a model.

use crate::error::{Error, Result};
use crate::schema::{Inherited, Limits, Model};
use crate::value::{DataType, Value};

/// One field: its name in Rust, its column in the database, and what may stand in it.
///
/// Made with [`Field::new`] and the methods that say more; every part can be read.
///
/// ```
/// use enmasse_core::DataType;
/// use enmasse_core::schema::Field;
///
/// let field = Field::new("code", DataType::Text { max_length: Some(2) }).primary_key().column("iso");
/// assert_eq!((field.name.as_str(), field.column.as_str()), ("code", "iso"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Field {
    /// The name that filters use.
    pub name: String,
    /// The column in the table; by default the name, and for a foreign key the name with `_id`.
    pub column: String,
    /// The type of the column.
    pub data_type: DataType,
    /// Whether NULL may stand in it.
    pub null: bool,
    /// Whether it is the primary key, or a part of a composite one.
    pub primary_key: bool,
    /// Whether the database gives a value where the program gives none: an identity column.
    pub identity: bool,
    /// Whether that value is the database's alone, which an update cannot change: `GENERATED ALWAYS AS IDENTITY`.
    pub always_identity: bool,
    /// Whether no two rows may have the same value.
    pub unique: bool,
    /// Whether writes set it to the time of the write.
    pub auto: Auto,
    /// The value of a new row that is given none.
    pub default: Option<Default>,
    /// The SQL expression of a generated column, which is never written.
    pub generated: Option<String>,
    /// The model and field that it refers to.
    pub foreign_key: Option<ForeignKey>,
    /// The only values that may stand in it, where it is an enum.
    pub choices: Option<Vec<Value>>,
    /// The least and the greatest number that fit, where the column holds fewer than its type: a `tinyint`, `int unsigned`.
    pub range: Option<(i64, i64)>,
    /// The digits of a second's fraction that the column keeps, where these are fewer than six: a `datetime` of MariaDB
    /// keeps none.
    pub second_digits: Option<u32>,
    /// What else the column does not hold though its type does.
    pub limits: Limits,
    /// Where it is in the table of a model that this one extends.
    pub inherited: Option<Inherited>,
    column_is_set: bool,
}

/// When a write sets a field to the current time by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auto {
    /// Never.
    No,
    /// When the row is made (`auto_now_add`).
    OnCreate,
    /// At every write (`auto_now`).
    OnWrite,
}

/// The value of a field that a new row is not given.
#[derive(Clone, Debug)]
pub enum Default {
    /// Always this.
    Value(Value),
    /// What this returns.
    Call(fn() -> Value),
}

impl Default {
    /// The value for one new row.
    pub fn value(&self) -> Value {
        match self {
            Default::Value(value) => value.clone(),
            Default::Call(make) => make(),
        }
    }
}

/// What a foreign key refers to.
#[derive(Clone, Debug)]
pub struct ForeignKey {
    /// The label of the other model.
    pub model: String,
    /// The field there; its primary key if none is named.
    pub to_field: Option<String>,
    /// What the relation is called from the other side; by default the model's name in lower case, `"+"` for none.
    pub related_name: Option<String>,
}

impl ForeignKey {
    pub(crate) fn reverse_name(&self, model: &Model) -> Option<String> {
        match self.related_name.as_deref() {
            Some("+") => None,
            Some(name) => Some(name.to_owned()),
            None => Some(model.name.to_lowercase()),
        }
    }
}

impl Field {
    /// A field of this name and type, with a column of the same name, which may not be NULL.
    pub fn new(name: impl Into<String>, data_type: DataType) -> Self {
        let name = name.into();
        Field {
            column: name.clone(),
            name,
            data_type,
            null: false,
            primary_key: false,
            identity: false,
            always_identity: false,
            unique: false,
            auto: Auto::No,
            default: None,
            generated: None,
            foreign_key: None,
            choices: None,
            range: None,
            second_digits: None,
            limits: Limits::default(),
            inherited: None,
            column_is_set: false,
        }
    }

    /// Makes it the primary key, or one field of it.
    #[must_use]
    pub fn primary_key(mut self) -> Self {
        self.primary_key = true;
        self
    }

    /// Lets the database number the rows that are given no value.
    #[must_use]
    pub fn identity(mut self) -> Self {
        self.identity = true;
        self
    }

    /// Lets NULL stand in it.
    #[must_use]
    pub fn null(mut self) -> Self {
        self.null = true;
        self
    }

    /// Allows each value once.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Names its column (`db_column`).
    #[must_use]
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.column = column.into();
        self.column_is_set = true;
        self
    }

    /// Sets it to the current time by itself.
    #[must_use]
    pub fn auto(mut self, auto: Auto) -> Self {
        self.auto = auto;
        self
    }

    /// Gives new rows a value.
    #[must_use]
    pub fn default(mut self, default: Default) -> Self {
        self.default = Some(default);
        self
    }

    /// Makes it a generated column with this SQL expression.
    #[must_use]
    pub fn generated(mut self, expression: impl Into<String>) -> Self {
        self.generated = Some(expression.into());
        self
    }

    /// Makes it refer to the primary key of the model with this label.
    #[must_use]
    pub fn foreign_key(self, model: impl Into<String>) -> Self {
        self.references(ForeignKey { model: model.into(), to_field: None, related_name: None })
    }

    /// Makes it refer to another model's field.
    #[must_use]
    pub fn references(mut self, key: ForeignKey) -> Self {
        self.foreign_key = Some(key);
        if !self.column_is_set {
            self.column = format!("{}_id", self.name);
        }
        self
    }

    /// Allows these values only.
    #[must_use]
    pub fn choices(mut self, choices: Vec<Value>) -> Self {
        self.choices = Some(choices);
        self
    }

    /// The value as it can be written to this field of the model: [`DataType::clean`], and no NULL where none may stand,
    /// except in an identity column, which the database fills.
    ///
    /// ```
    /// use enmasse_core::DataType;
    /// use enmasse_core::schema::Field;
    ///
    /// let points = Field::new("points", DataType::Integer);
    /// let error = points.clean("User", "abc".into()).unwrap_err();
    /// assert_eq!(error.to_string(), "User.points: expected a whole number but got 'abc'.");
    /// ```
    ///
    /// # Errors
    ///
    /// [`Value`](crate::ErrorKind::Value) with the model, the field, what was given and what would fit: a type, a range, the choices.
    pub fn clean(&self, model: &str, value: Value) -> Result<Value> {
        if value.is_null() {
            return match self.null || self.identity {
                true => Ok(value),
                false => {
                    Err(Error::value("NULL may not stand in it.").at(format_args!("{model}.{}", self.name)))
                }
            };
        }
        let fits = |value| self.in_range(&value).and_then(|()| self.is_choice(&value)).map(|()| value);
        let clean = self.data_type.clean(value).and_then(|value| self.limits.settle(value)).and_then(fits);
        clean.map_err(|error| error.at(format_args!("{model}.{}", self.name)))
    }

    fn is_choice(&self, value: &Value) -> Result<()> {
        match &self.choices {
            Some(choices) if !choices.iter().any(|choice| choice.is_same(value)) => {
                Err(not_a_choice(value, choices))
            }
            _ => Ok(()),
        }
    }

    /// Refuses what the column would not keep though its type could.
    fn in_range(&self, value: &Value) -> Result<()> {
        if let (Some((least, greatest)), Value::Int(number)) = (self.range, value)
            && !(least..=greatest).contains(number)
        {
            return Err(Error::value(format!("{number} is not between {least} and {greatest}.")));
        }
        if let Some(digits) = self.second_digits
            && value.micros().is_some_and(|micros| micros % 10_i64.pow(6_u32.saturating_sub(digits)) != 0)
        {
            return Err(Error::value(format!(
                "{value} has more digits after the second than the {digits} that the column keeps."
            )));
        }
        self.limits.check(value)
    }

    /// Whether a value stands in it at most once, as far as the field itself tells.
    pub fn is_unique(&self) -> bool {
        self.unique
    }

    /// Whether an update may set it.
    pub fn is_writable(&self) -> bool {
        self.generated.is_none() && (!self.always_identity || self.primary_key)
    }
}

/// The error for a value that is none of those that a field may have.
fn not_a_choice(value: &Value, choices: &[Value]) -> Error {
    const SHOWN: usize = 20;
    let shown = choices.iter().take(SHOWN).map(Value::to_string).collect::<Vec<_>>().join(", ");
    let more = if choices.len() > SHOWN { ", …" } else { "" };
    Error::value(format!("{value} is none of its choices, which are: {shown}{more}."))
}
