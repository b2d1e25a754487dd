//! The objects of one run.

use enmasse::prelude::*;
use enmasse::rust_decimal::Decimal;

use crate::formula;

/// The minimum number of rows in the table, for small batches.
const SMALLEST_TABLE: usize = 100_000;

#[derive(Model, Debug, Clone)]
#[model(table = "item")]
pub struct Item {
    #[model(primary_key)]
    pub id: i64,
    #[model(max_length = 100)]
    pub name: String,
    pub points: i32,
    #[model(max_digits = 12, decimal_places = 2)]
    pub price: Decimal,
    pub seen: DateTime<Utc>,
    pub active: bool,
    pub note: String,
}

/// The number of written rows, the number of rows in the table, and the distance between written rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    pub rows: usize,
    pub table: usize,
    pub stride: usize,
}

impl Size {
    pub fn of(rows: usize) -> Self {
        let stride = (SMALLEST_TABLE / rows).max(1);
        Size { rows, table: (rows * stride).max(SMALLEST_TABLE), stride }
    }
}

/// Objects with the values of a version that is not yet in the table.
pub struct Batch {
    pub size: Size,
    pub version: i64,
    /// Unordered, as in a typical program.
    pub items: Vec<Item>,
}

impl Batch {
    pub fn new(size: Size, version: i64) -> Self {
        let mut keys: Vec<i64> = (1..=size.rows).map(|number| (number * size.stride) as i64).collect();
        formula::shuffle(&mut keys);
        Batch { size, version, items: keys.into_iter().map(|id| item(id, version)).collect() }
    }

    /// The objects in key order.
    pub fn sorted(&self) -> Vec<&Item> {
        let mut items: Vec<&Item> = self.items.iter().collect();
        items.sort_unstable_by_key(|item| item.id);
        items
    }
}

pub fn item(id: i64, version: i64) -> Item {
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
