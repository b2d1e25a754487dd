use enmasse::prelude::{Expression, F, Q, QuerySet, Record};
use enmasse::rust_decimal::Decimal;
use enmasse::schema::{Field, Model, Schema};
use enmasse::{DataType, Value};
use enmasse_core::compile::expr;
use enmasse_core::query::Lookup;
use enmasse_core::query::{Aggregate, Function, Operator};
use enmasse_core::sql::Fragment;
use enmasse_core::sql::{Condition, Term};
use enmasse_testing::{Kind, on_database, test_on};

use super::{Table, many, one, where_true};

fn decimal(text: &str) -> Value {
    Value::Decimal(text.parse().unwrap())
}

#[test_on(all)]
fn integers_compare_with_any_number(kind: Kind) {
    on_database(kind, async |db| {
        for (name, data_type, least, greatest) in [
            ("small", DataType::SmallInt, i64::from(i16::MIN), i64::from(i16::MAX)),
            ("middle", DataType::Integer, i64::from(i32::MIN), i64::from(i32::MAX)),
            ("big", DataType::BigInt, i64::MIN, i64::MAX),
        ] {
            let values = [Some(least), Some(-2), Some(-1), Some(0), Some(1), Some(5), None, Some(greatest)];
            let stored: Vec<Value> = values.iter().map(|value| (*value).into()).collect();
            let table = Table::of(&db, name, data_type, &stored).await;
            let rights =
                [-1e300, -40_000.5, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 4.9, 5.0, 32_767.0, 1e10, 1e300];
            for right in rights {
                for (lookup, holds) in [
                    (Lookup::Exact, (|l, r| l == r) as fn(f64, f64) -> bool),
                    (Lookup::Gt, |l, r| l > r),
                    (Lookup::Gte, |l, r| l >= r),
                    (Lookup::Lt, |l, r| l < r),
                    (Lookup::Lte, |l, r| l <= r),
                ] {
                    let expected = where_true(&values, |v| v.is_some_and(|v| holds(v as f64, right)));
                    let found = table.which(table.column("v"), lookup, one(right)).await.unwrap();
                    assert_eq!(found, expected, "{name} {lookup:?} {right}");
                }
            }
            let found =
                table.which(table.column("v"), Lookup::In, many([5.0, 5.5, 1e300, -1.0])).await.unwrap();
            assert_eq!(found, [2, 5]);
            let found = table.which(table.column("v"), Lookup::Range, many([-1.5, 4.5])).await.unwrap();
            assert_eq!(found, [2, 3, 4]);
        }
    });
}

#[test_on(all)]
fn decimals_and_floats_compare_exactly(kind: Kind) {
    on_database(kind, async |db| {
        let data_type = DataType::Decimal { max_digits: Some(12), decimal_places: Some(2) };
        let prices = ["0.10", "0.30", "5.00", "9999999999.99", "-0.01"].map(decimal);
        let table = Table::of(&db, "prices", data_type, &prices).await;
        let of = |lookup, right: Value| table.which(table.column("v"), lookup, one(right));
        assert_eq!(of(Lookup::Exact, decimal("0.1")).await.unwrap(), [0]);
        assert_eq!(of(Lookup::Exact, 0.3.into()).await.unwrap(), [1]);
        assert_eq!(of(Lookup::Exact, 5.into()).await.unwrap(), [2]);
        assert_eq!(of(Lookup::Exact, "9999999999.99".into()).await.unwrap(), [3]);
        assert_eq!(of(Lookup::Lt, decimal("0.305")).await.unwrap(), [0, 1, 4]);
        let found =
            table.which(table.column("v"), Lookup::In, many(["0.3", "5", "7.777"].map(decimal))).await;
        assert_eq!(found.unwrap(), [1, 2]);

        let ratios = [0.1, 0.5, 1e300, -0.0].map(Value::from);
        let table = Table::of(&db, "ratios", DataType::Double, &ratios).await;
        let of = |lookup, right: Value| table.which(table.column("v"), lookup, one(right));
        assert_eq!(of(Lookup::Exact, 0.1.into()).await.unwrap(), [0]);
        assert_eq!(of(Lookup::Gte, decimal("0.5")).await.unwrap(), [1, 2]);
        assert_eq!(of(Lookup::Exact, 0.into()).await.unwrap(), [3]);

        let table = Table::of(&db, "reals", DataType::Real, &[0.1_f32, 0.5].map(Value::from)).await;
        let of = |lookup, right: Value| table.which(table.column("v"), lookup, one(right));
        assert_eq!(of(Lookup::Exact, 0.1_f32.into()).await.unwrap(), [0]);
        assert_eq!(of(Lookup::Gt, 0.1_f32.into()).await.unwrap(), [1]);
        assert_eq!(of(Lookup::Exact, 0.1_f64.into()).await.unwrap(), Vec::<i64>::new());
        let found = table.which(table.column("v"), Lookup::In, many([0.1_f32, 7.0])).await;
        assert_eq!(found.unwrap(), [0]);
    });
}

#[test_on(all)]
fn integers_are_added_divided_and_shifted_the_same(kind: Kind) {
    on_database(kind, async |db| {
        let pairs: Vec<(i64, i64)> =
            [-7, -1, 0, 1, 7, 1 << 40].iter().flat_map(|l| [-3, -1, 1, 2, 40].map(|r| (*l, r))).collect();
        let rows: Vec<Vec<Value>> = pairs.iter().map(|(l, r)| vec![(*l).into(), (*r).into()]).collect();
        let columns = [("l", DataType::BigInt), ("r", DataType::BigInt)];
        let table = Table::new(&db, "pairs", &columns, &rows).await;
        type Expected = fn(i64, i64) -> i64;
        let operators: [(Operator, Expected); 7] = [
            (Operator::Add, |l, r| l + r),
            (Operator::Subtract, |l, r| l - r),
            (Operator::Multiply, |l, r| l * r),
            (Operator::Modulo, |l, r| l % r),
            (Operator::BitAnd, |l, r| l & r),
            (Operator::BitOr, |l, r| l | r),
            (Operator::BitXor, |l, r| l ^ r),
        ];
        for (operator, expected) in operators {
            let of = expr::binary(table.dialect(), table.term("l"), operator, table.term("r")).unwrap();
            let expected: Vec<Value> = pairs.iter().map(|(l, r)| expected(*l, *r).into()).collect();
            assert_eq!(table.values(of).await.unwrap(), expected, "{operator:?}");
        }
        for (operator, expected) in [
            (Operator::ShiftLeft, (|l| l.wrapping_shl(3)) as fn(i64) -> i64),
            (Operator::ShiftRight, |l| l >> 3),
        ] {
            let of = expr::binary(table.dialect(), table.term("l"), operator, Term::Value(3.into())).unwrap();
            let expected: Vec<Value> = pairs.iter().map(|(l, _)| expected(*l).into()).collect();
            assert_eq!(table.values(of).await.unwrap(), expected, "{operator:?}");
        }
        let of = expr::binary(table.dialect(), table.term("l"), Operator::BitAnd, Term::Value((-2).into()));
        let expected: Vec<Value> = pairs.iter().map(|(l, _)| (l & -2).into()).collect();
        assert_eq!(table.values(of.unwrap()).await.unwrap(), expected);
        let of = expr::binary(table.dialect(), table.term("l"), Operator::Divide, table.term("r")).unwrap();
        let expected: Vec<Value> = pairs.iter().map(|(l, r)| (l / r).into()).collect();
        assert_eq!(table.values(of).await.unwrap(), expected);
        let of =
            expr::binary(table.dialect(), table.term("l"), Operator::Power, Term::Value(2.into())).unwrap();
        assert_eq!(table.values(of).await.unwrap()[0], Value::Float(49.0));
    });
}

/// The sum of a small integer and a number is no small integer.
#[test_on(all)]
fn small_integers_do_not_overflow_in_between(kind: Kind) {
    on_database(kind, async |db| {
        let table = Table::of(&db, "small", DataType::SmallInt, &[i16::MAX.into(), Value::Null]).await;
        let of =
            expr::binary(table.dialect(), table.term("v"), Operator::Add, Term::Value(1.into())).unwrap();
        assert_eq!(table.values(of).await.unwrap(), [32_768.into(), Value::Null]);
        let of = expr::binary(table.dialect(), table.term("v"), Operator::ShiftLeft, Term::Value(40.into()));
        assert_eq!(table.values(of.unwrap()).await.unwrap()[0], Value::Int(32_767 << 40));
    });
}

#[test_on(all)]
fn decimals_stay_decimal(kind: Kind) {
    on_database(kind, async |db| {
        let data_type = DataType::Decimal { max_digits: Some(10), decimal_places: Some(2) };
        let table = Table::of(&db, "prices", data_type, &["5.00", "-5.50", "0.10"].map(decimal)).await;
        let of = async |operator, right: Value| -> Vec<Decimal> {
            let of = expr::binary(table.dialect(), table.term("v"), operator, Term::Value(right)).unwrap();
            let values = table.values(of).await.unwrap();
            let number = |value| match value {
                Value::Decimal(number) => number,
                other => panic!("no decimal: {other:?}"),
            };
            values.into_iter().map(|value| number(value).round_dp(9)).collect()
        };
        let expected = |texts: [&str; 3]| texts.map(|text| text.parse::<Decimal>().unwrap()).to_vec();
        assert_eq!(of(Operator::Add, decimal("0.2")).await, expected(["5.2", "-5.3", "0.3"]));
        assert_eq!(of(Operator::Multiply, 1.1.into()).await, expected(["5.5", "-6.05", "0.11"]));
        assert_eq!(of(Operator::Divide, 2.into()).await, expected(["2.5", "-2.75", "0.05"]));
        assert_eq!(of(Operator::Modulo, 2.into()).await, expected(["1", "-1.5", "0.1"]));
    });
}

#[test_on(all)]
fn floats_have_remainders_too(kind: Kind) {
    on_database(kind, async |db| {
        let table = Table::of(&db, "ratios", DataType::Double, &[5.5, -5.5].map(Value::from)).await;
        let of =
            expr::binary(table.dialect(), table.term("v"), Operator::Modulo, Term::Value(2.into())).unwrap();
        assert_eq!(table.values(of).await.unwrap(), [1.5, -1.5].map(Value::from));
    });
}

#[test_on(all)]
fn numbers_are_rounded(kind: Kind) {
    on_database(kind, async |db| {
        let rows = [
            vec![Value::from(1254), decimal("12.34"), 12.34.into()],
            vec![Value::from(-1254), decimal("-12.35"), (-12.36).into()],
        ];
        let data_type = DataType::Decimal { max_digits: Some(10), decimal_places: Some(2) };
        let columns = [("n", DataType::Integer), ("price", data_type), ("ratio", DataType::Double)];
        let table = Table::new(&db, "numbers", &columns, &rows).await;
        let of = async |function, args: Vec<Term>| {
            let of = expr::function(table.dialect(), &function, args).unwrap();
            table.values(of).await.unwrap()
        };
        let n = || table.term("n");
        let price = || table.term("price");
        let ratio = || table.term("ratio");
        let digits = |digits: i64| Term::Value(digits.into());
        assert_eq!(of(Function::Round, vec![n(), digits(-2)]).await, [1300, -1300].map(Value::from));
        assert_eq!(of(Function::Round, vec![n()]).await, [1254, -1254].map(Value::from));
        assert_eq!(of(Function::Round, vec![price(), digits(1)]).await, ["12.3", "-12.4"].map(decimal));
        assert_eq!(of(Function::Round, vec![price(), digits(-1)]).await, ["10", "-10"].map(decimal));
        assert_eq!(of(Function::Round, vec![price()]).await, ["12", "-12"].map(decimal));
        assert_eq!(of(Function::Round, vec![ratio(), digits(1)]).await, [12.3, -12.4].map(Value::from));
        assert_eq!(of(Function::Round, vec![ratio()]).await, [12.0, -12.0].map(Value::from));
        assert_eq!(of(Function::Floor, vec![price()]).await, ["12", "-13"].map(decimal));
        assert_eq!(of(Function::Floor, vec![ratio()]).await, [12.0, -13.0].map(Value::from));
        assert_eq!(of(Function::Ceil, vec![price()]).await, ["13", "-12"].map(decimal));
        assert_eq!(of(Function::Ceil, vec![n()]).await, [1254, -1254].map(Value::from));
        assert_eq!(of(Function::Abs, vec![price()]).await, ["12.34", "12.35"].map(decimal));
        assert_eq!(of(Function::Mod, vec![n(), Term::Value(100.into())]).await, [54, -54].map(Value::from));
        assert_eq!(
            of(Function::Power, vec![n(), Term::Value(2.into())]).await,
            [1_572_516.0; 2].map(Value::from)
        );
        let greatest = of(Function::Greatest, vec![n(), price(), Term::Value(0.into())]).await;
        assert_eq!(greatest, ["1254", "0"].map(decimal));
        let least = of(Function::Least, vec![ratio(), Term::Value(0.5.into())]).await;
        assert_eq!(least, [0.5, -12.36].map(Value::from));
    });
}

#[test_on(all)]
fn aggregates_have_their_types(kind: Kind) {
    on_database(kind, async |db| {
        let price = DataType::Decimal { max_digits: Some(10), decimal_places: Some(2) };
        let columns = [
            ("n", DataType::BigInt),
            ("price", price),
            ("ratio", DataType::Double),
            ("span", DataType::Duration),
        ];
        let span = |seconds| Value::Duration(enmasse::chrono::TimeDelta::seconds(seconds));
        let rows = [
            vec![1.into(), decimal("0.10"), 0.5.into(), span(1)],
            vec![2.into(), decimal("0.20"), 1.5.into(), span(2)],
            vec![2.into(), Value::Null, 1.0.into(), Value::Null],
        ];
        let table = Table::new(&db, "sums", &columns, &rows).await;
        let of = async |aggregate, column: &str, distinct| {
            let of = expr::aggregate(table.dialect(), aggregate, Some(table.term(column)), distinct).unwrap();
            let mut select = Fragment::text("SELECT ");
            select.push(of.sql);
            select.push(" FROM sums");
            let mut rows = table.run(select).await.unwrap();
            table.dialect.load(rows.remove(0).remove(0), &of.data_type.unwrap()).unwrap()
        };
        assert_eq!(of(Aggregate::Sum, "n", false).await, 5.into());
        assert_eq!(of(Aggregate::Sum, "n", true).await, 3.into());
        assert_eq!(of(Aggregate::Count, "price", false).await, 2.into());
        assert_eq!(of(Aggregate::Avg, "n", true).await, 1.5.into());
        assert_eq!(of(Aggregate::Sum, "price", false).await, decimal("0.30"));
        assert_eq!(of(Aggregate::Avg, "price", false).await, decimal("0.15"));
        assert_eq!(of(Aggregate::Sum, "ratio", false).await, 3.0.into());
        assert_eq!(of(Aggregate::Avg, "ratio", false).await, 1.0.into());
        assert_eq!(of(Aggregate::Sum, "span", false).await, span(3));
        assert_eq!(
            of(Aggregate::Avg, "span", false).await,
            Value::Duration(enmasse::chrono::TimeDelta::milliseconds(1500))
        );
        assert_eq!(of(Aggregate::Max, "span", false).await, span(2));
        assert_eq!(of(Aggregate::Min, "price", false).await, decimal("0.10"));
    });
}

#[test_on(all)]
fn exclusive_or_takes_what_is_not_known_as_false(kind: Kind) {
    on_database(kind, async |db| {
        let values = [Value::Null, 0.into(), 1.into()];
        let rows: Vec<Vec<Value>> =
            values.iter().flat_map(|l| values.iter().map(move |r| vec![l.clone(), r.clone()])).collect();
        let columns = [("l", DataType::Integer), ("r", DataType::Integer)];
        let table = Table::new(&db, "flags", &columns, &rows).await;
        let is_one = |column: &str| {
            let column = table.column(column);
            enmasse_core::compile::lookup::compile(table.dialect(), column, Lookup::Exact, one(1)).unwrap()
        };
        let xor = |parts| Condition::xor(parts);
        let holds = |row: &Vec<Value>, expected| (row[0] == 1.into()) ^ (row[1] == 1.into()) == expected;
        let found = table.rows(xor(vec![is_one("l"), is_one("r")])).await.unwrap();
        assert_eq!(found, where_true(&rows, |row| holds(row, true)));
        let found = table.rows(xor(vec![is_one("l"), is_one("r")]).not()).await.unwrap();
        assert_eq!(found, where_true(&rows, |row| holds(row, false)));
        let found = table.rows(xor(vec![is_one("l"), is_one("r"), Condition::Everything])).await.unwrap();
        assert_eq!(found, where_true(&rows, |row| holds(row, false)));
    });
}

#[test_on(all)]
fn a11_a_write_that_divides_by_zero_is_refused(kind: Kind) {
    on_database(kind, async |db| {
        let rows: Vec<Vec<Value>> = (0..3).map(|n| vec![Value::Int(n), Value::Float(n as f64)]).collect();
        Table::new(&db, "zeros", &[("n", DataType::BigInt), ("x", DataType::Double)], &rows).await;
        let key = Field::new("id", DataType::BigInt).primary_key();
        let model = Model::new("Zero", "zeros")
            .add(key)
            .add(Field::new("n", DataType::BigInt).null())
            .add(Field::new("x", DataType::Double).null());
        let model = Schema::new(vec![model]).unwrap().model("Zero").unwrap();
        let all = || QuerySet::<Record>::of(&model, &db);
        for value in [
            F("n").into_expr().binary(Operator::Divide, 0),
            F("n").into_expr().binary(Operator::Divide, F("n")),
            F("n").into_expr().binary(Operator::Modulo, 0),
        ] {
            let error = all().update_by([("n", value)]).await.unwrap_err();
            assert!(error.message().to_ascii_lowercase().contains("division by"), "{error}");
        }
        for value in [0.0, -0.0] {
            let value = F("x").into_expr().binary(Operator::Divide, value);
            let error = all().update_by([("x", value)]).await.unwrap_err();
            assert!(error.message().to_ascii_lowercase().contains("division by"), "{error}");
        }
        let read = all().order_by_names(["id"]).values_by(["n"]).await.unwrap();
        assert_eq!(read, (0..3).map(|n| vec![Value::Int(n)]).collect::<Vec<_>>());
        // three halves are one, wherever they are
        let halves = F("n").into_expr().binary(Operator::Add, 1).binary(Operator::Divide, 2);
        assert_eq!(all().filter_by(Q::compare(halves, Lookup::Exact, 1)).count().await.unwrap(), 2);
    });
}
