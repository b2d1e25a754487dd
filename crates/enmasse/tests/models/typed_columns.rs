//! What closures over typed columns make, looked at as data.

use std::collections::{BTreeSet, HashSet};

use enmasse::expr::{Expr, Function, JsonStep, Operator, TruncateTo};
use enmasse::lookup::{Lookup, Operand};
use enmasse::prelude::*;
use enmasse::{Assignments, FieldNames, IntoOrder, IntoQ, Path};

#[derive(Choices, Debug, Clone, PartialEq)]
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
    membership: Membership,
    is_active: bool,
    last_login: Option<DateTime<Utc>>,
    born: NaiveDate,
    data: serde_json::Value,
    notes: Option<serde_json::Value>,
    tags: Vec<String>,
    photo: Vec<u8>,
}

#[derive(Model)]
struct Profile {
    #[model(primary_key)]
    id: Option<i64>,
    #[model(foreign_key = User)]
    user: i64,
    #[model(foreign_key = User, related_name = "invited")]
    invited_by: Option<i64>,
    points: i32,
    bonus: i16,
    total: i64,
    price: Decimal,
    ratio: f64,
}

fn users() -> Columns<User> {
    User::columns(Path::root())
}

fn profiles() -> Columns<Profile> {
    Profile::columns(Path::root())
}

#[track_caller]
fn same(made: impl IntoQ, expected: Q) {
    assert_eq!(format!("{:?}", made.into_q()), format!("{expected:?}"));
}

#[track_caller]
fn same_expr(made: impl Into<Expr>, expected: Expr) {
    assert_eq!(format!("{:?}", made.into()), format!("{expected:?}"));
}

#[track_caller]
fn sets(made: impl Assignments, expected: &[(&str, Expr)]) {
    let made: Vec<String> =
        made.assignments().iter().map(|set| format!("{} = {:?}", set.field, set.value)).collect();
    let expected: Vec<String> =
        expected.iter().map(|(field, value)| format!("{field} = {value:?}")).collect();
    assert_eq!(made, expected);
}

fn field(path: &str) -> Expr {
    Expr::field(path)
}

fn null() -> Expr {
    Expr::Value(Value::Null, None)
}

#[test]
fn comparisons() {
    let u = users();
    let (now, us) = (Utc::now(), String::from("US"));
    same(u.id.eq(5), Q::compare(field("id"), Lookup::Exact, 5_i64));
    same(u.id.gt(5_000_000_000), Q::compare(field("id"), Lookup::Gt, 5_000_000_000_i64));
    same(u.last_login.lte(now), Q::compare(field("last_login"), Lookup::Lte, now));
    same(u.country.eq("US".to_owned()), Q::compare(field("country"), Lookup::Exact, "US"));
    same(u.country.ne(&us), !Q::compare(field("country"), Lookup::Exact, "US"));
    same(u.nickname.eq(None), Q::compare(field("nickname"), Lookup::Exact, null()));
    same(u.last_login.eq(Some(now)), Q::compare(field("last_login"), Lookup::Exact, now));
    same(u.nickname.is_null(false), Q::compare(field("nickname"), Lookup::IsNull, false));
    same(u.membership.eq(Membership::Premium), Q::compare(field("membership"), Lookup::Exact, "premium"));
    same(u.membership.istarts_with("PRE"), Q::compare(field("membership"), Lookup::IStartsWith, "PRE"));
    same(u.country.regex("^[A-Z]"), Q::compare(field("country"), Lookup::Regex, "^[A-Z]"));
    same(u.country.eq(u.nickname), Q::compare(field("country"), Lookup::Exact, field("nickname")));
    same(u.photo.eq(vec![1, 2]), Q::compare(field("photo"), Lookup::Exact, Expr::value(vec![1_u8, 2])));
    let tags = Value::Array(vec![Value::from("a")]);
    same(u.tags.eq(vec!["a".to_owned()]), Q::compare(field("tags"), Lookup::Exact, Expr::Value(tags, None)));
}

#[test]
fn numbers_meet_wider_numbers() {
    let p = profiles();
    same(p.total.gt(p.points), Q::compare(field("total"), Lookup::Gt, field("points")));
    same(
        p.points.gt(p.bonus + 1),
        Q::compare(field("points"), Lookup::Gt, field("bonus").binary(Operator::Add, 1)),
    );
    same(p.price.gte(10), Q::compare(field("price"), Lookup::Gte, Decimal::from(10)));
    same(p.ratio.lt(1), Q::compare(field("ratio"), Lookup::Lt, 1.0));
    same_expr(p.price * p.points, field("price").binary(Operator::Multiply, field("points")));
}

#[test]
fn lists_and_ranges() {
    let u = users();
    let countries = || Operand::Many(vec!["CA".into(), "US".into()]);
    let expected = || Q::Compare { left: field("country"), lookup: Lookup::In, right: countries() };
    let (borrowed, one_id) = (["CA", "US"], HashSet::from([5]));
    let owned = vec!["CA".to_owned(), "US".to_owned()];
    same(u.country.in_(["CA", "US"]), expected());
    same(u.country.in_(borrowed.as_slice()), expected());
    same(u.country.in_(&owned), expected());
    same(u.country.in_(owned.as_slice()), expected());
    same(u.country.in_(BTreeSet::from(["US", "CA"])), expected());
    same(u.country.in_(owned), expected());
    let one = Operand::Many(vec![Value::Int(5)]);
    same(u.id.in_(&one_id), Q::Compare { left: field("id"), lookup: Lookup::In, right: one });
    let several = Operand::Several(vec![u.country.lower().into(), u.nickname.lower().into()]);
    same(
        u.country.in_([u.country.lower(), u.nickname.lower()]),
        Q::Compare { left: field("country"), lookup: Lookup::In, right: several },
    );
    let bounds = || Operand::Several(vec![1_i64.into(), 10_i64.into()]);
    let range = || Q::Compare { left: field("id"), lookup: Lookup::Range, right: bounds() };
    same(u.id.range(1..=10), range());
    same(u.id.range((1, 10)), range());
    same(u.id.range([1, 10]), range());
}

#[test]
fn conditions_join_with_flags() {
    let u = users();
    let active = || Q::compare(field("is_active"), Lookup::Exact, true);
    let us = || Q::compare(field("country"), Lookup::Exact, "US");
    same(u.is_active, active());
    same(!u.is_active, !active());
    same(u.is_active & u.country.eq("US"), active() & us());
    same(u.country.eq("US") | u.is_active, us() | active());
    same(u.is_active ^ u.is_active, active() ^ active());
}

#[test]
fn relations_are_calls_there_and_back() {
    let in_us = |u: Columns<User>| u.country.eq("US");
    same(in_us(profiles().user()), Q::compare(field("user__country"), Lookup::Exact, "US"));
    same(
        profiles().user.in_([1, 2]),
        Q::Compare {
            left: field("user"),
            lookup: Lookup::In,
            right: Operand::Many(vec![1_i64.into(), 2_i64.into()]),
        },
    );
    same(users().profile().points.gt(5), Q::compare(field("profile__points"), Lookup::Gt, 5));
    same(users().invited().user().id.eq(5), Q::compare(field("invited__user__id"), Lookup::Exact, 5_i64));
    same(
        profiles().user.eq(users().id.outer()),
        Q::compare(field("user"), Lookup::Exact, Expr::Outer("id".into())),
    );
}

#[test]
fn functions_and_transforms() {
    let u = users();
    let call = |function, arguments: Vec<Expr>| Expr::Function(function, arguments);
    same_expr(
        u.country.trim().lower(),
        call(Function::Lower, vec![call(Function::Trim, vec![field("country")])]),
    );
    same_expr(u.country.substr_len(1, 2), call(Function::Substr, vec![field("country"), 1.into(), 2.into()]));
    same_expr(
        coalesce((u.nickname, u.country, "nobody")),
        call(Function::Coalesce, vec![field("nickname"), field("country"), "nobody".into()]),
    );
    same_expr(
        concat(("<", u.country, ">")),
        call(Function::Concat, vec!["<".into(), field("country"), ">".into()]),
    );
    same_expr(
        u.last_login.trunc_month(),
        call(Function::Truncate(TruncateTo::Month), vec![field("last_login")]),
    );
    same_expr(u.born + TimeDelta::days(1), field("born").binary(Operator::Add, TimeDelta::days(1)));
    same_expr(
        u.data.key("a").index(0).key("b"),
        call(
            Function::JsonPath(vec![
                JsonStep::Key("a".into()),
                JsonStep::Index(0),
                JsonStep::Key("b".into()),
            ]),
            vec![field("data")],
        ),
    );
    same(
        u.data.key("age").gt(3),
        Q::compare(
            call(Function::JsonPath(vec![JsonStep::Key("age".into())]), vec![field("data")]),
            Lookup::Gt,
            serde_json::json!(3),
        ),
    );
    same_expr(u.country.cast::<i64>(), Expr::Cast(Box::new(field("country")), DataType::BigInt));
    same_expr(profiles().points.bit_and(6), field("points").binary(Operator::BitAnd, 6));
    same_expr(
        value(2_i16) * 3_i16,
        Expr::Value(2_i16.into(), Some(DataType::SmallInt)).binary(Operator::Multiply, 3_i16),
    );
    assert!(matches!(
        Expr::from(profiles().points.sum()),
        Expr::Aggregate { function: enmasse::expr::Aggregate::Sum, distinct: false, of: Some(_) }
    ));
}

#[test]
fn assignments() {
    let (u, p) = (users(), profiles());
    sets(u.is_active.set(false), &[("is_active", false.into())]);
    sets(
        (u.last_login.set(None), u.nickname.set("me"), u.nickname.set(Some("me".to_owned()))),
        &[("last_login", null()), ("nickname", "me".into()), ("nickname", "me".into())],
    );
    sets(
        [p.points.increment(100), p.points.decrement(p.bonus)],
        &[
            ("points", field("points").binary(Operator::Add, 100)),
            ("points", field("points").binary(Operator::Subtract, field("bonus"))),
        ],
    );
    sets(
        p.points.set(p.points * 2 + p.bonus),
        &[("points", field("points").binary(Operator::Multiply, 2).binary(Operator::Add, field("bonus")))],
    );
    sets(u.notes.set(Some(serde_json::Value::Null)), &[("notes", serde_json::Value::Null.into())]);
    sets(u.notes.set(None), &[("notes", null())]);
    sets(u.is_active.set(u.id.gt(5)), &[("is_active", Expr::Condition(Box::new(u.id.gt(5))))]);
    sets(u.country.set(F("other")), &[("country", field("other"))]);
    let case = case().when(p.points.gte(100), Membership::Premium).otherwise(Membership::Free);
    sets(
        u.membership.set(case),
        &[(
            "membership",
            Expr::Case {
                whens: vec![(p.points.gte(100), "premium".into())],
                default: Some(Box::new("free".into())),
            },
        )],
    );
}

#[test]
fn names_and_orders() {
    let p = profiles();
    let names =
        |names: Vec<enmasse::expr::FieldPath>| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names((p.points, p.user().country).field_names()), ["points", "user__country"]);
    assert_eq!(names(["level", "name"].field_names()), ["level", "name"]);
    assert_eq!(names(vec!["level".to_owned()].field_names()), ["level"]);
    let orders = |orders: Vec<enmasse::query::Order>| {
        orders.iter().map(|order| format!("{:?} {}", order.by, order.descending)).collect::<Vec<_>>()
    };
    let expected = orders(vec![p.points.desc(), p.id.asc()]);
    assert_eq!(orders((p.points.desc(), p.id).orders()), expected);
    assert_eq!(orders(["-points", "id"].orders()), expected);
}

#[test]
fn names_known_at_run_time_take_any_value() {
    same(F("user__country").eq("US"), Q::compare(field("user__country"), Lookup::Exact, "US"));
    same(
        F("points").gt(F("bonus") * 2),
        Q::compare(field("points"), Lookup::Gt, field("bonus").binary(Operator::Multiply, 2)),
    );
    same(F("name").icontains("a"), Q::compare(field("name"), Lookup::IContains, "a"));
    same(F("name").eq(Value::Null), Q::compare(field("name"), Lookup::Exact, null()));
    same(F("name").eq(None::<i64>), Q::compare(field("name"), Lookup::Exact, null()));
    sets(F("points").set(5), &[("points", 5.into())]);
    let row = Record::columns(Path::root());
    same(row.col("created__year").gte(2020), Q::compare(field("created__year"), Lookup::Gte, 2020));
}

#[test]
fn a_slice_cannot_be_changed() {
    let slice = || User::query().slice(..5);
    let cases = [
        (slice().filter(|u| u.is_active.eq(true)), "filter"),
        (slice().exclude(|u| u.is_active.eq(true)), "filter"),
        (slice().order_by(|u| u.country), "reorder"),
        (slice().order_by_names(["country"]), "reorder"),
        (slice().distinct(), "make distinct"),
        (slice().distinct_on(|u| u.country), "make distinct"),
    ];
    for (changed, what) in cases {
        let error = changed.query().unwrap_err();
        assert_eq!(error.to_string(), format!("Cannot {what} a query once a slice has been taken."));
    }
    assert!(slice().slice(1..).annotate("n", |u| u.country).query().is_ok());
}
