use enmasse::chrono::{NaiveDate, NaiveTime, TimeDelta, Utc};
use enmasse::rust_decimal::Decimal;
use enmasse::schema::{Field, Model, Schema};
use enmasse::serde_json::json;
use enmasse::{DataType, ErrorKind, Value};
use enmasse_core::plan::{self, Assignment, Gives, Step};
use enmasse_core::query::{Expr, FieldPath, Operator};
use enmasse_core::query::{Q, Query};

use super::common::{Kind, on_each_database, on_each_of};
use super::{Table, dialect};

/// What an expression is set to is kept as the column's type has it, also by SQLite, which would keep anything.
#[test]
fn columns_keep_their_types() {
    on_each_database(async |db| {
        let day = NaiveDate::from_ymd_opt(2024, 5, 6).unwrap();
        let at = day.and_time(NaiveTime::from_hms_opt(23, 30, 0).unwrap()).and_utc();
        let columns = [
            ("day", DataType::Date),
            ("at", DataType::DateTime),
            ("clock", DataType::Time),
            ("span", DataType::Duration),
            ("n", DataType::Integer),
            ("ratio", DataType::Double),
            ("price", DataType::Decimal { max_digits: Some(8), decimal_places: Some(2) }),
            ("active", DataType::Bool),
            ("name", DataType::Text { max_length: Some(30) }),
            ("data", DataType::Json),
        ];
        let row: Vec<Value> = vec![
            day.into(),
            at.into(),
            NaiveTime::MIN.into(),
            TimeDelta::hours(1).into(),
            7.into(),
            2.6.into(),
            Decimal::new(1000, 2).into(),
            false.into(),
            "old".into(),
            json!({"s": "text", "n": 5, "t": true}).into(),
        ];
        let table = Table::new(&db, "typed", &columns, std::slice::from_ref(&row)).await;
        let f = |path: &str| Expr::field(path);
        let price = |cents| Value::from(Decimal::new(cents, 2));
        let cases: Vec<(&str, Expr, Value)> = vec![
            ("day", f("day").binary(Operator::Add, TimeDelta::days(1)), (day + TimeDelta::days(1)).into()),
            ("day", f("at").binary(Operator::Add, f("span")), (day + TimeDelta::days(1)).into()),
            ("at", f("day"), day.and_time(NaiveTime::MIN).and_utc().into()),
            ("clock", f("at"), at.time().into()),
            ("n", f("n").binary(Operator::Multiply, 1.2), 8.into()),
            ("n", f("ratio"), 3.into()),
            ("n", f("price").binary(Operator::Divide, 3), 3.into()),
            ("n", f("active"), 0.into()),
            ("n", f("data__n"), 5.into()),
            ("ratio", f("n"), 7.0.into()),
            ("price", f("price").binary(Operator::Divide, 3), price(333)),
            ("price", f("price").binary(Operator::Multiply, 1.0055), price(1006)),
            ("price", f("n"), price(700)),
            ("active", f("n"), true.into()),
            ("active", f("data__t"), true.into()),
            ("name", f("n"), "7".into()),
            ("name", f("day"), "2024-05-06".into()),
            ("name", f("data__s"), "text".into()),
            ("data", f("n"), json!(7).into()),
            ("data", f("data__s"), json!("text").into()),
            ("span", f("at").binary(Operator::Subtract, f("day")), TimeDelta::minutes(23 * 60 + 30).into()),
        ];
        for (column, value, expected) in cases {
            let set = |field: &str, value: Expr| Assignment { field: FieldPath::from(field), value };
            let update = |assignments: Vec<Assignment>| {
                let query = Query::new(table.schema.models().next().unwrap());
                let plan = plan::update(table.dialect(), &query, &assignments, Utc::now()).unwrap();
                let Some(Step::Run(statement, Gives::Matched)) = plan.steps.into_iter().next() else {
                    panic!("no statement")
                };
                table.run_statement(statement)
            };
            let shown = format!("{column} = {value:?}");
            update(vec![set(column, value)]).await.unwrap_or_else(|error| panic!("{shown}: {error}"));
            assert_eq!(table.values(table.column(column)).await.unwrap(), [expected], "{shown}");
            let back = columns.iter().zip(&row).map(|((name, _), value)| set(name, value.clone().into()));
            update(back.collect()).await.unwrap();
        }
        for (column, value) in
            [("n", "name"), ("day", "name"), ("data", "name"), ("day", "n"), ("clock", "day")]
        {
            let query = Query::new(table.schema.models().next().unwrap());
            let error =
                plan::update(table.dialect(), &query, &[Assignment::new(column, f(value))], Utc::now());
            assert_eq!(error.unwrap_err().kind(), ErrorKind::Field, "{column} = {value}");
        }
    });
}

/// MariaDB before 11.1 would read the list again for each row of the table: minutes, compared with a second
/// for a join.
#[test]
fn an_update_filtered_by_a_long_list_is_quick() {
    on_each_of(&Kind::MYSQL_FAMILY, async |db| {
        let dialect = dialect(Kind::of(&db));
        let model = Model::new("Person", "people")
            .add(Field::new("id", DataType::Integer).primary_key())
            .add(Field::new("name", DataType::Text { max_length: Some(20) }).unique())
            .add(Field::new("n", DataType::Integer));
        let schema = Schema::new(vec![model]).unwrap();
        db.create_tables(schema.models()).await.unwrap();
        for thousand in 0..50 {
            let rows = (1..=1_000).map(|n| thousand * 1_000 + n).map(|n| format!("({n}, 'Name {n}', 0)"));
            let insert = format!("INSERT INTO people VALUES {}", rows.collect::<Vec<_>>().join(", "));
            db.execute_raw(&insert, []).await.unwrap();
        }
        let names: Vec<String> = (1..=40_000).map(|number| format!("NAME {number}")).collect();
        let ids: Vec<i64> = (1..=40_000).collect();
        for filter in [Q::named("name__in", names), Q::named("id__in", ids)] {
            let mut query = Query::new(schema.models().next().unwrap());
            query.filters.push(filter);
            let plan = plan::update(&*dialect, &query, &[Assignment::new("n", 1)], Utc::now()).unwrap();
            let [Step::Run(statement, Gives::Matched)] = &plan.steps[..] else { panic!("{plan:?}") };
            let params: Vec<Value> = statement.params.iter().map(|param| param.value.clone()).collect();
            assert!(params.len() < 10, "the list is one parameter: {}", dialect.name());
            let running = db.execute_raw(&statement.sql, params);
            let rows = tokio::time::timeout(std::time::Duration::from_secs(30), running).await;
            assert_eq!(rows.expect("in time").unwrap(), 40_000);
        }
    });
}
