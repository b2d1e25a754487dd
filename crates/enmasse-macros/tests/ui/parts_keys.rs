//! A model with parts has one primary key.

use enmasse::prelude::*;

#[derive(Model)]
struct Line {
    #[model(primary_key)]
    shop: i64,
    #[model(primary_key)]
    number: i64,
}

#[derive(Model)]
#[model(extends = Line)]
struct Long {
    line: Line,
}

#[derive(Model)]
#[model(abstract)]
struct Keyed {
    #[model(primary_key)]
    id: i64,
}

#[derive(Model)]
struct TwoKeys {
    #[model(flatten)]
    keyed: Keyed,
    #[model(primary_key)]
    number: i64,
}

fn main() {}
