// Models of a database's tables, made by `enmasse inspect --rust`.

use enmasse::prelude::*;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "2nd table; --")]
pub struct Field2ndTable {
    #[model(primary_key)]
    pub r#type: i32,
    #[model(db_column = "2nd")]
    pub field_2nd: Option<i32>,
    #[model(db_column = "The Name", max_length = 9)]
    pub the_name_2: Option<String>,
    #[model(max_length = 9)]
    pub the_name: Option<String>,
    #[model(db_column = "self")]
    pub self_field: Option<i32>,
    #[model(db_column = "createdAt")]
    pub created_at: Option<NaiveDate>,
    pub größe: Option<i32>,
    #[model(db_column = "pk")]
    pub pk_field: Option<i32>,
    #[model(db_column = "a'b\\c")]
    pub a_b_c: Option<i32>,
    #[model(db_column = "fn", foreign_key = Country, to_field = "iso", related_name = "field_2nd_table")]
    pub r#fn: Option<i32>,
    pub r#match: Option<i32>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "baseuser")]
pub struct Baseuser {
    #[model(primary_key)]
    pub id: Option<i64>,
    #[model(max_length = 50)]
    pub name: String,
    #[model(foreign_key = Baseuser)]
    pub boss: Option<i64>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "country")]
pub struct Country {
    #[model(primary_key, max_length = 2)]
    pub code: String,
    #[model(unique)]
    pub iso: i32,
    #[model(max_length = 50)]
    pub name: String,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "every_type")]
pub struct EveryType {
    #[model(primary_key)]
    pub id: Option<i64>,
    // at most 65535 bytes
    pub t: String,
    pub day: NaiveDate,
    pub b: bool,
    pub s: i16,
    // 0 to 4294967295
    pub i: Option<i64>,
    // -128 to 127
    pub tiny: Option<i16>,
    pub big: i64,
    pub r: f32,
    pub d: f64,
    #[model(max_length = 20)]
    pub v: Option<String>,
    pub by: Vec<u8>,
    pub at: DateTime<Utc>,
    // 0 digits of a second
    pub coarse: Option<DateTime<Utc>>,
    pub clock: NaiveTime,
    #[model(max_digits = 10, decimal_places = 2)]
    pub price: Decimal,
    pub j: Option<serde_json::Value>,
    #[model(generated = "`s` * 2")]
    pub doubled: Option<i32>,
    // The column "odd" is left out: the type bit(3) is not supported.
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "option")]
pub struct Option2 {
    #[model(primary_key)]
    pub id: i32,
    #[model(db_column = "Some")]
    pub some: Option<i32>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "pair", unique_together(n, x))]
pub struct Pair {
    #[model(primary_key)]
    pub a: i32,
    #[model(primary_key, max_length = 5)]
    pub b: String,
    pub n: Option<i32>,
    pub x: Option<i32>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "shop_customer", extends = Baseuser)]
pub struct Customer {
    #[model(related_name = "shop_customer")]
    pub baseuser: Baseuser,
    #[model(max_length = 10)]
    pub level: String,
    #[model(foreign_key = Country, related_name = "shop_customer")]
    pub country: Option<String>,
    #[model(foreign_key = Country, to_field = "iso", related_name = "shop_customer_home")]
    pub home: Option<i32>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "shop_vip", extends = Customer)]
pub struct ShopVip {
    #[model(related_name = "shop_vip")]
    pub customer: Customer,
    #[model(max_digits = 4, decimal_places = 1)]
    pub discount: Decimal,
}

// The table "nokey" is left out: it has no primary key, and no columns that are unique and never NULL.
