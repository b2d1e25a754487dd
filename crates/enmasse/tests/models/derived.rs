//! What the derives make of a struct or an enum.

use enmasse::FieldType;
use enmasse::prelude::*;
use enmasse::schema::{Auto, Field};

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
enum Membership {
    Free,
    #[choice(value = "Premium (paid)")]
    Premium,
    HalfPrice,
}

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
#[choices(integer)]
enum Level {
    Low = -1,
    High = 10,
}

#[derive(Model, Debug, Clone, PartialEq)]
struct ShopUser {
    #[model(primary_key)]
    id: Option<i32>,
    #[model(unique, max_length = 20)]
    name: String,
    #[model(max_length = 30)]
    membership: Membership,
    level: Option<Level>,
    #[model(max_digits = 8, decimal_places = 2, default = 5)]
    balance: Decimal,
    #[model(db_column = "country_code", foreign_key = Country, to_field = "code", related_name = "+")]
    country: Option<String>,
    #[model(default)]
    visits: i64,
    #[model(default = "en")]
    language: String,
    #[model(default = Level::High)]
    rank: Level,
    #[model(default = None)]
    nickname: Option<String>,
    #[model(auto_now)]
    updated: DateTime<Utc>,
    #[model(auto_now_add)]
    created: NaiveDate,
    #[model(generated = "visits * 2")]
    double: i64,
    notes: Option<serde_json::Value>,
    tags: Vec<String>,
    photo: Vec<u8>,
    length: TimeDelta,
}

#[derive(Model)]
#[model(table = "geo.countries", unique_together(name, continent))]
struct Country {
    #[model(primary_key, default = Uuid::nil())]
    id: Uuid,
    #[model(unique)]
    code: String,
    name: String,
    continent: String,
}

#[derive(Model)]
struct Line {
    #[model(primary_key, foreign_key = ShopUser)]
    user: i32,
    #[model(primary_key)]
    number: i16,
    text: String,
}

fn field(name: &str) -> Field {
    ShopUser::definition().field(name).unwrap().clone()
}

fn user() -> ShopUser {
    ShopUser {
        id: None,
        name: "Ada".into(),
        membership: Membership::Premium,
        level: Some(Level::Low),
        balance: Decimal::new(1250, 2),
        country: None,
        visits: 3,
        language: "en".into(),
        rank: Level::High,
        nickname: None,
        updated: DateTime::UNIX_EPOCH,
        created: NaiveDate::MIN,
        double: 6,
        notes: Some(serde_json::Value::Null),
        tags: vec!["a".into()],
        photo: vec![1, 2],
        length: TimeDelta::hours(1),
    }
}

#[test]
fn a_model_is_what_is_written() {
    let model = ShopUser::definition();
    assert_eq!((model.name.as_str(), model.table.as_str()), ("ShopUser", "shop_user"));
    assert!(model.label.ends_with("models::derived::ShopUser"), "{}", model.label);

    let id = field("id");
    assert!(id.primary_key && id.identity && !id.null);
    assert_eq!(id.data_type, DataType::Integer);
    let name = field("name");
    assert!(name.unique && !name.null && !name.identity);
    assert_eq!(name.data_type, DataType::Text { max_length: Some(20) });
    let membership = field("membership");
    assert_eq!(membership.data_type, DataType::Text { max_length: Some(30) });
    assert_eq!(
        membership.choices.unwrap(),
        ["free".into(), "Premium (paid)".into(), Value::from("half_price")]
    );
    let level = field("level");
    assert_eq!((level.data_type, level.null), (DataType::Integer, true));
    assert_eq!(level.choices.unwrap(), [Value::Int(-1), Value::Int(10)]);
    assert_eq!(
        field("balance").data_type,
        DataType::Decimal { max_digits: Some(8), decimal_places: Some(2) }
    );
    let country = field("country");
    let key = country.foreign_key.unwrap();
    assert_eq!(country.column, "country_code");
    assert_eq!((key.to_field.as_deref(), key.related_name.as_deref()), (Some("code"), Some("+")));
    assert_eq!(field("updated").auto, Auto::OnWrite);
    assert_eq!(field("created").auto, Auto::OnCreate);
    assert_eq!(field("double").generated.as_deref(), Some("visits * 2"));
    assert_eq!(field("tags").data_type, DataType::Array(Box::new(DataType::TEXT)));
    assert_eq!(field("photo").data_type, DataType::Bytes);
}

#[test]
fn defaults_are_values_of_the_field() {
    let default = |name| field(name).default.map(|default| default.value());
    assert_eq!(default("balance"), Some(Value::Decimal(5.into())));
    assert_eq!(default("visits"), Some(Value::Int(0)));
    assert_eq!(default("language"), Some("en".into()));
    assert_eq!(default("rank"), Some(Value::Int(10)));
    assert_eq!(default("nickname"), Some(Value::Null));
    assert_eq!(default("name"), None);
}

#[test]
fn keys_of_every_kind() {
    let country = Country::model().unwrap();
    assert_eq!(country.table, "geo.countries");
    assert_eq!(country.unique_together, [["name", "continent"]]);
    assert!(!country.field("id").unwrap().identity);
    let line = Line::model().unwrap();
    assert_eq!(line.key(), [0, 1]);
    assert_eq!(line.fields[0].column, "user_id");
    assert!(line.fields.iter().all(|field| !field.identity));
    assert_eq!(line.relation("user").unwrap().model.name, "ShopUser");
    let _: <Line as Model>::Key = (1_i32, 2_i16);
    let _: <ShopUser as Model>::Key = 1_i32;
}

#[test]
fn a_row_there_and_back() {
    let model = ShopUser::model().unwrap();
    let user = user();
    let row: Vec<Value> = (0..model.fields.len()).map(|field| user.value(&model, field)).collect();
    assert_eq!(row[0], Value::Null);
    assert_eq!(row[2], "Premium (paid)".into());
    assert_eq!(row[3], Value::Int(-1));
    assert_eq!(row[13], Value::Json(serde_json::Value::Null));
    assert_eq!(ShopUser::from_row(&model, row.clone()).unwrap(), user);

    let mut without_notes = row;
    without_notes[13] = Value::Null;
    assert_eq!(ShopUser::from_row(&model, without_notes).unwrap().notes, None);
}

#[test]
fn a_key_that_the_database_gave_is_set() {
    let model = ShopUser::model().unwrap();
    let mut user = user();
    user.set_value(&model, 0, Value::Int(7)).unwrap();
    assert_eq!(user.id, Some(7));
}

#[test]
fn what_does_not_fit_is_an_error_that_names_the_field() {
    let model = ShopUser::model().unwrap();
    let mut user = user();
    let error = |result: Result<()>| result.unwrap_err().to_string();
    assert_eq!(
        error(user.set_value(&model, 0, Value::Int(5_000_000_000))),
        "ShopUser.id: expected a whole number from -2147483648 to 2147483647 but the column has 5000000000."
    );
    assert_eq!(
        error(user.set_value(&model, 2, "Gold".into())),
        "ShopUser.membership: expected one of 'free', 'Premium (paid)', 'half_price' but the column has 'Gold'."
    );
    assert_eq!(
        error(user.set_value(&model, 1, Value::Null)),
        "ShopUser.name: expected text but the column has NULL."
    );
    assert_eq!(error(user.set_value(&model, 99, Value::Null)), "ShopUser has no field at position 99.");
    let short = ShopUser::from_row(&model, vec![Value::Null]).unwrap_err();
    assert_eq!(short.to_string(), "ShopUser has 17 fields, but the row has 1 values.");
    let mut row: Vec<Value> = (0..17).map(|field| user.value(&model, field)).collect();
    row[3] = Value::Int(4);
    let wrong = ShopUser::from_row(&model, row).unwrap_err();
    assert_eq!(wrong.to_string(), "ShopUser.level: expected one of -1, 10 but the column has 4.");
}

#[test]
fn choices_know_their_variants() {
    assert_eq!(Membership::all(), [Membership::Free, Membership::Premium, Membership::HalfPrice]);
    for level in Level::all() {
        assert_eq!(Level::from_value(level.to_value()).unwrap(), *level);
    }
    assert_eq!(Value::from(Membership::Free), "free".into());
}

/// Fields named as what the derive's own code names, in a model that a `macro_rules!` writes of parts that come from two places.
macro_rules! model_with {
    ($($field:ident: $type:ty),*) => {
        #[derive(Model, Debug, Clone, PartialEq)]
        struct Odd {
            #[model(primary_key)]
            id: i64,
            value: i32,
            field: Option<String>,
            $($field: $type,)*
        }
    };
}

model_with!(row: bool, path: String, set: i16, place_0: i32, r#type: Vec<u8>);

#[test]
fn fields_may_be_named_as_anything() {
    let model = Odd::model().unwrap();
    let mut odd = Odd {
        id: 1,
        value: 2,
        field: None,
        row: true,
        path: "x".into(),
        set: 3,
        place_0: 4,
        r#type: vec![5],
    };
    let values: Vec<Value> = (0..8).map(|position| odd.value(&model, position)).collect();
    let expected: [Value; 8] =
        [1.into(), 2.into(), Value::Null, true.into(), "x".into(), 3.into(), 4.into(), vec![5].into()];
    assert_eq!(values, expected);
    assert_eq!(Odd::from_row(&model, values).unwrap(), odd);
    odd.set_value(&model, 1, Value::Int(20)).unwrap();
    odd.set_value(&model, 7, Value::Bytes(vec![])).unwrap();
    assert_eq!((odd.value, odd.r#type), (20, vec![]));
}
