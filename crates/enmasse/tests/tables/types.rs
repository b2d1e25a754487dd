//! Types that have no type here: their values travel as text.

use enmasse::schema::ModelRef;
use enmasse::{DataType, Database, Q, QuerySet, Record, Value};
use enmasse_testing::{Kind, on_database, test_on};

use crate::{query, record, run};

/// Few rows travel in other ways than many.
const ROWS: [i64; 4] = [1, 30, 300, 6_000];

/// Columns, each with two values as the database writes them.
const COLUMNS: [(&str, &str, [&str; 2]); 18] = [
    ("m", "mood", ["sad", "it's ok"]),
    ("ms", "mood[]", ["{sad}", "{\"it's ok\",NULL}"]),
    ("i", "inet", ["10.0.0.1", "fe80::1/64"]),
    ("ii", "inet[]", ["{10.0.0.1}", "{}"]),
    ("c", "cidr", ["10.0.0.0/8", "2001:db8::/32"]),
    ("mac", "macaddr", ["08:00:2b:01:02:03", "08:00:2b:01:02:04"]),
    ("r", "int4range", ["[1,5)", "empty"]),
    ("tr", "tstzrange", ["[\"2024-01-01 00:00:00+00\",\"2024-02-01 00:00:00+00\")", "empty"]),
    ("d", "positive_mood", ["it's ok", "it's ok"]),
    ("b", "bit(3)", ["101", "000"]),
    ("vb", "bit varying(5)", ["10101", "1"]),
    ("cash", "money", ["$1.50", "-$1,000.00"]),
    ("p", "point", ["(1.5,2)", "(0,0)"]),
    ("co", "pair", ["(1,\"a b\")", "(2,)"]),
    ("x", "xml", ["<a>1</a>", "<b/>"]),
    ("ts", "tsvector", ["'a':1 'b':2", "'x'"]),
    ("tz", "timetz", ["01:02:03+00", "04:05:06.789+02"]),
    ("n", "name", ["a", "b"]),
];

async fn make(db: &Database) -> ModelRef {
    let columns: Vec<String> = COLUMNS.iter().map(|(name, kind, _)| format!("{name} {kind}")).collect();
    run(
        db,
        &[
            "CREATE SCHEMA other",
            "CREATE TYPE mood AS ENUM ('sad', 'it''s ok')",
            "CREATE TYPE other.\"Mood\" AS ENUM ('a', 'b')",
            "CREATE DOMAIN positive_mood AS mood CHECK (VALUE <> 'sad')",
            "CREATE TYPE pair AS (a int, b text)",
            &format!(
                "CREATE TABLE t (id int PRIMARY KEY, far other.\"Mood\", j json, {})",
                columns.join(", ")
            ),
            "INSERT INTO t (id) SELECT * FROM generate_series(1, 6000)",
        ],
    )
    .await;
    db.inspect_table("t", []).await.unwrap()
}

#[test_on(postgres)]
fn c02_what_postgres_knows_and_we_do_not_is_written_and_read_as_text(kind: Kind) {
    on_database(kind, async |db| {
        let model = make(&db).await;
        assert_eq!(model.left_out, []);
        assert_eq!(model.field("i").unwrap().data_type, DataType::Native("inet".into()));
        assert_eq!(model.field("far").unwrap().data_type, DataType::Native("other.\"Mood\"".into()));
        let rows = || QuerySet::<Record>::of(&model, &db);
        for count in ROWS {
            for (name, _, [first, second]) in COLUMNS {
                let records: Vec<Record> = (1..=count)
                    .map(|id| {
                        record(&model, [("id", id.into()), (name, [first, second][id as usize % 2].into())])
                    })
                    .collect();
                let report = rows().bulk_update(&records, |_| [name]).await;
                let report = report.unwrap_or_else(|error| panic!("{name}, {count}: {error:?}"));
                assert_eq!(report.matched, count as u64, "{name}");
                let sql = format!("SELECT concat({name}) FROM t WHERE id IN (1, {count}) ORDER BY id");
                let expected: Vec<&str> = [1, count]
                    .into_iter()
                    .take(if count == 1 { 1 } else { 2 })
                    .map(|id| [first, second][id as usize % 2])
                    .collect();
                assert_eq!(query(&db, &sql).await, expected, "{name}, {count}");
                let again = rows().bulk_update(&records, |_| [name]).skip_unchanged().await;
                let again = again.unwrap_or_else(|error| panic!("{name}, {count}: {error:?}"));
                assert_eq!(again.changed, 0, "{name}, {count} rows");
                let read = rows().filter_by(Q::named("id", 1)).values_by([name]).await.unwrap();
                assert_eq!(read, [[Value::from(second)]], "{name}");
            }
        }
        // each door
        for (name, _, [first, second]) in COLUMNS {
            let updated = rows().filter_by(Q::named("id__lte", 3)).update_by([(name, first)]).await;
            assert_eq!(updated.unwrap_or_else(|error| panic!("{name}: {error:?}")), 3);
            let record = record(&model, [("id", 1.into()), (name, second.into())]);
            let returned = rows().bulk_update([record], |_| [name]).returning_old().await;
            let returned = returned.unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(returned.rows[0].old.get(name).unwrap(), &Value::from(first), "{name}");
            assert_eq!(returned.rows[0].new.get(name).unwrap(), &Value::from(second), "{name}");
            let nulls = rows().filter_by(Q::named(&format!("{name}__isnull"), true)).count().await.unwrap();
            assert_eq!(nulls, 0, "{name}");
        }
        // those that can be compared
        for (name, value) in
            [("m", "it's ok"), ("i", "fe80::1/64"), ("r", "empty"), ("b", "000"), ("cash", "-$1,000.00")]
        {
            let found = rows().filter_by(Q::named(name, value)).filter_by(Q::named("id", 1)).count().await;
            assert_eq!(found.unwrap(), 1, "{name}");
            let found = rows().filter_by(Q::named(&format!("{name}__in"), vec![value, value])).count().await;
            assert!(found.unwrap() > 0, "{name}");
        }
        assert!(rows().filter_by(Q::named("i__startswith", "fe80")).count().await.unwrap() > 0);
        let mut new = Record::new(&model);
        new.set("id", 7_001).unwrap();
        for (name, _, [first, _]) in COLUMNS {
            new.set(name, first).unwrap();
        }
        let mut more = new.clone();
        more.set("id", 7_002).unwrap();
        let mut third = new.clone();
        third.set("id", 7_003).unwrap();
        rows().create(new).await.unwrap();
        rows().bulk_create([more, third]).await.unwrap();
        assert_eq!(query(&db, "SELECT concat(i) FROM t WHERE id > 7000").await, ["10.0.0.1"; 3]);
        // what the database does not take is refused, and nothing is written
        for count in [1, 30, 6_000] {
            let records: Vec<Record> = (1..=count)
                .map(|id| {
                    record(
                        &model,
                        [("id", id.into()), ("m", if id == count { "glad" } else { "sad" }.into())],
                    )
                })
                .collect();
            let error = rows().bulk_update(&records, |_| ["m"]).await.unwrap_err();
            assert!(error.to_string().contains("invalid input value for enum mood: \"glad\""), "{error}");
        }
        assert!(rows().update_by([("b", "1011")]).await.is_err());
        assert!(rows().update_by([("vb", "101011")]).await.is_err());
        assert!(rows().update_by([("n", "x".repeat(64).as_str())]).await.is_err());
        let error = rows().update_by([("cash", "$1.005")]).await.unwrap_err();
        assert!(error.to_string().contains("more decimal places than the two"), "{error}");
    });
}

#[test_on(postgres)]
fn c02_such_types_are_keys_too(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE hosts (ip inet PRIMARY KEY, n int)",
                "INSERT INTO hosts SELECT '10.0.0.0'::inet + i, 0 FROM generate_series(1, 6000) i",
            ],
        )
        .await;
        let model = db.inspect_table("hosts", []).await.unwrap();
        let rows = || QuerySet::<Record>::of(&model, &db);
        for count in ROWS {
            let records: Vec<Record> = (1..=count)
                .map(|id| {
                    let ip = format!("10.0.{}.{}", id / 256, id % 256);
                    record(&model, [("ip", ip.as_str().into()), ("n", count.into())])
                })
                .chain([record(&model, [("ip", "1.2.3.4".into()), ("n", 1.into())])])
                .collect();
            let report = rows().bulk_update(&records, |_| ["n"]).await.unwrap();
            assert_eq!(report.matched, count as u64);
            assert_eq!(report.missing, [[Value::from("1.2.3.4")]]);
        }
        assert_eq!(query(&db, "SELECT sum(n) FROM hosts").await, ["36000000"]);
        let read = rows().order_by_names(["ip"]).fetch().await.unwrap();
        assert_eq!(read[0].get("ip").unwrap(), &Value::from("10.0.0.1"));
        let twice = [("10.0.0.1", 1), ("10.0.0.1/32", 2)]
            .map(|(ip, n)| record(&model, [("ip", ip.into()), ("n", n.into())]));
        let error = rows().bulk_update(twice, |_| ["n"]).await.unwrap_err();
        assert_eq!(error.kind(), enmasse::ErrorKind::DuplicateKey, "{error}");
    });
}

#[derive(enmasse::Model, Clone, Debug, PartialEq)]
#[model(table = "hosts")]
struct Host {
    #[model(primary_key, db_type = "inet")]
    ip: String,
    #[model(db_type = "mood")]
    mood: Option<String>,
}

#[test_on(postgres)]
fn c02_a_typed_model_says_the_type(kind: Kind) {
    on_database(kind, async |db| {
        use enmasse::prelude::*;
        run(&db, &["CREATE TYPE mood AS ENUM ('sad', 'ok')"]).await;
        db.create_tables([Host::model().unwrap()]).await.unwrap();
        let host = |ip: &str, mood: &str| Host { ip: ip.into(), mood: Some(mood.into()) };
        let hosts = [host("10.0.0.1", "sad"), host("::1", "ok")];
        Host::objects(&db).bulk_create(hosts.clone()).await.unwrap();
        let happy = Host::objects(&db).filter(|h| h.mood.eq("ok")).fetch().await.unwrap();
        assert_eq!(happy, [hosts[1].clone()]);
        let report = Host::objects(&db).bulk_update(&[host("10.0.0.1", "ok")], |h| h.mood).await.unwrap();
        assert_eq!(report.matched, 1);
        assert_eq!(
            Host::objects(&db).filter(|h| h.ip.eq("10.0.0.1")).update(|h| h.mood.set("sad")).await.unwrap(),
            1
        );
        assert_eq!(Host::objects(&db).order_by_names(["ip"]).fetch().await.unwrap(), hosts);
    });
}

#[test_on(postgres)]
fn c02_json_that_is_no_jsonb_can_be_looked_into(kind: Kind) {
    on_database(kind, async |db| {
        let model = make(&db).await;
        let rows = || QuerySet::<Record>::of(&model, &db);
        run(&db, &["UPDATE t SET j = '{\"a\": 1, \"b\": {\"c\": \"x\"}}' WHERE id <= 3"]).await;
        for (lookup, value) in [("j__a", Value::from(1)), ("j__b__c", "x".into()), ("j__has_key", "a".into())]
        {
            assert_eq!(rows().filter_by(Q::named(lookup, value)).count().await.unwrap(), 3, "{lookup}");
        }
        let document: Value = enmasse::serde_json::json!({"a": 1, "b": {"c": "x"}}).into();
        assert_eq!(rows().filter_by(Q::named("j", document.clone())).count().await.unwrap(), 3);
        let inner: Value = enmasse::serde_json::json!({"a": 1}).into();
        assert_eq!(rows().filter_by(Q::named("j__contains", inner)).count().await.unwrap(), 3);
        assert_eq!(rows().filter_by(Q::named("id", 4)).update_by([("j", document)]).await.unwrap(), 1);
    });
}

#[test_on(mariadb)]
fn c02_mariadb_knows_addresses(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE hosts (id int PRIMARY KEY, ip inet6, size enum('a', 'b'))",
                "INSERT INTO hosts (id) VALUES (1), (2), (3)",
            ],
        )
        .await;
        let model = db.inspect_table("hosts", []).await.unwrap();
        assert_eq!(model.left_out, []);
        let rows = || QuerySet::<Record>::of(&model, &db);
        let records = [(1, "fe80::1"), (2, "::"), (3, "2001:db8::ff")]
            .map(|(id, ip)| record(&model, [("id", id.into()), ("ip", ip.into())]));
        assert_eq!(rows().bulk_update(&records, |_| ["ip"]).await.unwrap().matched, 3);
        let again = rows().bulk_update(&records, |_| ["ip"]).skip_unchanged().await.unwrap();
        assert_eq!(again.changed, 0);
        assert_eq!(rows().filter_by(Q::named("ip", "fe80::1")).count().await.unwrap(), 1);
        assert_eq!(rows().filter_by(Q::named("id", 2)).update_by([("ip", "::2")]).await.unwrap(), 1);
        let read = rows().order_by_names(["id"]).values_by(["ip"]).await.unwrap();
        assert_eq!(read, [["fe80::1"], ["::2"], ["2001:db8::ff"]].map(|row| row.map(Value::from)));
        assert!(rows().update_by([("ip", "no address")]).await.is_err());
    });
}

#[test_on(sqlite)]
fn c02_sqlite_keeps_texts_whatever_the_types_name(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE t (id uuid NOT NULL PRIMARY KEY, v string, w money)",
                "INSERT INTO t VALUES ('a', 'x', 5), ('b', NULL, 1.5), ('7', '7', NULL)",
            ],
        )
        .await;
        let model = db.inspect_table("t", []).await.unwrap();
        let rows = || QuerySet::<Record>::of(&model, &db);
        let read = rows().order_by_names(["id"]).values_by(["id", "v", "w"]).await.unwrap();
        let texts = |row: [Option<&str>; 3]| row.map(|text| text.map_or(Value::Null, Value::from)).to_vec();
        let expected =
            [[Some("7"), Some("7"), None], [Some("a"), Some("x"), Some("5")], [Some("b"), None, Some("1.5")]];
        assert_eq!(read, expected.map(texts));
        let records = [("a", "some text"), ("b", "12"), ("7", "2.5")]
            .map(|(id, v)| record(&model, [("id", id.into()), ("v", v.into())]));
        assert_eq!(rows().bulk_update(&records, |_| ["v"]).await.unwrap().matched, 3);
        let again = rows().bulk_update(&records, |_| ["v"]).skip_unchanged().await.unwrap();
        assert_eq!(again.changed, 0);
        let read = query(&db, "SELECT id, v, typeof(v) FROM t ORDER BY id").await;
        assert_eq!(read, ["7|2.5|real", "a|some text|text", "b|12|integer"]);
        for (text, made) in [("007", "7"), ("1e3", "1000"), (" 5", "5"), ("1.50", "1.5"), ("+1", "1")] {
            let error = rows().update_by([("v", text)]).await.unwrap_err();
            let expected =
                format!("t.v: '{text}' would become the number {made}: the column cannot store such a text.");
            assert_eq!(error.to_string(), expected);
        }
    });
}

#[test_on(postgres)]
fn e06_types_of_which_a_part_rounds_or_cuts_are_left_out(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TYPE price AS (cents numeric(5, 2), at text)",
                "CREATE TYPE moment AS (at timestamptz(0))",
                "CREATE TYPE deep AS (p price[])",
                "CREATE TYPE called AS (n name)",
                "CREATE DOMAIN rounded AS numeric(5, 1)",
                "CREATE TYPE rounded_range AS RANGE (subtype = rounded)",
                "CREATE TYPE plain AS (a numeric, b timestamptz, c varchar(5), d bit(3))",
                "CREATE TABLE t (id int PRIMARY KEY, a price, b moment, c deep, d called, e rounded[], f rounded_range, g name[], h price[],
                    ok plain, oks plain[], n name, r rounded, nn numeric(5, 2)[], x numrange)",
                "INSERT INTO t (id) VALUES (1)",
            ],
        )
        .await;
        let model = db.inspect_table("t", []).await.unwrap();
        let left_out: Vec<_> = model.left_out.iter().map(|left_out| left_out.name.as_str()).collect();
        assert_eq!(left_out, ["a", "b", "c", "d", "e", "f", "g", "h"]);
        assert_eq!(
            model.left_out[0].reason,
            "the type price (of which a part rounds or cuts) is not supported"
        );
        let kept: Vec<_> = model.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(kept, ["id", "ok", "oks", "n", "r", "nn", "x"]);
        let rows = QuerySet::<Record>::of(&model, &db);
        assert_eq!(rows.update_by([("ok", "(1.234567,,abcde,101)")]).await.unwrap(), 1);
        assert_eq!(query(&db, "SELECT ok::text FROM t").await, ["(1.234567,,abcde,101)"]);
    });
}

#[test_on(sqlite)]
fn e07_a_text_that_sqlite_makes_another_number_of_is_refused(kind: Kind) {
    on_database(kind, async |db| {
        run(&db, &["CREATE TABLE t (id integer PRIMARY KEY, v STRING)", "INSERT INTO t VALUES (1, NULL)"])
            .await;
        let model = db.inspect_table("t", []).await.unwrap();
        let rows = || QuerySet::<Record>::of(&model, &db);
        for text in [
            "89014103211118510000",
            "9223372036854775808",
            "-9223372036854775809",
            "1234567890123456.5",
            "8.9e19",
        ] {
            let error = rows().update_by([("v", text)]).await.unwrap_err();
            assert!(error.to_string().contains(&format!("'{text}' would become the number")), "{error}");
            let record = record(&model, [("id", 1.into()), ("v", text.into())]);
            assert!(rows().bulk_update(&[record], |_| ["v"]).await.is_err(), "{text}");
        }
        for text in
            ["9223372036854775807", "-9223372036854775808", "0.5", "123456789012345", "12345678901.2345"]
        {
            assert_eq!(rows().update_by([("v", text)]).await.unwrap(), 1);
            assert_eq!(query(&db, &format!("SELECT v = {text} FROM t")).await, ["1"]);
            let read = rows().values_by(["v"]).await.unwrap();
            assert_eq!(read, [[Value::from(text)]]);
        }
    });
}
