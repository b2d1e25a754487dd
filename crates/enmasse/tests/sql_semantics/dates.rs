use enmasse::chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};
use enmasse::{DataType, Value};
use enmasse_core::compile::expr;
use enmasse_core::compile::lookup::Compared;
use enmasse_core::query::Lookup;
use enmasse_core::query::{Function, Operator, TruncateTo};
use enmasse_core::sql::{Term, Typed};
use enmasse_testing::{Kind, on_database, test_on};

use super::{Table, many, one, where_true};

fn moments() -> Vec<NaiveDateTime> {
    [
        "0999-01-01T00:00:00",
        "1999-12-31T23:59:59.999999",
        "2000-02-29T00:00:00",
        "2020-12-28T01:02:03.4",
        "2021-01-03T12:59:59.999999",
        "2021-01-04T23:00:00",
        "2024-05-06T07:08:09.123456",
        "2024-12-30T00:00:00.000001",
        "2024-12-31T23:59:59.999999",
        "9999-12-31T23:59:59",
    ]
    .iter()
    .map(|text| text.parse().unwrap())
    .collect()
}

/// The moments in a column of each type that has a date, with a NULL at the end.
fn columns() -> Vec<(&'static str, DataType, Vec<Value>)> {
    let moments = moments();
    let with_null = |values: Vec<Value>| values.into_iter().chain([Value::Null]).collect();
    vec![
        ("utc", DataType::DateTime, with_null(moments.iter().map(|m| m.and_utc().into()).collect())),
        ("local", DataType::NaiveDateTime, with_null(moments.iter().map(|m| (*m).into()).collect())),
        ("day", DataType::Date, with_null(moments.iter().map(|m| m.date().into()).collect())),
    ]
}

type Part = (&'static str, fn(&NaiveDateTime) -> u32);

const DATE_PARTS: [Part; 8] = [
    ("year", |m| m.year() as u32),
    ("iso_year", |m| m.iso_week().year() as u32),
    ("month", |m| m.month()),
    ("day", |m| m.day()),
    ("week", |m| m.iso_week().week()),
    ("week_day", |m| m.weekday().number_from_sunday()),
    ("iso_week_day", |m| m.weekday().number_from_monday()),
    ("quarter", |m| m.month().div_ceil(3)),
];

const TIME_PARTS: [Part; 3] =
    [("hour", |m| m.hour()), ("minute", |m| m.minute()), ("second", |m| m.second())];

#[test_on(all)]
fn parts_of_dates_and_times(kind: Kind) {
    on_database(kind, async |db| {
        for (name, data_type, values) in columns() {
            let table = Table::of(&db, name, data_type.clone(), &values).await;
            let times: &[Part] = if data_type == DataType::Date { &[] } else { &TIME_PARTS };
            for (part, expected) in DATE_PARTS.iter().chain(times) {
                let of = expr::transform(table.dialect(), table.column("v"), part).unwrap().unwrap();
                let expected: Vec<Value> =
                    moments().iter().map(|m| i64::from(expected(m)).into()).chain([Value::Null]).collect();
                assert_eq!(table.values(of).await.unwrap(), expected, "{part} of {name}");
            }
        }
        let times: Vec<Value> = moments().iter().map(|m| m.time().into()).collect();
        let table = Table::of(&db, "clock", DataType::Time, &times).await;
        for (part, expected) in TIME_PARTS {
            let of = expr::transform(table.dialect(), table.column("v"), part).unwrap().unwrap();
            let expected: Vec<Value> = moments().iter().map(|m| i64::from(expected(m)).into()).collect();
            assert_eq!(table.values(of).await.unwrap(), expected, "{part} of a time");
        }
    });
}

#[test_on(all)]
fn dates_and_times_of_moments(kind: Kind) {
    on_database(kind, async |db| {
        for (name, data_type, values) in columns().into_iter().take(2) {
            let table = Table::of(&db, name, data_type, &values).await;
            let date = expr::transform(table.dialect(), table.column("v"), "date").unwrap().unwrap();
            let time = expr::transform(table.dialect(), table.column("v"), "time").unwrap().unwrap();
            let dates: Vec<Value> = moments().iter().map(|m| m.date().into()).chain([Value::Null]).collect();
            let times: Vec<Value> = moments().iter().map(|m| m.time().into()).chain([Value::Null]).collect();
            assert_eq!(table.values(date.clone()).await.unwrap(), dates);
            assert_eq!(table.values(time.clone()).await.unwrap(), times);
            for moment in moments() {
                let found = table.which(date.clone(), Lookup::Exact, one(moment.date())).await.unwrap();
                assert_eq!(found, where_true(moments(), |m| m.date() == moment.date()));
                let found = table.which(time.clone(), Lookup::Gte, one(moment.time())).await.unwrap();
                assert_eq!(found, where_true(moments(), |m| m.time() >= moment.time()));
                let found = table.which(table.column("v"), Lookup::Lt, one(moment.and_utc())).await;
                if name == "utc" {
                    assert_eq!(found.unwrap(), where_true(moments(), |m| m < moment));
                }
            }
        }
    });
}

#[test_on(all)]
fn years_are_ranges(kind: Kind) {
    on_database(kind, async |db| {
        for (name, data_type, values) in columns() {
            let table = Table::of(&db, name, data_type, &values).await;
            for (part, year_of) in [
                ("year", (|m: &NaiveDateTime| m.year()) as fn(&NaiveDateTime) -> i32),
                ("iso_year", |m| m.iso_week().year()),
            ] {
                for year in [-1, 0, 1, 998, 999, 1999, 2020, 2021, 2024, 2025, 9998, 9999, 10_000] {
                    for (lookup, holds) in [
                        (Lookup::Exact, (|l, r| l == r) as fn(i32, i32) -> bool),
                        (Lookup::Gt, |l, r| l > r),
                        (Lookup::Gte, |l, r| l >= r),
                        (Lookup::Lt, |l, r| l < r),
                        (Lookup::Lte, |l, r| l <= r),
                    ] {
                        let left =
                            expr::transform(table.dialect(), table.column("v"), part).unwrap().unwrap();
                        let found = table.which(left, lookup, one(year)).await.unwrap();
                        let expected = where_true(&moments(), |m| holds(year_of(m), year));
                        assert_eq!(found, expected, "{part} {lookup:?} {year} of {name}");
                    }
                }
                let left = || expr::transform(table.dialect(), table.column("v"), part).unwrap().unwrap();
                let found = table.which(left(), Lookup::In, many([1999, 2020])).await.unwrap();
                assert_eq!(found, where_true(&moments(), |m| [1999, 2020].contains(&year_of(m))));
                let found = table.which(left(), Lookup::Range, many([1999, 2020])).await.unwrap();
                assert_eq!(found, where_true(&moments(), |m| (1999..=2020).contains(&year_of(m))));
            }
        }
    });
}

fn cut(moment: NaiveDateTime, unit: TruncateTo) -> NaiveDateTime {
    let (date, time) = (moment.date(), moment.time());
    let start = |date: NaiveDate| date.and_time(NaiveTime::MIN);
    let first = |month| start(NaiveDate::from_ymd_opt(date.year(), month, 1).unwrap());
    let at = |minute, second| date.and_time(NaiveTime::from_hms_opt(time.hour(), minute, second).unwrap());
    match unit {
        TruncateTo::Year => first(1),
        TruncateTo::Quarter => first((date.month() - 1) / 3 * 3 + 1),
        TruncateTo::Month => first(date.month()),
        TruncateTo::Week => start(date - TimeDelta::days(date.weekday().num_days_from_monday().into())),
        TruncateTo::Day => start(date),
        TruncateTo::Hour => at(0, 0),
        TruncateTo::Minute => at(time.minute(), 0),
        TruncateTo::Second => at(time.minute(), time.second()),
    }
}

#[test_on(all)]
fn dates_and_times_are_cut(kind: Kind) {
    use TruncateTo::{Day, Hour, Minute, Month, Quarter, Second, Week, Year};
    on_database(kind, async |db| {
        for (name, data_type, values) in columns() {
            let table = Table::of(&db, name, data_type.clone(), &values).await;
            let times: &[TruncateTo] =
                if data_type == DataType::Date { &[] } else { &[Hour, Minute, Second] };
            for unit in [Year, Quarter, Month, Week, Day].iter().chain(times) {
                let of = expr::function(table.dialect(), &Function::Truncate(*unit), vec![table.term("v")])
                    .unwrap();
                assert_eq!(of.data_type, Some(data_type.clone()));
                let expected: Vec<Value> = moments()
                    .into_iter()
                    .map(|m| cut(m, *unit))
                    .map(|m| match data_type {
                        DataType::DateTime => m.and_utc().into(),
                        DataType::Date => m.date().into(),
                        _ => m.into(),
                    })
                    .chain([Value::Null])
                    .collect();
                assert_eq!(table.values(of).await.unwrap(), expected, "{unit:?} of {name}");
            }
        }
        let times: Vec<Value> = moments().iter().map(|m| m.time().into()).collect();
        let table = Table::of(&db, "clock", DataType::Time, &times).await;
        for unit in [Hour, Minute, Second] {
            let of =
                expr::function(table.dialect(), &Function::Truncate(unit), vec![table.term("v")]).unwrap();
            let expected: Vec<Value> = moments().into_iter().map(|m| cut(m, unit).time().into()).collect();
            assert_eq!(table.values(of).await.unwrap(), expected, "{unit:?} of a time");
        }
    });
}

#[test_on(all)]
fn durations_move_moments(kind: Kind) {
    on_database(kind, async |db| {
        let moment: NaiveDateTime = "2024-02-28T23:59:59.999999".parse().unwrap();
        let spans = [
            TimeDelta::zero(),
            TimeDelta::microseconds(1),
            TimeDelta::days(-400),
            TimeDelta::milliseconds(86_400_500),
        ];
        let columns = [
            ("utc", DataType::DateTime),
            ("local", DataType::NaiveDateTime),
            ("day", DataType::Date),
            ("clock", DataType::Time),
            ("span", DataType::Duration),
        ];
        let rows: Vec<Vec<Value>> = spans
            .iter()
            .map(|span| {
                vec![
                    moment.and_utc().into(),
                    moment.into(),
                    moment.date().into(),
                    moment.time().into(),
                    (*span).into(),
                ]
            })
            .collect();
        let table = Table::new(&db, "moves", &columns, &rows).await;
        let midnight = moment.date().and_time(NaiveTime::MIN);
        type Expected = fn(NaiveDateTime, NaiveDateTime, TimeDelta) -> Value;
        let by_span: [(&str, Operator, Expected); 7] = [
            ("utc", Operator::Add, |m, _, by| (m + by).and_utc().into()),
            ("utc", Operator::Subtract, |m, _, by| (m - by).and_utc().into()),
            ("local", Operator::Add, |m, _, by| (m + by).into()),
            ("day", Operator::Add, |_, day, by| (day + by).into()),
            ("day", Operator::Subtract, |_, day, by| (day - by).into()),
            ("clock", Operator::Add, |m, _, by| (m.time() + by).into()),
            ("clock", Operator::Subtract, |m, _, by| (m.time() - by).into()),
        ];
        for (column, operator, moved) in by_span {
            let of = expr::binary(table.dialect(), table.term(column), operator, table.term("span")).unwrap();
            let expected: Vec<Value> = spans.iter().map(|span| moved(moment, midnight, *span)).collect();
            assert_eq!(table.values(of).await.unwrap(), expected, "{column} {operator:?} span");
            for span in spans {
                let of =
                    expr::binary(table.dialect(), table.term(column), operator, Term::Value(span.into()))
                        .unwrap();
                let expected = moved(moment, midnight, span);
                assert_eq!(table.values(of).await.unwrap()[0], expected, "{column} {operator:?} {span}");
            }
        }
        let later = moment + TimeDelta::days(30) + TimeDelta::microseconds(1);
        let difference = later - moment;
        for (left, right, expected) in [
            (Term::Value(later.and_utc().into()), table.term("utc"), difference),
            (table.term("utc"), Term::Value(later.and_utc().into()), -difference),
            (Term::Value(later.into()), table.term("local"), difference),
            (table.term("utc"), table.term("local"), TimeDelta::zero()),
            (table.term("utc"), table.term("day"), moment - midnight),
            (Term::Value(later.date().into()), table.term("day"), later.date() - moment.date()),
            (Term::Value(NaiveTime::MIN.into()), table.term("clock"), NaiveTime::MIN - moment.time()),
        ] {
            let of = expr::binary(table.dialect(), left.clone(), Operator::Subtract, right.clone()).unwrap();
            assert_eq!(of.data_type, Some(DataType::Duration));
            assert_eq!(table.values(of).await.unwrap()[0], expected.into(), "{left:?} - {right:?}");
        }
        // A moved moment compares with others.
        let of = expr::binary(table.dialect(), table.term("utc"), Operator::Add, table.term("span")).unwrap();
        let found = table.which(of, Lookup::Gt, Compared::One(table.term("utc"))).await.unwrap();
        assert_eq!(found, [1, 3]);
        let of = expr::binary(table.dialect(), table.term("day"), Operator::Add, table.term("span")).unwrap();
        let found = table.which(of, Lookup::Lte, Compared::One(table.term("utc"))).await.unwrap();
        assert_eq!(found, [0, 1, 2]);
    });
}

#[test_on(all)]
fn durations_are_numbers(kind: Kind) {
    on_database(kind, async |db| {
        let spans = [TimeDelta::seconds(-3), TimeDelta::microseconds(5), TimeDelta::days(40)];
        let table = Table::of(&db, "spans", DataType::Duration, &spans.map(Value::from)).await;
        let of = async |left: Term, operator, right: Term| -> Vec<TimeDelta> {
            let of = expr::binary(table.dialect(), left, operator, right).unwrap();
            let values = table.values(of).await.unwrap();
            values
                .into_iter()
                .map(|value| match value {
                    Value::Duration(span) => span,
                    other => panic!("no duration: {other:?}"),
                })
                .collect()
        };
        let v = || table.term("v");
        let number = |number: Value| Term::Value(number);
        let micros = |micros: [i64; 3]| micros.map(TimeDelta::microseconds).to_vec();
        assert_eq!(
            of(v(), Operator::Multiply, number(2.into())).await,
            micros([-6_000_000, 10, 2 * 40 * 86_400_000_000])
        );
        assert_eq!(of(number(0.5.into()), Operator::Multiply, v()).await[0], TimeDelta::milliseconds(-1500));
        assert_eq!(of(v(), Operator::Divide, number(2.into())).await[0], TimeDelta::milliseconds(-1500));
        let plus = of(v(), Operator::Add, number(TimeDelta::seconds(1).into())).await;
        assert_eq!(plus, micros([-2_000_000, 1_000_005, 40 * 86_400_000_000 + 1_000_000]));
        assert_eq!(of(v(), Operator::Subtract, v()).await, micros([0, 0, 0]));
        let found =
            table.which(table.column("v"), Lookup::Gt, one(TimeDelta::microseconds(4))).await.unwrap();
        assert_eq!(found, [1, 2]);
        let microseconds = expr::cast(table.dialect(), v(), &DataType::BigInt).unwrap();
        assert_eq!(
            table.values(microseconds).await.unwrap(),
            [-3_000_000_i64, 5, 3_456_000_000_000].map(Value::from)
        );
    });
}

#[test_on(all)]
fn a_date_beside_a_moment_is_its_midnight(kind: Kind) {
    on_database(kind, async |db| {
        let day = NaiveDate::from_ymd_opt(2024, 5, 6).unwrap();
        let at = |hour| day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap()).and_utc();
        let rows =
            [vec![day.into(), at(0).into()], vec![day.into(), at(1).into()], vec![Value::Null, at(1).into()]];
        let table =
            Table::new(&db, "days", &[("day", DataType::Date), ("at", DataType::DateTime)], &rows).await;
        let which =
            |left, lookup, right| table.which(table.column(left), lookup, Compared::One(table.term(right)));
        assert_eq!(which("day", Lookup::Exact, "at").await.unwrap(), [0]);
        assert_eq!(which("at", Lookup::Gt, "day").await.unwrap(), [1]);
        let args = vec![table.term("day"), table.term("at")];
        let of = expr::function(table.dialect(), &Function::Coalesce, args).unwrap();
        assert_eq!(table.values(of).await.unwrap(), [at(0), at(0), at(1)].map(Value::from));
        assert_eq!(
            table.which(table.column("day"), Lookup::Gte, one(at(1))).await.unwrap(),
            Vec::<i64>::new()
        );
        assert_eq!(table.which(table.column("day"), Lookup::Lt, one(at(1))).await.unwrap(), [0, 1]);
    });
}

#[test_on(all)]
fn now_is_now(kind: Kind) {
    on_database(kind, async |db| {
        let before = enmasse::chrono::Utc::now() - TimeDelta::seconds(5);
        let far = before + TimeDelta::days(1);
        let table = Table::of(&db, "times", DataType::DateTime, &[before.into(), far.into()]).await;
        let now = expr::function(table.dialect(), &Function::Now, vec![]).unwrap();
        let found =
            table.which(table.column("v"), Lookup::Lte, Compared::One(Term::Sql(now.clone()))).await.unwrap();
        assert_eq!(found, [0]);
        let Value::DateTime(value) = table.values(now).await.unwrap()[0].clone() else {
            panic!("no datetime")
        };
        assert!(value > before && value < before + TimeDelta::minutes(1), "{value}");
    });
}

/// PostgreSQL's sessions may be in any zone: a connection of the caller's own, for one.
#[test_on(postgres)]
fn the_zone_of_a_session_changes_nothing(kind: Kind) {
    on_database(kind, async |db| {
        // The day before and the day after the clocks went forward.
        let before: NaiveDateTime = "2024-03-09T22:30:00".parse().unwrap();
        let after = before + TimeDelta::days(1);
        let rows =
            [vec![before.and_utc().into(), before.into(), before.date().into(), TimeDelta::days(1).into()]];
        let columns = [
            ("at", DataType::DateTime),
            ("local", DataType::NaiveDateTime),
            ("day", DataType::Date),
            ("span", DataType::Duration),
        ];
        let table = Table::new(&db, "zones", &columns, &rows).await;
        db.query_raw("SELECT set_config('TimeZone', 'America/New_York', false)", []).await.unwrap();
        let of = async |of: Typed| table.values(of).await.unwrap().remove(0);
        let dialect = table.dialect();
        let moved = expr::binary(dialect, table.term("at"), Operator::Add, table.term("span")).unwrap();
        assert_eq!(of(moved).await, after.and_utc().into());
        let lasted = expr::binary(
            dialect,
            Term::Value(after.and_utc().into()),
            Operator::Subtract,
            table.term("local"),
        );
        assert_eq!(of(lasted.unwrap()).await, TimeDelta::days(1).into());
        let hour = expr::transform(dialect, table.column("at"), "hour").unwrap().unwrap();
        assert_eq!(of(hour).await, 22.into());
        let date = expr::transform(dialect, table.column("at"), "date").unwrap().unwrap();
        assert_eq!(of(date).await, before.date().into());
        let day =
            expr::function(dialect, &Function::Truncate(TruncateTo::Day), vec![table.term("at")]).unwrap();
        assert_eq!(of(day).await, before.date().and_time(NaiveTime::MIN).and_utc().into());
        let text = expr::cast(dialect, table.term("at"), &DataType::TEXT).unwrap();
        assert_eq!(of(text).await, "2024-03-09 22:30:00".into());
        let same = Compared::One(table.term("local"));
        assert_eq!(table.which(table.column("at"), Lookup::Exact, same).await.unwrap(), [0]);
        let same = Compared::One(table.term("day"));
        assert_eq!(table.which(table.column("at"), Lookup::Gt, same).await.unwrap(), [0]);
        let zone = db.query_raw("SELECT current_setting('TimeZone')", []).await.unwrap();
        assert_eq!(zone, [["America/New_York".into()]], "the pool gave the same connection throughout");
    });
}
