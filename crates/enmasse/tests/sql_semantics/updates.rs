use enmasse::chrono::Utc;
use enmasse::schema::{Field, Model, Schema};
use enmasse::{DataType, Value};
use enmasse_core::dialect::{Dialect, Mysql};
use enmasse_core::plan::{self, Assignment, Step};
use enmasse_core::query::{Q, Query};

use super::common::{Kind, on_database};

/// MariaDB before 11.1 would read the list again for each row of the table: minutes, where a join takes a second.
#[test]
fn an_update_filtered_by_a_long_list_is_quick() {
    on_database(Kind::Mysql, async |db| {
        let dialect = Mysql::default();
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
            let plan = plan::update(&dialect, &query, &[Assignment::new("n", 1)], Utc::now()).unwrap();
            let [Step::Write(statement)] = &plan.steps[..] else { panic!("{plan:?}") };
            let params: Vec<Value> = statement.params.iter().map(|param| param.value.clone()).collect();
            assert!(params.len() < 10, "the list is one parameter: {}", dialect.name());
            let running = db.execute_raw(&statement.sql, params);
            let rows = tokio::time::timeout(std::time::Duration::from_secs(30), running).await;
            assert_eq!(rows.expect("in time").unwrap(), 40_000);
        }
    });
}
