//! A field that is not there: in a closure, in `q!`, in `set!`.

use enmasse::prelude::*;
use enmasse::{Assignments, IntoQ};

#[derive(Model)]
struct User {
    #[model(primary_key)]
    id: i64,
    country: String,
    last_login: Option<DateTime<Utc>>,
}

#[derive(Model)]
struct Profile {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = User)]
    user: i64,
    points: i32,
}

fn filter<M: Entity, R: IntoQ>(_: impl FnOnce(Columns<M>) -> R) {}

fn update<M: Entity, R: Assignments>(_: impl FnOnce(Columns<M>) -> R) {}

fn main() {
    let today = Utc::now();
    filter::<User, _>(|u| u.last_logn.lte(today));
    filter::<User, _>(q!(last_logn__lte = today));
    filter::<Profile, _>(q!(points = 3, user__contry__in = ["US", "CA"]));
    filter::<Profile, _>(q!(usr__country = "US"));
    filter::<User, _>(q!(last_login__lteq = today));
    update::<Profile, _>(set!(poins = 3));
    update::<Profile, _>(set!(points = F(poins) + 3));
}
