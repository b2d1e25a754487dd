//! Types that a field cannot have, and attributes that are not for its type.

use enmasse::prelude::*;

struct Colour;

#[derive(Model)]
struct Car {
    #[model(primary_key)]
    id: Option<String>,
    wheels: u32,
    colour: Colour,
    #[model(max_length = 3)]
    doors: i32,
    #[model(max_digits = 3, decimal_places = 1)]
    weight: f64,
    #[model(auto_now)]
    updated: i64,
    #[model(default = "four")]
    seats: i32,
    #[model(default = None)]
    price: Decimal,
}

fn main() {}
