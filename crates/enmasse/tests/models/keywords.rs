//! What `q!`, `set!` and `values!` make is what the closures over columns make.

use enmasse::prelude::*;
use enmasse::{Assignments, IntoQ, Path};

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
enum Level {
    Free,
    Gold,
}

#[derive(Model)]
struct Country {
    #[model(primary_key)]
    code: String,
    /// A name that is a transform's too.
    date: NaiveDate,
}

#[derive(Model)]
struct User {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = Country)]
    country: String,
    name: String,
    is_active: bool,
    points: i32,
    level: Level,
    r#type: String,
    last_login: Option<DateTime<Utc>>,
    data: serde_json::Value,
}

#[derive(Model)]
struct Profile {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = User)]
    user: i64,
    points: i32,
}

#[derive(Model)]
struct Badge {
    #[model(primary_key, foreign_key = Profile)]
    profile: i64,
    name: String,
}

#[track_caller]
fn same<M: Model, R: IntoQ>(made: impl FnOnce(Columns<M>) -> Q, expected: impl FnOnce(Columns<M>) -> R) {
    let columns = || M::columns(Path::root());
    assert_eq!(format!("{:?}", made(columns())), format!("{:?}", expected(columns()).into_q()));
}

#[track_caller]
fn sets<M: Model, R: Assignments>(
    made: impl FnOnce(Columns<M>) -> Vec<Assignment>,
    expected: impl FnOnce(Columns<M>) -> R,
) {
    let columns = || M::columns(Path::root());
    assert_eq!(format!("{:?}", made(columns())), format!("{:?}", expected(columns()).assignments()));
}

#[test]
fn every_lookup() {
    let today = Utc::now();
    same::<User, _>(q!(id = 5), |u| u.id.eq(5));
    same::<User, _>(q!(id__exact = 5), |u| u.id.eq(5));
    same::<User, _>(q!(name__iexact = "a"), |u| u.name.iexact("a"));
    same::<User, _>(q!(name__contains = "a"), |u| u.name.contains("a"));
    same::<User, _>(q!(name__icontains = "a"), |u| u.name.icontains("a"));
    same::<User, _>(q!(name__startswith = "a"), |u| u.name.starts_with("a"));
    same::<User, _>(q!(name__istartswith = "a"), |u| u.name.istarts_with("a"));
    same::<User, _>(q!(name__endswith = "a"), |u| u.name.ends_with("a"));
    same::<User, _>(q!(name__iendswith = "a"), |u| u.name.iends_with("a"));
    same::<User, _>(q!(id__in = [1, 2]), |u| u.id.in_([1, 2]));
    same::<User, _>(q!(id__range = 1..=2), |u| u.id.range(1..=2));
    same::<User, _>(q!(last_login__isnull = true), |u| u.last_login.is_null(true));
    same::<User, _>(q!(points__gt = 1), |u| u.points.gt(1));
    same::<User, _>(q!(points__gte = 1), |u| u.points.gte(1));
    same::<User, _>(q!(points__lt = -1), |u| u.points.lt(-1));
    same::<User, _>(q!(last_login__lte = today), |u| u.last_login.lte(today));
    same::<User, _>(q!(name__regex = "^a"), |u| u.name.regex("^a"));
    same::<User, _>(q!(name__iregex = "^a"), |u| u.name.iregex("^a"));
    same::<User, _>(q!(data__has_key = "a"), |u| u.data.has_key("a"));
    same::<User, _>(q!(data__has_keys = ["a", "b"]), |u| u.data.has_keys(["a", "b"]));
    same::<User, _>(q!(data__has_any_keys = ["a", "b"]), |u| u.data.has_any_keys(["a", "b"]));
    same::<User, _>(q!(data__contained_by = serde_json::json!([1])), |u| {
        u.data.contained_by(serde_json::json!([1]))
    });
    same::<User, _>(q!(last_login = None), |u| u.last_login.eq(None));
}

#[test]
fn every_transform() {
    same::<User, _>(q!(last_login__date__gt = NaiveDate::MIN), |u| u.last_login.date().gt(NaiveDate::MIN));
    same::<User, _>(q!(last_login__time = NaiveTime::MIN), |u| u.last_login.time().eq(NaiveTime::MIN));
    same::<User, _>(q!(last_login__year = 2024), |u| u.last_login.year().eq(2024));
    same::<User, _>(q!(last_login__iso_year__gte = 2024), |u| u.last_login.iso_year().gte(2024));
    same::<User, _>(q!(last_login__month__in = [1, 2]), |u| u.last_login.month().in_([1, 2]));
    same::<User, _>(q!(last_login__day = 1), |u| u.last_login.day().eq(1));
    same::<User, _>(q!(last_login__week = 1), |u| u.last_login.week().eq(1));
    same::<User, _>(q!(last_login__week_day = 1), |u| u.last_login.week_day().eq(1));
    same::<User, _>(q!(last_login__iso_week_day = 1), |u| u.last_login.iso_week_day().eq(1));
    same::<User, _>(q!(last_login__quarter = 1), |u| u.last_login.quarter().eq(1));
    same::<User, _>(q!(last_login__hour = 1), |u| u.last_login.hour().eq(1));
    same::<User, _>(q!(last_login__minute = 1), |u| u.last_login.minute().eq(1));
    same::<User, _>(q!(last_login__second = 1), |u| u.last_login.second().eq(1));
    same::<User, _>(q!(last_login__date__year = 2024), |u| u.last_login.date().year().eq(2024));
}

#[test]
fn relations_and_keys() {
    same::<Profile, _>(q!(user__name = "a"), |p| p.user().name.eq("a"));
    same::<Profile, _>(q!(user = 1), |p| p.user.eq(1));
    same::<Profile, _>(q!(user_id = 1), |p| p.user.eq(1));
    same::<Profile, _>(q!(user__in = [1, 2]), |p| p.user.in_([1, 2]));
    same::<Profile, _>(q!(user__pk__gt = 1), |p| p.user().id.gt(1));
    same::<Profile, _>(q!(user__country__code__in = ["US"]), |p| p.user().country().code.in_(["US"]));
    same::<Profile, _>(q!(user__country__in = ["US"]), |p| p.user().country.in_(["US"]));
    same::<User, _>(q!(profile__points__gt = 1), |u| u.profile().points.gt(1));
    same::<User, _>(q!(profile = 1), |u| u.profile().id.eq(1));
    same::<User, _>(q!(profile__isnull = true), |u| u.profile().id.is_null(true));
    same::<Country, _>(q!(user__profile__user__name = "a"), |c| c.user().profile().user().name.eq("a"));
    same::<Badge, _>(q!(pk = 5), |b| b.profile.eq(5));
    same::<Badge, _>(q!(pk__points = 5), |b| b.profile().points.eq(5));
    same::<User, _>(q!(country__date = NaiveDate::MIN), |u| u.country().date.eq(NaiveDate::MIN));
    same::<User, _>(q!(country__date__year = 2024), |u| u.country().date.year().eq(2024));
    same::<User, _>(q!(type = "a"), |u| u.r#type.eq("a"));
}

#[test]
fn paths_into_documents() {
    let key = "age";
    same::<User, _>(q!(data["owner"]["age"]__gt = 3), |u| u.data.key("owner").key("age").gt(3));
    same::<User, _>(q!(data[0][key] = "x"), |u| u.data.index(0).key("age").eq("x"));
    same::<Profile, _>(q!(user__data["a"]__icontains = "x"), |p| p.user().data.key("a").icontains("x"));
}

#[test]
fn comma_binds_tightest_and_bar_least() {
    let (a, b, c) = (1, 2, 3);
    same::<User, _>(q!(), |_| Q::all());
    same::<User, _>(q!(id = a, id = b,), |u| u.id.eq(a) & u.id.eq(b));
    same::<User, _>(q!(id = a | id = b, id = c), |u| u.id.eq(a) | (u.id.eq(b) & u.id.eq(c)));
    same::<User, _>(q!((id = a | id = b), id = c), |u| (u.id.eq(a) | u.id.eq(b)) & u.id.eq(c));
    same::<User, _>(q!(id = a ^ id = b | id = c), |u| (u.id.eq(a) ^ u.id.eq(b)) | u.id.eq(c));
    same::<User, _>(q!(!(id = a, id = b), !id = c), |u| !(u.id.eq(a) & u.id.eq(b)) & !u.id.eq(c));
    same::<User, _>(q!(id = (a | 4)), |u| u.id.eq(5));
}

#[test]
fn values_are_any_expressions() {
    let columns = [2_i64, 1];
    let name = String::from("a");
    same::<User, _>(q!(id__in = columns.iter().rev().copied().collect::<Vec<i64>>(), name = &name), |u| {
        u.id.in_([1, 2]) & u.name.eq("a")
    });
    same::<User, _>(
        q!(id__in = std::collections::BTreeMap::<i64, i64>::from([(7, 8)]).into_keys().collect::<Vec<_>>()),
        |u| u.id.in_([7]),
    );
    same::<User, _>(q!(id__gt = F(points) + 2 * 3), |u| u.id.gt(u.points + 6));
    same::<Profile, _>(q!(points__gt = F(user__points) * 2), |p| p.points.gt(p.user().points * 2));
    same::<Profile, _>(q!(user = F(pk)), |p| p.user.eq(p.id));
    same::<Profile, _>(q!(id__in = [F(user__id), F(id)]), |p| p.id.in_([p.user().id, p.id]));
    same::<User, _>(q!(level = Level::Gold), |u| u.level.eq(Level::Gold));
}

#[test]
fn a_closure_can_be_kept() {
    let in_us = q!(User: country = "US");
    let made = format!("{:?}", in_us(Profile::columns(Path::root()).user()));
    assert_eq!(made, format!("{:?}", Profile::columns(Path::root()).user().country.eq("US")));
    let reset = set!(User: points = 0);
    assert_eq!(reset(User::columns(Path::root())).len(), 1);
}

#[test]
fn assignments() {
    sets::<User, _>(set!(is_active = false), |u| u.is_active.set(false));
    sets::<User, _>(set!(points += 100, points -= F(points) / 2), |u| {
        (u.points.set(u.points + 100), u.points.set(u.points - u.points / 2))
    });
    sets::<User, _>(set!(points *= 1 + 1, points /= 2, points %= 3), |u| {
        (u.points.set(u.points * 2), u.points.set(u.points / 2), u.points.set(u.points % 3))
    });
    sets::<User, _>(set!(points = F(points) * 2, last_login = None, name = "a",), |u| {
        (u.points.set(u.points * 2), u.last_login.set(None), u.name.set("a"))
    });
    sets::<Profile, _>(set!(user = 5, user_id = F(id)), |p| (p.user.set(5), p.user.set(p.id)));
    sets::<User, _>(
        set!(level = case().when(q!(User: id = 5)(User::columns(Path::root())), Level::Gold)),
        |u| u.level.set(case().when(u.id.eq(5), Level::Gold)),
    );
    sets::<User, _>(set!(), |_| Vec::<Assignment>::new());
}

#[test]
fn values_of_many_types() {
    let made = values!["Free", 5, -5_000_000_000, 2_i16, None, Some(1.5), Level::Gold, String::from("x")];
    let expected: [Value; 8] = [
        "Free".into(),
        Value::Int(5),
        Value::Int(-5_000_000_000),
        Value::Int(2),
        Value::Null,
        Value::Float(1.5),
        "gold".into(),
        "x".into(),
    ];
    assert_eq!(made, expected);
}
