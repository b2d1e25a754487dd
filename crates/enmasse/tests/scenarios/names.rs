//! Tables and columns with names that mean something else, or that are hard to quote.

use enmasse::prelude::*;
use enmasse::schema::{Field, ForeignKey, Model, Schema};
use enmasse_testing::{Kind, on_database, test_on};

/// Names that a plan uses itself, SQL keywords, and names that would end a badly quoted name.
const NAMES: [&str; 32] = [
    "b",
    "B",
    "t1",
    "T1",
    "t2",
    "k0",
    "v0",
    "enmasse_batch",
    "enmasse_written",
    "taken",
    "matched",
    "passed",
    "counted",
    "sliced",
    "keys",
    "key",
    "select",
    "user",
    "order",
    "group",
    "Mixed Case",
    "sp ace",
    "quo\"te",
    "back`tick",
    "it's",
    "back\\slash",
    "ünïcödé☃",
    "{}",
    "?",
    "$1",
    "a:b",
    "%s -- /* ;",
];

/// A table and a column of the same name, with a key and a relation to itself that have such names too.
fn model(name: &str) -> Model {
    let boss = ForeignKey { model: "Row".into(), to_field: None, related_name: Some("reports".into()) };
    Model::new("Row", name)
        .add(Field::new("id", DataType::BigInt).column(format!("{name}0")).primary_key().identity())
        .add(Field::new("value", DataType::Integer).column(name))
        .add(Field::new("text", DataType::Text { max_length: Some(20) }).column(format!("{name}1")).null())
        .add(Field::new("boss", DataType::BigInt).column(format!("{name}2")).references(boss).null())
}

#[test_on(all)]
fn any_name_is_quoted(kind: Kind) {
    on_database(kind, async |db| {
        for name in NAMES {
            let schema = Schema::new(vec![model(name)]).unwrap();
            let row = schema.model("Row").unwrap();
            db.create_tables([row.clone()]).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            used(&db, &row).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
            db.drop_tables([row]).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    });
}

/// Every kind of statement.
async fn used(db: &Database, model: &enmasse::schema::ModelRef) -> Result<()> {
    let all = || QuerySet::<Record>::of(model, db);
    let new = |value: i32, boss: Option<i64>| {
        let mut record = Record::new(model);
        record.set("value", value).unwrap();
        record.set("text", format!("text {value}")).unwrap();
        record.set("boss", boss.map_or(Value::Null, Value::Int)).unwrap();
        record
    };
    let first = all().create(new(1, None)).await?;
    let mut rows = vec![first];
    rows.extend(all().bulk_create([new(2, Some(1)), new(3, Some(2))]).await?);
    let ids: Vec<_> = rows.iter().map(|row| row.get("id").cloned()).collect::<Result<_>>()?;
    assert_eq!(ids, [Value::Int(1), Value::Int(2), Value::Int(3)]);

    assert_eq!(all().filter_by(Q::named("boss__value", 1)).count().await?, 1);
    assert_eq!(all().filter_by(Q::named("reports__boss__value__lt", 2)).count().await?, 1);
    assert_eq!(
        all().filter_by(Q::named("boss__in", all().filter_by(Q::named("value", 2)))).count().await?,
        1
    );
    let values = all()
        .exclude_by(Q::named("reports__value", 2))
        .order_by_names(["-value"])
        .values_by(["value"])
        .await?;
    assert_eq!(values, [[Value::Int(3)], [Value::Int(2)]]);
    assert_eq!(all().order_by_names(["id"]).slice(1..).count().await?, 2);

    // Plain, swapping, joined, and with a subquery.
    assert_eq!(all().update_by([("value", F("value") + 10)]).await?, 3);
    assert_eq!(
        all().filter_by(Q::named("boss__value", 11)).update_by([("value", F("value") + 10)]).await?,
        1
    );
    assert_eq!(all().filter_by(Q::named("reports__value__gt", 0)).update_by([("text", "led")]).await?, 2);
    let values = all().order_by_names(["id"]).values_by(["value", "text"]).await?;
    let expected = [(11, "led"), (22, "led"), (13, "text 3")];
    assert_eq!(values, expected.map(|(value, text)| [Value::Int(value), Value::from(text)]));

    for (row, value) in rows.iter_mut().zip([7, 8, 9]) {
        row.set("value", value)?;
        row.set("text", Value::Null)?;
    }
    let mut gone = new(0, None);
    gone.set("id", 99)?;
    let report = all().bulk_update(rows.iter().chain([&gone]), |_| ["value", "text"]).await?;
    assert_eq!((report.matched, report.missing), (3, vec![vec![Value::Int(99)]]));
    let led = all().filter_by(Q::named("boss__value__gte", 7));
    assert_eq!(led.bulk_update(&rows, |_| ["value"]).await?.matched, 2);
    rows[0].set("value", 5)?;
    assert!(!all().save(&mut rows[0]).await?.created);
    let values = all().order_by_names(["id"]).values_by(["value", "text"]).await?;
    assert_eq!(values, [5, 8, 9].map(|value| [Value::Int(value), Value::Null]));

    assert_eq!(all().filter_by(Q::named("boss__boss__value", 5)).delete().await?, 1);
    assert_eq!(all().filter_by(Q::named("value", 8)).delete().await?, 1);
    Ok(())
}
