//! Relations that claim the name of a field, or of another relation, of the model that they lead to.

use enmasse::prelude::*;

#[derive(Model)]
struct User {
    #[model(primary_key)]
    id: i64,
    profile: String,
}

#[derive(Model)]
struct Profile {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = User)]
    user: i64,
}

#[derive(Model)]
struct Order {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = User, related_name = "purchases")]
    buyer: i64,
}

#[derive(Model)]
struct Invoice {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = User, related_name = "purchases")]
    payer: i64,
}

fn main() {}
