//! Models from a catalogue's rows.

use enmasse_core::catalog::{Catalogue, Reading};
use enmasse_core::dialect::Declared;
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::schema::{CharacterSet, Limits};
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

/// Rows of columns, none of which only the database numbers.
fn columns_of(lines: &[&str]) -> Vec<Vec<Value>> {
    let with = |mut row: Vec<Value>| {
        row.push(Value::Bool(false));
        row
    };
    rows(lines).into_iter().map(with).collect()
}

fn built(columns: &[&str], keys: &[&str], references: &[&str]) -> Result<Catalogue> {
    let dialect = Postgres::default();
    let mut reading = Reading::of_schema(&dialect, None);
    reading.next_question()?.expect("a question");
    let mut tables: Vec<&str> = columns.iter().filter_map(|line| line.split('|').next()).collect();
    tables.dedup();
    let tables: Vec<String> = tables.into_iter().map(|table| format!("{table}|table||true")).collect();
    let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
    reading.answer(vec![rows(&tables), columns_of(columns), rows(keys), rows(references)])?;
    assert!(reading.next_question()?.is_none());
    reading.finish()
}

fn names(catalogue: &Catalogue, table: &str) -> Vec<String> {
    catalogue.model(table).unwrap().names().map(str::to_owned).collect()
}

fn fields(catalogue: &Catalogue, table: &str) -> Vec<String> {
    catalogue.model(table).unwrap().fields.iter().map(|field| field.name.clone()).collect()
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
            "child|shape_id|interval day to second|true||false",
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
    assert_eq!(error.to_string(), "The database's catalogue gave 4 columns instead of 7.");
    assert_eq!(error.kind(), ErrorKind::Database);
    assert!(built(&["t||bigint|false||true"], &[], &[]).is_err());
}

#[test]
fn names_are_parameters() {
    for dialect in [&Sqlite::default() as &dyn Dialect, &Postgres::default(), &Mysql::default()] {
        for mut reading in [
            Reading::of_schema(dialect, Some("odd'name")),
            Reading::of_table(dialect, Some("odd'name"), "odd'table", []),
        ] {
            let asked = reading.next_question().unwrap().unwrap().statements;
            for (statement, columns) in &asked {
                assert!(!statement.sql.contains("'odd"), "{}", statement.sql);
                assert!(!columns.is_empty());
            }
            let mut params = asked.iter().flat_map(|(statement, _)| &statement.params);
            assert!(params.any(|param| param.value == Value::from("odd'name")));
        }
    }
}

/// A schema of which a reading is answered as a database would.
struct Answering {
    columns: Vec<Vec<Value>>,
    keys: Vec<Vec<Value>>,
    references: Vec<Vec<Value>>,
}

impl Answering {
    /// Completes a reading; returns the requests in order: the tables, or `→` and the tables whose referring
    /// tables are requested.
    fn read(&self, mut reading: Reading<'_>) -> (Catalogue, Vec<String>) {
        let mut all = Vec::new();
        while let Some(asked) = reading.next_question().unwrap() {
            let named = |statement: &enmasse_core::sql::Statement| -> Vec<String> {
                let text = |value: &Value| match value {
                    Value::Text(text) => text.clone(),
                    other => panic!("{other:?}"),
                };
                statement.params.iter().map(|param| text(&param.value)).collect()
            };
            let names = named(&asked.statements[0].0);
            let at = |rows: &[Vec<Value>], column: usize| -> Vec<Vec<Value>> {
                let is_named =
                    |row: &&Vec<Value>| names.iter().any(|name| row[column] == Value::from(name.as_str()));
                rows.iter().filter(is_named).cloned().collect()
            };
            if let [_] = &asked.statements[..] {
                all.push(format!("→ {}", names.join(", ")));
                let referring = at(&self.references, 3).into_iter().map(|row| vec![row[0].clone()]);
                reading.answer(vec![referring.collect()]).unwrap();
                continue;
            }
            all.push(names.join(", "));
            let mut tables: Vec<Vec<Value>> = Vec::new();
            for row in at(&self.columns, 0) {
                let table = vec![row[0].clone(), Value::from("table"), Value::Null, Value::Bool(true)];
                if !tables.contains(&table) {
                    tables.push(table);
                }
            }
            let answer = vec![tables, at(&self.columns, 0), at(&self.keys, 0), at(&self.references, 0)];
            reading.answer(answer).unwrap();
        }
        (reading.finish().unwrap(), all)
    }
}

/// Which tables are requested, independent of the other tables.
#[test]
fn b01_a_table_is_read_with_what_it_extends_and_refers_to_and_with_what_lookups_lead_to() {
    let schema = Answering {
        columns: columns_of(&[
            "person|id|bigint|false||true",
            "person|city_id|bigint|true||false",
            "customer|person_ptr_id|bigint|false||false",
            "customer|agent_id|bigint|true||false",
            "agent|id|bigint|false||true",
            "agent|office_id|bigint|true||false",
            "city|id|bigint|false||true",
            "city|country_id|bigint|true||false",
            "country|id|bigint|false||true",
            "office|id|bigint|false||true",
            "office|city_id|bigint|false||false",
            "bill|id|bigint|false||true",
            "bill|customer_id|bigint|false||false",
            "bill|shop_id|bigint|false||false",
            "shop|id|bigint|false||true",
            "other|id|bigint|false||true",
        ]),
        keys: rows(&[
            "person|PRIMARY|id",
            "customer|PRIMARY|person_ptr_id",
            "agent|PRIMARY|id",
            "city|PRIMARY|id",
            "country|PRIMARY|id",
            "office|PRIMARY|id",
            "bill|PRIMARY|id",
            "shop|PRIMARY|id",
            "other|PRIMARY|id",
        ]),
        references: rows(&[
            "person|c|city_id|city|id",
            "customer|p|person_ptr_id|person|id",
            "customer|a|agent_id|agent|id",
            "agent|o|office_id|office|id",
            "city|c|country_id|country|id",
            "office|c|city_id|city|id",
            "bill|c|customer_id|customer|id",
            "bill|s|shop_id|shop|id",
        ]),
    };
    let dialect = Postgres::default();
    let read = |table: &str, lookups: &[&str]| {
        schema.read(Reading::of_table(&dialect, None, table, lookups.iter().copied()))
    };
    let (catalogue, asked) = read("other", &[]);
    assert_eq!(asked, ["other"]);
    assert_eq!(names(&catalogue, "other"), ["id"]);

    let (catalogue, asked) = read("customer", &[]);
    assert_eq!(asked, ["customer", "person, agent", "city"]);
    assert_eq!(fields(&catalogue, "customer"), ["id", "city", "person_ptr", "agent"]);

    let (catalogue, asked) = read("customer", &["city__country__id", "id__gt", "agent__id"]);
    assert_eq!(asked, ["customer", "person, agent", "city", "country, office"]);
    assert_eq!(fields(&catalogue, "customer"), ["id", "city", "person_ptr", "agent"]);

    let (catalogue, asked) = read("person", &["customer__bill__shop__id"]);
    assert_eq!(asked, ["person", "city", "→ person", "customer", "agent", "→ customer", "bill", "shop"]);
    assert_eq!(names(&catalogue, "person"), ["id", "city", "customer"]);

    let (_, asked) = read("office", &["nothing__there", "city__nothing"]);
    assert_eq!(asked, ["office", "city", "country", "→ office, city", "person, agent"]);
}

#[test]
fn types_are_read_as_each_database_spells_them() {
    use DataType::{Array, BigInt, Bool, Date, DateTime, Double, Integer, Json, SmallInt, Text, Time, Uuid};
    let mysql = Mysql { flavour: Flavour::Mysql, version: (8, 0), ..Mysql::default() };
    let (sqlite, postgres) = (Sqlite::default(), Postgres::default());
    let plain = |data_type: DataType| Some(Declared::from(data_type));
    let within = |data_type: DataType, least, greatest| {
        Some(Declared { range: Some((least, greatest)), ..data_type.into() })
    };
    let to = |data_type: DataType, digits| Some(Declared { second_digits: Some(digits), ..data_type.into() });
    let limited = |data_type: DataType, change: fn(&mut Limits)| {
        let mut declared = Declared::from(data_type);
        change(&mut declared.limits);
        Some(declared)
    };
    let native = |name: &str| DataType::Native(name.to_owned());
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
        (&postgres, "time with time zone", plain(native("time with time zone"))),
        (&postgres, "time(3) with time zone", None),
        (&postgres, "bit(3)", plain(native("\"bit\""))),
        (&postgres, "bit varying", plain(native("bit varying"))),
        (&postgres, "other.\"Mood\"", plain(native("other.\"Mood\""))),
        (&postgres, "inet[]", plain(native("inet[]"))),
        (&postgres, "numeric(5,2)[]", plain(Array(Box::new(numeric(Some(5), Some(2)))))),
        (&postgres, "name", limited(native("name"), |limits| limits.bytes = Some((0, 63)))),
        (&postgres, "\"char\"", None),
        (&postgres, "json", limited(Json, |limits| limits.plain_json = true)),
        (&postgres, "jsonb", plain(Json)),
        (&postgres, "interval day to second", None),
        (&postgres, "integer[]", plain(Array(Box::new(Integer)))),
        (&postgres, "timestamp(3) with time zone[]", None),
        (&postgres, "point", plain(native("point"))),
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
        (
            &mysql,
            "decimal(10,2) unsigned",
            limited(numeric(Some(10), Some(2)), |limits| limits.unsigned = true),
        ),
        (
            &mysql,
            "text character set utf8mb4",
            limited(text(None), |limits| limits.bytes = Some((0, 65_535))),
        ),
        (
            &mysql,
            "longtext character set latin1",
            limited(text(None), |limits| limits.character_set = Some(CharacterSet::Latin1)),
        ),
        (&mysql, "varchar(7) character set utf8mb4", plain(text(Some(7)))),
        (&mysql, "binary(4)", limited(DataType::Bytes, |limits| limits.bytes = Some((4, 4)))),
        (&mysql, "year(4)", within(SmallInt, 1901, 2155)),
        (
            &mysql,
            "enum('a','it''s','(b,c)') character set latin1",
            Some(Declared {
                choices: Some(vec!["a".into(), "it's".into(), "(b,c)".into()]),
                ..limited(text(None), |limits| limits.character_set = Some(CharacterSet::Latin1)).unwrap()
            }),
        ),
        (
            &mysql,
            "set('a','b')",
            limited(text(None), |limits| limits.members = Some(vec!["a".to_owned(), "b".to_owned()])),
        ),
        (&mysql, "json", plain(Json)),
        (&mysql, "uuid", plain(Uuid)),
        (&mysql, "enum('a", None),
        (&mysql, "float(7,3)", None),
        (&sqlite, "INTEGER", plain(BigInt)),
        (&sqlite, "integer unsigned", within(BigInt, 0, i64::MAX)),
        (&sqlite, "VARCHAR(255)", plain(text(Some(255)))),
        (&sqlite, "character varying (20)", plain(text(Some(20)))),
        (&sqlite, "DOUBLE PRECISION", plain(Double)),
        (&sqlite, "decimal(10, 2)", plain(numeric(Some(10), Some(2)))),
        (&sqlite, "date", plain(Date)),
        (&sqlite, "uuid", limited(text(None), |limits| limits.makes_numbers = true)),
        (&sqlite, "", None),
    ] {
        assert_eq!(dialect.declared_type(spelling), expected, "{} {spelling}", dialect.name());
    }
}
