//! Tables made of models, and models read from tables, on every database.

use enmasse::schema::{Field, ForeignKey, Model, ModelRef, Schema};
use enmasse::{DataType, Database, ErrorKind, Value};
use enmasse_testing::{Kind, on_database, test_on};

fn text(max_length: u32) -> DataType {
    DataType::Text { max_length: Some(max_length) }
}

fn numeric(max_digits: u32, decimal_places: u32) -> DataType {
    DataType::Decimal { max_digits: Some(max_digits), decimal_places: Some(decimal_places) }
}

fn key(model: &str, to_field: Option<&str>, related_name: &str) -> ForeignKey {
    ForeignKey {
        model: model.into(),
        to_field: to_field.map(str::to_owned),
        related_name: Some(related_name.into()),
    }
}

/// Models as the catalogue would name them, so that what is read can be held against what was written.
fn models(kind: Kind) -> Vec<ModelRef> {
    let id = || Field::new("id", DataType::BigInt).primary_key().identity();
    let mut all = Model::new("all_types", "all_types")
        .add(Field::new("a", text(36)).primary_key())
        .add(Field::new("b", DataType::BigInt).primary_key())
        .add(Field::new("bool", DataType::Bool))
        .add(Field::new("small", DataType::SmallInt))
        .add(Field::new("int", DataType::Integer).null())
        .add(Field::new("big", DataType::BigInt))
        .add(Field::new("real", DataType::Real))
        .add(Field::new("double", DataType::Double))
        .add(Field::new("text", DataType::TEXT))
        .add(Field::new("bytes", DataType::Bytes))
        .add(Field::new("at", DataType::DateTime))
        .add(Field::new("naive", DataType::NaiveDateTime).null())
        .add(Field::new("date", DataType::Date))
        .add(Field::new("time", DataType::Time))
        .add(Field::new("duration", DataType::Duration))
        .add(Field::new("price", numeric(10, 2)))
        .add(Field::new("number", DataType::DECIMAL))
        .add(Field::new("uuid", DataType::Uuid))
        .add(Field::new("json", DataType::Json).null())
        .add(Field::new("doubled", DataType::Integer).null().generated("small * 2"));
    if kind == Kind::Postgres {
        all = all.add(Field::new("array", DataType::Array(Box::new(text(5)))).null());
    }
    let schema = Schema::new(vec![
        all,
        Model::new("countries", "countries").add(id()).add(Field::new("code", text(2)).unique()),
        Model::new("profiles", "profiles")
            .add(Field::new("user", DataType::BigInt).references(key("users", None, "profile")).primary_key())
            .add(
                Field::new("country", text(2)).references(key("countries", Some("code"), "profiles")).null(),
            ),
        Model::new("users", "users")
            .add(id())
            .add(Field::new("name", text(100)))
            .add(Field::new("boss", DataType::BigInt).references(key("users", None, "staff")).null())
            .add(Field::new("favourite", DataType::BigInt).references(key("profiles", None, "fans")).null())
            .unique_together(["name", "boss"]),
    ])
    .unwrap();
    schema.models().collect()
}

/// The type that a column of this type is read back as.
fn read_as(kind: Kind, data_type: &DataType) -> DataType {
    match (kind, data_type) {
        (Kind::Postgres, same) => same.clone(),
        (_, DataType::NaiveDateTime) => DataType::DateTime,
        (_, DataType::Duration) => DataType::BigInt,
        (Kind::MariaDb, DataType::Uuid) => DataType::Uuid,
        (_, DataType::Uuid) => text(32),
        (Kind::Sqlite, DataType::Integer) => DataType::BigInt,
        (Kind::Sqlite, DataType::Real) => DataType::Double,
        (Kind::MariaDb | Kind::Mysql, DataType::Decimal { max_digits: None, .. }) => numeric(65, 30),
        (_, same) => same.clone(),
    }
}

#[test_on(all)]
fn what_is_made_is_read_back(kind: Kind) {
    on_database(kind, async |db| {
        let models = models(kind);
        // Twice, so that nothing is left after the first time.
        for _ in 0..2 {
            db.create_tables(models.clone()).await.unwrap();
            compare(&db, &models).await;
            db.drop_tables(models.clone()).await.unwrap();
            assert_eq!(db.inspect().await.unwrap().schema.models().count(), 0);
        }
        db.drop_tables([models[0].clone()]).await.expect("what is not there needs no dropping");
    });
}

async fn compare(db: &Database, models: &[ModelRef]) {
    let kind = Kind::of(db);
    let catalogue = db.inspect().await.unwrap();
    assert_eq!(catalogue.left_out, []);
    assert_eq!(catalogue.schema.models().count(), models.len());
    for model in models {
        let found = catalogue.model(&model.table).unwrap();
        assert_eq!(found.left_out, []);
        let names =
            |model: &ModelRef| -> Vec<String> { model.fields.iter().map(|f| f.name.clone()).collect() };
        assert_eq!(names(&found), names(model), "{}", model.name);
        assert_eq!(found.unique_together, model.unique_together, "{}", model.name);
        for (position, (found_field, field)) in found.fields.iter().zip(&model.fields).enumerate() {
            let place = format!("{}.{}", model.name, field.name);
            assert_eq!(found_field.data_type, read_as(kind, &field.data_type), "{place}");
            assert_eq!(found_field.column, field.column, "{place}");
            assert_eq!(found_field.null, field.null, "{place}");
            assert_eq!(found_field.primary_key, field.primary_key, "{place}");
            assert_eq!(found_field.identity, field.identity, "{place}");
            let one_to_one = field.primary_key && field.foreign_key.is_some();
            assert_eq!(found_field.unique, field.unique || one_to_one, "{place}");
            assert_eq!(found_field.generated.is_some(), field.generated.is_some(), "{place}");
            assert_eq!((found_field.range, found_field.second_digits), (None, None), "{place}");
            let target = |model: &ModelRef| {
                model.forward(position).map(|relation| (relation.model.table.clone(), relation.to_column))
            };
            assert_eq!(target(&found), target(model), "{place}");
        }
    }
}

#[test_on(all)]
fn json_is_checked_and_keys_are_kept(kind: Kind) {
    on_database(kind, async |db| {
        let json = Model::new("docs", "docs")
            .add(Field::new("id", DataType::BigInt).primary_key())
            .add(Field::new("doc", DataType::Json).null());
        db.create_tables(Schema::new(vec![json]).unwrap().models()).await.unwrap();
        db.execute_raw("INSERT INTO docs VALUES (1, '{}')", []).await.unwrap();
        db.execute_raw("INSERT INTO docs VALUES (2, 'no json')", []).await.unwrap_err();
        let error = db.execute_raw("INSERT INTO docs VALUES (1, NULL)", []).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    });
}

async fn run(db: &Database, statements: &[&str]) {
    for statement in statements {
        db.execute_raw(statement, []).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// `field: type`, with what else the catalogue says.
fn described(model: &ModelRef) -> Vec<String> {
    let describe = |field: &Field| {
        let mut text = format!("{}: {:?}", field.name, field.data_type);
        if field.name != field.column {
            text += &format!(" in {}", field.column);
        }
        if let Some(range) = field.range {
            text += &format!(" {range:?}");
        }
        if let Some(digits) = field.second_digits {
            text += &format!(" to {digits} digits");
        }
        if field.generated.is_some() {
            text += " generated";
        }
        if let Some(key) = &field.foreign_key {
            text += &format!(" -> {}.{:?} {:?}", key.model, key.to_field, key.related_name);
        }
        for (is, word) in [
            (field.null, "null"),
            (field.identity, "identity"),
            (field.unique, "unique"),
            (field.primary_key, "key"),
        ] {
            text += &if is { format!(" {word}") } else { String::new() };
        }
        text
    };
    let left_out =
        model.left_out.iter().map(|left_out| format!("{} left out: {}", left_out.name, left_out.reason));
    model.fields.iter().map(describe).chain(left_out).collect()
}

#[test_on(postgres)]
fn a_foreign_postgres_is_read(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TYPE mood AS ENUM ('a', 'b')",
                "CREATE DOMAIN short AS varchar(5)",
                "CREATE DOMAIN shorter AS short NOT NULL",
                "CREATE SCHEMA other",
                "CREATE TABLE other.t (id int PRIMARY KEY, at timestamptz(3))",
                "CREATE TABLE countries (code char(2) PRIMARY KEY)",
                "CREATE TABLE \"Things\" (id serial PRIMARY KEY, dom shorter, ts timestamp, tz timestamptz(3), tt timetz,
                    iv interval(2), ivd interval day to second, j json, ia integer[], vs varchar(5)[], p point, m mood,
                    neg numeric(5, -2), we__ird_ int, g int GENERATED ALWAYS AS (id * 2) STORED, country_id char(2) REFERENCES countries,
                    country char(2) REFERENCES countries, far int REFERENCES other.t, bigs numeric)",
                "CREATE UNIQUE INDEX ON \"Things\" (dom)",
                "CREATE UNIQUE INDEX ON \"Things\" (ts) WHERE p IS NULL",
                "CREATE UNIQUE INDEX ON \"Things\" (lower(dom))",
                "CREATE UNIQUE INDEX ON \"Things\" (ia) INCLUDE (id)",
                "CREATE UNIQUE INDEX ON \"Things\" (tz, ts)",
                "CREATE TABLE nokey (a int)",
                "CREATE TABLE moods (m mood PRIMARY KEY)",
                "CREATE TABLE parts (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)",
                "CREATE TABLE part PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
                "CREATE TABLE pairs (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, b date, FOREIGN KEY (a, b) REFERENCES parts)",
                "CREATE VIEW looks AS SELECT * FROM countries",
            ],
        )
        .await;
        let catalogue = db.inspect().await.unwrap();
        insta::assert_debug_snapshot!(
            "postgres",
            catalogue
                .schema
                .models()
                .map(|m| (m.name.clone(), described(&m), m.unique_together.clone()))
                .collect::<Vec<_>>()
        );
        insta::assert_debug_snapshot!("postgres_left_out", catalogue.left_out);
        let error = catalogue.model("nokey").unwrap_err();
        assert_eq!(
            error.to_string(),
            "The table 'nokey' is left out: it has no primary key, and no columns that are unique and never NULL."
        );
        let things = catalogue.model("Things").unwrap();
        let error = things.field("ivd").unwrap_err();
        assert_eq!(
            error.to_string(),
            "Things leaves out the column 'ivd': the type interval day to second is not supported."
        );
        let at: Value = "2024-02-29 10:00:00.1234".into();
        let error = things.field("tz").unwrap().clean("Things", at).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Things.tz: 2024-02-29 10:00:00.123400Z has more digits after the second than the 3 that the column keeps."
        );

        let other = db.inspect_named("other").await.unwrap().model("t").unwrap();
        assert_eq!(other.table, "other.t");
    });
}

#[test_on(mysql_family)]
fn a_foreign_mysql_is_read(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE countries (code char(2) PRIMARY KEY)",
                "CREATE TABLE things (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, b bool, ti tinyint, tu tinyint unsigned, s smallint,
                    su smallint unsigned, m mediumint, mu mediumint unsigned, iu int unsigned NOT NULL, d double, f float,
                    rounded float(7,3), n decimal(10,2), nu decimal(5,1) unsigned, t text, v varchar(7), vb varbinary(5), bl blob,
                    dt datetime, dt6 datetime(6), ts timestamp(3) NULL, tm time, j json, e enum('a', 'b'), st set('a', 'b'),
                    bi bit(3), g int GENERATED ALWAYS AS (s * 2) STORED, country_id char(2), UNIQUE (v), UNIQUE (t(5)), UNIQUE (s, m),
                    FOREIGN KEY (country_id) REFERENCES countries (code))",
                "CREATE TABLE nokey (a int)",
                "CREATE TABLE two (a int, b int, PRIMARY KEY (b, a))",
                "CREATE TABLE pairs (id int PRIMARY KEY, a int, b int, FOREIGN KEY (b, a) REFERENCES two (b, a))",
                "CREATE VIEW looks AS SELECT * FROM countries",
            ],
        )
        .await;
        let catalogue = db.inspect().await.unwrap();
        insta::assert_debug_snapshot!(
            "mysql",
            catalogue
                .schema
                .models()
                .map(|m| (m.name.clone(), described(&m), m.unique_together.clone()))
                .collect::<Vec<_>>()
        );
        insta::assert_debug_snapshot!("mysql_left_out", catalogue.left_out);
        let things = catalogue.model("things").unwrap();
        let error = things.field("ti").unwrap().clean("things", 200.into()).unwrap_err();
        assert_eq!(error.to_string(), "things.ti: 200 is not between -128 and 127.");
        let name = db.query_raw("SELECT DATABASE()", []).await.unwrap().remove(0).remove(0);
        let name = match name {
            Value::Bytes(name) => String::from_utf8(name).unwrap(),
            Value::Text(name) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(db.inspect_named(&name).await.unwrap().model("two").unwrap().table, format!("{name}.two"));
    });
}

#[test_on(sqlite)]
fn a_foreign_sqlite_is_read(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE countries (code char(2) PRIMARY KEY) WITHOUT ROWID",
                "CREATE TABLE users (id integer PRIMARY KEY, name text UNIQUE, boss_id bigint REFERENCES USERS)",
                "CREATE TABLE things (key uuid, b bool NOT NULL, c nvarchar(9), d DECIMAL(10, 2), e decimal, j text CHECK (json_valid(j)),
                    untyped, y blob, z datetime, int unsigned big int, s smallint unsigned, f float, word string,
                    g integer GENERATED ALWAYS AS (b * 2) STORED, gv int AS (b * 3), u bigint REFERENCES Users (ID), q REFERENCES countries,
                    country_id char(2) REFERENCES countries, PRIMARY KEY (b, c))",
                "CREATE UNIQUE INDEX some ON things (d) WHERE e > 1",
                "CREATE UNIQUE INDEX sums ON things (d + 1)",
                "CREATE UNIQUE INDEX pairs ON things (d, e)",
                "CREATE TABLE nokey (a int)",
                "CREATE TABLE big (id bigint PRIMARY KEY)",
                "CREATE TABLE numbered (id integer PRIMARY KEY) WITHOUT ROWID",
                "CREATE TABLE ids (id uuid PRIMARY KEY)",
                "CREATE VIEW looks AS SELECT * FROM countries",
            ],
        )
        .await;
        let catalogue = db.inspect().await.unwrap();
        insta::assert_debug_snapshot!(
            "sqlite",
            catalogue
                .schema
                .models()
                .map(|m| (m.name.clone(), described(&m), m.unique_together.clone()))
                .collect::<Vec<_>>()
        );
        insta::assert_debug_snapshot!("sqlite_left_out", catalogue.left_out);
        let again = db.create_tables([catalogue.model("things").unwrap()]).await.unwrap_err();
        assert_eq!(again.to_string(), "things.g: the expression of the generated column is not known.");
    });
}
