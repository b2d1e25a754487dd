//! Types that cannot be parts of a model.

use enmasse::prelude::*;

struct NoModel;

#[derive(Model)]
struct BaseUser {
    #[model(primary_key)]
    id: i64,
}

#[derive(Model)]
#[model(extends = NoModel)]
struct Customer {
    base: NoModel,
}

#[derive(Model)]
struct Article {
    #[model(primary_key)]
    id: i64,
    #[model(flatten)]
    base: BaseUser,
}

#[derive(Model)]
struct Review {
    #[model(primary_key)]
    id: i64,
    #[model(flatten)]
    text: String,
}

fn main() {}
