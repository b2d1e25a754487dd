//! What the code that the derives and macros write needs.

use enmasse_core::schema::{Auto, Default, Field, Model};
use enmasse_core::{DataType, Error, ErrorKind, Value};

pub use enmasse_core::schema::ForeignKey;
pub use inventory;

pub use crate::columns::Hop;
pub use crate::model::RowReader;

pub use crate::record::no_such_position;
pub use crate::registry::Registration;
pub use crate::typed::Steps;

use crate::choices::Choices;
use crate::columns::Column;
use crate::field_type::FieldType;
use crate::model::Columns;
use crate::model::Entity;
use crate::operand::{Accepts, Literal};

/// A field of this Rust type.
pub fn field<T: FieldType>(name: &str) -> Field {
    let mut field = Field::new(name, T::data_type());
    field.null = T::NULL;
    field.choices = T::choices();
    field
}

/// Makes a field the whole primary key; an integer that refers to nothing numbers itself.
pub fn primary_key(field: Field) -> Field {
    let identity = field.data_type.is_integer() && field.foreign_key.is_none() && field.choices.is_none();
    let mut field = field.primary_key();
    field.null = false;
    field.identity = identity;
    field
}

pub fn max_length<T: FieldType<Base: MaxLength>>(mut field: Field, max_length: u32) -> Field {
    field.data_type = DataType::Text { max_length: Some(max_length) };
    field
}

pub fn digits<T: FieldType<Base: Digits>>(mut field: Field, max_digits: u32, decimal_places: u32) -> Field {
    field.data_type =
        DataType::Decimal { max_digits: Some(max_digits), decimal_places: Some(decimal_places) };
    field
}

pub fn auto<T: FieldType<Base: Timestamp>>(field: Field, auto: Auto) -> Field {
    field.auto(auto)
}

pub fn default(field: Field, make: fn() -> Value) -> Field {
    field.default(Default::Call(make))
}

/// The value of a `default = …`, which may be anything that the field can be set to.
pub fn literal<T, V>(value: V) -> Value
where
    V: Literal<T::Base>,
    T: FieldType + Accepts<V::Null>,
{
    value.into_literal()
}

pub fn unique_together(model: Model, fields: &[&str]) -> Model {
    model.unique_together(fields.iter().copied())
}

/// Text with a greatest length.
#[diagnostic::on_unimplemented(
    message = "`max_length` is for text, not for `{Self}`",
    label = "has no `max_length`"
)]
pub trait MaxLength {}
impl MaxLength for String {}

/// Numbers with declared digits.
#[diagnostic::on_unimplemented(
    message = "`max_digits` and `decimal_places` are for `Decimal`, not for `{Self}`",
    label = "has no declared digits"
)]
pub trait Digits {}
impl Digits for rust_decimal::Decimal {}

/// What a write can set to the current time.
#[diagnostic::on_unimplemented(
    message = "`auto_now` and `auto_now_add` are for dates and times, not for `{Self}`",
    label = "cannot be set to the current time",
    note = "the types are DateTime<Utc>, NaiveDateTime, NaiveDate and NaiveTime"
)]
pub trait Timestamp {}
impl Timestamp for chrono::DateTime<chrono::Utc> {}
impl Timestamp for chrono::NaiveDateTime {}
impl Timestamp for chrono::NaiveDate {}
impl Timestamp for chrono::NaiveTime {}

/// What a primary key in an `Option` can be of.
#[diagnostic::on_unimplemented(
    message = "a primary key of type `Option<{Self}>` would have to be numbered by the database, which numbers integers only",
    label = "write the type without `Option`, and give each new row its key"
)]
pub trait Identity {}
impl Identity for i16 {}
impl Identity for i32 {}
impl Identity for i64 {}

pub const fn numbered<T: Identity>() {}

/// Types of a foreign key that can refer to a key of type `K`.
#[diagnostic::on_unimplemented(
    message = "a foreign key of type `{Self}` cannot refer to a key of type `{K}`",
    label = "the key that it refers to is a `{K}`",
    note = "give the field the type of that key, or an `Option` of it; to refer to another unique field, name it with `to_field`"
)]
pub trait RefersTo<K> {}
#[diagnostic::do_not_recommend]
impl<K> RefersTo<K> for K {}

pub const fn refers_to_key<T: FieldType<Base: RefersTo<K>>, K>() {}

pub const fn refers_to_field<M: Entity, T: FieldType<Base: RefersTo<K::Base>>, K: FieldType>(
    _: fn(Columns<M>) -> Column<K>,
) {
}

/// The error for a value that is none of an enum's.
pub fn not_a_choice<C: Choices>(value: &Value) -> Error {
    let choices: Vec<String> = C::values().iter().map(|choice| format!("{choice:?}")).collect();
    Error::new(ErrorKind::Value, format!("expected one of {} but got {value:?}", choices.join(", ")))
}
