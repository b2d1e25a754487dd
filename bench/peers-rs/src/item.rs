//! The objects, before each way converts them to its own types.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::formula;

pub struct Item {
    pub id: i64,
    pub name: String,
    pub points: i32,
    pub price: Decimal,
    pub seen: DateTime<Utc>,
    pub active: bool,
    pub note: String,
}

/// Every `stride`th row, unordered.
pub fn items(rows: i64, stride: i64, version: i64) -> Vec<Item> {
    let mut keys: Vec<i64> = (1..=rows).map(|number| number * stride).collect();
    formula::shuffle(&mut keys);
    keys.into_iter().map(|id| item(id, version)).collect()
}

fn item(id: i64, version: i64) -> Item {
    let (seconds, micros) = formula::seen(id, version);
    Item {
        id,
        name: formula::name(id, version),
        points: formula::points(id, version),
        price: Decimal::new(formula::cents(id, version), 2),
        seen: DateTime::from_timestamp(seconds, micros * 1_000).expect("a time after 2020"),
        active: formula::active(id, version),
        note: formula::note(id, version),
    }
}
