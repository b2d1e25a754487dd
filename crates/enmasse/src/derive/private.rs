//! Support for the code that the derives and macros generate.

use enmasse_core::schema::{Auto, Default, Field, Model, ModelRef};
use enmasse_core::{DataType, Error, ErrorKind, Result, Value, ValueRef};

pub use enmasse_core::schema::ForeignKey;
pub use inventory;

pub use crate::model::embed::{Abstract, Embed, Following, RowReader, Tail};
pub use crate::model::mixin::{Flag, Mixin, NotMixedIn};
pub use crate::typed::columns::Hop;

pub use crate::model::record::no_such_position;
pub use crate::model::registry::Registration;
pub use crate::typed::{Steps, Unknown};

use crate::model::Columns;
use crate::model::Entity;
use crate::typed::choices::Choices;
use crate::typed::columns::Column;
use crate::typed::field_type::FieldType;
use crate::typed::operand::{AcceptedBy, Literal};

/// A field of this Rust type.
pub fn field<T: FieldType>(name: &str) -> Field {
    let mut field = Field::new(name, T::data_type());
    field.null = T::NULL;
    field.choices = T::choices();
    field
}

/// Makes a field the whole primary key. The database numbers an integer key that is not a foreign key.
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

pub fn db_type<T: FieldType<Base: MaxLength>>(mut field: Field, db_type: &str) -> Field {
    field.data_type = DataType::Native(db_type.to_owned());
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

/// The value of a `default = …`: any operand of the field.
pub fn literal<T, V>(value: V) -> Value
where
    V: Literal<T::Base, Null: AcceptedBy<T>>,
    T: FieldType,
{
    value.into_literal()
}

pub fn unique_together(model: Model, fields: &[&str]) -> Model {
    model.unique_together(fields.iter().copied())
}

/// Text with a maximum length.
#[diagnostic::on_unimplemented(
    message = "`max_length` is for text, not for `{Self}`",
    label = "has no `max_length`"
)]
pub trait MaxLength {}
#[diagnostic::do_not_recommend]
impl MaxLength for String {}

/// Numbers with declared digits.
#[diagnostic::on_unimplemented(
    message = "`max_digits` and `decimal_places` are for `Decimal`, not for `{Self}`",
    label = "has no declared digits"
)]
pub trait Digits {}
#[diagnostic::do_not_recommend]
impl Digits for rust_decimal::Decimal {}

/// Types that a write can set to the current time.
#[diagnostic::on_unimplemented(
    message = "`auto_now` and `auto_now_add` are for dates and times, not for `{Self}`",
    label = "cannot be set to the current time",
    note = "the types are DateTime<Utc>, NaiveDateTime, NaiveDate and NaiveTime"
)]
pub trait Timestamp {}
#[diagnostic::do_not_recommend]
impl Timestamp for chrono::DateTime<chrono::Utc> {}
#[diagnostic::do_not_recommend]
impl Timestamp for chrono::NaiveDateTime {}
#[diagnostic::do_not_recommend]
impl Timestamp for chrono::NaiveDate {}
#[diagnostic::do_not_recommend]
impl Timestamp for chrono::NaiveTime {}

/// Types of a primary key inside an `Option`.
#[diagnostic::on_unimplemented(
    message = "a primary key of type `Option<{Self}>` would have to be numbered by the database, which numbers integers only",
    label = "write the type without `Option`, and give each new row its key"
)]
pub trait Identity {}
#[diagnostic::do_not_recommend]
impl Identity for i16 {}
#[diagnostic::do_not_recommend]
impl Identity for i32 {}
#[diagnostic::do_not_recommend]
impl Identity for i64 {}

pub const fn numbered<T: Identity>() {}

/// Keys that a foreign key of type `T` can refer to.
#[diagnostic::on_unimplemented(
    message = "a foreign key of type `{T}` cannot refer to a key of type `{Self}`",
    label = "the key that it refers to is `{Self}`",
    note = "give the field the type of that key, or an `Option` of it; to refer to another unique field, name it with `to_field`"
)]
pub trait ReferredBy<T> {}
#[diagnostic::do_not_recommend]
impl<T> ReferredBy<T> for T {}

pub const fn refers_to_key<T: FieldType, K: ReferredBy<T::Base>>() {}

pub const fn refers_to_field<M: Entity, T: FieldType, K: FieldType<Base: ReferredBy<T::Base>>>(
    _: fn(Columns<M>) -> Column<K>,
) {
}

/// Reports once that a type cannot be a field's, instead of at each use.
pub const fn field_type<T: FieldType>() {}

/// Reports once that a type cannot be embedded.
pub const fn part<P: Embed>() {}

/// The number of a flattened model's fields in the primary key. Reports once that a type cannot be flattened.
pub const fn flattened<P: Abstract>() -> usize {
    P::KEYS
}

/// The value of a link to a parent: the parent's key.
pub fn link<P: Embed>(parent: &P, model: &ModelRef) -> Value {
    P::KEY.map_or(Value::Null, |key| parent.value(model, key))
}

/// The value of a link to a parent, borrowed.
pub fn link_ref<'p, P: Embed>(parent: &'p P, model: &ModelRef) -> ValueRef<'p> {
    P::KEY.map_or(ValueRef::Null, |key| parent.value_ref(model, key))
}

/// Sets a link to a parent: the parent's key.
pub fn set_link<P: Embed>(parent: &mut P, model: &ModelRef, value: Value) -> Result<()> {
    P::KEY.map_or(Ok(()), |key| parent.set_value(model, key, value))
}

/// The error for a value outside of an enum.
pub fn not_a_choice<C: Choices>(value: &Value) -> Error {
    let choices: Vec<String> = C::values().iter().map(Value::to_string).collect();
    let text = format!("expected one of {} but the column has {value}.", choices.join(", "));
    Error::new(ErrorKind::Value, text)
}
