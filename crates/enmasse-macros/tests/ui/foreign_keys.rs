//! Foreign keys that do not fit what they refer to.

use enmasse::prelude::*;

#[derive(Model)]
struct Country {
    #[model(primary_key)]
    id: i64,
    #[model(unique)]
    code: String,
}

#[derive(Model)]
struct City {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = Country)]
    country: String,
    #[model(foreign_key = Country, to_field = "code", related_name = "capitals")]
    capital_of: i64,
    #[model(foreign_key = Country, to_field = "cod", related_name = "ports")]
    port_of: String,
    #[model(foreign_key = String, related_name = "+")]
    text: i64,
}

#[derive(Model)]
struct Person {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = Country)]
    born_in: i64,
    #[model(foreign_key = Country)]
    lives_in: i64,
    #[model(foreign_key = Country, related_name = "two words")]
    works_in: i64,
    #[model(foreign_key = "Country")]
    likes: i64,
    #[model(foreign_key = Country, related_name = "+")]
    country_id: i64,
}

fn main() {}
