//! Rows as JSON, in which Django's and Enmasse's are compared: see `dump.py`.

use enmasse::prelude::*;
use enmasse::schema::{Field, ModelRef};
use serde_json::{Map, json};

pub type Row = Map<String, serde_json::Value>;
pub type Rows = Vec<Row>;

/// Every row, by its key.
pub async fn read_of<M: Entity>(db: &Database, model: &ModelRef) -> Vec<M> {
    let key = model.key().into_iter().map(|position| model.fields[position].name.as_str());
    QuerySet::<M>::of(model, db).order_by_names(key).fetch().await.unwrap()
}

/// Every row of a derived model, by its key.
pub async fn read<M: Model>(db: &Database) -> Vec<M> {
    read_of(db, &M::model().unwrap()).await
}

/// Objects as Django would show them.
pub fn rows<M: Model>(objects: &[M]) -> Rows {
    rows_of(&M::model().unwrap(), objects)
}

/// Objects of a model that is given, as Django would show them.
pub fn rows_of<M: Entity>(model: &ModelRef, objects: &[M]) -> Rows {
    let row = |object: &M| {
        let fields = model.fields.iter().enumerate();
        fields.map(|(position, field)| (attname(field), shown(object.value(model, position)))).collect()
    };
    objects.iter().map(row).collect()
}

/// What Django calls the field's value.
pub fn attname(field: &Field) -> String {
    if field.foreign_key.is_some() { format!("{}_id", field.name) } else { field.name.clone() }
}

pub fn shown(value: Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Text(value) => json!(value),
        Value::Bytes(value) => json!(value.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
        Value::DateTime(value) => json!(value.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string()),
        Value::Date(value) => json!(value.to_string()),
        Value::Time(value) => json!(value.format("%H:%M:%S%.6f").to_string()),
        Value::Duration(value) => json!(value.num_microseconds()),
        Value::Decimal(value) => json!(value.normalize().to_string()),
        Value::Uuid(value) => json!(value.to_string()),
        Value::Json(value) => json!({ "json": value }),
        other => panic!("Django has no such value: {other:?}"),
    }
}

/// Sets fields in the rows that pass, and says in how many.
pub fn set(rows: &mut Rows, passes: impl Fn(&Row) -> bool, fields: serde_json::Value) -> u64 {
    let mut count = 0;
    for row in rows.iter_mut().filter(|row| passes(row)) {
        row.extend(fields.as_object().expect("fields").clone());
        count += 1;
    }
    count
}

/// Fails with the fields that differ.
pub fn assert_same(found: &[Row], expected: &[Row], place: &str) {
    let differences: Vec<_> =
        found.iter().zip(expected).flat_map(|(found, expected)| differences(found, expected)).collect();
    assert!(differences.is_empty(), "{place}:\n{}", differences.join("\n"));
    assert_eq!(found.len(), expected.len(), "{place}");
}

fn differences(found: &Row, expected: &Row) -> Vec<String> {
    let mut names: Vec<_> = found.keys().chain(expected.keys()).collect();
    names.sort();
    names.dedup();
    let short = |value: Option<&serde_json::Value>| {
        value.map_or("nothing".to_owned(), |value| value.to_string().chars().take(200).collect())
    };
    names
        .into_iter()
        .map(|name| (name, found.get(name), expected.get(name)))
        .filter(|(_, found, expected)| found != expected)
        .map(|(name, found, expected)| format!("{name} is {}, not {}", short(found), short(expected)))
        .collect()
}
