//! The runner, driven by a host that has no database: what it asks for, one thing after the other, and what it makes of the answers.

use std::sync::{Arc, Mutex};

use chrono::Utc;
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::encode::{Added, CellsRow, Chunk};
use enmasse_core::plan::{
    self, Assignment, BulkUpdate, Form, Load, Missing, OnDuplicate, Plan, Step, Strategy,
};
use enmasse_core::query::{Expr, FieldPath};
use enmasse_core::query::{Lookup, Operand};
use enmasse_core::query::{Q, Query};
use enmasse_core::run::{
    Affected, Answer, Ask, Callbacks, Next, Outcome, Progress, RowHost, RowsWritten, Run, Which,
};
use enmasse_core::schema::{Field, Model, ModelRef, Schema};
use enmasse_core::{DataType, Error, ErrorKind, Result, Value, ValueRef};

fn users() -> ModelRef {
    let user = Model::new("User", "users")
        .add(Field::new("id", DataType::BigInt).primary_key().identity())
        .add(Field::new("name", DataType::TEXT));
    Schema::new(vec![user]).unwrap().model("User").unwrap()
}

fn mysql() -> Arc<dyn Dialect> {
    Arc::new(Mysql { flavour: Flavour::Mysql, version: (9, 7), ..Mysql::default() })
}

/// The plan of a bulk update of names, for this many rows.
fn bulk_update(dialect: &dyn Dialect, query: &Query, rows: u64, missing: Missing) -> Plan {
    let fields = [FieldPath::new(["name"])];
    let request = BulkUpdate { rows: Some(rows), missing, ..BulkUpdate::new(query, &fields, Utc::now()) };
    plan::bulk_update(dialect, &request).unwrap()
}

/// Runs a plan with the rows `(1, 'n1')`, `(2, 'n2')`, …; gives what was asked for, by its first word, and what came of it.
fn run(
    dialect: Arc<dyn Dialect>,
    plan: Plan,
    rows: i64,
    callbacks: &mut Callbacks,
    answers: impl IntoIterator<Item = Result<Answer>>,
) -> (Vec<String>, Result<Outcome>) {
    let mut run = Run::with_batch(dialect, &users(), Arc::new(plan), Some(rows as u64), callbacks);
    let mut done = 0;
    let mut encode = |run: &mut Run<'_>| {
        run.batch().unwrap().encode(|encoder| {
            while done < rows && !encoder.is_full() {
                done += 1;
                let (id, name) = (Value::Int(done), Value::Text(format!("n{done}")));
                encoder.row(|column| Ok(if column == 0 { (&id).into() } else { (&name).into() }))?;
            }
            Ok(done < rows)
        })
    };
    if run.batch().is_some() {
        encode(&mut run).unwrap();
    }
    if run.stands_alone() {
        run.without_transaction();
    }
    let (mut asked, mut answers) = (Vec::new(), answers.into_iter());
    let mut answer = Answer::Begin;
    loop {
        let first = |sql: &str| sql.split([' ', '(']).next().unwrap_or_default().to_owned();
        let ask = match run.next(answer) {
            Ok(Ask::Finished(outcome)) => return (asked, Ok(outcome)),
            Ok(ask) => ask,
            Err(error) => return (asked, Err(error)),
        };
        asked.push(match &ask {
            Ask::Execute(statement) => format!("execute {}", first(&statement.sql)),
            Ask::Query(statement, columns) => format!("query {} {}", first(&statement.sql), columns.len()),
            Ask::Stream(statement, columns, _) => {
                format!("stream {} {}", first(&statement.sql), columns.len())
            }
            Ask::Bulk(statement, rows) => format!("bulk {} {}", first(&statement.sql), rows.len()),
            Ask::Load(load) => format!("load {}", first(&load.sql)),
            Ask::EachRow(rows) => format!("each row {}", first(&rows.write.sql)),
            other => format!("{other:?}").to_lowercase(),
        });
        if let Ask::Encode = ask {
            encode(&mut run).unwrap();
            answer = Answer::Done;
            continue;
        }
        if let Ask::Load(_) | Ask::EachRow(_) = ask {
            while !matches!(run.batch().unwrap().next_chunk(), Next::End) {
                if !run.batch().unwrap().is_complete() {
                    encode(&mut run).unwrap();
                }
            }
        }
        let stream = matches!(ask, Ask::Stream(..));
        answer = match answers.next() {
            Some(Ok(Answer::Rows(rows))) if stream => {
                match rows.into_iter().try_for_each(|row| run.row(row)) {
                    Ok(()) => Answer::Done,
                    Err(error) => return (asked, Err(error)),
                }
            }
            Some(Ok(answer)) => answer,
            Some(Err(error)) => return (asked, Err(run.failed(error))),
            None => Answer::Done,
        };
    }
}

fn affected(rows: u64) -> Result<Answer> {
    Ok(Answer::Affected(Affected { rows, ..Affected::default() }))
}

fn rows<const N: usize>(rows: impl IntoIterator<Item = [Value; N]>) -> Result<Answer> {
    Ok(Answer::Rows(rows.into_iter().map(Into::into).collect()))
}

fn all() -> Query {
    Query::new(users())
}

fn named(name: &str) -> Q {
    Q::compare(Expr::field(FieldPath::new(["name"])), Lookup::Exact, Operand::One(Expr::value(name)))
}

#[test]
fn a_set_update_counts_what_the_database_reports() {
    let set = [Assignment::new("name", "x")];
    let plan = plan::update(&Postgres::default(), &all(), &set, Utc::now()).unwrap();
    let answer = Answer::Affected(Affected { rows: 5, changed: Some(3), last_insert_id: None });
    let (asked, outcome) =
        run(Arc::new(Postgres::default()), plan, 0, &mut Callbacks::default(), [Ok(answer)]);
    let outcome = outcome.unwrap();
    assert_eq!((asked, outcome.matched, outcome.changed), (vec!["execute UPDATE".to_owned()], 5, 3));
}

#[test]
fn keys_that_were_not_written_are_missing_or_skipped() {
    let dialect: Arc<dyn Dialect> = Arc::new(Postgres::default());
    let plan = bulk_update(&*dialect, &all(), 3, Missing::Keys);
    // of the keys 1 to 3, the second is not there, and the third was skipped
    let answers = [rows([[2.into(), false.into()], [3.into(), true.into()]])];
    let (asked, outcome) = run(dialect, plan, 3, &mut Callbacks::default(), answers);
    let outcome = outcome.unwrap();
    assert_eq!(asked, ["query WITH 2"]);
    assert_eq!((outcome.matched, outcome.changed, outcome.skipped), (2, 1, 1));
    assert_eq!((outcome.missing_count, &outcome.missing[..]), (1, &[vec![Value::Int(2)]][..]));
}

#[test]
fn of_a_key_that_comes_again_the_first_row_counts() {
    let all = all();
    for (dialect, strategy) in [
        (mysql(), Strategy::Cases),
        (mysql(), Strategy::StagedInserts),
        (Arc::new(Postgres::default()) as Arc<dyn Dialect>, Strategy::Values),
    ] {
        let fields = [FieldPath::new(["name"])];
        let request = BulkUpdate {
            on_duplicate: OnDuplicate::KeepFirst,
            strategy: Some(strategy),
            ..BulkUpdate::new(&all, &fields, Utc::now())
        };
        let plan = plan::bulk_update(&*dialect, &request).unwrap();
        let mut nobody = Callbacks::default();
        let mut run = Run::with_batch(dialect, &users(), Arc::new(plan), Some(5), &mut nobody);
        let rows = [(1, "a"), (2, "b"), (1, "c"), (3, "d"), (2, "e")];
        let rows = rows.map(|(id, name)| [Value::Int(id), name.into()]);
        let batch = run.batch().unwrap();
        let mut added = Vec::new();
        batch
            .encode(|encoder| {
                for row in &rows {
                    added.push(encoder.row(|column| Ok((&row[column]).into()))?);
                }
                Ok(false)
            })
            .unwrap();
        assert_eq!(added, [Added::Yes, Added::Yes, Added::LeftOut, Added::Yes, Added::LeftOut]);
        assert_eq!((batch.rows(), batch.left_out()), (3, 2));
        let Next::Chunk(Chunk::Rows(written), 3) = batch.next_chunk() else { panic!("{strategy:?}") };
        assert_eq!(written, [rows[0].to_vec(), rows[1].to_vec(), rows[3].to_vec()]);
    }

    let dialect: Arc<dyn Dialect> = Arc::new(Postgres::default());
    let fields = [FieldPath::new(["name"])];
    let first = OnDuplicate::KeepFirst;
    let request =
        BulkUpdate { on_duplicate: first, rows: Some(3), ..BulkUpdate::new(&all, &fields, Utc::now()) };
    let plan = plan::bulk_update(&*dialect, &request).unwrap();
    let mut nobody = Callbacks::default();
    let mut run = Run::with_batch(dialect, &users(), Arc::new(plan), Some(3), &mut nobody);
    run.batch()
        .unwrap()
        .encode(|encoder| {
            for id in [7, 7, 8] {
                encoder
                    .row(|column| Ok(if column == 0 { ValueRef::Int(id) } else { ValueRef::Text("x") }))?;
            }
            Ok(false)
        })
        .unwrap();
    assert!(matches!(run.next(Answer::Begin), Ok(Ask::Query(..))));
    let Ok(Ask::Finished(outcome)) = run.next(Answer::Rows(Vec::new())) else { panic!() };
    assert_eq!((outcome.matched, outcome.missing_count, outcome.left_out), (2, 0, 1));
}

#[test]
fn missing_keys_are_asked_for_only_where_fewer_matched() {
    let plan = || bulk_update(&*mysql(), &all(), 3, Missing::Keys);
    let (asked, outcome) = run(mysql(), plan(), 3, &mut Callbacks::default(), [affected(3)]);
    assert_eq!((asked, outcome.unwrap().missing_count), (vec!["execute UPDATE".to_owned()], 0));

    let answers = [affected(2), rows([[3.into()]])];
    let (asked, outcome) = run(mysql(), plan(), 3, &mut Callbacks::default(), answers);
    assert_eq!(asked, ["execute UPDATE", "query SELECT 1"]);
    assert_eq!(outcome.unwrap().missing, [[Value::Int(3)]]);

    // the statement stood alone: what fails afterwards does not undo it
    let lost = Err(Error::new(ErrorKind::Connection, "gone"));
    let (_, outcome) = run(mysql(), plan(), 3, &mut Callbacks::default(), [affected(2), lost]);
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::CommitUnknown);
}

#[test]
fn with_a_filter_they_are_asked_for_before_the_rows_change() {
    let filtered = all().filtered(named("a"));
    let plan = bulk_update(&*mysql(), &filtered, 3, Missing::Keys);
    let answers = [rows([[1.into()], [2.into()]]), affected(1)];
    let (asked, outcome) = run(mysql(), plan, 3, &mut Callbacks::default(), answers);
    assert_eq!(asked, ["query SELECT 1", "execute UPDATE"]);
    let outcome = outcome.unwrap();
    assert_eq!((outcome.matched, outcome.missing_count, outcome.skipped), (1, 2, 0));
}

#[test]
fn many_rows_are_loaded_and_written_by_their_keys() {
    let plan = bulk_update(&*mysql(), &all(), 20_000, Missing::Keys);
    let answers = [affected(0), affected(0), Ok(Answer::Done)].into_iter().chain([
        affected(8_192),
        affected(8_192),
        affected(3_615),
        rows([[7.into()]]),
        affected(0),
    ]);
    let reported = Arc::new(Mutex::new(Vec::new()));
    let progress = reported.clone();
    let mut callbacks = Callbacks {
        progress: Some(Box::new(move |progress: Progress| progress_of(&mut lock(&reported), progress))),
        ..Callbacks::default()
    };
    let (asked, outcome) = run(mysql(), plan, 20_000, &mut callbacks, answers);
    let update = "execute UPDATE";
    let start = ["execute DROP", "execute CREATE", "load LOAD"];
    let expected: Vec<&str> =
        start.into_iter().chain([update, update, update, "stream SELECT 1", "execute DROP"]).collect();
    assert_eq!(asked, expected);
    let outcome = outcome.unwrap();
    assert_eq!((outcome.matched, outcome.missing_count), (19_999, 1));
    assert_eq!(lock(&progress).last(), Some(&(20_000, 19_999)));
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap()
}

fn progress_of(reported: &mut Vec<(u64, u64)>, progress: Progress) {
    assert_eq!(progress.total, Some(20_000));
    reported.push((progress.staged, progress.written));
}

#[test]
fn an_account_that_does_not_add_up_is_a_conflict_while_it_can_be_undone() {
    let plan = bulk_update(&*mysql(), &all(), 20_000, Missing::Keys);
    let answers = [affected(0), affected(0), Ok(Answer::Done)].into_iter().chain([
        affected(8_192),
        affected(8_192),
        affected(3_615),
        rows([[7.into()], [8.into()]]),
    ]);
    let (_, outcome) = run(mysql(), plan, 20_000, &mut Callbacks::default(), answers);
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Conflict);
}

#[test]
fn rows_of_a_loop_are_counted_and_a_duplicate_refuses_them() {
    let dialect: Arc<dyn Dialect> = Arc::new(Sqlite::default());
    let plan = || bulk_update(&*dialect, &all(), 3, Missing::Keys);
    let written = || RowsWritten { matched: 2, changed: 2, ..RowsWritten::default() };
    let missing = RowsWritten { missing: vec![vec![Value::Int(3), "n3".into()]], ..written() };
    let answers = [Ok(Answer::RowsWritten(missing))];
    let (asked, outcome) = run(dialect.clone(), plan(), 3, &mut Callbacks::default(), answers);
    assert_eq!(asked, ["each row UPDATE"]);
    assert_eq!(outcome.unwrap().missing, [[Value::Int(3)]]);

    let twice = RowsWritten { duplicate: Some(vec![Value::Int(3)]), ..written() };
    let answers = [Ok(Answer::RowsWritten(twice))];
    let (_, outcome) = run(dialect.clone(), plan(), 3, &mut Callbacks::default(), answers);
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.keys()), (ErrorKind::DuplicateKey, &[vec![Value::Int(3)]][..]));
}

/// A host that never runs a statement.
struct Unasked;

impl RowHost for Unasked {
    fn execute(&mut self, which: Which, _: CellsRow<'_>) -> Result<u64> {
        panic!("{which:?} is run")
    }

    fn first(&mut self, which: Which, _: CellsRow<'_>) -> Result<Option<(Vec<Value>, u64)>> {
        panic!("{which:?} is run")
    }
}

#[test]
fn rows_in_another_form_are_not_passed_over() {
    let sqlite: Arc<dyn Dialect> = Arc::new(Sqlite::default());
    let mut plan = bulk_update(&*sqlite, &all(), 1, Missing::Keys);
    let each_row = plan.steps.iter().find_map(|step| match step {
        Step::EachRow(rows) => Some(rows.clone()),
        _ => None,
    });
    // the first step that takes rows says their form
    plan.steps.insert(0, Step::Load(Load { sql: String::new(), form: Form::LoadData }));
    let mut nobody = Callbacks::default();
    let mut run = Run::with_batch(sqlite, &users(), Arc::new(plan), Some(1), &mut nobody);
    run.batch()
        .unwrap()
        .encode(|encoder| {
            encoder.row(|column| Ok(if column == 0 { ValueRef::Int(1) } else { ValueRef::Text("x") }))?;
            Ok(false)
        })
        .unwrap();
    let written = run.each_row(&each_row.unwrap(), &mut Unasked, |_| Ok(()));
    assert_eq!(written.unwrap_err().to_string(), "the plan takes its rows in another form than bytes");
}

#[test]
fn where_no_row_can_match_nothing_is_asked_for() {
    let mut nobody = all();
    nobody.none = true;
    for dialect in [mysql(), Arc::new(Postgres::default()), Arc::new(Sqlite::default())] {
        let plan = bulk_update(&*dialect, &nobody, 20_000, Missing::Count);
        assert!(plan.is_empty());
        let (asked, outcome) = run(dialect, plan, 20_000, &mut Callbacks::default(), []);
        assert!(asked.iter().all(|asked| asked == "encode"), "{asked:?}");
        assert_eq!(outcome.unwrap().missing_count, 20_000);
    }
}

#[test]
fn new_rows_give_back_what_the_database_made() {
    let plan = plan::insert(&*mysql(), &users(), Some(2), true, Some(1)).unwrap();
    let mut nobody = Callbacks::default();
    let inserted = |id| Ok(Answer::Affected(Affected { rows: 1, changed: None, last_insert_id: Some(id) }));
    let mut run = Run::with_batch(mysql(), &users(), Arc::new(plan), Some(2), &mut nobody);
    let outcome = insert_two(&mut run, [inserted(7), inserted(9)]);
    assert_eq!((outcome.matched, outcome.first_ids), (2, vec![(7, 1), (9, 1)]));
    assert_eq!((outcome.missing_count, outcome.skipped), (0, 0));
}

fn insert_two(run: &mut Run<'_>, answers: [Result<Answer>; 2]) -> Outcome {
    let mut names = ["a", "b"].into_iter();
    let mut answers = answers.into_iter();
    let mut answer = Answer::Begin;
    loop {
        answer = match run.next(answer).unwrap() {
            Ask::Encode => {
                let batch = run.batch().unwrap();
                let name: Value = names.next().unwrap().into();
                batch.encoder().row(|_| Ok((&name).into())).unwrap();
                batch.encoded(names.len() == 0).unwrap();
                Answer::Done
            }
            Ask::Execute(_) => answers.next().unwrap().unwrap(),
            Ask::Finished(outcome) => return outcome,
            other => panic!("{other:?}"),
        };
    }
}

#[test]
fn an_answer_that_does_not_fit_is_an_error() {
    let plan = bulk_update(&*mysql(), &all(), 3, Missing::Keys);
    let (_, outcome) = run(mysql(), plan, 3, &mut Callbacks::default(), [rows([[1.into()]])]);
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Request);
}

#[test]
fn one_statement_for_all_rows_needs_no_transaction() {
    let cases: [(Arc<dyn Dialect>, u64, bool); 6] = [
        (mysql(), 3, true),
        (mysql(), 1_000, false),
        // each row of a bulk execution is a statement of its own
        (Arc::new(Mysql::default()), 50, false),
        (Arc::new(Postgres::default()), 3, true),
        (Arc::new(Postgres::default()), 1_000, false),
        (Arc::new(Sqlite::default()), 3, false),
    ];
    for (dialect, rows, alone) in cases {
        let plan = bulk_update(&*dialect, &all(), rows, Missing::Keys);
        assert_eq!(enmasse_core::run::stands_alone(&plan, true), alone, "{} {rows}", dialect.name());
        assert!(!enmasse_core::run::stands_alone(&plan, false), "{} {rows}", dialect.name());
    }
}
