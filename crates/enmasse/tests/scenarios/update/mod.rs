//! `update`: what Django's `QuerySet.update` does and refuses.

mod related;
mod requests;
mod values;

use enmasse::prelude::*;
use enmasse::serde_json;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "country")]
struct Country {
    #[model(primary_key)]
    id: i64,
    #[model(unique, max_length = 2)]
    code: String,
    tax: i32,
}

#[derive(Choices, Clone, Copy, Debug, PartialEq)]
enum Level {
    Free,
    Premium,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "account")]
struct Account {
    #[model(primary_key)]
    id: i64,
    #[model(max_length = 20)]
    name: String,
    nick: Option<String>,
    x: i32,
    y: i32,
    #[model(unique)]
    rank: Option<i32>,
    big: i64,
    ratio: f64,
    #[model(max_digits = 10, decimal_places = 2)]
    balance: Decimal,
    active: bool,
    joined: DateTime<Utc>,
    born: Option<NaiveDate>,
    wakes: NaiveTime,
    lag: TimeDelta,
    token: Uuid,
    data: Option<serde_json::Value>,
    blob: Vec<u8>,
    #[model(max_length = 10)]
    level: Level,
    #[model(foreign_key = Country)]
    country: i64,
    #[model(foreign_key = Country, related_name = "born_here")]
    birth_country: Option<i64>,
    #[model(foreign_key = Country, to_field = "code", related_name = "citizens", max_length = 2)]
    passport: Option<String>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "order")]
struct Order {
    #[model(primary_key)]
    id: Option<i64>,
    #[model(foreign_key = Account)]
    account: i64,
    amount: i32,
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn account(id: i64) -> Account {
    Account {
        id,
        name: format!("name {id}"),
        nick: (id % 2 == 0).then(|| format!("nick {id}")),
        x: id as i32,
        y: 10 * id as i32,
        rank: Some(id as i32),
        big: i64::from(i32::MAX) * id,
        ratio: id as f64 / 4.0,
        balance: Decimal::new(100 * id + 25, 2),
        active: true,
        joined: moment("2024-01-31T12:00:00.5Z"),
        born: (id > 1).then(|| NaiveDate::from_ymd_opt(2000, 1, id as u32).unwrap()),
        wakes: NaiveTime::from_hms_opt(6, 30, 0).unwrap(),
        lag: TimeDelta::seconds(id),
        token: Uuid::from_u128(id as u128),
        data: None,
        blob: vec![id as u8],
        level: Level::Free,
        country: 1 + (id - 1) % 2,
        birth_country: (id < 4).then_some(id),
        passport: None,
    }
}

/// Three countries, four accounts and five orders.
async fn tables(db: &Database) {
    db.create_tables([Order::model().unwrap(), Account::model().unwrap(), Country::model().unwrap()])
        .await
        .unwrap();
    let country = |(id, code, tax): (i64, &str, i32)| Country { id, code: code.into(), tax };
    Country::objects(db)
        .bulk_create([(1, "AT", 20), (2, "US", 0), (3, "FR", 30)].map(country))
        .await
        .unwrap();
    Account::objects(db).bulk_create((1..=4).map(account)).await.unwrap();
    let orders = [(1, 5), (1, 7), (2, 100), (4, 1), (4, 1)];
    let order = |(account, amount)| Order { id: None, account, amount };
    Order::objects(db).bulk_create(orders.map(order)).await.unwrap();
}

async fn each<V: enmasse::query_set::Values>(
    db: &Database,
    values: impl FnOnce(Columns<Account>) -> V,
) -> Vec<V::Row> {
    Account::objects(db).order_by(|a| a.id).values(values).await.unwrap()
}
