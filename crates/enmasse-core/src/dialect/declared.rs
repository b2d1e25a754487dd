//! A column's type as a catalogue spells it.

use crate::schema::Limits;
use crate::value::{DataType, Value};

/// What a declared type means here, with what the type alone does not say.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// The type.
    pub data_type: DataType,
    /// The least and the greatest number, where the column holds fewer than the type.
    pub range: Option<(i64, i64)>,
    /// The digits of a second's fraction that the column keeps, where these are fewer than six.
    pub second_digits: Option<u32>,
    /// What else the column does not hold though its type does.
    pub limits: Limits,
    /// The only values that may stand in it.
    pub choices: Option<Vec<Value>>,
}

impl From<DataType> for Declared {
    fn from(data_type: DataType) -> Self {
        Declared { data_type, range: None, second_digits: None, limits: Limits::default(), choices: None }
    }
}

impl Declared {
    /// An integer type that holds these numbers only.
    pub(crate) fn within(data_type: DataType, least: i64, greatest: i64) -> Self {
        Declared { range: Some((least, greatest)), ..data_type.into() }
    }

    /// A type of moments that keeps so many digits of a second's fraction.
    pub(crate) fn to_the(data_type: DataType, digits: u32) -> Self {
        Declared { second_digits: Some(digits).filter(|digits| *digits < 6), ..data_type.into() }
    }
}

/// The parts of a spelling in lower case: `numeric(10,2) unsigned` is `numeric`, `[10, 2]`, `unsigned`.
pub(crate) struct Spelling {
    pub name: String,
    pub numbers: Vec<u32>,
    pub rest: String,
}

impl Spelling {
    /// The parts, where what stands in parentheses is numbers.
    pub(crate) fn parse(declared: &str) -> Option<Self> {
        let declared = declared.trim().to_lowercase();
        let Some((name, after)) = declared.split_once('(') else {
            return Some(Spelling { name: declared, numbers: Vec::new(), rest: String::new() });
        };
        let (numbers, rest) = after.split_once(')')?;
        let numbers = numbers.split(',').map(|number| number.trim().parse().ok()).collect::<Option<_>>()?;
        Some(Spelling { name: name.trim().to_owned(), numbers, rest: rest.trim().to_owned() })
    }

    /// Text with this limit, if there is one.
    pub(crate) fn text(&self) -> Option<DataType> {
        match self.numbers[..] {
            [] => Some(DataType::TEXT),
            [max_length] => Some(DataType::Text { max_length: Some(max_length) }),
            _ => None,
        }
    }

    /// A decimal with these digits, if there are any.
    pub(crate) fn decimal(&self) -> Option<DataType> {
        match self.numbers[..] {
            [] => Some(DataType::DECIMAL),
            [digits] => Some(DataType::Decimal { max_digits: Some(digits), decimal_places: Some(0) }),
            [digits, places] => {
                Some(DataType::Decimal { max_digits: Some(digits), decimal_places: Some(places) })
            }
            _ => None,
        }
    }
}
