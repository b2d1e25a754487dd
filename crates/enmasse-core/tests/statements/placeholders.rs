//! Every statement of every plan comes out in the style that the host's driver takes, and says what the database's own style says.

use std::sync::Arc;

use chrono::DateTime;
use enmasse_core::dialect::{Capability, Dialect, Driver, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::plan::{
    self, Assignment, BulkUpdate, EachRow, Missing, Plan, Returning, Strategy, UpdateFrom,
};
use enmasse_core::query::{Expr, FieldPath, HostSql};
use enmasse_core::query::{Q, Query};
use enmasse_core::run::{Affected, Answer, Ask, Callbacks, Next, RowsWritten, Run};
use enmasse_core::schema::{Auto, Field, Model, ModelRef, Schema};
use enmasse_core::sql::{Placeholders, RowStatement, Statement};
use enmasse_core::{DataType, Error, Result, Value, ValueRef};

/// Names that could be taken for placeholders.
fn schema() -> Arc<Schema> {
    let base = Model::new("Base", "100% ?s")
        .add(Field::new("id", DataType::BigInt).primary_key().column("i%s?d"))
        .add(Field::new("name", DataType::TEXT).column("n%$1?"))
        .add(Field::new("data", DataType::Json).null().column("d?%%"))
        .add(Field::new("at", DataType::DateTime).auto(Auto::OnWrite));
    let child = Model::new("Child", "ch%ild?")
        .extends("Base")
        .add(Field::new("level", DataType::Text { max_length: Some(20) }).column("l%s"));
    let tag = Model::new("Tag", "t%ag")
        .add(Field::new("code", DataType::Text { max_length: Some(20) }).primary_key().column("c%s?"))
        .add(Field::new("uses", DataType::Integer));
    Schema::new(vec![base, child, tag]).unwrap()
}

fn dialects(driver: Driver) -> [Arc<dyn Dialect>; 5] {
    [
        Arc::new(Postgres { driver, ..Postgres::default() }),
        Arc::new(Postgres { driver, version: (18, 0), ..Postgres::default() }),
        Arc::new(Mysql { driver, ..Mysql::default() }),
        Arc::new(Mysql { driver, flavour: Flavour::Mysql, version: (9, 7), ..Mysql::default() }),
        Arc::new(Sqlite { driver, ..Sqlite::default() }),
    ]
}

/// The plans, with the number of rows where they have a batch.
fn plans(dialect: &dyn Dialect) -> Vec<(String, ModelRef, Plan, u64)> {
    let schema = schema();
    let model = |name: &str| schema.model(name).unwrap();
    let mut plans = Vec::new();
    let now = DateTime::UNIX_EPOCH;
    let percent = |name: &str| Q::named(&format!("{name}__contains"), "50%?");
    let key = || Q::named("data__a%s?", "x%");
    for name in ["Base", "Child"] {
        let query = Query::new(model(name)).filtered(percent("name")).filtered(key());
        let upper = Expr::Raw {
            sql: "UPPER({}) || ' 100%s?'".to_owned(),
            parts: vec![Expr::field("name")],
            data_type: DataType::TEXT,
        };
        let set = [Assignment::new("name", upper), Assignment::new("data", Value::Null)];
        let plan = plan::update(dialect, &query, &set, now).unwrap();
        plans.push((format!("update of {name}"), model(name), plan, 0));
        let source = HostSql::format("SELECT \"i%%s?d\", 'x%%?' || %s, %s FROM \"100%% ?s\"", 3).unwrap();
        let fields = ["name".into(), "data".into()];
        let asked = UpdateFrom { set: &set[..0], ..UpdateFrom::new(&query, &source, &fields) };
        plans.push((
            format!("update from of {name}"),
            model(name),
            plan::update_from(dialect, &asked).unwrap(),
            0,
        ));
        plans.push((format!("delete of {name}"), model(name), plan::delete(dialect, &query).unwrap(), 0));
        let plan = plan::insert(dialect, &model(name), None, true, Some(3)).unwrap();
        plans.push((format!("insert of {name}"), model(name), plan, 5));
    }
    let strategies = [
        None,
        Some(Strategy::PreparedLoop),
        Some(Strategy::Arrays),
        Some(Strategy::Copy),
        Some(Strategy::StagedArrays),
        Some(Strategy::LoadData),
        Some(Strategy::StagedInserts),
        Some(Strategy::BulkExecute),
        Some(Strategy::Values),
        Some(Strategy::Cases),
    ];
    let cases = [("Base", "name"), ("Child", "level"), ("Child", "name"), ("Tag", "uses")];
    for ((name, field), strategy) in
        cases.iter().flat_map(|case| strategies.iter().map(move |way| (case, way)))
    {
        let filter = if *name == "Tag" { percent("code") } else { key() };
        let (query, filtered) = (Query::new(model(name)), Query::new(model(name)).filtered(filter));
        let fields = [FieldPath::from(*field)];
        for rows in [3, 60, 20_000] {
            let plain =
                BulkUpdate { rows: Some(rows), strategy: *strategy, ..BulkUpdate::new(&query, &fields, now) };
            for asked in [
                plain.clone(),
                BulkUpdate { query: &filtered, ..plain.clone() },
                BulkUpdate { skip_unchanged: true, missing: Missing::Rows, ..plain.clone() },
                BulkUpdate { returning: Returning::OldAndNew, patches: true, ..plain.clone() },
            ] {
                if let Ok(plan) = plan::bulk_update(dialect, &asked) {
                    let what = format!("{} bulk update of {name} by {strategy:?}: {asked:?}", dialect.name());
                    plans.push((what, model(name), plan, rows.min(60)));
                }
            }
        }
    }
    plans
}

/// What a statement says: its text with what is bound in the place of each placeholder.
type Said = String;

fn format_said(sql: &str, mut bound: impl Iterator<Item = String>) -> Said {
    let (mut said, mut characters) = (String::new(), sql.chars());
    while let Some(character) = characters.next() {
        match character {
            '%' => match characters.next() {
                Some('%') => said.push('%'),
                Some('s') => said.push_str(&bound.next().expect("a parameter for each %s")),
                other => panic!("%{other:?} in {sql}"),
            },
            '\0' => panic!("a mark in {sql:?}"),
            other => said.push(other),
        }
    }
    assert_eq!(bound.next(), None, "a parameter without a place in {sql}");
    said
}

/// The same of the database's own style: placeholders are outside of quotes.
fn own_said(sql: &str, bound: &[String], is_numbered: bool) -> Said {
    let (mut said, mut characters, mut quote, mut next) = (String::new(), sql.chars().peekable(), None, 0);
    while let Some(character) = characters.next() {
        if quote.is_none() && "\"'`".contains(character) {
            quote = Some(character);
        } else if quote == Some(character) {
            quote = None;
        }
        match character {
            '?' if quote.is_none() && !is_numbered => {
                said.push_str(&bound[next]);
                next += 1;
            }
            '$' if quote.is_none() && is_numbered => {
                let mut number = String::new();
                while let Some(digit) = characters.next_if(char::is_ascii_digit) {
                    number.push(digit);
                }
                said.push_str(&bound[number.parse::<usize>().unwrap() - 1]);
            }
            other => said.push(other),
        }
    }
    said
}

/// Runs a plan on no database; gives what each statement says.
fn run(dialect: &Arc<dyn Dialect>, model: &ModelRef, plan: Plan, rows: u64) -> Vec<Said> {
    let is_format = dialect.driver().placeholders() == Placeholders::Format;
    let is_numbered = dialect.supports(Capability::WritingQueries);
    let mut said = Vec::new();
    let mut add = |sql: &str, bound: Vec<String>| {
        said.push(if is_format {
            format_said(sql, bound.into_iter())
        } else {
            own_said(sql, &bound, is_numbered)
        });
    };
    let of = |statement: &Statement| {
        let bound = statement.params.iter().map(|param| format!("<{:?}>", param.value)).collect();
        (statement.sql.clone(), bound)
    };
    let of_rows = |statement: &RowStatement| {
        (statement.sql.clone(), statement.binds.iter().map(|bind| format!("<{bind:?}>")).collect())
    };
    let mut nobody = Callbacks::default();
    let mut run = Run::with_batch(dialect.clone(), model, Arc::new(plan), Some(rows), &mut nobody);
    let mut done = 0;
    let mut answer = Answer::Begin;
    loop {
        let ask = match run.next(answer) {
            Ok(Ask::Finished(_)) | Err(_) => return said,
            Ok(ask) => ask,
        };
        answer = match ask {
            Ask::Execute(statement) => {
                let (sql, bound) = of(&statement);
                add(&sql, bound);
                // fewer than there are: the missing keys are asked for
                Answer::Affected(Affected { rows: 1, ..Affected::default() })
            }
            Ask::Query(statement, _) => {
                let (sql, bound) = of(&statement);
                add(&sql, bound);
                Answer::Rows(Vec::new())
            }
            Ask::Stream(statement, ..) => {
                let (sql, bound) = of(&statement);
                add(&sql, bound);
                Answer::Done
            }
            Ask::Bulk(statement, rows) => {
                let (sql, bound) = of_rows(&statement);
                add(&sql, bound);
                Answer::Affected(Affected { rows: rows.len() as u64 - 1, ..Affected::default() })
            }
            Ask::Encode => {
                encode(&mut run, &mut done, rows).unwrap();
                Answer::Done
            }
            Ask::Load(load) => {
                said_raw(&load.sql);
                drain(&mut run, &mut done, rows);
                Answer::Done
            }
            Ask::EachRow(step) => {
                let EachRow { write, keep, matches, old, .. } = &*step;
                for statement in
                    [Some(write), keep.as_ref(), matches.as_ref(), old.as_ref()].into_iter().flatten()
                {
                    let (sql, bound) = of_rows(statement);
                    add(&sql, bound);
                }
                drain(&mut run, &mut done, rows);
                Answer::RowsWritten(RowsWritten::default())
            }
            other => panic!("{other:?}"),
        };
    }
}

/// A statement without parameters is sent as it stands.
fn said_raw(sql: &str) {
    assert!(!sql.contains('\0') && !sql.contains("%%"), "{sql}");
}

fn drain(run: &mut Run<'_>, done: &mut u64, rows: u64) {
    loop {
        match run.batch().unwrap().next_chunk() {
            Next::Encode => encode(run, done, rows).unwrap(),
            Next::Chunk(..) => {}
            _ => return,
        }
    }
}

fn encode(run: &mut Run<'_>, done: &mut u64, rows: u64) -> Result<()> {
    let batch = run.batch().unwrap();
    let shape = batch.shape().clone();
    batch.encode(|encoder| {
        while *done < rows && !encoder.is_full() {
            *done += 1;
            let number = *done as i64;
            let value = |column: usize| {
                Ok::<_, Error>(match &shape.columns[column].data_type {
                    DataType::Text { .. } => ValueRef::Owned(format!("%s{number}").into()),
                    DataType::Json => ValueRef::Null,
                    DataType::DateTime => ValueRef::Owned(DateTime::UNIX_EPOCH.into()),
                    _ => ValueRef::Int(number),
                })
            };
            encoder.row(value)?;
        }
        Ok(*done < rows)
    })
}

#[test]
fn every_statement_says_the_same_in_the_hosts_style() {
    let format = Driver::default().with_placeholders(Placeholders::Format);
    let mut compared = 0;
    for (own, other) in dialects(Driver::default()).iter().zip(dialects(format)) {
        let (first, second) = (plans(&**own), plans(&*other));
        assert_eq!(first.len(), second.len());
        for ((what, model, plan, rows), (.., in_format, _)) in first.into_iter().zip(second) {
            let (said, in_format) = (run(own, &model, plan, rows), run(&other, &model, in_format, rows));
            assert_eq!(said.len(), in_format.len(), "{what}");
            for (said, in_format) in said.iter().zip(&in_format) {
                assert_eq!(said, in_format, "{what}");
                compared += 1;
            }
        }
    }
    assert!(compared > 1_000, "{compared}");
}

#[test]
fn a_numbered_parameter_that_comes_again_is_given_again() {
    let driver = Driver::default().with_placeholders(Placeholders::Format);
    let dialect: Arc<dyn Dialect> = Arc::new(Postgres { driver, ..Postgres::default() });
    let schema = schema();
    let base = schema.model("Base").unwrap();
    let (query, fields) = (Query::new(base.clone()), [FieldPath::from("name")]);
    let asked = BulkUpdate { rows: Some(2), ..BulkUpdate::new(&query, &fields, DateTime::UNIX_EPOCH) };
    let plan = plan::bulk_update(&*dialect, &asked).unwrap();
    assert!(!plan.to_string().contains('\0'), "{plan}");
    let mut nobody = Callbacks::default();
    let mut run = Run::with_batch(dialect, &base, Arc::new(plan), Some(2), &mut nobody);
    encode(&mut run, &mut 0, 2).unwrap();
    let Ok(Ask::Query(statement, _)) = run.next(Answer::Begin) else { panic!() };
    insta::assert_snapshot!("arrays_in_format", statement.sql);
    format_said(&statement.sql, statement.params.iter().map(|param| format!("{:?}", param.value)));
}
