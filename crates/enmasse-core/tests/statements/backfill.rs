//! An update in chunks: its statements on each database, its keys as text, and what it refuses.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use enmasse_core::backfill::{
    Checkpoint, Chunks, KeyRange, RUN_COLUMNS, RunRow, RunTable, Spec, State, Wish, check_name, read_key,
    refuse_key, write_key,
};
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::plan::{self, Assignment};
use enmasse_core::query::{Expr, Operator, Q, Query};
use enmasse_core::schema::{Field, Model, ModelRef, Schema};
use enmasse_core::{DataType, ErrorKind, Value};

fn model(key: &[(&str, DataType)]) -> ModelRef {
    let fields = key.iter().map(|(name, data_type)| Field::new(*name, data_type.clone()).primary_key());
    let model = fields.fold(Model::new("T", "t"), Model::add).add(Field::new("points", DataType::Integer));
    Schema::new(vec![model]).unwrap().model("T").unwrap()
}

fn one() -> ModelRef {
    model(&[("id", DataType::BigInt)])
}

fn two() -> ModelRef {
    model(&[("a", DataType::Integer), ("b", DataType::Integer)])
}

fn range(after: &[i64], up_to: &[i64]) -> KeyRange {
    let key = |numbers: &[i64]| numbers.iter().map(|&number| Value::Int(number)).collect::<Vec<_>>();
    KeyRange { after: (!after.is_empty()).then(|| key(after)), up_to: key(up_to) }
}

fn chunk(dialect: &dyn Dialect, model: &ModelRef, range: &KeyRange) -> String {
    let query = Query::new(model.clone()).filtered(Q::named("points__gte", 5));
    let query = query.filtered(Chunks::new(dialect, model).condition(range));
    let more = Expr::field("points").binary(Operator::Add, Expr::value(1));
    let plan = plan::update(dialect, &query, &[Assignment::new("points", more)], Utc::now()).unwrap();
    plan.to_string()
}

#[test]
fn a_chunk_is_a_range_of_keys() {
    let sqlite = Sqlite::default();
    assert_eq!(
        chunk(&sqlite, &one(), &range(&[10], &[20])),
        "UPDATE \"t\" SET \"points\" = (\"t\".\"points\" + ?) \
         WHERE (\"t\".\"points\" >= ? AND (\"t\".\"id\" > ? AND \"t\".\"id\" <= ?))\n-- params: 1, 5, 10, 20"
    );
    let first = chunk(&sqlite, &one(), &range(&[], &[20]));
    assert!(
        first.ends_with("WHERE (\"t\".\"points\" >= ? AND \"t\".\"id\" <= ?)\n-- params: 1, 5, 20"),
        "{first}"
    );
    let several = chunk(&Postgres::default(), &two(), &range(&[1, 2], &[3, 4]));
    assert!(
        several
            .contains("((\"t\".\"a\", \"t\".\"b\") > ($3, $4)) AND ((\"t\".\"a\", \"t\".\"b\") <= ($5, $6))"),
        "{several}"
    );
    let mysql = Mysql { flavour: Flavour::MariaDb, ..Mysql::default() };
    let several = chunk(&mysql, &two(), &range(&[1, 2], &[3, 4]));
    for part in [
        "`t`.`a` >= ? AND (`t`.`a` > ? OR (`t`.`a` = ? AND `t`.`b` > ?))",
        "`t`.`a` <= ? AND (`t`.`a` < ? OR (`t`.`a` = ? AND `t`.`b` <= ?))",
    ] {
        assert!(several.contains(part), "{several}");
    }
    assert!(several.ends_with("5, 1, 1, 1, 2, 3, 3, 3, 4"), "{several}");
}

#[test]
fn a_boundary_is_found_in_the_order_of_the_key() {
    let chunks = Chunks::new(&Postgres::default(), &two());
    let boundary = chunks.boundary(&Postgres::default(), &range(&[1, 2], &[9, 9]), 500).unwrap();
    let sql = &boundary.statement.sql;
    assert!(sql.starts_with("SELECT \"t\".\"a\", \"t\".\"b\" FROM \"t\" WHERE "), "{sql}");
    assert!(sql.ends_with(" ORDER BY \"t\".\"a\", \"t\".\"b\" LIMIT 1 OFFSET 499"), "{sql}");
    assert_eq!(boundary.columns, [DataType::Integer, DataType::Integer]);
    let greatest = chunks.greatest(&Postgres::default()).unwrap().statement.sql;
    assert!(greatest.ends_with(" ORDER BY \"t\".\"a\" DESC, \"t\".\"b\" DESC LIMIT 1"), "{greatest}");
}

#[test]
fn a_key_is_the_same_after_it_was_text() {
    let moment = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
    let keys: [(DataType, Value); 12] = [
        (DataType::Bool, true.into()),
        (DataType::BigInt, i64::MIN.into()),
        (DataType::SmallInt, 7.into()),
        (DataType::TEXT, "a \"quoted\" \u{0}, ü\n".into()),
        (DataType::Bytes, vec![0_u8, 255, 16].into()),
        (DataType::DateTime, moment.into()),
        (DataType::NaiveDateTime, moment.naive_utc().into()),
        (DataType::Date, NaiveDate::from_ymd_opt(2024, 2, 29).unwrap().into()),
        (DataType::Time, moment.time().into()),
        (DataType::Duration, TimeDelta::microseconds(-5).into()),
        (DataType::DECIMAL, Value::Decimal("-1.50".parse().unwrap())),
        (DataType::Uuid, Value::Uuid("67e55044-10b1-426f-9247-bb680e5fe0c8".parse().unwrap())),
    ];
    for (data_type, value) in &keys {
        let model = model(&[("id", data_type.clone())]);
        refuse_key(&model).unwrap();
        let text = write_key(std::slice::from_ref(value)).unwrap();
        assert_eq!(read_key(&model, &text).unwrap(), std::slice::from_ref(value), "{text}");
    }
    let (names, all): (Vec<_>, Vec<_>) =
        keys.iter().enumerate().map(|(n, (data_type, _))| (format!("k{n}"), data_type.clone())).unzip();
    let fields: Vec<_> = names.iter().map(String::as_str).zip(all).collect();
    let key: Vec<_> = keys.iter().map(|(_, value)| value.clone()).collect();
    assert_eq!(read_key(&model(&fields), &write_key(&key).unwrap()).unwrap(), key);
    for broken in ["", "[]", "[1]", "{}", "[\"x\"]", "[\"1\",\"2\"]"] {
        assert_eq!(read_key(&one(), broken).unwrap_err().kind(), ErrorKind::Data, "{broken}");
    }
}

#[test]
fn what_cannot_be_chunked_is_refused() {
    let dialect = Sqlite::default();
    let set = |name: &'static str| [Assignment::new(name, 1)];
    let spec = |query: &Query, name| Spec::new(&dialect, query, &set(name));
    let message = |query: &Query, name| spec(query, name).unwrap_err().to_string();
    let query = Query::new(one());
    assert!(message(&query, "id").contains("T.id is the key by which the chunks go"));
    let mut sliced = query.clone();
    sliced.limit = Some(5);
    assert!(message(&sliced, "points").contains("slice"));
    let inexact = Query::new(model(&[("id", DataType::Double)]));
    assert!(message(&inexact, "points").contains("is not exact"));
    let json = Query::new(model(&[("id", DataType::Json)]));
    assert!(message(&json, "points").contains("no type whose values can be ranges"));
    for name in ["", "A", "a b", "ü", &"a".repeat(101)] {
        assert_eq!(check_name(name).unwrap_err().kind(), ErrorKind::Request, "{name}");
    }
    check_name("email-norm_2.1").unwrap();
}

#[test]
fn a_spec_is_another_where_the_update_is() {
    let dialect = Sqlite::default();
    let query = |least: i64| Query::new(one()).filtered(Q::named("points__gte", least));
    let hash = |least, value: i64| {
        Spec::new(&dialect, &query(least), &[Assignment::new("points", value)]).unwrap().hash
    };
    assert_eq!(hash(1, 2), hash(1, 2));
    assert_ne!(hash(1, 2), hash(1, 3));
    assert_ne!(hash(1, 2), hash(2, 2));
}

fn row() -> RunRow {
    RunRow {
        run: "r".into(),
        target: "t".into(),
        request: None,
        spec: "s".into(),
        state: State::Running,
        wish: Wish::Run,
        epoch: 1,
        owner: "me".into(),
        upper_key: Some("[\"9\"]".into()),
        last_key: None,
        chunks: 0,
        scanned: 0,
        changed: 0,
        estimate: Some(9),
        size: 100,
        settings: "{}".into(),
        reason: None,
        error: None,
        begun: DateTime::UNIX_EPOCH,
        beat: DateTime::UNIX_EPOCH,
    }
}

#[test]
fn a_run_is_the_same_after_it_was_a_row() {
    let values: Vec<Value> = RunTable::new(&Postgres::default())
        .insert(&row())
        .params
        .into_iter()
        .map(|param| param.value)
        .collect();
    assert_eq!(values.len(), RUN_COLUMNS.len());
    assert_eq!(RunRow::read(values.clone()).unwrap(), row());
    let mut broken = values;
    broken[4] = "asleep".into();
    assert_eq!(RunRow::read(broken).unwrap_err().kind(), ErrorKind::Data);
}

#[test]
fn who_was_fenced_off_writes_no_place() {
    let (postgres, sqlite, mysql) = (Postgres::default(), Sqlite::default(), Mysql::default());
    let dialects: [&dyn Dialect; 3] = [&postgres, &sqlite, &mysql];
    for dialect in dialects {
        let table = RunTable::new(dialect);
        let to = Checkpoint { last_key: "[\"5\"]".into(), scanned: 5, changed: 3, size: 150 };
        let quoted = |name: &str| dialect.quote(name);
        for statement in [
            table.checkpoint("r", 4, &to, Utc::now()),
            table.state("r", 4, State::Paused, Some("why"), None, Utc::now()),
        ] {
            let last = |n: usize| statement.params[statement.params.len() - n].value.clone();
            assert_eq!((last(2), last(1)), ("r".into(), 4.into()), "{statement}");
            let condition = statement.sql.split_once(" WHERE ").unwrap().1;
            assert!(condition.contains(&format!("{} = ", quoted("epoch"))), "{statement}");
        }
        let locked = table.lock("r").sql;
        assert_eq!(
            locked.ends_with(" FOR UPDATE"),
            dialect.name().split(' ').next() != Some("SQLite"),
            "{locked}"
        );
    }
}
