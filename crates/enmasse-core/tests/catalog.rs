//! Models from a catalogue's rows.

use enmasse_core::catalog::{Catalogue, Declared, build, queries};
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::{DataType, ErrorKind, Result, Value};

/// Rows of text, NULL and truth values, as `table|column|type|true||false`.
fn rows(lines: &[&str]) -> Vec<Vec<Value>> {
    let value = |part: &str| match part {
        "" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => Value::from(text),
    };
    lines.iter().map(|line| line.split('|').map(value).collect()).collect()
}

fn built(columns: &[&str], keys: &[&str], references: &[&str]) -> Result<Catalogue> {
    build(&Postgres::default(), None, [rows(columns), rows(keys), rows(references)])
}

fn names(catalogue: &Catalogue, table: &str) -> Vec<String> {
    catalogue.model(table).unwrap().names().map(str::to_owned).collect()
}

#[test]
fn names_that_a_lookup_could_not_use_are_cleaned_as_in_inspectdb() {
    let catalogue = built(
        &[
            "t|id|bigint|false||true",
            "t|a__b|text|true||false",
            "t|a_b|text|true||false",
            "t|class_|text|true||false",
            "t|Mixed Case|text|true||false",
        ],
        &["t|PRIMARY|id"],
        &[],
    )
    .unwrap();
    assert_eq!(names(&catalogue, "t"), ["id", "a_b", "a_b_2", "class_field", "Mixed Case"]);
    let columns = catalogue.model("t").unwrap().fields.iter().map(|f| f.column.clone()).collect::<Vec<_>>();
    assert_eq!(columns, ["id", "a__b", "a_b", "class_", "Mixed Case"]);
}

#[test]
fn relations_have_names_that_are_free_on_both_sides() {
    let catalogue = built(
        &[
            "book|id|bigint|false||true",
            "book|author_id|bigint|false||false",
            "book|editor_id|bigint|false||false",
            "book|editor|text|false||false",
            "book|twin_id|bigint|true||false",
            "person|id|bigint|false||true",
            "person|code|text|false||false",
            "person|book|text|false||false",
        ],
        &["book|PRIMARY|id", "book|twin|twin_id", "person|PRIMARY|id", "person|code|code"],
        &["book|a|author_id|person|id", "book|e|editor_id|person|id", "book|t|twin_id|book|id"],
    )
    .unwrap();
    assert_eq!(names(&catalogue, "book"), ["id", "author", "editor_id", "editor", "twin", "book"]);
    assert_eq!(names(&catalogue, "person"), ["id", "code", "book", "book_author", "book_editor_id"]);
    let book = catalogue.model("book").unwrap();
    assert!(!book.relation("twin").unwrap().many && !book.relation("book").unwrap().many);
    assert!(catalogue.model("person").unwrap().relation("book_author").unwrap().many);
}

#[test]
fn a_key_that_is_no_relation_of_two_models_is_plain_columns() {
    let catalogue = built(
        &[
            "child|id|bigint|false||true",
            "child|keyless_id|bigint|true||false",
            "child|far_id|bigint|true||false",
            "child|a|bigint|true||false",
            "child|b|bigint|true||false",
            "child|shape_id|point|true||false",
            "keyless|id|bigint|false||false",
            "pair|a|bigint|false||false",
            "pair|b|bigint|false||false",
        ],
        &["child|PRIMARY|id", "keyless|part|", "pair|PRIMARY|a", "pair|PRIMARY|b"],
        &[
            "child|k|keyless_id|keyless|id",
            "child|f|far_id||id",
            "child|p|a|pair|a",
            "child|p|b|pair|b",
            "child|s|shape_id|pair|a",
        ],
    )
    .unwrap();
    let child = catalogue.model("child").unwrap();
    assert_eq!(names(&catalogue, "child"), ["id", "keyless_id", "far_id", "a", "b"]);
    assert!(child.fields.iter().all(|field| field.foreign_key.is_none()));
    assert_eq!(child.left_out[0].name, "shape_id");
    assert_eq!(catalogue.left_out[0].name, "keyless");
    let error = catalogue.model("chidl").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.to_string(),
        "There is no table 'chidl'. Did you mean 'child'? Choices are: child, pair"
    );
}

#[test]
fn rows_of_another_shape_are_refused() {
    let error = built(&["t|id|bigint"], &[], &[]).unwrap_err();
    assert_eq!(error.to_string(), "The database's catalogue gave 3 columns instead of 6.");
    assert_eq!(error.kind(), ErrorKind::Database);
    assert!(built(&["t||bigint|false||true"], &[], &[]).is_err());
}

#[test]
fn a_named_schema_is_a_parameter() {
    for dialect in [&Sqlite::default() as &dyn Dialect, &Postgres::default(), &Mysql::default()] {
        for (statement, columns) in queries(dialect, Some("odd'name")).unwrap() {
            assert!(!statement.sql.contains("'odd"), "{}", statement.sql);
            assert!(statement.params.iter().any(|param| param.value == Value::from("odd'name")));
            assert!(!columns.is_empty());
        }
    }
}

#[test]
fn types_are_read_as_each_database_spells_them() {
    use DataType::{Array, BigInt, Bool, Date, DateTime, Double, Integer, Json, SmallInt, Text, Time, Uuid};
    let mysql = Mysql { flavour: Flavour::Mysql, version: (8, 0), ..Mysql::default() };
    let (sqlite, postgres) = (Sqlite::default(), Postgres::default());
    let plain = |data_type: DataType| Some(Declared { data_type, range: None, second_digits: None });
    let within = |data_type, least, greatest| {
        Some(Declared { data_type, range: Some((least, greatest)), second_digits: None })
    };
    let to = |data_type, digits| Some(Declared { data_type, range: None, second_digits: Some(digits) });
    let text = |max_length| Text { max_length };
    let numeric = |max_digits, decimal_places| DataType::Decimal { max_digits, decimal_places };

    for (dialect, spelling, expected) in [
        (&postgres as &dyn Dialect, "character varying(5)", plain(text(Some(5)))),
        (&postgres, "public.citext", plain(text(None))),
        (&postgres, "numeric(10,2)", plain(numeric(Some(10), Some(2)))),
        (&postgres, "numeric(5,-2)", None),
        (&postgres, "timestamp with time zone", plain(DateTime)),
        (&postgres, "timestamp(0) without time zone", to(DataType::NaiveDateTime, 0)),
        (&postgres, "timestamp(6) without time zone", plain(DataType::NaiveDateTime)),
        (&postgres, "time with time zone", None),
        (&postgres, "interval day to second", None),
        (&postgres, "integer[]", plain(Array(Box::new(Integer)))),
        (&postgres, "timestamp(3) with time zone[]", None),
        (&postgres, "point", None),
        (&mysql, "tinyint(1)", plain(Bool)),
        (&mysql, "tinyint", within(SmallInt, -128, 127)),
        (&mysql, "tinyint(3) unsigned", within(SmallInt, 0, 255)),
        (&mysql, "mediumint unsigned", within(Integer, 0, 16_777_215)),
        (&mysql, "mediumint(9)", within(Integer, -8_388_608, 8_388_607)),
        (&mysql, "int", plain(Integer)),
        (&mysql, "int(10) unsigned zerofill", within(BigInt, 0, 4_294_967_295)),
        (&mysql, "bigint unsigned", within(BigInt, 0, i64::MAX)),
        (&mysql, "bigint(20)", plain(BigInt)),
        (&mysql, "datetime", to(DateTime, 0)),
        (&mysql, "datetime(6)", plain(DateTime)),
        (&mysql, "time(3)", to(Time, 3)),
        (&mysql, "decimal(10,2) unsigned", plain(numeric(Some(10), Some(2)))),
        (&mysql, "json", plain(Json)),
        (&mysql, "uuid", plain(Uuid)),
        (&mysql, "enum('a','b')", None),
        (&mysql, "float(7,3)", None),
        (&sqlite, "INTEGER", plain(BigInt)),
        (&sqlite, "integer unsigned", within(BigInt, 0, i64::MAX)),
        (&sqlite, "VARCHAR(255)", plain(text(Some(255)))),
        (&sqlite, "character varying (20)", plain(text(Some(20)))),
        (&sqlite, "DOUBLE PRECISION", plain(Double)),
        (&sqlite, "decimal(10, 2)", plain(numeric(Some(10), Some(2)))),
        (&sqlite, "date", plain(Date)),
        (&sqlite, "uuid", None),
        (&sqlite, "", None),
    ] {
        assert_eq!(dialect.declared_type(spelling), expected, "{} {spelling}", dialect.name());
    }
}
