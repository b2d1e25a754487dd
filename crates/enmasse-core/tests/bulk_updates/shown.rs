//! A plan's steps with every statement, as they are run for a few rows.

use std::sync::Arc;

use enmasse_core::ValueRef;
use enmasse_core::dialect::{Dialect, Flavour, Mysql, Postgres, Sqlite};
use enmasse_core::encode::Chunk;
use enmasse_core::plan::{BatchShape, Form, Part, PartGives, Plan, Step};
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
            encoder.row(|column| sample(&shape.columns[column].data_type, number)).unwrap();
        }
        let (chunk, count) = encoder.finish_rows();
        assert_eq!(count as i64, rows);
        chunk
    };
    let mut lines = Vec::new();
    let mut add = |what: &str, text: String| lines.push(format!("{what:<9} {text}"));
    for step in &plan.steps {
        match step {
            Step::Prepare(statement) => add("prepare", one_line(statement)),
            Step::Stage(stage) => add("stage", format!("{}  -- {:?}", stage.sql, stage.form)),
            Step::WriteParts(parts) => {
                add("parts", format!("{} at most, give {:?}", parts.most, parts.gives));
                let three = parts.most.min(3) as i64;
                add_missing(&mut add, &*parts.make, &chunk(parts.form, three), parts.gives);
                // only a list of rows is longer where there are more
                let counts = if parts.form == Form::Stored { vec![1, three] } else { vec![three] };
                for rows in counts {
                    let statement = parts.make.statement(chunk(parts.form, rows));
                    add(&format!("rows: {rows}"), one_line(&statement));
                }
            }
            Step::WriteRows(rows) => {
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
            Step::WriteBulk(bulk) => {
                add("bulk", format!("{}  -- {} at most", bound(&bulk.write, shape), bulk.most));
                let gives = PartGives::Matched { missing_before: bulk.missing_before };
                add_missing(&mut add, &*bulk.missing, &chunk(Form::Stored, 3), gives);
            }
            Step::WriteKeys(keys) => {
                for some in [[7, 8, 9], [3, 7, 9]] {
                    add("keys", one_line(&keys.make.statement(&some)));
                }
            }
            Step::Write(statement) => add("write", one_line(statement)),
            Step::WriteCounted(statement) => add("counted", one_line(statement)),
            Step::WriteAccounted { statement, .. } => add("accounted", one_line(statement)),
            Step::WriteReturning(statement, types) => {
                add("returning", one_line(statement));
                assert!(!types.is_empty());
            }
            Step::Return(statement, types) => {
                add("return", one_line(statement));
                assert!(!types.is_empty());
            }
            Step::RefuseDuplicates(statement) => add("refuse", one_line(statement)),
            Step::RefuseSeveral(statement) => add("several", one_line(statement)),
            Step::FindMissing { statement, always, .. } => {
                add(if *always { "missing!" } else { "missing?" }, one_line(statement));
            }
            Step::StageRows(statement) => add("stage rows", statement.sql.clone()),
            Step::WriteTable(write) => add("table", one_line(&write.statement)),
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
fn add_missing(add: &mut impl FnMut(&str, String), part: &dyn Part, rows: &Chunk, gives: PartGives) {
    let before = gives == PartGives::Matched { missing_before: true };
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
