//! A foreign key to a model that is not there.

use enmasse::prelude::*;

#[derive(Model)]
struct Country {
    #[model(primary_key)]
    id: i64,
}

#[derive(Model)]
struct City {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = Contry)]
    country: i64,
}

fn main() {}
