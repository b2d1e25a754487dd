//! One field of a model.

use crate::error::{Error, Result};
use crate::schema::{Inherited, Limits, Model};
use crate::value::{DataType, Value};

/// A field: its name in Rust, its column in the database, and the values that it accepts.
///
/// Create it with [`Field::new`] and the builder methods; all parts are public.
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
    /// Whether NULL is allowed.
    pub null: bool,
    /// Whether it is the primary key, or a part of a composite one.
    pub primary_key: bool,
    /// Whether it is an identity column: the database assigns a value if the program gives none.
    pub identity: bool,
    /// Whether only the database may assign the value, and updates cannot change it: `GENERATED ALWAYS AS
    /// IDENTITY`.
    pub always_identity: bool,
    /// Whether values must be unique.
    pub unique: bool,
    /// Whether writes set it to the current time.
    pub auto: Auto,
    /// The default value in a new row.
    pub default: Option<Default>,
    /// The SQL expression of a generated column, which is never written.
    pub generated: Option<String>,
    /// The referenced model and field.
    pub foreign_key: Option<ForeignKey>,
    /// The only allowed values, if it is an enum.
    pub choices: Option<Vec<Value>>,
    /// The range of numbers, if the column's is smaller than its type's: a `tinyint`, `int unsigned`.
    pub range: Option<(i64, i64)>,
    /// The number of digits of a second's fraction, if it is less than six: a `datetime` of MariaDB has none.
    pub second_digits: Option<u32>,
    /// Further limits of the column that its type does not have.
    pub limits: Limits,
    /// Its place in the table of an extended model, if it is inherited.
    pub inherited: Option<Inherited>,
    column_is_set: bool,
}

/// When a write sets a field to the current time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auto {
    /// Never.
    No,
    /// When the row is created (`auto_now_add`).
    OnCreate,
    /// At every write (`auto_now`).
    OnWrite,
}

/// The default value of a field in a new row.
#[derive(Clone, Debug)]
pub enum Default {
    /// A constant.
    Value(Value),
    /// The result of a function.
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

/// The target of a foreign key.
#[derive(Clone, Debug)]
pub struct ForeignKey {
    /// The label of the other model.
    pub model: String,
    /// The referenced field; by default the primary key.
    pub to_field: Option<String>,
    /// The reverse name of the relation; by default the model's name in lower case, `"+"` for none.
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
    /// A NOT NULL field with this name and type, and a column of the same name.
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

    /// Adds it to the primary key.
    #[must_use]
    pub fn primary_key(mut self) -> Self {
        self.primary_key = true;
        self
    }

    /// Lets the database assign a number in rows without a value.
    #[must_use]
    pub fn identity(mut self) -> Self {
        self.identity = true;
        self
    }

    /// Allows NULL.
    #[must_use]
    pub fn null(mut self) -> Self {
        self.null = true;
        self
    }

    /// Requires unique values.
    #[must_use]
    pub fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// Sets the name of its column (`db_column`).
    #[must_use]
    pub fn column(mut self, column: impl Into<String>) -> Self {
        self.column = column.into();
        self.column_is_set = true;
        self
    }

    /// Lets writes set it to the current time.
    #[must_use]
    pub fn auto(mut self, auto: Auto) -> Self {
        self.auto = auto;
        self
    }

    /// Sets the default value.
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

    /// Makes it a foreign key to the primary key of the model with this label.
    #[must_use]
    pub fn foreign_key(self, model: impl Into<String>) -> Self {
        self.references(ForeignKey { model: model.into(), to_field: None, related_name: None })
    }

    /// Makes it a foreign key to a field of another model.
    #[must_use]
    pub fn references(mut self, key: ForeignKey) -> Self {
        self.foreign_key = Some(key);
        if !self.column_is_set {
            self.column = format!("{}_id", self.name);
        }
        self
    }

    /// Allows only these values.
    #[must_use]
    pub fn choices(mut self, choices: Vec<Value>) -> Self {
        self.choices = Some(choices);
        self
    }

    /// The value as it can be written to this field: [`DataType::clean`], and NULL only if it is allowed.
    /// NULL is also allowed in an identity column, which the database fills.
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
    /// [`Value`](crate::ErrorKind::Value) with the model, the field, the given value and what would fit: a
    /// type, a range, the choices.
    pub fn clean(&self, model: &str, value: Value) -> Result<Value> {
        if value.is_null() {
            return if self.null || self.identity {
                Ok(value)
            } else {
                Err(Error::value("NULL is not allowed.").at(format_args!("{model}.{}", self.name)))
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

    /// Refuses a value that fits the type but not the column.
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

    /// Whether its values are unique, as far as the field itself declares.
    pub fn is_unique(&self) -> bool {
        self.unique
    }

    /// Whether an update may set it.
    pub fn is_writable(&self) -> bool {
        self.generated.is_none() && (!self.always_identity || self.primary_key)
    }
}

/// The error for a value outside of the choices.
fn not_a_choice(value: &Value, choices: &[Value]) -> Error {
    const SHOWN: usize = 20;
    let shown = choices.iter().take(SHOWN).map(Value::to_string).collect::<Vec<_>>().join(", ");
    let more = if choices.len() > SHOWN { ", …" } else { "" };
    Error::value(format!("{value} is not one of its choices, which are: {shown}{more}."))
}
