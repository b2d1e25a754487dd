//! Tables with a column of every kind that a lookup is for.

use enmasse::schema::{Field, ForeignKey, Model, ModelRef, Schema};
use enmasse::serde_json::json;
use enmasse::{DataType, Database, QuerySet, Record, Value};

fn models() -> Vec<ModelRef> {
    let text = |max_length: u32| DataType::Text { max_length: Some(max_length) };
    let key = |model: &str, related_name: &str| ForeignKey {
        model: model.into(),
        to_field: None,
        related_name: Some(related_name.into()),
    };
    let price = DataType::Decimal { max_digits: Some(8), decimal_places: Some(2) };
    let schema = Schema::new(vec![
        Model::new("countries", "countries")
            .add(Field::new("code", text(2)).primary_key())
            .add(Field::new("name", text(50))),
        Model::new("users", "users")
            .add(Field::new("id", DataType::BigInt).primary_key())
            .add(Field::new("name", text(25)))
            .add(Field::new("note", DataType::TEXT).null())
            .add(Field::new("points", DataType::Integer))
            .add(Field::new("limit", DataType::Integer))
            .add(Field::new("price", price))
            .add(Field::new("ratio", DataType::Double))
            .add(Field::new("is_active", DataType::Bool))
            .add(Field::new("last_login", DataType::DateTime).null())
            .add(Field::new("born", DataType::Date).null())
            .add(Field::new("starts", DataType::Time).null())
            .add(Field::new("secret", DataType::Bytes).null())
            .add(Field::new("data", DataType::Json).null())
            .add(Field::new("country", text(2)).references(key("countries", "users")).null())
            .add(Field::new("boss", DataType::BigInt).references(key("users", "staff_of")).null())
            .add(Field::new("odd name; --", DataType::Integer))
            .add(Field::new("mark", DataType::Integer))
            .add(Field::new("doubled", DataType::Integer).null().generated("points * 2")),
        Model::new("profile", "profile")
            .add(Field::new("user", DataType::BigInt).references(key("users", "profile")).primary_key())
            .add(Field::new("points", DataType::Integer)),
        Model::new("BaseUser", "baseuser")
            .add(Field::new("id", DataType::BigInt).primary_key())
            .add(Field::new("title", text(20))),
        Model::new("Customer", "customer").extends("BaseUser").add(Field::new("level", DataType::Integer)),
    ]);
    schema.unwrap().models().collect()
}

/// Recreates the tables, with five users.
pub async fn fill(db: &Database) {
    let models = models();
    db.drop_tables(models.clone()).await.unwrap();
    db.create_tables(models.clone()).await.unwrap();
    let [countries, users, profiles, _, customers] = &models[..] else { panic!("five models") };
    let row = |model: &ModelRef, values: &[(&str, Value)]| {
        let mut record = Record::new(model);
        values.iter().for_each(|(name, value)| record.set(name, value.clone()).unwrap());
        record
    };
    let country = |code: &str, name: &str| row(countries, &[("code", code.into()), ("name", name.into())]);
    let both = [country("US", "United States"), country("CA", "Canada")];
    QuerySet::<Record>::of(countries, db).bulk_create(both).await.unwrap();
    let user = |id: i64, name: &str, points: i32, price: &str, more: &[(&str, Value)]| {
        let mut user = row(
            users,
            &[
                ("id", id.into()),
                ("name", name.into()),
                ("points", points.into()),
                ("limit", 100.into()),
                ("price", price.into()),
                ("ratio", 0.125.into()),
                ("is_active", (id < 4).into()),
                ("odd name; --", (id as i32).into()),
                ("mark", 0.into()),
            ],
        );
        more.iter().for_each(|(name, value)| user.set(name, value.clone()).unwrap());
        user
    };
    let five = [
        user(
            1,
            "Ada",
            100,
            "1.50",
            &[
                ("last_login", "2025-12-01 09:00:00".into()),
                ("born", "1815-12-10".into()),
                ("starts", "09:00".into()),
                ("secret", vec![0_u8, 255].into()),
                ("data", json!({ "owner": "Ada", "zip": "00501" }).into()),
                ("country", "US".into()),
            ],
        ),
        user(
            2,
            "Bob",
            100,
            "0.01",
            &[
                ("note", "".into()),
                ("ratio", 0.5.into()),
                ("last_login", "2026-10-21 23:59:59.999999".into()),
                ("starts", "09:30".into()),
                ("data", json!({ "owner": { "age": 36 } }).into()),
                ("country", "CA".into()),
                ("boss", 1.into()),
            ],
        ),
        user(
            3,
            "Zoe O'Hara",
            5_000,
            "7",
            &[
                ("note", "see".into()),
                ("last_login", "2026-11-01".into()),
                ("data", json!([1, 2]).into()),
                ("country", "US".into()),
                ("boss", 2.into()),
            ],
        ),
        user(4, "NULL", 0, "2", &[("boss", 2.into())]),
        user(5, "x; DROP TABLE users, 'é'", -5, "3", &[]),
    ];
    // one by one, as each refers to the one before
    for user in five {
        QuerySet::<Record>::of(users, db).bulk_create([user]).await.unwrap();
    }
    let profile = |id: i64, points: i32| row(profiles, &[("user", id.into()), ("points", points.into())]);
    QuerySet::<Record>::of(profiles, db).bulk_create([profile(1, 100), profile(2, 99)]).await.unwrap();
    let customer = |id: i64, title: &str| {
        row(customers, &[("id", id.into()), ("title", title.into()), ("level", 1.into())])
    };
    let three = [customer(1, "Dame"), customer(2, "Madam"), customer(3, "Sir")];
    QuerySet::<Record>::of(customers, db).bulk_create(three).await.unwrap();
}

/// A column of the users, by their ids.
pub async fn values(db: &Database, column: &str) -> Vec<Value> {
    let users = QuerySet::<Record>::of(&models()[1], db).order_by_names(["id"]);
    users.values_by([column]).await.unwrap().into_iter().flatten().collect()
}

/// The user with the least id.
pub async fn first(db: &Database) -> Record {
    QuerySet::of(&models()[1], db).first().await.unwrap().expect("there are users")
}

/// Gives a user all the values that it had.
pub async fn put_back(db: &Database, user: &Record) {
    let names = user.model().fields.iter().filter(|field| !field.primary_key && field.generated.is_none());
    let names: Vec<String> = names.map(|field| field.name.clone()).collect();
    QuerySet::<Record>::of(user.model(), db).bulk_update([user], |_| names.clone()).await.unwrap();
}
