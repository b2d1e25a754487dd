//! A value of the wrong type, and a lookup that makes no sense for the type.

use enmasse::prelude::*;
use enmasse::{Assignments, IntoQ};

#[derive(Choices)]
enum Membership {
    Free,
    Premium,
}

#[derive(Model)]
struct User {
    #[model(primary_key)]
    id: i64,
    country: String,
    nickname: Option<String>,
    points: i32,
    is_active: bool,
    membership: Membership,
    last_login: Option<DateTime<Utc>>,
}

fn filter<R: IntoQ>(_: impl FnOnce(Columns<User>) -> R) {}

fn update<R: Assignments>(_: impl FnOnce(Columns<User>) -> R) {}

fn main() {
    filter(|u| u.last_login.lte("yesterday"));
    filter(|u| u.country.eq(5));
    filter(|u| u.points.gt(5_000_000_000_i64));
    filter(|u| u.points.in_(["a", "b"]));
    filter(|u| u.points.range(1..5));
    filter(|u| u.points.icontains("5"));
    filter(|u| u.points.year().eq(2024));
    filter(|u| u.is_active.gt(true));
    filter(|u| u.country.has_key("a"));
    filter(|u| u.points.eq(u.country));
    filter(|u| u.points);
    filter(q!(points__icontains = "5"));
    filter(q!(country = 5));
    filter(q!(membership = "Premium"));
    update(|u| u.is_active.set("no"));
    update(|u| u.is_active.set(None));
    update(|u| u.nickname.set(Some("me")));
    update(|u| u.points.set(u.country.lower()));
    update(|u| u.country.set(u.country + "!"));
    update(|u| u.is_active.eq(true));
    update(set!(is_active = "no"));
    update(set!(country += "!"));
}
