//! What a host of the core writes on each database: updates by SQL of its own, and values in text.

use std::sync::Arc;

use enmasse::prelude::*;
use enmasse::{DataType, FieldType, Transaction, ValueRef};
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::plan::{self, Assignment, Keep, Kept, Plan, Returning, Step, UpdateFrom, create_tables};
use enmasse_core::query::{FieldPath, HostSql, Q, Query};
use enmasse_core::run::{Affected, Answer, Ask, Outcome, Reading, Run, load_row};
use enmasse_core::schema::{Field, Model as Described, Schema};
use enmasse_core::sql::Statement;
use enmasse_testing::{Kind, on_each_database};

fn dialect(kind: Kind) -> Arc<dyn Dialect> {
    match kind {
        Kind::Sqlite => Arc::new(Sqlite::default()),
        Kind::Postgres => Arc::new(Postgres::default()),
        Kind::MariaDb => Arc::new(Mysql::default()),
        Kind::Mysql => Arc::new(Mysql { flavour: Flavour::Mysql, version: (9, 7), ..Mysql::default() }),
    }
}

/// A host of the core's runner, with parameters of its own.
struct Host<'t> {
    tx: &'t Transaction,
    dialect: Arc<dyn Dialect>,
    params: Vec<Value>,
}

impl Host<'_> {
    fn bound(&self, statement: &Statement) -> Vec<Value> {
        let own = |value: &Value| match value {
            Value::Opaque(number) => self.params[*number as usize].clone(),
            other => other.clone(),
        };
        statement.params.iter().map(|param| own(&param.value)).collect()
    }

    async fn run(&self, query: &Query, plan: Plan) -> Result<Outcome> {
        let mut run = Run::new(self.dialect.clone(), &query.model, Arc::new(plan));
        let mut answer = Answer::Begin;
        loop {
            answer = match run.next(answer)? {
                Ask::Execute(statement) => {
                    let rows = self.tx.execute_raw(&statement.sql, self.bound(&statement)).await?;
                    Answer::Affected(Affected { rows, ..Affected::default() })
                }
                Ask::Query(statement, columns) => {
                    let rows = self.tx.query_raw(&statement.sql, self.bound(&statement)).await?;
                    let load = |row: Vec<Value>| {
                        load_row(&*self.dialect, row.into_iter().map(Ok), &columns, Reading::Exact)
                    };
                    Answer::Rows(rows.into_iter().map(load).collect::<Result<_>>()?)
                }
                Ask::Finished(outcome) => return Ok(outcome),
                other => panic!("a plan without a batch asks for {other:?}"),
            };
        }
    }
}

/// Place <- Restaurant; Deli of Place and Shop; visits of places.
fn schema() -> Arc<Schema> {
    let id = |name: &str| Field::new(name, DataType::BigInt).primary_key();
    let text = DataType::Text { max_length: Some(20) };
    Schema::new(vec![
        Described::new("Place", "place")
            .add(id("id"))
            .add(Field::new("name", text.clone()).unique())
            .add(Field::new("rating", DataType::Integer)),
        Described::new("Restaurant", "restaurant")
            .extends("Place")
            .add(Field::new("stars", DataType::Integer)),
        Described::new("Shop", "shop").add(id("number")).add(Field::new("level", DataType::Integer)),
        Described::new("Deli", "deli")
            .extends("Place")
            .extends("Shop")
            .add(Field::new("cheeses", DataType::Integer)),
        Described::new("Visit", "visit")
            .add(id("id"))
            .add(Field::new("place", DataType::BigInt).column("place")),
    ])
    .unwrap()
}

fn host_sql(sql: &str, first: u32) -> HostSql {
    HostSql::format(sql, first).unwrap()
}

fn names(fields: &[&str]) -> Vec<FieldPath> {
    fields.iter().map(FieldPath::from).collect()
}

async fn numbers(tx: &Transaction, sql: &str) -> Vec<Vec<i64>> {
    let number = |value: Value| match value {
        Value::Int(number) => number,
        Value::Null => -1,
        other => panic!("{other:?}"),
    };
    let rows = tx.query_raw(sql, []).await.unwrap();
    rows.into_iter().map(|row| row.into_iter().map(number).collect()).collect()
}

/// Five restaurants and three delis, with visits: of the first restaurant two.
async fn fill(tx: &Transaction, dialect: &dyn Dialect) {
    let schema = schema();
    let models: Vec<_> = ["Place", "Restaurant", "Shop", "Deli", "Visit"]
        .iter()
        .map(|name| schema.model(name).unwrap())
        .collect();
    for step in create_tables(dialect, &models).unwrap().steps {
        let Step::Run(statement, _) = step else { panic!("{step:?}") };
        tx.execute_raw(&statement.sql, []).await.unwrap();
    }
    for sql in [
        "INSERT INTO place (id, name, rating) VALUES (1, 'a%', 10), (2, 'b', 20), (3, 'c', 30), (4, 'd', 40), (5, 'e', 50), \
         (11, 'k', 1), (12, 'l', 2), (13, 'm', 3)",
        "INSERT INTO restaurant (place_ptr_id, stars) VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)",
        "INSERT INTO shop (number, level) VALUES (103, 7), (102, 8), (101, 9), (100, 0)",
        "INSERT INTO deli (place_ptr_id, shop_ptr_id, cheeses) VALUES (11, 103, 1), (12, 102, 2), (13, 101, 3)",
        "INSERT INTO visit (id, place) VALUES (1, 1), (2, 1), (3, 2), (4, 11)",
    ] {
        tx.execute_raw(sql, []).await.unwrap();
    }
}

#[test]
fn updates_by_a_query_of_the_host() {
    on_each_database(async |db| {
        let kind = Kind::of(&db);
        db.transaction(move |tx| async move {
            let dialect = dialect(kind);
            fill(&tx, &*dialect).await;
            let of = |label: &str| Query::new(schema().model(label).unwrap());
            let params = vec![Value::Int(100), Value::from("a%"), Value::Int(2)];
            let host = Host { tx: &tx, dialect: dialect.clone(), params };

            // two tables; the first restaurant comes twice from the join, and a value is read from another table than it is set in
            let source = host_sql(
                "SELECT r.place_ptr_id, p.rating + r.stars + %s, p.rating FROM restaurant r \
                 JOIN place p ON p.id = r.place_ptr_id JOIN visit v ON v.place = p.id ORDER BY p.rating DESC",
                0,
            );
            let (restaurants, fields) = (of("Restaurant"), names(&["rating", "stars"]));
            let asked = UpdateFrom::new(&restaurants, &source, &fields);
            let plan = plan::update_from(&*dialect, &asked).unwrap();
            let outcome = host.run(&restaurants, plan).await.unwrap();
            assert_eq!((outcome.matched, outcome.changed), (2, 2), "{kind:?}");
            let all = "SELECT id, rating, stars FROM place JOIN restaurant ON place_ptr_id = id ORDER BY id";
            assert_eq!(
                numbers(&tx, all).await,
                [[1, 111, 10], [2, 122, 20], [3, 30, 3], [4, 40, 4], [5, 50, 5]],
                "{kind:?}"
            );

            // two parents, and a constant of the host's own
            let source = host_sql("SELECT place_ptr_id, cheeses * 10 FROM deli WHERE cheeses >= %s", 2);
            let (delis, fields) = (of("Deli"), names(&["level"]));
            let set = [Assignment::new("rating", Value::Opaque(0)), Assignment::new("cheeses", 9)];
            let asked =
                UpdateFrom { set: &set, returning: Returning::OldAndNew, ..UpdateFrom::new(&delis, &source, &fields) };
            let outcome = host.run(&delis, plan::update_from(&*dialect, &asked).unwrap()).await.unwrap();
            assert_eq!((outcome.matched, outcome.returned.len()), (2, 2), "{kind:?}");
            assert_eq!(outcome.tables.iter().map(|(_, rows)| *rows).collect::<Vec<_>>(), [2, 2, 2]);
            let all = "SELECT p.id, p.rating, s.level, d.cheeses FROM deli d JOIN place p ON p.id = d.place_ptr_id \
                       JOIN shop s ON s.number = d.shop_ptr_id ORDER BY p.id";
            assert_eq!(numbers(&tx, all).await, [[11, 1, 7, 1], [12, 100, 20, 9], [13, 100, 30, 9]], "{kind:?}");

            // one table, with a text that has what some drivers take for a placeholder
            let source = host_sql("SELECT id, rating - 1 FROM place WHERE name LIKE %s OR name LIKE 'b%%'", 1);
            let (places, fields) = (of("Place"), names(&["rating"]));
            let asked = UpdateFrom::new(&places, &source, &fields);
            let outcome = host.run(&places, plan::update_from(&*dialect, &asked).unwrap()).await.unwrap();
            assert_eq!(outcome.matched, 2, "{kind:?}");
            assert_eq!(
                numbers(&tx, "SELECT id, rating FROM place WHERE id < 4 ORDER BY id").await,
                [[1, 110], [2, 121], [3, 30]],
                "{kind:?}"
            );
            Ok(())
        })
        .await
        .unwrap();
    });
}

#[test]
fn keeps_the_keys_of_a_query_of_the_host() {
    on_each_database(async |db| {
        let kind = Kind::of(&db);
        db.transaction(move |tx| async move {
            let dialect = dialect(kind);
            fill(&tx, &*dialect).await;
            // a table that a mistake in the names of temporary tables would drop
            tx.execute_raw("CREATE TABLE k (n integer)", []).await.unwrap();
            let query = Query::new(schema().model("Restaurant").unwrap());
            let host = Host { tx: &tx, dialect: dialect.clone(), params: vec![Value::Int(3)] };
            let source = host_sql(
                "SELECT place_ptr_id, rating + 1 FROM restaurant JOIN place ON id = place_ptr_id WHERE stars >= %s",
                0,
            );
            let fields = names(&["rating"]);
            let kept = Kept::new(&*dialect, &query.model, 1).unwrap();
            host.run(&query, kept.create(&*dialect)).await.unwrap();
            let asked = UpdateFrom { keep: Keep::KeysOnly(&kept), ..UpdateFrom::new(&query, &source, &fields) };
            host.run(&query, plan::update_from(&*dialect, &asked).unwrap()).await.unwrap();
            let count = kept.count(&*dialect).unwrap().unwrap().statement.sql;
            assert_eq!(numbers(&tx, &count).await, [[3]], "{kind:?}");
            assert_eq!(numbers(&tx, "SELECT COUNT(*) FROM k").await, [[0]], "{kind:?}");

            // A receiver changed the rows that the query returns. Only the kept rows are written.
            tx.execute_raw("UPDATE restaurant SET stars = 8 - stars", []).await.unwrap();
            let rows = kept.key_set(&*dialect).in_place_of(&query);
            let later = UpdateFrom { query: &rows, keep: Keep::Nothing, ..asked };
            let outcome = host.run(&query, plan::update_from(&*dialect, &later).unwrap()).await.unwrap();
            assert_eq!(outcome.matched, 3, "{kind:?}");
            assert_eq!(
                numbers(&tx, "SELECT rating FROM place WHERE id < 10 ORDER BY id").await,
                [[10], [20], [31], [41], [51]],
                "{kind:?}"
            );

            // a condition and an expression of the host's in the core's own statements
            let few = query.clone().filtered(Q::among("pk", host_sql("SELECT place_ptr_id FROM restaurant WHERE stars = %s", 0)));
            let stars = [Assignment::new("stars", enmasse_core::query::Expr::Host { sql: host_sql("stars * %s", 0), data_type: Some(DataType::Integer) })];
            let plan = plan::update(&*dialect, &few, &stars, Default::default()).unwrap();
            assert_eq!(host.run(&few, plan).await.unwrap().matched, 1, "{kind:?}");
            let found = numbers(&tx, "SELECT place_ptr_id, stars FROM restaurant ORDER BY 1").await;
            assert_eq!(found, [[1, 7], [2, 6], [3, 5], [4, 4], [5, 9]], "{kind:?}");
            let deleted = plan::delete(&*dialect, &few.clone().filtered(Q::host(host_sql("stars > %s", 0)))).unwrap();
            assert_eq!(host.run(&few, deleted).await.unwrap().matched, 0, "{kind:?}");
            Ok(())
        })
        .await
        .unwrap();
    });
}

/// A decimal of 40 digits, as its host has it.
#[derive(Clone, Debug, PartialEq)]
struct Long(String);

impl FieldType for Long {
    type Base = Long;

    fn data_type() -> DataType {
        DataType::Decimal { max_digits: Some(40), decimal_places: Some(5) }
    }

    fn to_value(&self) -> Value {
        Value::DecimalText(self.0.clone())
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::DecimalText(&self.0)
    }

    fn from_value(value: Value) -> Result<Self> {
        Ok(Long(value.to_string()))
    }
}

/// A JSON document, as its host writes it.
#[derive(Clone, Debug, PartialEq)]
struct Written(String);

impl FieldType for Written {
    type Base = Written;

    fn data_type() -> DataType {
        DataType::Json
    }

    fn to_value(&self) -> Value {
        Value::JsonText(self.0.clone())
    }

    fn value_ref(&self) -> ValueRef<'_> {
        ValueRef::JsonText(&self.0)
    }

    fn from_value(value: Value) -> Result<Self> {
        Ok(Written(value.to_string()))
    }
}

#[derive(Model, Clone, Debug)]
#[model(table = "bill")]
struct Bill {
    #[model(primary_key)]
    id: i64,
    amount: Long,
    note: Written,
}

const DOCUMENT: &str = r#"{"z": 12345678901234567890123456789, "a": [1.50, "\u00e9\t\\"], "b": null}"#;

#[test]
fn values_in_text_arrive_as_they_are() {
    on_each_database(async |db| {
        let kind = Kind::of(&db);
        db.create_tables([Bill::model().unwrap()]).await.unwrap();
        let bill = |id, amount: &str, note: &str| Bill {
            id,
            amount: Long(amount.into()),
            note: Written(note.into()),
        };
        let long =
            if kind == Kind::Sqlite { "-12345.67" } else { "-12345678901234567890123456789012345.67000" };
        // few and many: each way of carrying rows
        for rows in [3_i64, 60, 6_000] {
            Bill::objects(&db).delete().await.unwrap();
            Bill::objects(&db).bulk_create((1..=rows).map(|id| bill(id, "0", "{}"))).await.unwrap();
            let new: Vec<Bill> = (1..=rows).map(|id| bill(id, long, DOCUMENT)).collect();
            let written = Bill::objects(&db).bulk_update(&new, |b| (b.amount, b.note)).await.unwrap();
            assert_eq!(written.matched, rows as u64, "{kind:?} {rows}");
            let (amount, note) = match kind {
                Kind::Postgres => ("amount::text", "note::text"),
                Kind::Sqlite => ("CAST(amount AS text)", "note"),
                _ => ("CAST(amount AS CHAR)", "CAST(note AS CHAR)"),
            };
            let sql = format!("SELECT {amount}, {note}, COUNT(*) FROM bill GROUP BY 1, 2");
            let found = db.query_raw(&sql, []).await.unwrap();
            let [row] = &found[..] else { panic!("{kind:?} {rows}: {found:?}") };
            assert_eq!(row[0], Value::from(long), "{kind:?} {rows}");
            assert_eq!(row[2], Value::Int(rows), "{kind:?} {rows}");
            let Value::Text(note) = &row[1] else { panic!("{row:?}") };
            match kind {
                // its own spelling, with all digits
                Kind::Postgres => assert_eq!(
                    note,
                    r#"{"a": [1.50, "é\t\\"], "b": null, "z": 12345678901234567890123456789}"#
                ),
                Kind::Mysql => {
                    assert!(note.starts_with(r#"{"a": [1.5, "é\t\\"], "b": null, "z": "#), "{note}")
                }
                Kind::Sqlite | Kind::MariaDb => assert_eq!(note, DOCUMENT),
            }
        }
        let refused = Bill::objects(&db).bulk_update([bill(1, "NaN", "{}")], |b| (b.amount, b.note)).await;
        assert!(refused.unwrap_err().to_string().contains("expected a decimal number"), "{kind:?}");
        let refused = Bill::objects(&db).bulk_update([bill(1, "1", "{NaN}")], |b| (b.amount, b.note)).await;
        assert!(refused.unwrap_err().to_string().contains("expected a JSON document"), "{kind:?}");
    });
}
