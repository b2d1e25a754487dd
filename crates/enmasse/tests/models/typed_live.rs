//! What typed code says means the same on every database.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};
use serde_json::json;

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
enum Membership {
    Free,
    Premium,
}

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
#[choices(integer)]
enum Level {
    Low = 1,
    High = 10,
}

#[derive(Model, Debug, Clone, PartialEq)]
struct Member {
    #[model(primary_key)]
    id: i64,
    #[model(max_length = 40)]
    name: String,
    #[model(max_length = 40)]
    nickname: Option<String>,
    #[model(max_length = 20)]
    membership: Membership,
    level: Level,
    is_active: bool,
    born: NaiveDate,
    last_login: Option<DateTime<Utc>>,
    data: serde_json::Value,
    notes: Option<serde_json::Value>,
    score: i32,
    total: i64,
    #[model(max_digits = 10, decimal_places = 2)]
    price: Decimal,
}

#[derive(Model, Debug, Clone)]
struct Card {
    #[model(primary_key)]
    id: Option<i64>,
    #[model(foreign_key = Member)]
    member: i64,
    points: i32,
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn members() -> Vec<Member> {
    let ada = Member {
        id: 1,
        name: "Ada".into(),
        nickname: None,
        membership: Membership::Premium,
        level: Level::High,
        is_active: true,
        born: day(1990, 12, 31),
        last_login: Some(moment("2024-02-29T13:45:10Z")),
        data: json!({"age": 30, "tags": ["a", "b"], "city": {"name": "Paris"}}),
        notes: Some(serde_json::Value::Null),
        score: 7,
        total: 100,
        price: Decimal::new(250, 2),
    };
    let bob = Member {
        id: 2,
        name: "Bob".into(),
        nickname: Some("bobby".into()),
        membership: Membership::Free,
        level: Level::Low,
        is_active: false,
        born: day(2001, 1, 1),
        last_login: None,
        data: json!({"age": 9, "tags": [], "city": {"name": "Rome"}}),
        notes: None,
        score: -3,
        total: 5,
        price: Decimal::new(1000, 2),
    };
    vec![ada, bob]
}

async fn fill(db: &Database) -> Result<()> {
    db.create_tables([Member::model()?, Card::model()?]).await?;
    Member::objects(db).bulk_create(members()).await?;
    let cards = [(1, 10), (1, 20), (2, 5)].map(|(member, points)| Card { id: None, member, points });
    Card::objects(db).bulk_create(cards).await?;
    Ok(())
}

/// The members that a condition finds.
async fn found(db: &Database, condition: impl FnOnce(Columns<Member>) -> Q) -> Result<Vec<i64>> {
    let found = Member::objects(db).filter(condition).distinct().order_by(|m| m.id).fetch().await?;
    Ok(found.iter().map(|member| member.id).collect())
}

macro_rules! finds {
    ($db:expr; $($condition:expr => $expected:expr;)*) => {$(
        let made = found($db, $condition).await.unwrap_or_else(|error| panic!("{}: {error}", stringify!($condition)));
        assert_eq!(made, $expected as [i64; _], "{}", stringify!($condition));
    )*};
}

#[test_on(all)]
fn conditions(kind: Kind) {
    on_database(kind, |db| async move {
        fill(&db).await.unwrap();
        finds! { &db;
            |m| m.membership.eq(Membership::Premium) => [1];
            |m| m.membership.in_([Membership::Premium, Membership::Free]) => [1, 2];
            |m| m.level.gte(Level::High) => [1];
            |m| m.is_active & !m.nickname.eq("x") => [1];
            |m| m.nickname.eq(None) => [1];
            |m| m.nickname.ne("bobby") => [1];
            |m| m.total.gt(m.score) => [1, 2];
            |m| m.total.gt(m.score * 20) => [2];
            |m| m.price.lt(m.score) => [1];
            |m| m.price.range(1..=5) => [1];
            |m| m.id.gt(-5_000_000_000) => [1, 2];
            |m| m.name.lower().eq("ada") => [1];
            |m| m.name.length().eq(3) => [1, 2];
            |m| concat((m.name, "-", m.nickname)).eq("Bob-bobby") => [2];
            |m| coalesce((m.nickname, m.name)).starts_with("A") => [1];
            |m| m.name.substr_len(1, 2).eq("Ad") => [1];
            |m| m.born.year().lt(2000) => [1];
            |m| m.last_login.date().eq(day(2024, 2, 29)) => [1];
            |m| m.last_login.hour().eq(13) => [1];
            |m| m.last_login.trunc_month().eq(moment("2024-02-01T00:00:00Z")) => [1];
            |m| (m.born + TimeDelta::days(1)).year().eq(1991) => [1];
            |m| m.data.key("age").gt(10) => [1];
            |m| m.data.key("age").eq(9) => [2];
            |m| m.data.key("city").key("name").eq("Paris") => [1];
            |m| m.data.key("city").key("name").icontains("ROM") => [2];
            |m| m.data.key("tags").index(1).eq("b") => [1];
            |m| m.data.has_key("age") => [1, 2];
            |m| m.notes.is_null(true) => [2];
            |m| m.notes.eq(serde_json::Value::Null) => [1];
            |m| m.score.modulo(2).eq(1) => [1];
            |m| (m.score % 2).eq(-1) => [2];
            |m| m.score.bit_and(5).eq(5) => [1, 2];
            |m| m.score.abs().in_([3, 7]) => [1, 2];
            |m| m.score.cast::<String>().eq("-3") => [2];
            |m| m.card().points.gt(15) => [1];
            |m| case::<i32>().when(m.is_active, 1).otherwise(m.score).lt(0) => [2];
            |m| greatest((m.score, 0)).eq(0) => [2];
            |m| raw::<i64>("{} + {}", (m.total, 1)).eq(6) => [2];
            |m| now().gt(m.last_login) => [1];
        }
    });
}

#[test_on(all)]
fn updates(kind: Kind) {
    on_database(kind, |db| async move {
        fill(&db).await.unwrap();
        // Every expression reads the old row, independent of earlier assignments.
        let update = Member::objects(&db).order_by(|m| m.id).update(|m| {
            (
                m.score.increment(10),
                m.is_active.set(m.score.gt(0) | m.name.eq("Bob")),
                m.membership.set(case().when(m.score.lt(0), Membership::Premium).otherwise(Membership::Free)),
                m.level.set(case().when(m.is_active, m.level).otherwise(Level::High)),
                m.nickname.set(concat((m.name.upper(), "!"))),
                m.total.set(m.total * 2 + m.score),
                m.price.set(m.price * 2 + m.score),
                m.last_login.set(None),
                m.born.set(m.born + TimeDelta::days(1)),
                m.data.set(json!([1])),
                m.notes.set(case().when(m.id.eq(1), json!({"a": null})).otherwise(serde_json::Value::Null)),
            )
        });
        assert_eq!(update.await.unwrap(), 2);
        let made = Member::objects(&db).order_by(|m| m.id).fetch().await.unwrap();
        let [mut ada, mut bob]: [Member; 2] = members().try_into().unwrap();
        (ada.is_active, bob.is_active) = (true, true);
        (ada.membership, bob.membership) = (Membership::Free, Membership::Premium);
        bob.level = Level::High;
        (ada.nickname, bob.nickname) = (Some("ADA!".into()), Some("BOB!".into()));
        (ada.total, bob.total) = (207, 7);
        (ada.price, bob.price) = (Decimal::new(1200, 2), Decimal::new(1700, 2));
        ada.last_login = None;
        (ada.born, bob.born) = (day(1991, 1, 1), day(2001, 1, 2));
        (ada.data, bob.data) = (json!([1]), json!([1]));
        (ada.notes, bob.notes) = (Some(json!({"a": null})), Some(serde_json::Value::Null));
        (ada.score, bob.score) = (17, 7);
        assert_eq!(made, [ada, bob]);
    });
}
