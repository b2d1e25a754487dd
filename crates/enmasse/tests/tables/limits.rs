//! What a column's type cannot hold is refused before it is sent, with every way of carrying rows.

use enmasse::schema::{Field, Model, ModelRef, Schema};
use enmasse::{DataType, Database, Error, F, Objects, Q, QuerySet, Record, Value};
use enmasse_testing::{Kind, on_database, test_on};

use crate::{query, record, run};

/// Few rows travel in other ways than many.
const ROWS: [i64; 5] = [1, 3, 30, 60, 3_000];

/// 3,000 rows with nothing but their keys.
fn rows_of(table: &str) -> String {
    let rows: Vec<String> = (1..=3_000).map(|id| format!("({id})")).collect();
    format!("INSERT INTO {table} (id) VALUES {}", rows.join(", "))
}

async fn make(db: &Database) {
    run(
        db,
        &[
            "CREATE TABLE n (id int PRIMARY KEY, tiny tinytext, plain text, tinyb tinyblob, plainb blob, medium mediumtext,
                latin tinytext CHARACTER SET latin1, three tinytext CHARACTER SET utf8mb3, wide tinytext CHARACTER SET utf16,
                two binary(2), upto varbinary(3), short varchar(5) CHARACTER SET latin1)
                DEFAULT CHARSET=utf8mb4",
            &rows_of("n"),
        ],
    )
    .await;
}

/// Sets one field of rows from 1 on, of which the last has this value.
async fn set(db: &Database, model: &ModelRef, rows: i64, field: &str, value: Value) -> Result<u64, Error> {
    let short = match &value {
        Value::Bytes(_) if field == "two" => Value::Bytes(b"xy".to_vec()),
        Value::Bytes(_) => Value::Bytes(b"x".to_vec()),
        _ => Value::from("x"),
    };
    let value = |id: i64| if id == rows { value.clone() } else { short.clone() };
    let records = (1..=rows).map(|id| record(model, [("id", id.into()), (field, value(id))]));
    let records: Vec<Record> = records.collect();
    Ok(QuerySet::<Record>::of(model, db).bulk_update(&records, |_| [field]).await?.matched)
}

#[test_on(mysql_family)]
fn a03_texts_and_bytes_of_any_length_are_stored_whole_or_refused(kind: Kind) {
    on_database(kind, async |db| {
        make(&db).await;
        let model = db.inspect_table("n", []).await.unwrap();
        for (field, limit) in [
            ("tiny", 255),
            ("plain", 65_535),
            ("tinyb", 255),
            ("plainb", 65_535),
            ("latin", 255),
            ("upto", 3),
        ] {
            let lengths = [limit, limit + 1, 2 * limit + 2];
            for (length, rows) in lengths.into_iter().flat_map(|length| ROWS.map(|rows| (length, rows))) {
                run(&db, &[&format!("UPDATE n SET {field} = NULL WHERE {field} IS NOT NULL")]).await;
                let value = match field {
                    "tinyb" | "plainb" | "upto" => Value::Bytes(vec![b'a'; length]),
                    _ => Value::from("a".repeat(length)),
                };
                let place = format!("{field}, {length} bytes, {rows} rows");
                let written = set(&db, &model, rows, field, value.clone()).await;
                let last = QuerySet::<Record>::of(&model, &db).filter_by(Q::named("id", rows));
                let single = last.update_by([(field, value)]).await;
                if length <= limit {
                    assert_eq!(written.unwrap(), rows as u64, "{place}");
                    assert_eq!(single.unwrap(), 1, "{place}");
                    let sql = format!("SELECT max(length({field})) FROM n");
                    assert_eq!(query(&db, &sql).await, [length.to_string()], "{place}");
                } else {
                    for error in [written.unwrap_err(), single.unwrap_err()] {
                        let text = error.to_string();
                        assert!(text.contains(&format!("n.{field}")), "{place}: {text}");
                        assert!(text.contains(&format!("{length} bytes")), "{place}: {text}");
                        assert!(text.ends_with(&format!("and at most {limit} fit.")), "{place}: {text}");
                    }
                    let sql = format!("SELECT count(*) FROM n WHERE {field} IS NOT NULL");
                    assert_eq!(query(&db, &sql).await, ["0"], "{place}");
                }
            }
        }
    });
}

#[test_on(mysql_family)]
fn a03_characters_count_by_the_bytes_of_the_columns_character_set(kind: Kind) {
    on_database(kind, async |db| {
        make(&db).await;
        let model = db.inspect_table("n", []).await.unwrap();
        let repeated = |text: &str, times: usize| Value::from(text.repeat(times));
        for (field, value, length) in [
            ("tiny", repeated("é", 127), 254),
            ("tiny", repeated("😀", 63), 252),
            ("latin", repeated("€", 255), 255),
            ("three", repeated("€", 85), 255),
            ("wide", repeated("a", 127), 254),
            ("wide", repeated("😀", 63), 252),
        ] {
            for rows in ROWS {
                set(&db, &model, rows, field, value.clone()).await.unwrap();
                let sql = format!("SELECT length({field}) FROM n WHERE id = {rows}");
                assert_eq!(query(&db, &sql).await, [length.to_string()], "{field} {rows}");
            }
        }
        for (field, value, message) in [
            ("tiny", repeated("é", 128), "256 bytes, and at most 255 fit"),
            ("latin", repeated("€", 256), "256 bytes in latin1, and at most 255 fit"),
            ("three", repeated("€", 86), "258 bytes in utf8mb3, and at most 255 fit"),
            ("wide", repeated("a", 128), "256 bytes in utf16, and at most 255 fit"),
            ("latin", "Łódź".into(), "'Ł' (U+0141), which the column's character set latin1 lacks"),
            ("short", "Łódź".into(), "'Ł' (U+0141), which the column's character set latin1 lacks"),
            ("three", "😀".into(), "'😀' (U+1F600), which the column's character set utf8mb3 lacks"),
            ("two", Value::Bytes(vec![1]), "1 byte, and exactly 2 bytes fit: the database would pad it"),
        ] {
            for rows in ROWS {
                let error = set(&db, &model, rows, field, value.clone()).await.unwrap_err();
                assert!(error.to_string().contains(message), "{field}, {rows} rows: {error}");
            }
        }
    });
}

/// Without a catalogue only the server knows what fits.
#[test_on(mysql_family)]
fn a03_where_the_model_does_not_know_the_server_refuses(kind: Kind) {
    on_database(kind, async |db| {
        make(&db).await;
        let described = Model::new("n", "n")
            .add(Field::new("id", DataType::Integer).primary_key())
            .add(Field::new("tiny", DataType::TEXT).null())
            .add(Field::new("plain", DataType::TEXT).null())
            .add(Field::new("plainb", DataType::Bytes).null())
            .add(Field::new("medium", DataType::TEXT).null());
        let model = Schema::new(vec![described]).unwrap().model("n").unwrap();
        for (field, value) in [
            ("tiny", Value::from("a".repeat(256))),
            ("plain", Value::from("a".repeat(65_536))),
            ("plainb", Value::Bytes(vec![1; 65_536])),
        ] {
            for rows in ROWS {
                let error = set(&db, &model, rows, field, value.clone()).await.unwrap_err();
                assert_eq!(error.code(), Some("1406"), "{field}, {rows} rows: {error}");
            }
            let sql = format!("SELECT count(*) FROM n WHERE {field} IS NOT NULL");
            assert_eq!(query(&db, &sql).await, ["0"], "{field}");
        }
        // a column copied to a shorter one is looked at too
        let rows = QuerySet::<Record>::of(&model, &db);
        run(&db, &["UPDATE n SET medium = repeat('a', 65536) WHERE id = 7"]).await;
        for field in ["plain", "tiny"] {
            let error = rows.clone().update_by([(field, F("medium"))]).await.unwrap_err();
            assert_eq!(error.code(), Some("1406"), "{field}: {error}");
        }
        assert_eq!(rows.update_by([("plain", F("tiny"))]).await.unwrap(), 3_000);
    });
}

/// The error of a moment that a `timestamp` does not hold; MariaDB has 32 bits for it from 11.5 on.
fn of_timestamp(db: &Database) -> String {
    let name = db.name();
    let version = name.strip_prefix("MariaDB ").and_then(|version| version.split_once('.'));
    let is_long = version.is_some_and(|(major, rest)| {
        let minor = rest.split('.').next().and_then(|minor| minor.parse::<u32>().ok());
        major.parse::<u32>().is_ok_and(|major| (major, minor.unwrap_or(0)) >= (11, 5))
    });
    let last = if is_long { "2106-02-07 06:28:15" } else { "2038-01-19 03:14:07" };
    format!("is not between 1970-01-01 00:00:01 and {last}.999999 UTC, which the column's type holds.")
}

#[test_on(mysql_family)]
fn d01_signs_moments_and_members_are_checked_before_they_are_sent(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE m (id int PRIMARY KEY, price decimal(5, 1) unsigned, ratio double unsigned, at timestamp(6) NULL, since year,
                    size enum('small', 'it''s', '2'), tags set('a', 'b', 'c'), day date)",
                &rows_of("m"),
            ],
        )
        .await;
        let model = db.inspect_table("m", []).await.unwrap();
        for (field, value, stored) in [
            ("price", Value::from("0.5"), "0.5"),
            ("ratio", Value::from(0.25), "0.25"),
            ("at", "1970-01-01 00:00:01".into(), "1970-01-01 00:00:01.000000"),
            ("at", "2038-01-19 03:14:07.999999".into(), "2038-01-19 03:14:07.999999"),
            ("since", 1901.into(), "1901"),
            ("size", "it's".into(), "it's"),
            ("size", "2".into(), "2"),
            ("tags", "c,a".into(), "a,c"),
            ("tags", "".into(), ""),
        ] {
            for rows in ROWS {
                let filler = if field == "since" { Value::from(2000) } else { value.clone() };
                let value = |id: i64| if id == rows { value.clone() } else { filler.clone() };
                let records: Vec<Record> =
                    (1..=rows).map(|id| record(&model, [("id", id.into()), (field, value(id))])).collect();
                let report = QuerySet::<Record>::of(&model, &db)
                    .bulk_update(&records, |_| [field])
                    .skip_unchanged()
                    .await;
                assert_eq!(report.unwrap().matched, rows as u64, "{field}");
                let sql = format!("SELECT CAST({field} AS char) FROM m WHERE id = {rows}");
                assert_eq!(query(&db, &sql).await, [stored], "{field}, {rows} rows");
                let again = QuerySet::<Record>::of(&model, &db)
                    .bulk_update(&records, |_| [field])
                    .skip_unchanged()
                    .await;
                assert_eq!(again.unwrap().changed, 0, "{field}, {rows} rows");
            }
        }
        for (field, value, message) in [
            ("price", Value::from("-0.5"), "m.price: -0.5 is negative, and the column is unsigned."),
            ("ratio", Value::from(-0.25), "m.ratio: -0.25 is negative, and the column is unsigned."),
            ("at", "1970-01-01 00:00:00".into(), &of_timestamp(&db)),
            ("since", 1900.into(), "m.since: 1900 is not between 1901 and 2155."),
            (
                "size",
                "large".into(),
                "m.size: 'large' is not one of its choices, which are: 'small', 'it's', '2'.",
            ),
            ("size", "1".into(), "m.size: '1' is not one of its choices, which are: 'small', 'it's', '2'."),
            (
                "tags",
                "a,d".into(),
                "m.tags: 'd' is not a member of the column's set. Its members are: a, b, c",
            ),
        ] {
            let rows = QuerySet::<Record>::of(&model, &db);
            let error = rows.clone().update_by([(field, value.clone())]).await.unwrap_err();
            assert!(error.to_string().ends_with(message), "{field}: {error}");
            let records = [record(&model, [("id", 1.into()), (field, value)])];
            let error = rows.bulk_update(&records, |_| [field]).await.unwrap_err();
            assert!(error.to_string().contains(message), "{field}: {error}");
        }
    });
}

#[derive(enmasse::Model, Clone, Debug)]
#[model(table = "t")]
struct Named {
    #[model(primary_key)]
    id: i64,
    #[model(max_length = 20)]
    name: String,
}

#[test_on(mysql_family)]
fn e10_a_text_of_another_character_set_is_unchanged_where_it_is_the_same(kind: Kind) {
    on_database(kind, async |db| {
        for set in ["latin1", "ucs2", "utf8mb4"] {
            run(
                &db,
                &[
                    "DROP TABLE IF EXISTS t",
                    &format!("CREATE TABLE t (id bigint PRIMARY KEY, name varchar(20) CHARACTER SET {set} NOT NULL)"),
                ],
            )
            .await;
            let text = "Zoë Ö";
            let model = db.inspect_table("t", []).await.unwrap();
            let rows = || QuerySet::<Record>::of(&model, &db);
            let batch = |count: i64, name: &str| {
                (1..=count)
                    .map(|id| record(&model, [("id", id.into()), ("name", name.into())]))
                    .collect::<Vec<_>>()
            };
            rows().bulk_create(batch(3_000, text)).await.unwrap();
            for count in [2, 40, 300, 3_000] {
                let again =
                    rows().bulk_update(&batch(count, text), |_| ["name"]).skip_unchanged().await.unwrap();
                assert_eq!((again.matched, again.changed), (count as u64, 0), "{set} {count}");
                let typed = (1..=count).map(|id| Named { id, name: text.into() });
                let again =
                    Named::objects(&db).bulk_update(typed, |n| n.name).skip_unchanged().await.unwrap();
                assert_eq!((again.matched, again.changed), (count as u64, 0), "{set} {count}");
            }
            // what a collation takes for the same is not the same
            let other = text.to_lowercase();
            let changed = rows().bulk_update(&batch(2, &other), |_| ["name"]).skip_unchanged().await.unwrap();
            assert_eq!(changed.changed, 2, "{set}");
        }
    });
}
