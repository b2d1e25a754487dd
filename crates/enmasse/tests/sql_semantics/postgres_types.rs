//! What PostgreSQL's types come out as, and what cannot be read.

use enmasse::batch::Strategy;
use enmasse::chrono::TimeDelta;
use enmasse::rust_decimal::Decimal;
use enmasse::{ErrorKind, QuerySet, Record, Value, serde_json};
use enmasse_testing::{Kind, on_database, test_on};

fn text(text: &str) -> Value {
    text.into()
}

fn array(items: impl IntoIterator<Item = Value>) -> Value {
    Value::Array(items.into_iter().collect())
}

#[test_on(postgres)]
fn reads_each_type_as_what_it_is(kind: Kind) {
    on_database(kind, async |db| {
        db.execute_raw("CREATE TYPE mood AS ENUM ('sad', 'happy')", []).await.unwrap();
        db.execute_raw("CREATE DOMAIN points AS integer CHECK (value > 0)", []).await.unwrap();
        for (sql, expected) in [
            ("'abc'::varchar(5)", text("abc")),
            ("'abc'::char(5)", text("abc  ")),
            ("'abc'::name", text("abc")),
            ("'a'::\"char\"", text("a")),
            ("'abc'", text("abc")),
            ("'happy'::mood", text("happy")),
            ("array['happy', null]::mood[]", array([text("happy"), Value::Null])),
            ("'<a/>'::xml", text("<a/>")),
            ("5::points", Value::Int(5)),
            ("4294967295::oid", Value::Int(4_294_967_295)),
            ("'{\"b\": 1}'::json", serde_json::json!({"b": 1}).into()),
            ("'null'::jsonb", Value::Json(serde_json::Value::Null)),
            ("null::jsonb", Value::Null),
            ("array[1.50, null]::numeric[]", array([Value::Decimal("1.50".parse().unwrap()), Value::Null])),
            ("'{}'::uuid[]", array([])),
            ("'1 year 2 mons 3 days 04:05:06.7'::interval", {
                let days = TimeDelta::days(12 * 30 + 2 * 30 + 3);
                (days + TimeDelta::milliseconds((4 * 3600 + 5 * 60 + 6) * 1000 + 700)).into()
            }),
            ("'-1 day 23:00:00'::interval", TimeDelta::hours(-1).into()),
            ("pg_sleep(0)", Value::Null),
        ] {
            let rows =
                db.query_raw(&format!("SELECT {sql}"), []).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
            assert_eq!(rows, [[expected]], "{sql}");
        }
    });
}

#[test_on(postgres)]
fn says_what_cannot_be_read(kind: Kind) {
    on_database(kind, async |db| {
        for (sql, kind, says) in [
            ("'infinity'::timestamptz", ErrorKind::Value, "infinity"),
            ("'-infinity'::timestamp", ErrorKind::Value, "infinity"),
            ("'infinity'::date", ErrorKind::Value, "infinity"),
            ("'294276-12-31'::timestamp", ErrorKind::Value, "too large"),
            ("'4000000-01-01'::date", ErrorKind::Value, "too large"),
            ("'24:00:00'::time", ErrorKind::Value, "24:00:00"),
            ("'NaN'::numeric", ErrorKind::Value, "NaN"),
            ("'Infinity'::numeric", ErrorKind::Value, "infinity"),
            ("1e40::numeric", ErrorKind::Value, "digits"),
            ("1e-40::numeric", ErrorKind::Value, "digits"),
            ("array['NaN']::numeric[]", ErrorKind::Value, "NaN"),
            ("array[[1, 2], [3, 4]]", ErrorKind::Value, "dimension"),
            ("'127.0.0.1'::inet", ErrorKind::NotSupported, "inet"),
            ("ROW(1, 2)", ErrorKind::NotSupported, "record"),
        ] {
            let error = db.query_raw(&format!("SELECT {sql} AS mine"), []).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{sql}: {error:?}");
            assert!(
                error.to_string().contains("'mine'") && error.to_string().contains(says),
                "{sql}: {error}"
            );
        }
        // the transaction that it was in goes on: the server knows nothing of it
        db.transaction(async |tx| {
            tx.query_raw("SELECT 'NaN'::numeric", []).await.unwrap_err();
            assert_eq!(tx.query_raw("SELECT 1::int4", []).await?, [[Value::Int(1)]]);
            Ok(())
        })
        .await
        .unwrap();
    });
}

#[test_on(postgres)]
fn a_parameter_is_sent_as_the_type_that_the_statement_has_for_it(kind: Kind) {
    on_database(kind, async |db| {
        db.execute_raw("CREATE TYPE mood AS ENUM ('sad', 'happy')", []).await.unwrap();
        for (ty, value) in [
            ("int2", Value::Int(-5)),
            ("oid", Value::Int(5)),
            ("float4", Value::Float(1.5)),
            ("mood", text("happy")),
            ("varchar(3)", text("abc")),
            ("name", text("abc")),
            ("json", serde_json::json!([1]).into()),
        ] {
            let rows = db.query_raw(&format!("SELECT $1::{ty}"), [value.clone()]).await.unwrap();
            assert_eq!(rows, [[value]], "{ty}");
        }
        assert_eq!(db.query_raw("SELECT $1::float8", [Value::Int(3)]).await.unwrap(), [[Value::Float(3.0)]]);
        assert_eq!(
            db.query_raw("SELECT $1::numeric", [Value::Int(-30_000)]).await.unwrap(),
            [[Value::Decimal((-30_000).into())]]
        );
        for (ty, value, says) in [
            ("int2", Value::Int(40_000), "40000 does not fit into a parameter of the type int2"),
            ("int4", text("5"), "of the type int4 was given text"),
            ("float4", Value::Float(1e300), "does not fit into a float of 32 bits"),
            ("text", Value::Int(5), "of the type text was given a whole number"),
        ] {
            let error = db.query_raw(&format!("SELECT $1::{ty}"), [value]).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Value, "{ty}: {error:?}");
            assert!(error.to_string().contains(says), "{ty}: {error}");
        }
    });
}

/// Even if the column's collation, or the type, treats different bytes as equal.
#[test_on(postgres)]
fn only_rows_with_the_same_bytes_are_unchanged(kind: Kind) {
    on_database(kind, async |db| {
        for sql in [
            "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            "CREATE TABLE t (id bigint PRIMARY KEY, word text COLLATE any_case, ratio double precision, price numeric)",
            "INSERT INTO t VALUES (1, 'a', 0.0, 1.0)",
        ] {
            db.execute_raw(sql, []).await.unwrap();
        }
        let same =
            db.query_raw("SELECT count(*) FROM t WHERE word = 'A' AND ratio = -0.0 AND price = 1.00", []);
        assert_eq!(same.await.unwrap(), [[Value::Int(1)]]);
        let model = db.inspect().await.unwrap().model("t").unwrap();
        let update = async |record: &Record, way| {
            let rows = QuerySet::<Record>::of(&model, &db);
            let update = rows.bulk_update([record.clone()], |_| ["word", "ratio", "price"]);
            update.skip_unchanged().strategy(way).await.unwrap()
        };
        for way in [Strategy::Arrays, Strategy::Copy] {
            db.execute_raw("UPDATE t SET word = 'a', ratio = 0.0, price = 1.0", []).await.unwrap();
            let mut record = QuerySet::<Record>::of(&model, &db).get().await.unwrap();
            // The same number with any number of trailing zeros: the stored value stays unchanged.
            let price: Decimal = "1.00".parse().unwrap();
            record.set("price", price).unwrap();
            assert_eq!(update(&record, way).await.changed, 0, "{way:?}");
            let price = db.query_raw("SELECT price::text FROM t", []).await.unwrap();
            assert_eq!(price, [[text("1.0")]], "{way:?}");
            for (field, value) in [("word", text("A")), ("ratio", Value::Float(-0.0))] {
                record.set(field, value).unwrap();
                let report = update(&record, way).await;
                assert_eq!((report.matched, report.changed), (1, 1), "{way:?}: {field}");
                assert_eq!(update(&record, way).await.changed, 0, "{way:?}: {field}");
            }
        }
    });
}
