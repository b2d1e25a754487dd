//! Tables as text and as JSON.

use enmasse::schema::{Field, LeftOut, ModelRef, Storage};
use enmasse::{DataType, Value};
use serde_json::json;

use super::{Rows, Shown};
use crate::output::grouped;
use crate::shown::printable;

/// One block per table, one line per column.
pub fn text(shown: &Shown, counts: &[Rows]) -> String {
    let mut blocks: Vec<String> =
        shown.models.iter().zip(counts).map(|(model, count)| block(model, count)).collect();
    if !shown.left_out.is_empty() {
        blocks.push(format!("left out\n{}", shown.left_out.iter().map(left_out).collect::<String>()));
    }
    blocks.join("\n")
}

fn left_out(LeftOut { name, reason }: &LeftOut) -> String {
    format!("  {}: {reason}\n", printable(name))
}

fn block(model: &ModelRef, count: &Rows) -> String {
    let rows = match count {
        Rows::Counted(1) => "1 row".to_owned(),
        Rows::Counted(count) => format!("{} rows", grouped(*count)),
        Rows::Unreadable(reason) => format!("cannot be read: {}", printable(reason)),
    };
    let mut block = format!("{}  {rows}\n", printable(&model.table));
    for parent in &model.parents {
        block.push_str(&format!("  extends {}\n", printable(&parent.model)));
    }
    if let Some(Storage { engine, transactional: false }) = &model.storage {
        block.push_str(&format!("  stored by {}, which cannot roll back\n", printable(engine)));
    }
    let own: Vec<usize> = model.own().collect();
    let rows: Vec<[String; 3]> = own.iter().map(|&position| line(model, position)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let (names, types) = (width(0), width(1));
    for [name, data_type, more] in &rows {
        let line = format!("  {name:names$}  {data_type:types$}  {more}");
        block.push_str(line.trim_end());
        block.push('\n');
    }
    for together in &model.unique_together {
        block.push_str(&format!("  unique together: {}\n", printable(&together.join(", "))));
    }
    for LeftOut { name, reason } in &model.left_out {
        block.push_str(&format!("  left out: {}: {reason}\n", printable(name)));
    }
    block
}

fn line(model: &ModelRef, position: usize) -> [String; 3] {
    let field = &model.fields[position];
    let mut more = Vec::new();
    for (is, word) in [
        (field.primary_key, "key"),
        (field.identity, "numbered by the database"),
        (field.null, "null"),
        (field.unique && !field.primary_key, "unique"),
        (field.generated.is_some(), "generated"),
    ] {
        more.extend(is.then(|| word.to_owned()));
    }
    if let Some((least, greatest)) = field.range {
        more.push(format!("{least} to {greatest}"));
    }
    if let Some(digits) = field.second_digits {
        more.push(format!("{digits} digits of a second"));
    }
    if let Some(choices) = &field.choices {
        let choices: Vec<String> = choices.iter().map(ToString::to_string).collect();
        more.push(format!("one of {}", printable(&choices.join(", "))));
    }
    if let Some(members) = &field.limits.members {
        more.push(format!("some of {}", printable(&members.join(", "))));
    }
    if let Some((least, most)) = field.limits.bytes {
        let bounds = if least == most { "exactly" } else { "at most" };
        more.push(format!("{bounds} {} bytes", grouped(most)));
    }
    if let Some(set) = field.limits.character_set {
        more.push(set.name().to_owned());
    }
    if let Some((table, column)) = refers_to(model, position) {
        more.push(format!("→ {}.{}", printable(&table), printable(&column)));
    }
    if field.column != field.name {
        more.push(format!("column {}", printable(&field.column)));
    }
    [printable(&field.name), type_name(&field.data_type), more.join(", ")]
}

/// The table and the column that a foreign key refers to.
fn refers_to(model: &ModelRef, position: usize) -> Option<(String, String)> {
    model.forward(position).map(|relation| (relation.model.table.clone(), relation.to_column))
}

fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Bool => "bool".to_owned(),
        DataType::SmallInt => "smallint".to_owned(),
        DataType::Integer => "integer".to_owned(),
        DataType::BigInt => "bigint".to_owned(),
        DataType::Real => "real".to_owned(),
        DataType::Double => "double".to_owned(),
        DataType::Text { max_length: None } => "text".to_owned(),
        DataType::Text { max_length: Some(length) } => format!("text({length})"),
        DataType::Bytes => "bytes".to_owned(),
        DataType::DateTime => "datetime".to_owned(),
        DataType::NaiveDateTime => "datetime without zone".to_owned(),
        DataType::Date => "date".to_owned(),
        DataType::Time => "time".to_owned(),
        DataType::Duration => "duration".to_owned(),
        DataType::Decimal { max_digits: Some(digits), decimal_places } => {
            format!("decimal({digits}, {})", decimal_places.unwrap_or_default())
        }
        DataType::Decimal { .. } => "decimal".to_owned(),
        DataType::Uuid => "uuid".to_owned(),
        DataType::Json => "json".to_owned(),
        DataType::Array(item) => format!("{}[]", type_name(item)),
        DataType::Native(name) => format!("{} as text", printable(name)),
        other => format!("{other:?}").to_lowercase(),
    }
}

/// One JSON object.
pub fn json(database: &str, shown: &Shown, counts: &[Rows]) -> serde_json::Value {
    let left_out = |left_out: &[LeftOut]| -> serde_json::Value {
        left_out.iter().map(|LeftOut { name, reason }| json!({ "name": name, "reason": reason })).collect()
    };
    let table = |(model, rows): (&ModelRef, &Rows)| {
        let columns: Vec<_> = model.own().map(|position| column(model, position)).collect();
        json!({
            "table": model.table,
            "engine": model.storage.as_ref().map(|storage| &storage.engine),
            "transactional": model.storage.as_ref().is_none_or(|storage| storage.transactional),
            "rows": match rows {
                Rows::Counted(count) => Some(count),
                Rows::Unreadable(_) => None,
            },
            "unreadable": match rows {
                Rows::Counted(_) => None,
                Rows::Unreadable(reason) => Some(reason),
            },
            "extends": model.parents.iter().map(|parent| &parent.model).collect::<Vec<_>>(),
            "columns": columns,
            "unique_together": model.unique_together,
            "left_out": left_out(&model.left_out),
        })
    };
    let tables: Vec<_> = shown.models.iter().zip(counts).map(table).collect();
    json!({ "database": database, "tables": tables, "left_out": left_out(&shown.left_out) })
}

/// A choice, which a catalogue gives as text.
fn plain(choice: &Value) -> String {
    match choice {
        Value::Text(text) => text.clone(),
        other => other.to_string(),
    }
}

fn column(model: &ModelRef, position: usize) -> serde_json::Value {
    let field: &Field = &model.fields[position];
    json!({
        "name": field.name,
        "column": field.column,
        "type": type_name(&field.data_type),
        "null": field.null,
        "key": field.primary_key,
        "numbered": field.identity,
        "unique": field.unique,
        "generated": field.generated,
        "range": field.range.map(|(least, greatest)| [least, greatest]),
        "second_digits": field.second_digits,
        "choices": field.choices.as_ref().map(|choices| choices.iter().map(plain).collect::<Vec<_>>()),
        "members": field.limits.members,
        "bytes": field.limits.bytes.map(|(least, most)| [least, most]),
        "refers_to": refers_to(model, position).map(|(table, column)| json!({ "table": table, "column": column })),
    })
}
