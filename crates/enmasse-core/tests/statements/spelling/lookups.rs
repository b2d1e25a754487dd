use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use enmasse_core::compile::expr;
use enmasse_core::compile::lookup::{self, Compared};
use enmasse_core::query::{Function, JsonStep, Lookup};
use enmasse_core::sql::{Condition, Fragment, Term, Typed};
use enmasse_core::{DataType, Value};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use super::{Page, column, decimal, text, value};

fn one(right: impl Into<Value>) -> Compared {
    Compared::One(value(right))
}

fn shown(right: &Compared) -> String {
    match right {
        Compared::One(Term::Value(value)) => value.to_string(),
        Compared::Many(values) => {
            format!("[{}]", values.iter().map(Value::to_string).collect::<Vec<_>>().join(", "))
        }
        other => format!("{other:?}"),
    }
}

impl Page {
    /// A lookup of a column.
    fn of(&mut self, name: &str, data_type: DataType, lookup: Lookup, shown: &str, right: Compared) {
        self.condition(&format!("{name}__{}={shown}", lookup.name()), |dialect| {
            lookup::compile(dialect, column(dialect, name, data_type.clone()), lookup, right.clone())
        });
    }

    /// A lookup of a column after transforms by name.
    fn after(
        &mut self,
        name: &str,
        data_type: DataType,
        transforms: &[&str],
        lookup: Lookup,
        right: Compared,
    ) {
        let path: Vec<&str> = [&[name], transforms].concat();
        self.condition(&format!("{}__{}={}", path.join("__"), lookup.name(), shown(&right)), |dialect| {
            let mut left = column(dialect, name, data_type.clone());
            for transform in transforms {
                left = expr::transform(dialect, left, transform)?.expect("a transform");
            }
            lookup::compile(dialect, left, lookup, right.clone())
        });
    }
}

#[test]
fn comparisons() {
    let mut page = Page::new("exact, gt, gte, lt, lte, range, isnull");
    let orders = [Lookup::Exact, Lookup::Gt, Lookup::Gte, Lookup::Lt, Lookup::Lte];
    for lookup in orders {
        page.of("n", DataType::Integer, lookup, "5", one(5));
    }
    for lookup in orders {
        page.of("n", DataType::SmallInt, lookup, "40000", one(40_000));
    }
    for lookup in orders {
        page.of("n", DataType::Integer, lookup, "-1.5", one(-1.5));
    }
    page.of("n", DataType::Integer, Lookup::Exact, "2.0", one(2.0));
    page.of("n", DataType::Integer, Lookup::Lt, "NaN", one(f64::NAN));
    page.of("n", DataType::Integer, Lookup::Gt, "-infinity", one(f64::NEG_INFINITY));
    page.of("n", DataType::BigInt, Lookup::Lte, "'99999999999999999999'", one("99999999999999999999"));
    page.of("n", DataType::Integer, Lookup::Exact, "'12'", one("12"));
    page.of("n", DataType::Integer, Lookup::Exact, "'abc'", one("abc"));
    page.of("n", DataType::Integer, Lookup::Exact, "None", one(Value::Null));
    page.of("n", DataType::Integer, Lookup::Gt, "None", one(Value::Null));
    page.of("n", DataType::Integer, Lookup::Range, "(1, 10)", Compared::Many(vec![1.into(), 10.into()]));
    page.of(
        "n",
        DataType::SmallInt,
        Lookup::Range,
        "(1, 70000)",
        Compared::Many(vec![1.into(), 70_000.into()]),
    );
    page.of("n", DataType::Integer, Lookup::Range, "(1,)", Compared::Many(vec![1.into()]));
    page.of("n", DataType::Integer, Lookup::IsNull, "True", one(true));
    page.of("n", DataType::Integer, Lookup::IsNull, "False", one(false));
    page.of("n", DataType::Integer, Lookup::IsNull, "1", one(1));
    page.of("active", DataType::Bool, Lookup::Exact, "True", one(true));
    page.of("ratio", DataType::Double, Lookup::Gte, "2", one(2));
    page.of("ratio", DataType::Real, Lookup::Gte, "0.1", one(0.1));
    page.of("ratio", DataType::Real, Lookup::Gte, "0.5", one(0.5));
    page.of("price", decimal(), Lookup::Lt, "9.995", one(Decimal::new(9_995, 3)));
    page.of("price", decimal(), Lookup::Lt, "10", one(10));
    page.of("price", decimal(), Lookup::Lt, "0.1 (a float)", one(0.1));
    page.of("name", text(), Lookup::Exact, "'longer than its column is'", one("longer than its column is"));
    page.of("name", text(), Lookup::Exact, "5", one(5));
    let noon = Utc.with_ymd_and_hms(2024, 5, 6, 12, 0, 0).unwrap();
    page.of("at", DataType::DateTime, Lookup::Lte, "2024-05-06 12:00", one(noon));
    page.of("at", DataType::DateTime, Lookup::Lte, "2024-05-06", one(noon.date_naive()));
    for lookup in orders {
        page.of("day", DataType::Date, lookup, "2024-05-06 12:00", one(noon));
    }
    page.of("clock", DataType::Time, Lookup::Gt, "12:00", one(NaiveTime::from_hms_opt(12, 0, 0).unwrap()));
    page.of("span", DataType::Duration, Lookup::Gt, "90 minutes", one(TimeDelta::minutes(90)));
    page.of("uuid", DataType::Uuid, Lookup::Exact, "UUID", one(Uuid::from_u128(1)));
    page.of("data", DataType::Bytes, Lookup::Exact, "b'\\0\\xff'", one(vec![0_u8, 255]));
    page.of(
        "tags",
        DataType::Array(Box::new(text())),
        Lookup::Exact,
        "['a', 'b']",
        one(Value::Array(vec!["a".into(), "b".into()])),
    );
    page.of(
        "tags",
        DataType::Array(Box::new(text())),
        Lookup::Contains,
        "['a', 'b']",
        one(Value::Array(vec!["a".into(), "b".into()])),
    );
    page.of(
        "tags",
        DataType::Array(Box::new(text())),
        Lookup::ContainedBy,
        "['a', 'b']",
        Compared::Many(vec!["a".into(), "b".into()]),
    );
    page.condition("day__gt=F('at')", |dialect| {
        let right = Compared::One(Term::Sql(column(dialect, "at", DataType::DateTime)));
        lookup::compile(dialect, column(dialect, "day", DataType::Date), Lookup::Gt, right)
    });
    page.of("n", DataType::Integer, Lookup::ContainedBy, "1", one(1));
    insta::assert_snapshot!(page.0);
}

#[test]
fn texts() {
    let mut page = Page::new("iexact, contains, startswith, endswith, regex");
    let lookups = [
        Lookup::IExact,
        Lookup::Contains,
        Lookup::IContains,
        Lookup::StartsWith,
        Lookup::IStartsWith,
        Lookup::EndsWith,
        Lookup::IEndsWith,
        Lookup::Regex,
        Lookup::IRegex,
    ];
    for lookup in lookups {
        page.of("name", text(), lookup, r"'50%_*[\|é'", one(r"50%_*[\|é"));
    }
    for lookup in lookups {
        page.condition(&format!("name__{}=F('nick')", lookup.name()), |dialect| {
            let right = Compared::One(Term::Sql(column(dialect, "nick", text())));
            lookup::compile(dialect, column(dialect, "name", text()), lookup, right)
        });
    }
    page.of("n", DataType::Integer, Lookup::StartsWith, "12", one(12));
    page.of("uuid", DataType::Uuid, Lookup::IContains, "'9B-4D'", one("9B-4D"));
    page.of("name", text(), Lookup::IExact, "None", one(Value::Null));
    page.of("name", text(), Lookup::Contains, "None", one(Value::Null));
    page.of("name", text(), Lookup::Contains, "'' ", one(""));
    page.of("name", text(), Lookup::IContains, "a NUL", one("a\0b"));
    insta::assert_snapshot!(page.0);
}

#[test]
fn lists() {
    let mut page = Page::new("in");
    let many = |values: Vec<Value>| Compared::Many(values);
    page.of("n", DataType::Integer, Lookup::In, "[]", many(vec![]));
    page.of("n", DataType::Integer, Lookup::In, "[None]", many(vec![Value::Null]));
    page.of("n", DataType::Integer, Lookup::In, "[3, 3, None]", many(vec![3.into(), 3.into(), Value::Null]));
    page.of(
        "n",
        DataType::Integer,
        Lookup::In,
        "[3, '4', 5.0, 5.5, 9e18]",
        many(vec![3.into(), "4".into(), 5.0.into(), 5.5.into(), 9e18.into()]),
    );
    page.of("n", DataType::Integer, Lookup::In, "['a']", many(vec!["a".into()]));
    page.of("n", DataType::Integer, Lookup::In, "3", one(3));
    page.of(
        "price",
        decimal(),
        Lookup::In,
        "[1.5, 1.50, 2]",
        many(vec![Decimal::new(15, 1).into(), Decimal::new(150, 2).into(), 2.into()]),
    );
    page.of("ratio", DataType::Real, Lookup::In, "[0.1, 0.5]", many(vec![0.1.into(), 0.5.into()]));
    let day = |day| NaiveDate::from_ymd_opt(2024, 5, day).unwrap();
    page.of("at", DataType::DateTime, Lookup::In, "two dates", many(vec![day(6).into(), day(7).into()]));
    page.condition("n__in=[F('m'), 3, None]", |dialect| {
        let m = Term::Sql(column(dialect, "m", DataType::Integer));
        let right = Compared::Several(vec![m, value(3), value(Value::Null)]);
        lookup::compile(dialect, column(dialect, "n", DataType::Integer), Lookup::In, right)
    });
    page.of(
        "n",
        DataType::Integer,
        Lookup::In,
        "(a query)",
        Compared::Query(Fragment::text("SELECT id FROM other")),
    );
    insta::assert_snapshot!(page.0);
}

/// The values are in one parameter; here it is how long it is that counts.
#[test]
fn long_lists() {
    let mut page = Page::new("in, of 40,000 values");
    let types = [
        ("n", DataType::Integer, (0..40_000).map(Value::from).collect::<Vec<_>>()),
        ("name", text(), (0..40_000).map(|n| Value::from(format!("n{n}"))).collect()),
        ("data", DataType::Bytes, (0..40_000_i32).map(|n| Value::from(n.to_be_bytes().to_vec())).collect()),
        ("price", decimal(), (0..40_000).map(|n| Value::from(Decimal::new(n, 2))).collect()),
        ("uuid", DataType::Uuid, (0..40_000).map(|n| Value::from(Uuid::from_u128(n))).collect()),
        ("at", DataType::DateTime, (0..40_000).map(|n| Utc.timestamp_opt(n, 0).unwrap().into()).collect()),
    ];
    for (name, data_type, values) in types {
        page.add(&format!("{name}__in"), |dialect| {
            let left = column(dialect, name, data_type.clone());
            match lookup::compile(dialect, left, Lookup::In, Compared::Many(values.clone()))? {
                Condition::Sql(sql) => {
                    let statement = sql.statement(dialect);
                    assert_eq!(statement.params.len(), 1);
                    Ok(statement.sql)
                }
                other => panic!("{other:?}"),
            }
        });
    }
    insta::assert_snapshot!(page.0);
}

#[test]
fn dates() {
    let mut page = Page::new("transforms of dates and times");
    let parts = [
        "year",
        "iso_year",
        "month",
        "day",
        "week",
        "week_day",
        "iso_week_day",
        "quarter",
        "hour",
        "minute",
        "second",
        "date",
        "time",
    ];
    for (name, data_type) in [
        ("at", DataType::DateTime),
        ("local", DataType::NaiveDateTime),
        ("day", DataType::Date),
        ("clock", DataType::Time),
    ] {
        for part in parts {
            let has = match data_type {
                DataType::Date => !["hour", "minute", "second", "date", "time"].contains(&part),
                DataType::Time => ["hour", "minute", "second"].contains(&part),
                _ => true,
            };
            if !has {
                let left = column(&enmasse_core::dialect::Sqlite::default(), name, data_type.clone());
                assert!(
                    expr::transform(&enmasse_core::dialect::Sqlite::default(), left, part).unwrap().is_none()
                );
                continue;
            }
            page.expression(&format!("{name}__{part}"), |dialect| {
                Ok(expr::transform(dialect, column(dialect, name, data_type.clone()), part)?
                    .expect("a transform"))
            });
        }
    }
    insta::assert_snapshot!(page.0);
}

#[test]
fn years() {
    let mut page = Page::new("a year compared is a range of the date itself");
    let orders = [Lookup::Exact, Lookup::Gt, Lookup::Gte, Lookup::Lt, Lookup::Lte];
    for lookup in orders {
        page.after("at", DataType::DateTime, &["year"], lookup, one(2024));
    }
    for lookup in orders {
        page.after("day", DataType::Date, &["iso_year"], lookup, one(2024));
    }
    page.after(
        "at",
        DataType::DateTime,
        &["year"],
        Lookup::Range,
        Compared::Many(vec![2020.into(), 2024.into()]),
    );
    page.after(
        "at",
        DataType::DateTime,
        &["year"],
        Lookup::In,
        Compared::Many(vec![2020.into(), 2024.into()]),
    );
    for lookup in orders {
        page.after("local", DataType::NaiveDateTime, &["year"], lookup, one(9999));
    }
    for lookup in orders {
        page.after("day", DataType::Date, &["year"], lookup, one(-44));
    }
    page.after("at", DataType::DateTime, &["year"], Lookup::Gte, one(2023.5));
    page.after(
        "at",
        DataType::DateTime,
        &["date"],
        Lookup::Gte,
        one(NaiveDate::from_ymd_opt(2024, 5, 6).unwrap()),
    );
    page.after("at", DataType::DateTime, &["date", "year"], Lookup::Exact, one(2024));
    page.after("at", DataType::DateTime, &["time", "hour"], Lookup::Exact, one(7));
    page.after("at", DataType::DateTime, &["month"], Lookup::In, Compared::Many(vec![5.into(), 6.into()]));
    insta::assert_snapshot!(page.0);
}

#[test]
fn json() {
    let mut page = Page::new("JSON");
    let data = || DataType::Json;
    page.of("data", data(), Lookup::Exact, "{'a': 1}", one(json!({"a": 1})));
    page.of("data", data(), Lookup::Exact, "None", one(Value::Null));
    page.of("data", data(), Lookup::Exact, "JSON null", one(json!(null)));
    page.of("data", data(), Lookup::IsNull, "True", one(true));
    for right in [json!("x"), json!(1), json!(1.5), json!(true), json!(null), json!([1, {"b": 2}])] {
        page.after("data", data(), &["a"], Lookup::Exact, one(right));
    }
    page.after("data", data(), &["a"], Lookup::Exact, one(Value::Null));
    page.after("data", data(), &["a", "0", r#"k"e.y\ é"#], Lookup::Exact, one("x"));
    page.after("data", data(), &["a"], Lookup::IsNull, one(true));
    page.after("data", data(), &["a"], Lookup::IsNull, one(false));
    page.after("data", data(), &["a"], Lookup::Gt, one(5));
    page.after("data", data(), &["a"], Lookup::Lte, one("m"));
    page.after("data", data(), &["a"], Lookup::Lte, one(true));
    page.after("data", data(), &["a"], Lookup::Range, Compared::Many(vec![1.into(), 5.into()]));
    page.after(
        "data",
        data(),
        &["a"],
        Lookup::In,
        Compared::Many(vec![1.into(), 2.5.into(), "x".into(), "y".into(), true.into(), Value::Null]),
    );
    page.after("data", data(), &["a"], Lookup::In, Compared::Many(vec![]));
    for lookup in [
        Lookup::IExact,
        Lookup::IContains,
        Lookup::StartsWith,
        Lookup::EndsWith,
        Lookup::Regex,
        Lookup::IRegex,
    ] {
        page.after("data", data(), &["a"], lookup, one("X%"));
    }
    page.of("data", data(), Lookup::IContains, "'x'", one("x"));
    page.of("data", data(), Lookup::HasKey, "'a'", one("a"));
    page.of("data", data(), Lookup::HasKey, "0", one(0));
    page.of("data", data(), Lookup::HasKeys, "['a', 'b']", Compared::Many(vec!["a".into(), "b".into()]));
    page.of("data", data(), Lookup::HasAnyKeys, "['a', 'b']", Compared::Many(vec!["a".into(), "b".into()]));
    page.of("data", data(), Lookup::HasAnyKeys, "[]", Compared::Many(vec![]));
    page.after("data", data(), &["a", "b"], Lookup::HasKey, one("c"));
    page.of("data", data(), Lookup::Contains, "{'a': 1}", one(json!({"a": 1})));
    page.after("data", data(), &["a"], Lookup::Contains, one(json!([1])));
    page.of("data", data(), Lookup::ContainedBy, "{'a': 1}", one(json!({"a": 1})));
    page.condition("data__a=F('other__b')", |dialect| {
        let path = |name: &str, key: &str| -> enmasse_core::Result<Typed> {
            Ok(expr::transform(dialect, column(dialect, name, DataType::Json), key)?.expect("a key"))
        };
        let right = Compared::One(Term::Sql(path("other", "b")?));
        lookup::compile(dialect, path("data", "a")?, Lookup::Exact, right)
    });
    for (lookup, name, data_type) in [
        (Lookup::Gt, "n", DataType::Integer),
        (Lookup::Exact, "name", text()),
        (Lookup::Exact, "active", DataType::Bool),
        (Lookup::Gt, "other", DataType::Json),
    ] {
        page.condition(&format!("data__a__{}=F('{name}')", lookup.name()), |dialect| {
            let left =
                expr::transform(dialect, column(dialect, "data", DataType::Json), "a")?.expect("a key");
            let right = Compared::One(Term::Sql(column(dialect, name, data_type.clone())));
            lookup::compile(dialect, left, lookup, right)
        });
    }
    page.of("n", DataType::Integer, Lookup::HasKey, "'a'", one("a"));
    page.expression("data -> [-1]", |dialect| {
        let steps = vec![JsonStep::Key("a".into()), JsonStep::Index(-1), JsonStep::Index(-2)];
        let data = Term::Sql(column(dialect, "data", DataType::Json));
        expr::function(dialect, &Function::JsonPath(steps), vec![data])
    });
    insta::assert_snapshot!(page.0);
}

#[test]
fn conditions() {
    let mut page = Page::new("conditions put together");
    let a = || Condition::Sql(Fragment::text("a"));
    let b = || Condition::Sql(Fragment::text("b"));
    use Condition::{Everything, Nothing};
    page.condition("a and b", |_| Ok(Condition::all(vec![a(), Everything, b()])));
    page.condition("a and nothing", |_| Ok(Condition::all(vec![a(), Nothing])));
    page.condition("of none, all", |_| Ok(Condition::all(vec![])));
    page.condition("a or b", |_| Ok(Condition::any(vec![a(), Nothing, b()])));
    page.condition("a or everything", |_| Ok(Condition::any(vec![a(), Everything])));
    page.condition("a xor b xor c", |_| {
        Ok(Condition::xor(vec![a(), b(), Condition::Sql(Fragment::text("c"))]))
    });
    page.condition("a xor everything", |_| Ok(Condition::xor(vec![a(), Everything, Nothing])));
    page.condition("everything xor everything", |_| Ok(Condition::xor(vec![Everything, Everything])));
    page.condition("not (a and b)", |_| Ok(Condition::all(vec![a(), b()]).not()));
    page.condition("not nothing", |_| Ok(Nothing.not()));
    page.condition("nothing in SQL", |_| Ok(Condition::Sql(Nothing.into_sql())));
    insta::assert_snapshot!(page.0);
}
