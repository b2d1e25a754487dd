//! A column of a batch, and the values that it accepts.

use crate::error::Result;
use crate::schema::{Field, ModelRef};
use crate::value::{DataType, Value, ValueRef, json, text_fits};

/// A column of a batch: a field of the model, or an auxiliary column.
#[derive(Clone, Debug)]
pub struct BatchColumn {
    /// The type of its values.
    pub data_type: DataType,
    /// The model's name and the field that checks the values; `None` for an auxiliary column.
    field: Option<(String, Field)>,
    /// Whether values of the type need no further check.
    takes_all: bool,
}

impl BatchColumn {
    /// The column of the field at this position.
    pub fn of(model: &ModelRef, position: usize) -> Self {
        let field = model.fields[position].clone();
        let takes_all = field.range.is_none()
            && field.limits.is_empty()
            && field.choices.is_none()
            && matches!(
                field.data_type,
                DataType::Bool
                    | DataType::BigInt
                    | DataType::Real
                    | DataType::Double
                    | DataType::Text { max_length: None }
                    | DataType::Native(_)
                    | DataType::Bytes
                    | DataType::Date
                    | DataType::Uuid
                    | DataType::Json
            );
        BatchColumn {
            data_type: field.data_type.clone(),
            field: Some((model.name.clone(), field)),
            takes_all,
        }
    }

    /// The column of the field at this position, with NULL in rows of the batch that do not set the field.
    pub(crate) fn patch(model: &ModelRef, position: usize) -> Self {
        let mut column = BatchColumn::of(model, position);
        if let Some((_, field)) = &mut column.field {
            field.null = true;
        }
        column
    }

    /// An auxiliary column, whose values need no check.
    pub fn own(data_type: DataType) -> Self {
        BatchColumn { data_type, field: None, takes_all: true }
    }

    /// The names of the model and of the field.
    pub(super) fn shown(&self) -> Option<(&str, &str)> {
        self.field.as_ref().map(|(model, field)| (model.as_str(), field.name.as_str()))
    }

    /// The value as the column stores it: of its type, fitting, in microseconds, as defined by
    /// [`Field::clean`].
    ///
    /// # Errors
    ///
    /// As [`Field::clean`].
    pub fn clean<'v>(&self, value: ValueRef<'v>) -> Result<ValueRef<'v>> {
        if self.keeps(&value) {
            return Ok(value);
        }
        match &self.field {
            Some((model, field)) => field.clean(model, value.into_owned()).map(ValueRef::Owned),
            None => Ok(value),
        }
    }

    /// Whether the value can be stored unchanged, as far as can be decided without a copy.
    #[inline]
    pub(super) fn keeps(&self, value: &ValueRef<'_>) -> bool {
        let Some((_, field)) = &self.field else { return true };
        if let ValueRef::Null = value {
            return field.null;
        }
        if !value.is_prepared(&self.data_type) || field.choices.is_some() {
            return false;
        }
        if !field.limits.keep(value)
            || field.choices.as_ref().is_some_and(|choices| !is_among(value, choices))
        {
            return false;
        }
        match (&self.data_type, value) {
            (DataType::Text { max_length: None } | DataType::Native(_), _) => true,
            (DataType::Text { max_length: Some(most) }, ValueRef::Text(text)) => {
                // A character has at least one byte.
                text.len() <= *most as usize || text.chars().count() <= *most as usize
            }
            (DataType::SmallInt | DataType::Integer, ValueRef::Int(number)) => {
                let fits = |(least, most): (i64, i64)| (least..=most).contains(number);
                self.data_type.integer_range().is_some_and(fits) && field.range.is_none_or(fits)
            }
            (DataType::DateTime | DataType::NaiveDateTime | DataType::Time | DataType::Duration, _) => {
                field.second_digits.is_none()
            }
            (DataType::Decimal { .. }, ValueRef::Decimal(number)) => {
                self.data_type.fits(&Value::Decimal(*number)).is_ok()
            }
            (DataType::Decimal { max_digits, decimal_places }, ValueRef::DecimalText(text)) => {
                text_fits(text, *max_digits, *decimal_places).is_ok()
            }
            (DataType::Json, ValueRef::JsonText(text)) => json::is_document(text),
            // The limits are already checked for this value.
            (DataType::Bytes, _) => true,
            _ => self.takes_all,
        }
    }
}

fn is_among(value: &ValueRef<'_>, choices: &[Value]) -> bool {
    choices.iter().any(|choice| match (value, choice) {
        (ValueRef::Text(text), Value::Text(choice)) => text == choice,
        (ValueRef::Int(number), Value::Int(choice)) => number == choice,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Model, Schema};

    fn column(field: Field) -> BatchColumn {
        let id = Field::new("id", DataType::BigInt).primary_key();
        let schema = Schema::new(vec![Model::new("User", "users").add(id).add(field)]).unwrap();
        BatchColumn::of(&schema.model("User").unwrap(), 1)
    }

    #[test]
    fn keeps_what_the_field_keeps() {
        let moment = |text: &str| text.parse::<chrono::NaiveDateTime>().unwrap();
        let cases: Vec<(Field, Value)> = vec![
            (Field::new("f", DataType::Integer), Value::Int(i32::MAX.into())),
            (Field::new("f", DataType::Integer), Value::Int(i64::from(i32::MAX) + 1)),
            (Field::new("f", DataType::Integer), "5".into()),
            (Field::new("f", DataType::Integer), Value::Null),
            (Field::new("f", DataType::Integer).null(), Value::Null),
            (Field::new("f", DataType::Text { max_length: Some(2) }), "éé".into()),
            (Field::new("f", DataType::Text { max_length: Some(2) }), "ééé".into()),
            (Field::new("f", DataType::NaiveDateTime), moment("2024-02-29T01:02:03.000000999").into()),
            (Field::new("f", DataType::NaiveDateTime), moment("2024-02-29T01:02:03.000999").into()),
            (
                Field::new("f", DataType::Decimal { max_digits: Some(4), decimal_places: Some(2) }),
                rust(1_250, 2),
            ),
            (
                Field::new("f", DataType::Decimal { max_digits: Some(4), decimal_places: Some(2) }),
                rust(12_345, 3),
            ),
            (
                Field::new("f", DataType::Decimal { max_digits: Some(4), decimal_places: Some(2) }),
                rust(12_345, 2),
            ),
            (Field::new("f", DataType::DECIMAL), rust(10, 0)),
        ];
        for (field, value) in cases {
            let expected = field.clean("User", value.clone()).map_err(|error| error.to_string());
            let found = column(field).clean(ValueRef::from(&value));
            assert_eq!(found.map(ValueRef::into_owned).map_err(|error| error.to_string()), expected);
        }
        let few = Field::new("f", DataType::TEXT).choices(vec!["a".into(), "b".into()]);
        assert!(column(few.clone()).clean(ValueRef::Text("a")).is_ok());
        let refused = column(few).clean(ValueRef::Text("c")).map(ValueRef::into_owned).unwrap_err();
        assert_eq!(refused.to_string(), "User.f: 'c' is not one of its choices, which are: 'a', 'b'.");
        let mut odd = Field::new("f", DataType::Integer);
        odd.range = Some((0, 255));
        assert!(column(odd).clean(ValueRef::Int(256)).is_err());
        let mut coarse = Field::new("f", DataType::NaiveDateTime);
        coarse.second_digits = Some(0);
        assert!(column(coarse).clean(ValueRef::NaiveDateTime(moment("2024-02-29T01:02:03.5"))).is_err());
    }

    fn rust(number: i64, scale: u32) -> Value {
        rust_decimal::Decimal::new(number, scale).into()
    }
}
