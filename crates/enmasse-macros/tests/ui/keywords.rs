//! Keywords that are not written as `q!` and `set!` read them.

use enmasse::prelude::*;
use enmasse::{Assignments, IntoQ};

#[derive(Model)]
struct User {
    #[model(primary_key)]
    id: i64,
    country: String,
    points: i32,
    is_active: bool,
}

fn filter<R: IntoQ>(_: impl FnOnce(Columns<User>) -> R) {}

fn update<R: Assignments>(_: impl FnOnce(Columns<User>) -> R) {}

fn main() {
    filter(q!(country == "US"));
    filter(q!(points >= 5));
    filter(q!(country = "US" && is_active = true));
    filter(q!(country = "US" || is_active = true));
    filter(q!(country = ));
    filter(q!(is_active));
    filter(q!(country____in = ["US"]));
    filter(q!(country = "US" is_active = true));
    update(set!(user__country = "US"));
    update(set!(pk = 5));
    update(set!(points |= 5));
    update(set!(points));
}
