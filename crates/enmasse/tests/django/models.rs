//! The Django project's models.

use enmasse::prelude::*;

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
pub enum Level {
    Free,
    #[choice(value = "gold!")]
    Gold,
}

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
#[choices(integer)]
pub enum Rank {
    Low = -1,
    High = 100_000,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_everything")]
pub struct Everything {
    #[model(primary_key)]
    pub id: Option<i64>,
    #[model(max_length = 60)]
    pub char: Option<String>,
    pub text: Option<String>,
    #[model(max_length = 50)]
    pub slug: Option<String>,
    #[model(max_length = 254)]
    pub email: Option<String>,
    #[model(max_length = 200)]
    pub url: Option<String>,
    pub flag: Option<bool>,
    pub small: Option<i16>,
    pub integer: Option<i32>,
    pub big: Option<i64>,
    pub positive_small: Option<i16>,
    pub positive: Option<i32>,
    pub positive_big: Option<i64>,
    pub real: Option<f64>,
    #[model(max_digits = 12, decimal_places = 2)]
    pub price: Option<Decimal>,
    #[model(max_digits = 30, decimal_places = 10)]
    pub wide: Option<Decimal>,
    pub day: Option<NaiveDate>,
    pub clock: Option<NaiveTime>,
    pub moment: Option<DateTime<Utc>>,
    pub span: Option<TimeDelta>,
    pub uuid: Option<Uuid>,
    pub document: Option<serde_json::Value>,
    pub data: Option<Vec<u8>>,
    #[model(max_length = 10)]
    pub level: Option<Level>,
    pub rank: Option<Rank>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_product")]
pub struct Product {
    #[model(primary_key)]
    pub id: Option<i64>,
    #[model(max_length = 60, unique, db_column = "Name of it")]
    pub name: String,
    #[model(max_length = 50, unique)]
    pub slug: String,
    #[model(max_digits = 12, decimal_places = 2, db_column = "order")]
    pub price: Decimal,
    pub quantity: i32,
    #[model(db_column = "IsActive")]
    pub is_active: bool,
    pub weight: f64,
    pub details: serde_json::Value,
    pub picture: Vec<u8>,
    pub released: NaiveDate,
    pub opens: NaiveTime,
    pub keeps: TimeDelta,
    pub token: Uuid,
    pub seen: DateTime<Utc>,
    #[model(max_length = 10)]
    pub level: Level,
    #[model(max_digits = 30, decimal_places = 2, generated = "price * quantity")]
    pub value: Decimal,
}

#[derive(Model, Debug, Clone)]
#[model(table = "auth_user")]
pub struct User {
    #[model(primary_key)]
    pub id: i32,
    #[model(max_length = 128)]
    pub password: String,
    pub last_login: Option<DateTime<Utc>>,
    pub is_superuser: bool,
    #[model(max_length = 150, unique)]
    pub username: String,
    #[model(max_length = 150)]
    pub first_name: String,
    #[model(max_length = 150)]
    pub last_name: String,
    #[model(max_length = 254)]
    pub email: String,
    pub is_staff: bool,
    pub is_active: bool,
    pub date_joined: DateTime<Utc>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_country")]
pub struct Country {
    #[model(primary_key)]
    pub id: Option<i64>,
    #[model(max_length = 2, unique)]
    pub code: String,
    #[model(max_length = 40)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_city", unique_together(country, name))]
pub struct City {
    #[model(primary_key)]
    pub id: Option<i64>,
    #[model(max_length = 40)]
    pub name: String,
    #[model(foreign_key = Country, to_field = "code", related_name = "cities")]
    pub country: String,
    #[model(foreign_key = City, related_name = "twins")]
    pub twin: Option<i64>,
    pub population: i64,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_label")]
pub struct Label {
    #[model(primary_key, max_length = 20)]
    pub name: String,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_session")]
pub struct Session {
    #[model(primary_key)]
    pub id: Uuid,
    #[model(foreign_key = User, related_name = "sessions")]
    pub user: i32,
    pub hits: i32,
}

/// The many-to-many relation between them.
#[derive(Model, Debug, Clone)]
#[model(table = "shop_session_labels", unique_together(session, label))]
pub struct SessionLabel {
    #[model(primary_key)]
    pub id: Option<i64>,
    #[model(foreign_key = Session, related_name = "labels")]
    pub session: Uuid,
    #[model(foreign_key = Label, related_name = "sessions")]
    pub label: String,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_profile")]
pub struct Profile {
    #[model(primary_key)]
    pub id: Option<i64>,
    #[model(foreign_key = User, unique)]
    pub user: i32,
    #[model(foreign_key = City, db_column = "home", related_name = "profiles")]
    pub city: Option<i64>,
    pub points: i32,
    #[model(max_length = 10)]
    pub membership: String,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_stock")]
pub struct Stock {
    #[model(primary_key, max_length = 10)]
    pub warehouse: String,
    #[model(primary_key, foreign_key = City, related_name = "stock")]
    pub city: i64,
    pub amount: i32,
}

#[derive(Model, Debug, Clone)]
#[model(abstract)]
pub struct Timestamped {
    #[model(auto_now_add)]
    pub created: DateTime<Utc>,
    #[model(auto_now)]
    pub updated: DateTime<Utc>,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_note")]
pub struct Note {
    #[model(primary_key)]
    pub id: Option<i64>,
    #[model(flatten)]
    pub times: Timestamped,
    #[model(max_length = 40)]
    pub title: String,
    pub stars: i16,
}

#[derive(Model, Debug, Clone)]
#[model(proxy = Note)]
pub struct StarredNote(Note);

#[derive(Model, Debug, Clone)]
#[model(table = "shop_place")]
pub struct Place {
    #[model(primary_key)]
    pub id: Option<i64>,
    #[model(flatten)]
    pub times: Timestamped,
    #[model(max_length = 40)]
    pub name: String,
    pub rating: i32,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_restaurant", extends = Place)]
pub struct Restaurant {
    pub place: Place,
    pub serves_wine: bool,
    pub seats: i32,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_pizzeria", extends = Restaurant)]
pub struct Pizzeria {
    pub restaurant: Restaurant,
    #[model(max_length = 20)]
    pub oven: Option<String>,
    #[model(max_digits = 12, decimal_places = 2)]
    pub best_price: Decimal,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_shop")]
pub struct Shop {
    #[model(primary_key)]
    pub shop_id: Option<i64>,
    #[model(max_length = 40)]
    pub title: String,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_cafe")]
pub struct Cafe {
    #[model(primary_key)]
    pub cafe_id: Option<i64>,
    pub cups: i32,
}

#[derive(Model, Debug, Clone)]
#[model(table = "shop_bookcafe", extends(Shop, Cafe))]
pub struct BookCafe {
    pub shop: Shop,
    pub cafe: Cafe,
    pub books: i32,
}
