//! The tables that are made of models, on each database.

use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::plan::{Plan, Step};
use enmasse_core::plan::{create_tables, drop_tables};
use enmasse_core::schema::{Field, ForeignKey, Model, ModelRef, Schema};
use enmasse_core::{DataType, ErrorKind};

fn text(max_length: u32) -> DataType {
    DataType::Text { max_length: Some(max_length) }
}

/// Every kind of column and key, with two tables that refer to each other.
fn models(arrays: bool) -> Vec<ModelRef> {
    let by_code = ForeignKey { model: "Country".into(), to_field: Some("code".into()), related_name: None };
    let favourite = ForeignKey { model: "Profile".into(), to_field: None, related_name: Some("+".into()) };
    let id = || Field::new("id", DataType::BigInt).primary_key().identity();
    let mut all = Model::new("All", "all types")
        .add(Field::new("a", DataType::Uuid).primary_key())
        .add(Field::new("b", text(9)).primary_key())
        .add(Field::new("bool", DataType::Bool))
        .add(Field::new("small", DataType::SmallInt))
        .add(Field::new("int", DataType::Integer).null())
        .add(Field::new("real", DataType::Real))
        .add(Field::new("double", DataType::Double))
        .add(Field::new("text", DataType::TEXT))
        .add(Field::new("bytes", DataType::Bytes))
        .add(Field::new("at", DataType::DateTime))
        .add(Field::new("naive", DataType::NaiveDateTime))
        .add(Field::new("date", DataType::Date))
        .add(Field::new("time", DataType::Time))
        .add(Field::new("duration", DataType::Duration))
        .add(Field::new("price", DataType::Decimal { max_digits: Some(10), decimal_places: Some(2) }))
        .add(Field::new("number", DataType::DECIMAL))
        .add(Field::new("json", DataType::Json).null())
        .add(Field::new("doubled", DataType::Integer).generated("small * 2"));
    if arrays {
        all = all.add(Field::new("array", DataType::Array(Box::new(text(5)))));
    }
    let schema = Schema::new(vec![
        all,
        Model::new("Profile", "profiles")
            .add(id())
            .add(Field::new("user", DataType::BigInt).foreign_key("User").unique())
            .add(Field::new("country", text(2)).references(by_code).null()),
        Model::new("User", "users")
            .add(id())
            .add(Field::new("name", text(100)))
            .add(Field::new("boss", DataType::BigInt).foreign_key("User").null())
            .add(Field::new("favourite", DataType::BigInt).references(favourite).null())
            .unique_together(["name", "boss"]),
        Model::new("Country", "countries")
            .add(Field::new("id", DataType::Integer).primary_key())
            .add(Field::new("code", text(2)).unique()),
    ])
    .unwrap();
    schema.models().collect()
}

fn sql(plan: &Plan) -> String {
    let statement = |step: &Step| match step {
        Step::Run(statement, _) if statement.params.is_empty() => format!("{};\n", statement.sql),
        other => panic!("not a script: {other:?}"),
    };
    plan.steps.iter().map(statement).collect()
}

fn both(dialect: &dyn Dialect, arrays: bool) -> String {
    let models = models(arrays);
    format!("{}\n{}", sql(&create_tables(dialect, &models).unwrap()), sql(&drop_tables(dialect, &models)))
}

#[test]
fn tables_are_made_on_sqlite() {
    insta::assert_snapshot!(both(&Sqlite::default(), false));
}

#[test]
fn tables_are_made_on_postgres() {
    insta::assert_snapshot!(both(&Postgres::default(), true));
}

#[test]
fn tables_are_made_on_mariadb() {
    insta::assert_snapshot!(both(&Mysql::default(), false));
}

#[test]
fn what_cannot_be_a_table_is_refused_by_name() {
    let refused = |dialect: &dyn Dialect, field: Field| {
        let model = Model::new("M", "m").add(Field::new("id", DataType::BigInt).primary_key()).add(field);
        let schema = Schema::new(vec![model]).unwrap();
        create_tables(dialect, &schema.models().collect::<Vec<_>>()).unwrap_err()
    };
    let mysql = Mysql { flavour: Flavour::Mysql, version: (8, 0), ..Mysql::default() };
    let error = refused(&mysql, Field::new("code", DataType::TEXT).unique());
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(error.to_string(), "M.code: in MySQL 8.0 text needs a max_length to be in a key or unique.");
    let error = refused(&Sqlite::default(), Field::new("number", DataType::BigInt).identity());
    assert_eq!(
        error.to_string(),
        "M.number: SQLite 3.35 numbers only a primary key of one column by itself."
    );
    let error = refused(&Sqlite::default(), Field::new("many", DataType::Array(Box::new(DataType::BigInt))));
    assert_eq!(error.kind(), ErrorKind::NotSupported);
    assert_eq!(error.to_string(), "M.many: SQLite has no arrays.");
}

#[test]
fn a_foreign_key_has_the_length_of_what_it_refers_to() {
    let price = DataType::Decimal { max_digits: Some(5), decimal_places: Some(2) };
    let schema = Schema::new(vec![
        Model::new("Stay", "stays")
            .add(Field::new("visit", DataType::TEXT).foreign_key("Visit").primary_key())
            .add(Field::new("price", DataType::DECIMAL).foreign_key("Price")),
        Model::new("Visit", "visits")
            .add(Field::new("country", DataType::TEXT).foreign_key("Country").primary_key())
            .add(Field::new("wide", text(9)).references(ForeignKey {
                model: "Country".into(),
                to_field: None,
                related_name: Some("+".into()),
            })),
        Model::new("Country", "countries").add(Field::new("code", text(2)).primary_key()),
        Model::new("Price", "prices").add(Field::new("price", price.clone()).primary_key()),
    ])
    .unwrap();
    let data_type =
        |model: &str, field: &str| schema.model(model).unwrap().field(field).unwrap().data_type.clone();
    assert_eq!(data_type("Visit", "country"), text(2));
    assert_eq!(data_type("Visit", "wide"), text(9), "its own length counts");
    assert_eq!(data_type("Stay", "visit"), text(2));
    assert_eq!(data_type("Stay", "price"), price);
}
