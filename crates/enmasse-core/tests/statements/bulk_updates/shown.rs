//! A plan's steps with every statement, as they are run for a few rows.

use std::sync::Arc;

use enmasse_core::ValueRef;
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::encode::{BatchShape, Chunk};
use enmasse_core::plan::{Call, ChunkGives, ChunkStatement, Form, Gives, Plan, Step};
use enmasse_core::sql::{Bind, RowStatement, Statement};
use enmasse_core::value::{DataType, Value};

pub fn dialects() -> [Arc<dyn Dialect>; 5] {
    [
        Arc::new(Postgres::default()),
        Arc::new(Postgres { version: (18, 0), ..Postgres::default() }),
        Arc::new(Mysql::default()),
        Arc::new(Mysql { flavour: Flavour::Mysql, version: (8, 0), ..Mysql::default() }),
        Arc::new(Sqlite::default()),
    ]
}

/// The plan's steps; where a statement is made of rows, those of one row and of three.
pub fn shown(dialect: &Arc<dyn Dialect>, plan: Plan) -> String {
    let shape = plan.batch.as_ref().expect("a bulk update has a batch");
    let chunk = |form: Form, rows: i64| {
        let most = plan.form().and_then(|(_, most)| most);
        let mut encoder = form.encoder(dialect, shape, most);
        for number in 1..=rows {
            encoder.row(|column| Ok(sample(&shape.columns[column].data_type, number))).unwrap();
        }
        let (chunk, count) = encoder.finish_rows();
        assert_eq!(count as i64, rows);
        chunk
    };
    let mut lines = Vec::new();
    let mut add = |what: &str, text: String| lines.push(format!("{what:<9} {text}"));
    for step in &plan.steps {
        match step {
            Step::Run(statement, gives) => {
                let name = match gives {
                    Gives::Nothing => "prepare",
                    Gives::Matched => "write",
                    Gives::MatchedIn(_) => "table",
                    Gives::Counts { tables, .. } if tables.is_empty() => "counted",
                    Gives::HalfWritten(_) => "refuse half",
                    Gives::Account(_) => "accounted",
                    Gives::Rows { are_written: true, .. } => "returning",
                    Gives::Rows { are_written: false, .. } => "return",
                    Gives::Duplicates => "refuse",
                    Gives::SeveralRows => "several",
                    Gives::Missing { before: true, .. } => "missing!",
                    Gives::Missing { before: false, .. } => "missing?",
                    other => panic!("no statement of a bulk update gives {other:?}"),
                };
                add(name, one_line(statement));
            }
            Step::Load(load) => add("stage", format!("{}  -- {:?}", load.sql, load.form)),
            Step::EachChunk(chunks) => {
                let calls = |rows| chunks.make.call(chunk(chunks.form, rows));
                let three = chunks.most.min(3) as i64;
                if let Call::Bulk(write, _) = calls(1) {
                    add("bulk", format!("{}  -- {} at most", bound(&write, shape), chunks.most));
                    add_missing(&mut add, &*chunks.make, &chunk(Form::Stored, 3), &chunks.gives);
                    continue;
                }
                add("parts", format!("{} at most, give {:?}", chunks.most, chunks.gives));
                add_missing(&mut add, &*chunks.make, &chunk(chunks.form, three), &chunks.gives);
                // only a list of rows is longer where there are more
                let counts = if chunks.form == Form::Stored { vec![1, three] } else { vec![three] };
                for rows in counts {
                    let Call::Once(statement) = calls(rows) else { panic!("one statement") };
                    add(&format!("rows: {rows}"), one_line(&statement));
                }
            }
            Step::EachRow(rows) if !rows.counts => add("stage rows", rows.write.sql.clone()),
            Step::EachRow(rows) => {
                if let Some(old) = &rows.old {
                    add("old", bound(old, shape));
                }
                add("each", bound(&rows.write, shape));
                if let Some(matches) = &rows.matches {
                    add("matches?", bound(matches, shape));
                }
                if !rows.returned.is_empty() {
                    add("", format!("returns {:?}, of them as key {}", rows.returned, rows.stored_key));
                }
            }
            Step::EachKeys(keys) => {
                for some in [[7, 8, 9], [3, 7, 9]] {
                    add("keys", one_line(&keys.make.statement(&some)));
                }
            }
            other => panic!("no step of a bulk update: {other:?}"),
        }
    }
    if lines.is_empty() { "nothing".to_owned() } else { lines.join("\n") }
}

fn one_line(statement: &Statement) -> String {
    statement.to_string().replace("\n-- params: ", "  -- ")
}

/// With each cell by the name of its field.
fn bound(statement: &RowStatement, shape: &BatchShape) -> String {
    let binds = statement.binds.iter().map(|bind| match bind {
        Bind::Param(param) => param.to_string(),
        Bind::Cell(column) => match shape.positions.get(*column) {
            Some(position) => format!("field {position}"),
            None => "mask".to_owned(),
        },
    });
    format!("{}  -- {}", statement.sql, binds.collect::<Vec<_>>().join(", "))
}

/// Adds the statement that gives the missing keys of a part.
fn add_missing(
    add: &mut impl FnMut(&str, String),
    part: &dyn ChunkStatement,
    rows: &Chunk,
    gives: &ChunkGives,
) {
    let before = *gives == ChunkGives::Matched { missing_before: true };
    if let Some(missing) = part.missing(rows) {
        add(if before { "missing!" } else { "missing?" }, one_line(&missing));
    }
}

/// A value of the type for the row with this number.
fn sample(data_type: &DataType, number: i64) -> ValueRef<'static> {
    let value: Value = match data_type {
        DataType::Text { .. } => ["a", "b", "c"][number as usize - 1].into(),
        DataType::Decimal { .. } => rust_decimal::Decimal::new(number * 100 + 50, 2).into(),
        DataType::Json => serde_json::json!({ "n": number }).into(),
        DataType::DateTime => crate::library::now().into(),
        data_type if data_type.is_integer() => number.into(),
        other => panic!("no sample of {other:?}"),
    };
    ValueRef::Owned(value)
}
