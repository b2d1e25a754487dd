//! The core's runner drives another host as well: one that blocks, for SQLite, of less than 200 lines.

mod host;

use chrono::Utc;
use enmasse_core::plan::create_tables;
use enmasse_core::plan::{self, Assignment, BulkUpdate, Missing, Returning};
use enmasse_core::query::{Expr, FieldPath, Operator};
use enmasse_core::query::{Lookup, Operand};
use enmasse_core::query::{Q, Query};
use enmasse_core::run::{Callbacks, Outcome, Row};
use enmasse_core::schema::{Field, Model, ModelRef, Schema};
use enmasse_core::{DataType, ErrorKind, Result, Value};
use host::Blocking;

/// A host whose database has two tables of a chain, `base_user` and `customer`, with the customers 1 to 5; and their notes.
struct Trial {
    host: Blocking,
    customer: ModelRef,
    note: ModelRef,
}

impl Trial {
    fn new() -> Self {
        let base = Model::new("BaseUser", "base_user")
            .add(Field::new("id", DataType::BigInt).primary_key().identity())
            .add(Field::new("name", DataType::TEXT))
            .add(Field::new("points", DataType::Integer));
        let customer =
            Model::new("Customer", "customer").extends("BaseUser").add(Field::new("level", DataType::TEXT));
        let note = Model::new("Note", "note")
            .add(Field::new("code", DataType::Text { max_length: Some(20) }).primary_key())
            .add(Field::new("writer", DataType::BigInt).foreign_key("BaseUser"))
            .add(Field::new("text", DataType::TEXT));
        let schema = Schema::new(vec![base, customer, note]).unwrap();
        let host = Blocking::new(rusqlite::Connection::open_in_memory().unwrap());
        let models: Vec<ModelRef> = schema.models().collect();
        let tables = create_tables(&*host.dialect, &models).unwrap();
        let [customer, note] = ["Customer", "Note"].map(|name| schema.model(name).unwrap());
        host.run(&customer, tables, &[], &mut Callbacks::default()).unwrap();
        let trial = Trial { host, customer, note };
        for id in 1..=5 {
            let sql = format!(
                "INSERT INTO base_user VALUES ({id}, 'n{id}', {id}0); INSERT INTO customer VALUES ({id}, 'Free');
                 INSERT INTO note VALUES ('c{id}', {id}, '')"
            );
            trial.host.handle.execute_batch(&sql).unwrap();
        }
        trial
    }

    /// A whole row of a customer.
    fn row(&self, id: i64, name: &str, points: i64, level: &str) -> Row {
        let value = |field: &Field| match field.name.as_str() {
            "name" => name.into(),
            "points" => points.into(),
            "level" => level.into(),
            _ => id.into(),
        };
        self.customer.fields.iter().map(value).collect()
    }

    fn update(&self, query: Query, set: &[(&str, Expr)]) -> Result<Outcome> {
        let set: Vec<_> = set.iter().map(|(field, value)| Assignment::new(*field, value.clone())).collect();
        let model = query.model.clone();
        let plan = plan::update(&*self.host.dialect, &query, &set, Utc::now())?;
        self.host.run(&model, plan, &[], &mut Callbacks::default())
    }

    fn bulk_update(
        &self,
        query: &Query,
        fields: &[&str],
        rows: &[Row],
        ask: impl FnOnce(&mut BulkUpdate<'_>),
        callbacks: &mut Callbacks,
    ) -> Result<Outcome> {
        let fields: Vec<FieldPath> = fields.iter().map(|name| FieldPath::new([name.to_string()])).collect();
        let mut request =
            BulkUpdate { rows: Some(rows.len() as u64), ..BulkUpdate::new(query, &fields, Utc::now()) };
        ask(&mut request);
        let plan = plan::bulk_update(&*self.host.dialect, &request)?;
        self.host.run(&query.model, plan, rows, callbacks)
    }

    /// `1 n1 10 Free, …`
    fn customers(&self) -> String {
        let sql = "SELECT group_concat(id || ' ' || name || ' ' || points || ' ' || level, ', ')
                   FROM (SELECT * FROM base_user JOIN customer ON id = base_user_ptr_id ORDER BY id)";
        let sql =
            sql.replace("base_user_ptr_id", &self.customer.fields[self.customer.extended()[0].1].column);
        self.host.handle.query_row(&sql, [], |row| row.get(0)).unwrap()
    }
}

fn exact(field: &str, value: impl Into<Expr>) -> Q {
    let names: Vec<String> = field.split("__").map(str::to_owned).collect();
    Q::compare(Expr::Field(FieldPath::new(names)), Lookup::Exact, value.into())
}

fn f(name: &str) -> Expr {
    Expr::Field(FieldPath::new([name.to_owned()]))
}

const START: &str = "1 n1 10 Free, 2 n2 20 Free, 3 n3 30 Free, 4 n4 40 Free, 5 n5 50 Free";

#[test]
fn an_update_across_a_join_counts_its_rows() {
    let trial = Trial::new();
    let notes = Query::new(trial.note.clone()).filtered(exact("writer__name", "n3"));
    let outcome = trial.update(notes, &[("text", "seen".into())]).unwrap();
    assert_eq!((outcome.matched, outcome.changed), (1, 1));
    let seen: String = trial
        .host
        .handle
        .query_row("SELECT code FROM note WHERE text = 'seen'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(seen, "c3");
    let nobody = Query::new(trial.note.clone()).filtered(exact("text", "none"));
    assert_eq!(trial.update(nobody, &[("text", "".into())]).unwrap().matched, 0);
}

#[test]
fn an_update_of_a_chain_writes_all_tables_or_none() {
    let trial = Trial::new();
    let raised = f("points").binary(Operator::Add, Expr::value(5_i64));
    let some = || {
        let ids = Operand::Many(vec![1.into(), 3.into(), 9.into()]);
        Query::new(trial.customer.clone()).filtered(Q::compare(f("id"), Lookup::In, ids))
    };
    let outcome = trial.update(some(), &[("level", "Pro".into()), ("points", raised)]).unwrap();
    assert_eq!((outcome.matched, outcome.tables.len()), (2, 2));
    assert!(outcome.tables.iter().all(|(_, rows)| *rows == 2), "{outcome:?}");
    let written = "1 n1 15 Pro, 2 n2 20 Free, 3 n3 35 Pro, 4 n4 40 Free, 5 n5 50 Free";
    assert_eq!(trial.customers(), written);

    let trigger = "CREATE TRIGGER t BEFORE UPDATE ON customer WHEN NEW.level = 'no' BEGIN SELECT RAISE(ABORT, 'no'); END";
    trial.host.handle.execute_batch(trigger).unwrap();
    let error = trial.update(some(), &[("points", 0.into()), ("level", "no".into())]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Integrity);
    assert_eq!(trial.customers(), written);
}

#[test]
fn a_bulk_update_of_a_chain_reports_what_is_missing() {
    let trial = Trial::new();
    let rows = [trial.row(2, "b", 7, "Pro"), trial.row(9, "x", 0, ""), trial.row(1, "a", 8, "Free")];
    let all = Query::new(trial.customer.clone());
    let fields = ["name", "level"];
    let outcome = trial.bulk_update(&all, &fields, &rows, |_| (), &mut Callbacks::default()).unwrap();
    assert_eq!((outcome.matched, outcome.missing), (2, vec![vec![Value::Int(9)]]));
    assert_eq!(trial.customers(), "1 a 10 Free, 2 b 20 Pro, 3 n3 30 Free, 4 n4 40 Free, 5 n5 50 Free");
}

#[test]
fn a_bulk_update_of_one_table_skips_counts_and_gives_back() {
    let trial = Trial::new();
    let notes = Query::new(trial.note.clone());
    let row = |code: &str, text: &str| vec![code.into(), 1.into(), text.into()];
    let rows = [row("c1", "new"), row("c2", ""), row("none", "new"), row("c3", "new")];
    let outcome = trial
        .bulk_update(
            &notes,
            &["text"],
            &rows,
            |request| {
                request.skip_unchanged = true;
                request.returning = Returning::OldAndNew;
            },
            &mut Callbacks::default(),
        )
        .unwrap();
    assert_eq!((outcome.matched, outcome.changed, outcome.skipped), (3, 2, 0));
    assert_eq!(outcome.missing, [["none".into()]]);
    let texts: Vec<_> = outcome.returned.iter().map(|row| (row[2].clone(), row[5].clone())).collect();
    assert_eq!(texts, [("".into(), "new".into()), ("".into(), "".into()), ("".into(), "new".into())]);
}

#[test]
fn a_key_that_comes_twice_undoes_all() {
    let trial = Trial::new();
    let users = Query::new(trial.customer.extended()[0].0.clone());
    let row = |id: i64, name: &str| vec![id.into(), name.into(), 0.into()];
    let rows = [row(1, "a"), row(2, "b"), row(1, "c")];
    let error = trial.bulk_update(&users, &["name"], &rows, |_| (), &mut Callbacks::default()).unwrap_err();
    assert_eq!((error.kind(), error.keys()), (ErrorKind::DuplicateKey, &[vec![Value::Int(1)]][..]));
    assert_eq!(trial.customers(), START);
}

#[test]
fn rows_that_are_missing_and_changed_go_to_callbacks() {
    let trial = Trial::new();
    let users = Query::new(trial.customer.extended()[0].0.clone());
    let row = |id: i64, name: &str| vec![id.into(), name.into(), 0.into()];
    // Many chunks, with three existing rows.
    let rows: Vec<Row> = (4..20_000).map(|id| row(id, if id == 4 { "n4" } else { "new" })).collect();
    let (sender, changed) = std::sync::mpsc::channel();
    let missing = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counted = missing.clone();
    let mut callbacks = Callbacks {
        changes: Some(Box::new(move |row| {
            sender.send(row).unwrap();
            Ok(())
        })),
        missing: Some(Box::new(move |row| {
            assert_eq!(row[1], Some("new".into()));
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(())
        })),
        ..Callbacks::default()
    };
    let ask = |request: &mut BulkUpdate<'_>| {
        request.missing = Missing::Rows;
        request.returning = Returning::Changed;
        request.skip_unchanged = true;
    };
    let outcome = trial.bulk_update(&users, &["name"], &rows, ask, &mut callbacks).unwrap();
    assert_eq!((outcome.matched, outcome.changed, outcome.missing_count), (2, 1, 19_994));
    assert_eq!(missing.load(std::sync::atomic::Ordering::Relaxed), 19_994);
    drop(callbacks);
    let changed: Vec<Row> = changed.iter().collect();
    assert_eq!(changed, [[5.into(), "n5".into(), 50.into(), 5.into(), "new".into(), Value::Int(50)]]);
}
