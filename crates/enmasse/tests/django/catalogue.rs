//! Every table is read as Django declares it, and every row as Django reads it, by models from the catalogue.

use enmasse::prelude::*;
use enmasse::schema::ModelRef;
use enmasse_testing::Kind;

use crate::project::{Field, Project, Table, Target};
use crate::rows::{Row, Rows, assert_same, attname, read_of, rows_of, shown};

pub async fn check(db: &Database, project: &Project) {
    let catalogue = db.inspect().await.unwrap();
    assert_eq!(catalogue.left_out, []);
    let tables = project.describe();
    let models: Vec<&str> = tables.iter().map(|table| table.model.as_str()).collect();
    for (table, rows) in tables.iter().zip(project.dump(&models)) {
        let model = catalogue.model(&table.table).unwrap();
        check_fields(db, &model, table);
        check_unique_together(&model, table);
        let parents = model.extended().into_iter().map(|(parent, _)| parent.table.clone());
        assert_eq!(parents.collect::<Vec<_>>(), table.parents, "{}", table.model);
        let found = read_of::<Record>(db, &model).await;
        let found: Rows = found.iter().map(|record| row(table, &model, record)).collect();
        assert!(!found.is_empty() || table.model.starts_with("auth."), "{} has no rows", table.model);
        assert_same(&found, &known(rows, &found), &table.model);
    }
}

fn check_fields(db: &Database, model: &ModelRef, table: &Table) {
    for expected in &table.fields {
        let place = format!("{}.{}", table.model, expected.name);
        let mut own = model.own();
        let Some(position) = own.find(|position| model.fields[*position].column == expected.column) else {
            panic!("{place}: there is no such field");
        };
        let field = &model.fields[position];
        assert_eq!((field.data_type.clone(), field.range), column_type(db, expected), "{place}");
        // Django leaves it to the expression whether a generated column may be NULL.
        assert_eq!(field.null, expected.null || expected.generated, "{place}");
        assert_eq!(field.primary_key, expected.primary_key, "{place}");
        assert_eq!(field.unique || model.key() == [position], expected.unique, "{place}");
        assert_eq!(
            field.identity,
            expected.r#type.ends_with("AutoField") && expected.to.is_none(),
            "{place}"
        );
        assert_eq!(field.generated.is_some(), expected.generated, "{place}");
        let to = model.forward(position);
        let to = to.map(|to| Target { table: to.model.table.clone(), column: to.to_column });
        assert_eq!(to, expected.to, "{place}");
    }
}

/// The type, and the range if the column's is smaller.
fn column_type(db: &Database, field: &Field) -> (DataType, Option<(i64, i64)>) {
    let kind = Kind::of(db);
    let text = |max_length| DataType::Text { max_length };
    // PostgreSQL has no such types, but a check.
    let positive = |narrow: DataType, wide: DataType, greatest: i64| match kind {
        Kind::Postgres => (narrow, None),
        _ => (wide, Some((0, greatest))),
    };
    let data_type = match field.r#type.as_str() {
        "AutoField" | "IntegerField" if kind == Kind::Sqlite => DataType::BigInt,
        "AutoField" | "IntegerField" => DataType::Integer,
        "BigAutoField" | "BigIntegerField" => DataType::BigInt,
        "SmallIntegerField" => DataType::SmallInt,
        "PositiveSmallIntegerField" if kind == Kind::Sqlite => {
            return positive(DataType::SmallInt, DataType::SmallInt, i16::MAX.into());
        }
        "PositiveSmallIntegerField" => {
            return positive(DataType::SmallInt, DataType::Integer, u16::MAX.into());
        }
        "PositiveIntegerField" if kind == Kind::Sqlite => {
            return positive(DataType::Integer, DataType::BigInt, i64::MAX);
        }
        "PositiveIntegerField" => return positive(DataType::Integer, DataType::BigInt, u32::MAX.into()),
        "PositiveBigIntegerField" => return positive(DataType::BigInt, DataType::BigInt, i64::MAX),
        "BooleanField" => DataType::Bool,
        "CharField" | "EmailField" | "SlugField" | "URLField" => text(field.max_length),
        "TextField" => DataType::TEXT,
        "GenericIPAddressField" if kind == Kind::Postgres => DataType::Native("inet".to_owned()),
        "GenericIPAddressField" => text(Some(39)),
        "FloatField" => DataType::Double,
        "DecimalField" if kind == Kind::Sqlite => DataType::DECIMAL,
        "DecimalField" => {
            DataType::Decimal { max_digits: field.max_digits, decimal_places: field.decimal_places }
        }
        "DateField" => DataType::Date,
        "TimeField" => DataType::Time,
        "DateTimeField" => DataType::DateTime,
        "DurationField" if kind == Kind::Postgres => DataType::Duration,
        "DurationField" => DataType::BigInt,
        "UUIDField" if matches!(kind, Kind::Postgres | Kind::MariaDb) => DataType::Uuid,
        "UUIDField" => text(Some(32)),
        "JSONField" => DataType::Json,
        "BinaryField" => DataType::Bytes,
        other => panic!("{}: {other}", field.name),
    };
    (data_type, None)
}

fn check_unique_together(model: &ModelRef, table: &Table) {
    let sorted = |mut all: Vec<Vec<String>>| {
        all.sort();
        all
    };
    let found = |name: &String| model.field(name).unwrap().column.clone();
    let declared = |name: &String| {
        let field = table.fields.iter().find(|field| field.name == *name);
        field.expect("a field").column.clone()
    };
    assert_eq!(
        sorted(model.unique_together.iter().map(|names| names.iter().map(found).collect()).collect()),
        sorted(table.unique_together.iter().map(|names| names.iter().map(declared).collect()).collect()),
        "{}",
        table.model
    );
}

/// A record with Django's names for its fields.
fn row(table: &Table, model: &ModelRef, record: &Record) -> Row {
    let mut row = rows_of(model, std::slice::from_ref(record)).remove(0);
    for position in model.own() {
        let field = &model.fields[position];
        let declared = table.fields.iter().find(|declared| declared.column == field.column).expect("a field");
        let value = row.remove(&attname(field)).expect("its value");
        let value = match value.as_str() {
            // Where the database has no type for them, only a model that somebody wrote says what this is.
            Some(text) if declared.r#type == "UUIDField" => shown(Value::Uuid(text.parse().unwrap())),
            _ => value,
        };
        row.insert(declared.attname.clone(), value);
    }
    row
}

/// What Django reads, without the columns that have no field here.
fn known(rows: Rows, found: &[Row]) -> Rows {
    let keep = |mut row: Row, found: &Row| {
        row.retain(|name, _| found.contains_key(name));
        row
    };
    rows.into_iter().zip(found).map(|(row, found)| keep(row, found)).collect()
}
