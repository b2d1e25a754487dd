//! Mistakes in what is written on a model: all are reported, each at its place.

use enmasse::prelude::*;

#[derive(Model)]
#[model(db_table = "users", unique_together(country), unique_together(country, nam))]
struct User {
    #[model(pk)]
    id: i64,
    #[model(max_length = "two", unique = true)]
    country: String,
    #[model(null, colour = "red")]
    name: String,
    #[model(auto_now, auto_now_add)]
    updated: DateTime<Utc>,
    #[model(auto_now, default)]
    created: DateTime<Utc>,
    #[model(max_digits = 5)]
    price: Decimal,
    #[model(max_digits = 2, decimal_places = 5)]
    cost: Decimal,
    #[model(generated = "price * 2", default)]
    double: i32,
    #[model(to_field = "code", unique, unique)]
    other: i64,
    two__parts: i32,
    #[model(db_column = "country")]
    land: String,
}

#[derive(Model)]
struct NoKey {
    name: String,
}

#[derive(Model)]
struct PartOfKey {
    #[model(primary_key)]
    shop: Option<i64>,
    #[model(primary_key)]
    number: i32,
}

#[derive(Model)]
struct Generic<T> {
    #[model(primary_key)]
    id: T,
}

#[derive(Model)]
struct Tuple(i64);

#[derive(Model)]
enum NotAStruct {
    A,
}

fn main() {
    // One mistake does not make others: these are models all the same.
    let _ = |u: Columns<User>| u.country.eq("US");
    let _ = |u: Columns<NoKey>| u.name.eq("US");
    let _ = Tuple::model();
    let _ = NotAStruct::model();
}
