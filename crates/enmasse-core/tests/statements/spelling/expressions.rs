use chrono::{NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use enmasse_core::compile::expr;
use enmasse_core::dialect::Dialect;
use enmasse_core::query::{Aggregate, DatePart, Function, Operator, TruncateTo};
use enmasse_core::sql::{Condition, Fragment, Term};
use enmasse_core::{DataType, Value};
use rust_decimal::Decimal;
use serde_json::json;
use uuid::Uuid;

use super::{Page, column, decimal, text, value};

/// A column of the test table, or a value.
#[derive(Clone)]
enum Arg {
    Column(&'static str, DataType),
    Value(Value),
}

impl Arg {
    fn term(&self, dialect: &dyn Dialect) -> Term {
        match self {
            Arg::Column(name, data_type) => Term::Sql(column(dialect, name, data_type.clone())),
            Arg::Value(value) => Term::Value(value.clone()),
        }
    }

    fn title(&self) -> String {
        match self {
            Arg::Column(name, _) => (*name).to_owned(),
            Arg::Value(value) => value.to_string(),
        }
    }
}

fn col(name: &'static str, data_type: DataType) -> Arg {
    Arg::Column(name, data_type)
}

fn val(value: impl Into<Value>) -> Arg {
    Arg::Value(value.into())
}

impl Page {
    fn binary(&mut self, left: Arg, operator: Operator, right: Arg) {
        self.expression(&format!("{} {} {}", left.title(), operator.sign(), right.title()), |dialect| {
            expr::binary(dialect, left.term(dialect), operator, right.term(dialect))
        });
    }

    fn call(&mut self, function: Function, args: &[Arg]) {
        let titles: Vec<String> = args.iter().map(Arg::title).collect();
        self.expression(&format!("{function:?}({})", titles.join(", ")), |dialect| {
            expr::function(dialect, &function, args.iter().map(|arg| arg.term(dialect)).collect())
        });
    }
}

#[test]
fn operators() {
    use Operator::*;
    let mut page = Page::new("operators");
    let n = || col("n", DataType::Integer);
    let price = || col("price", decimal());
    let ratio = || col("ratio", DataType::Double);
    for operator in
        [Add, Subtract, Multiply, Divide, Modulo, Power, BitAnd, BitOr, BitXor, ShiftLeft, ShiftRight]
    {
        page.binary(n(), operator, val(3));
    }
    for operator in [Add, Divide, Modulo, Power, BitAnd] {
        page.binary(price(), operator, n());
        page.binary(ratio(), operator, val(2));
    }
    page.binary(val(100), Subtract, n());
    page.binary(n(), Multiply, val(1.5));
    page.binary(price(), Multiply, val(1.1));
    page.binary(price(), Multiply, val(Decimal::new(11, 1)));
    page.binary(n(), Add, val(Value::Null));
    page.binary(n(), Add, val("5"));
    page.binary(val(1), Add, val(2));
    let at = || col("at", DataType::DateTime);
    let day = || col("day", DataType::Date);
    let clock = || col("clock", DataType::Time);
    let span = || col("span", DataType::Duration);
    page.binary(at(), Add, val(TimeDelta::days(30)));
    page.binary(val(TimeDelta::hours(1)), Add, at());
    page.binary(at(), Subtract, span());
    page.binary(day(), Add, val(TimeDelta::days(1)));
    page.binary(clock(), Subtract, val(TimeDelta::minutes(90)));
    page.binary(at(), Subtract, col("local", DataType::NaiveDateTime));
    page.binary(at(), Subtract, val(Utc.with_ymd_and_hms(2024, 5, 6, 7, 8, 9).unwrap()));
    page.binary(day(), Subtract, val(NaiveDate::from_ymd_opt(2024, 5, 6).unwrap()));
    page.binary(at(), Subtract, day());
    page.binary(clock(), Subtract, val(NaiveTime::from_hms_opt(1, 2, 3).unwrap()));
    page.binary(span(), Add, val(TimeDelta::seconds(1)));
    page.binary(span(), Multiply, val(2));
    page.binary(val(1.5), Multiply, span());
    page.binary(span(), Divide, n());
    page.binary(day(), Add, val(1));
    page.binary(col("name", text()), Add, val("x"));
    insta::assert_snapshot!(page.0);
}

#[test]
fn functions_of_text() {
    use Function::*;
    let mut page = Page::new("functions of text");
    let name = || col("name", text());
    for function in [Lower, Upper, Trim, LTrim, RTrim, Length] {
        page.call(function, &[name()]);
    }
    page.call(Upper, &[col("n", DataType::Integer)]);
    page.call(Length, &[col("data", DataType::Bytes)]);
    page.call(Concat, &[name(), val(" "), col("n", DataType::Integer), val(Value::Null), val(5)]);
    page.call(Concat, &[val(Value::Null)]);
    page.call(Substr, &[name(), val(2)]);
    page.call(Substr, &[name(), val(2), val(3)]);
    page.call(Substr, &[name(), col("n", DataType::BigInt)]);
    page.call(Substr, &[name(), val(0)]);
    page.call(Replace, &[name(), val("a"), val("b")]);
    page.call(Replace, &[name(), val("a")]);
    page.call(Lower, &[]);
    insta::assert_snapshot!(page.0);
}

#[test]
fn functions_of_numbers() {
    use Function::*;
    let mut page = Page::new("functions of numbers");
    for arg in [col("n", DataType::Integer), col("price", decimal()), col("ratio", DataType::Double)] {
        for function in [Abs, Floor, Ceil, Round] {
            page.call(function, std::slice::from_ref(&arg));
        }
        page.call(Round, &[arg.clone(), val(1)]);
        page.call(Round, &[arg.clone(), val(-2)]);
        page.call(Mod, &[arg.clone(), val(3)]);
        page.call(Power, &[arg.clone(), val(2)]);
    }
    page.call(Round, &[col("ratio", DataType::Double), col("n", DataType::BigInt)]);
    page.call(Abs, &[col("name", text())]);
    insta::assert_snapshot!(page.0);
}

#[test]
fn functions_of_dates() {
    use TruncateTo::*;
    let mut page = Page::new("functions of dates and times");
    page.call(Function::Now, &[]);
    let units = [Year, Quarter, Month, Week, Day, Hour, Minute, Second];
    for unit in units {
        page.call(Function::Truncate(unit), &[col("at", DataType::DateTime)]);
    }
    for unit in units {
        page.call(Function::Truncate(unit), &[col("day", DataType::Date)]);
    }
    for unit in [Day, Hour, Minute, Second] {
        page.call(Function::Truncate(unit), &[col("clock", DataType::Time)]);
    }
    page.call(Function::Truncate(Month), &[col("local", DataType::NaiveDateTime)]);
    page.call(Function::Date, &[col("at", DataType::DateTime)]);
    page.call(Function::Time, &[col("local", DataType::NaiveDateTime)]);
    page.call(Function::Date, &[col("day", DataType::Date)]);
    page.call(Function::Time, &[col("day", DataType::Date)]);
    page.call(Function::Extract(DatePart::Hour), &[col("day", DataType::Date)]);
    insta::assert_snapshot!(page.0);
}

#[test]
fn choices() {
    use Function::*;
    let mut page = Page::new("Coalesce, NullIf, Greatest, Least, Case");
    let n = || col("n", DataType::Integer);
    page.call(Coalesce, &[n(), val(0)]);
    page.call(Coalesce, &[n(), val(0.5)]);
    page.call(
        Coalesce,
        &[
            col("day", DataType::Date),
            col("at", DataType::DateTime),
            val(NaiveDate::from_ymd_opt(2024, 5, 6).unwrap()),
        ],
    );
    page.call(Coalesce, &[n()]);
    page.call(NullIf, &[col("name", text()), val("")]);
    page.call(Greatest, &[n(), col("m", DataType::BigInt), val(3)]);
    page.call(Least, &[col("price", decimal()), val(1)]);
    let when = || Condition::Sql(Fragment::text("x = 1"));
    let cases: Vec<(DataType, Value)> = vec![
        (DataType::Bool, true.into()),
        (DataType::SmallInt, 1.into()),
        (DataType::Integer, 1.into()),
        (DataType::BigInt, 1.into()),
        (DataType::Real, 0.5.into()),
        (DataType::Double, 0.5.into()),
        (text(), "a".into()),
        (DataType::Bytes, vec![1_u8].into()),
        (DataType::DateTime, Utc.with_ymd_and_hms(2024, 5, 6, 7, 8, 9).unwrap().into()),
        (DataType::Date, NaiveDate::from_ymd_opt(2024, 5, 6).unwrap().into()),
        (DataType::Time, NaiveTime::from_hms_opt(1, 2, 3).unwrap().into()),
        (DataType::Duration, TimeDelta::seconds(90).into()),
        (decimal(), Decimal::new(15, 1).into()),
        (DataType::Uuid, Uuid::from_u128(1).into()),
        (DataType::Json, json!({"a": 1}).into()),
    ];
    for (data_type, result) in &cases {
        page.expression(&format!("Case(When(x=1, then={result})), for {data_type:?}"), |dialect| {
            expr::case(
                dialect,
                vec![(when(), Term::Value(result.clone()))],
                Some(value(Value::Null)),
                Some(data_type),
            )
        });
    }
    page.expression("Case of columns and values", |dialect| {
        let n = Term::Sql(column(dialect, "n", DataType::Integer));
        expr::case(dialect, vec![(when(), value(1)), (when(), n)], None, None)
    });
    page.expression("Case whose first condition holds always", |dialect| {
        expr::case(dialect, vec![(Condition::Everything, value(1)), (when(), value(2))], None, None)
    });
    page.expression("Case whose conditions never hold", |dialect| {
        expr::case(dialect, vec![(Condition::Nothing, value(1))], None, None)
    });
    insta::assert_snapshot!(page.0);
}

#[test]
fn casts() {
    let mut page = Page::new("Cast");
    let to = [
        DataType::Bool,
        DataType::SmallInt,
        DataType::Integer,
        DataType::BigInt,
        DataType::Real,
        DataType::Double,
        text(),
        DataType::Bytes,
        DataType::DateTime,
        DataType::NaiveDateTime,
        DataType::Date,
        DataType::Time,
        DataType::Duration,
        decimal(),
        DataType::DECIMAL,
        DataType::Uuid,
        DataType::Json,
        DataType::Array(Box::new(DataType::Integer)),
    ];
    for data_type in to {
        page.expression(&format!("name as {data_type:?}"), |dialect| {
            expr::cast(dialect, Term::Sql(column(dialect, "name", text())), &data_type)
        });
    }
    let pairs = [
        ("n", DataType::Integer, text()),
        ("n", DataType::Integer, decimal()),
        ("n", DataType::Integer, DataType::Bool),
        ("n", DataType::Integer, DataType::Duration),
        ("n", DataType::Integer, DataType::Json),
        ("active", DataType::Bool, DataType::BigInt),
        ("ratio", DataType::Double, DataType::Integer),
        ("ratio", DataType::Double, decimal()),
        ("price", decimal(), DataType::Integer),
        ("at", DataType::DateTime, DataType::Date),
        ("at", DataType::DateTime, DataType::Time),
        ("at", DataType::DateTime, DataType::NaiveDateTime),
        ("local", DataType::NaiveDateTime, DataType::DateTime),
        ("day", DataType::Date, DataType::DateTime),
        ("day", DataType::Date, DataType::NaiveDateTime),
        ("span", DataType::Duration, DataType::BigInt),
        ("data", DataType::Json, text()),
        ("data", DataType::Json, DataType::Integer),
        ("uuid", DataType::Uuid, text()),
    ];
    for (name, from, to) in pairs {
        page.expression(&format!("{name} ({from:?}) as {to:?}"), |dialect| {
            expr::cast(dialect, Term::Sql(column(dialect, name, from.clone())), &to)
        });
    }
    page.expression("5 as Double", |dialect| expr::cast(dialect, value(5), &DataType::Double));
    page.expression("1.5 as Double", |dialect| expr::cast(dialect, value(1.5), &DataType::Double));
    page.expression("None as Integer", |dialect| expr::cast(dialect, value(Value::Null), &DataType::Integer));
    insta::assert_snapshot!(page.0);
}

#[test]
fn aggregates() {
    use Aggregate::*;
    let mut page = Page::new("aggregates");
    page.expression("Count()", |dialect| expr::aggregate(dialect, Count, None, false));
    page.expression("Count(distinct name)", |dialect| {
        expr::aggregate(dialect, Count, Some(Term::Sql(column(dialect, "name", text()))), true)
    });
    for aggregate in [Sum, Avg, Min, Max] {
        for (name, data_type) in [
            ("n", DataType::Integer),
            ("price", decimal()),
            ("ratio", DataType::Double),
            ("span", DataType::Duration),
            ("name", text()),
        ] {
            page.expression(&format!("{aggregate:?}({name})"), |dialect| {
                let of = Term::Sql(column(dialect, name, data_type.clone()));
                expr::aggregate(dialect, aggregate, Some(of), false)
            });
        }
    }
    page.expression("Sum()", |dialect| expr::aggregate(dialect, Sum, None, false));
    insta::assert_snapshot!(page.0);
}
