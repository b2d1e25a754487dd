//! Every type of field, with the values that are hardest to carry, each way that an update can go.

use enmasse::batch::Strategy;
use enmasse::prelude::*;
use enmasse_testing::Kind;
use serde_json::json;

use crate::models::{Everything, Level, Rank};
use crate::project::Project;
use crate::rows::{Rows, assert_same, read, read_of, rows, set};

pub async fn check(db: &Database, project: &Project) {
    reads_what_django_wrote(db, project).await;
    bulk_update_by_each_strategy(db, project).await;
    bulk_update_of_records(db, project).await;
    update(db, project).await;
    create_and_save(db, project).await;
}

/// The rows as Django reads them, without the addresses, for which PostgreSQL has a separate type.
fn dump(project: &Project) -> Rows {
    let mut rows = project.dump_one("shop.Everything");
    rows.iter_mut().for_each(|row| drop(row.remove("address")));
    rows
}

async fn reads_what_django_wrote(db: &Database, project: &Project) {
    assert_same(&rows(&read::<Everything>(db).await), &dump(project), "reading");
}

/// The fields that a bulk update carries.
fn fields() -> Vec<String> {
    let model = Everything::model().unwrap();
    model.fields.iter().filter(|field| !field.primary_key).map(|field| field.name.clone()).collect()
}

/// Each row takes the values of the next, so that every value is moved.
async fn bulk_update_by_each_strategy(db: &Database, project: &Project) {
    let strategies: &[Strategy] = match Kind::of(db) {
        Kind::Sqlite => &[Strategy::PreparedLoop],
        Kind::Postgres => &[Strategy::Arrays, Strategy::Copy, Strategy::Values],
        Kind::Mysql => &[Strategy::LoadData, Strategy::StagedInserts, Strategy::Values],
        Kind::MariaDb => {
            &[Strategy::BulkExecute, Strategy::LoadData, Strategy::StagedInserts, Strategy::Values]
        }
    };
    for strategy in strategies {
        let mut all = read::<Everything>(db).await;
        let keys: Vec<_> = all.iter().map(|row| row.id).collect();
        all.rotate_left(1);
        all.iter_mut().zip(keys).for_each(|(row, id)| row.id = id);
        let report =
            Everything::objects(db).bulk_update(&all, |_| fields()).strategy(*strategy).await.unwrap();
        assert_eq!(report.matched, all.len() as u64);
        assert_same(&dump(project), &rows(&all), &format!("{strategy:?}"));
    }
}

async fn bulk_update_of_records(db: &Database, project: &Project) {
    let model = db.inspect().await.unwrap().model("shop_everything").unwrap();
    let mut before = project.dump_one("shop.Everything");
    let mut all = read_of::<Record>(db, &model).await;
    let names: Vec<_> =
        model.fields.iter().filter(|field| !field.primary_key).map(|field| field.name.clone()).collect();
    let values: Vec<Vec<Value>> = all.iter().map(|record| record.values().to_vec()).collect();
    for (record, values) in all.iter_mut().rev().zip(values) {
        for (field, value) in model.fields.iter().zip(values).filter(|(field, _)| !field.primary_key) {
            record.set(&field.name, value).unwrap();
        }
    }
    let report = QuerySet::<Record>::of(&model, db).bulk_update(&all, |_| names.clone()).await.unwrap();
    assert_eq!(report.matched, all.len() as u64);

    let kept: Vec<_> = before.iter().map(|row| [row["id"].clone(), row["address"].clone()]).collect();
    before.reverse();
    for (row, [id, address]) in before.iter_mut().zip(kept) {
        row["id"] = id;
        if !names.contains(&"address".to_owned()) {
            row["address"] = address;
        }
    }
    assert_same(&project.dump_one("shop.Everything"), &before, "records");
}

async fn update(db: &Database, project: &Project) {
    let mut expected = dump(project);
    let all = || Everything::objects(db);
    let decimal = |digits: &str| digits.parse::<Decimal>().unwrap();

    let moment: DateTime<Utc> = "2024-02-29T23:59:59.123456Z".parse().unwrap();
    let changes = set!(Everything:
        char = "é☃😀 '\"\\%_",
        text = "\\N\t\n\u{1a}",
        slug = "a-b",
        email = "a@example.com",
        url = "",
        flag = true,
        small = -7,
        integer = i32::MIN,
        big = i64::MAX,
        positive_small = 0,
        positive = i32::MAX,
        positive_big = i64::MAX,
        real = -1.5e-300,
        price = decimal("-12.3"),
        wide = decimal("0.0000000001"),
        day = moment.date_naive(),
        clock = moment.time(),
        moment = moment,
        span = TimeDelta::microseconds(-86_400_000_001),
        uuid = Uuid::max(),
        document = serde_json::Value::Null,
        data = b"\0\xff'\\".to_vec(),
        level = Level::Free,
        rank = Rank::Low
    );
    assert_eq!(all().filter(|e| e.level.eq(Level::Gold)).update(changes).await.unwrap(), 2);
    let changed = json!({
        "char": "é☃😀 '\"\\%_",
        "text": "\\N\t\n\u{1a}",
        "slug": "a-b",
        "email": "a@example.com",
        "url": "",
        "flag": true,
        "small": -7,
        "integer": i32::MIN,
        "big": i64::MAX,
        "positive_small": 0,
        "positive": i32::MAX,
        "positive_big": i64::MAX,
        "real": -1.5e-300,
        "price": "-12.3",
        "wide": "0.0000000001",
        "day": "2024-02-29",
        "clock": "23:59:59.123456",
        "moment": "2024-02-29T23:59:59.123456+00:00",
        "span": -86_400_000_001_i64,
        "uuid": "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "document": {"json": null},
        "data": "00ff275c",
        "level": "free",
        "rank": -1,
    });
    set(&mut expected, |row| row["level"] == "gold!", changed);

    // names that are known only at run time
    let document = json!({"big": 1e300, "é": [1e22, 0.5, 1e-5]});
    let changes = [
        ("document", document.clone().into()),
        ("uuid", "12345678-1234-4234-8234-123456789abc".into()),
        ("span", Value::Null),
    ];
    let n = all().filter_by(Q::named("integer__isnull", true)).update_by(changes).await.unwrap();
    assert_eq!(n, 2);
    let changed =
        json!({"document": {"json": document}, "uuid": "12345678-1234-4234-8234-123456789abc", "span": null});
    set(&mut expected, |row| row["integer"].is_null(), changed);

    // what the database computes
    let n = all()
        .filter(q!(slug = "a-b", moment__year = 2024))
        .update(|e| {
            (
                e.moment.set(e.moment - TimeDelta::microseconds(1)),
                e.price.set(e.price + 1),
                e.small.increment(1),
                e.char.set(e.slug.upper()),
                e.span.set(None),
            )
        })
        .await
        .unwrap();
    assert_eq!(n, 2);
    let changed = json!({
        "moment": "2024-02-29T23:59:59.123455+00:00",
        "price": "-11.3",
        "small": -6,
        "char": "A-B",
        "span": null,
    });
    set(&mut expected, |row| row["slug"] == "a-b", changed);
    assert_same(&dump(project), &expected, "update");
}

async fn create_and_save(db: &Database, project: &Project) {
    let all = || Everything::objects(db);
    let mut objects = read::<Everything>(db).await;
    let copies = objects.iter().map(|object| Everything { id: None, ..object.clone() });
    objects.extend(all().bulk_create(copies).await.unwrap());
    objects.push(all().create(Everything { id: None, ..objects[0].clone() }).await.unwrap());
    assert_same(&dump(project), &rows(&objects), "create");

    let values = objects[2].clone();
    let [first, second, ..] = &mut objects[..] else { panic!("rows") };
    *first = Everything { id: first.id, ..values.clone() };
    assert!(!all().save(first).await.unwrap().created);
    second.text = values.text;
    second.data = None;
    all().save(second).update_fields(|e| (e.text, e.data)).await.unwrap();
    let mut new = Everything { id: None, ..first.clone() };
    assert!(all().save(&mut new).await.unwrap().created);
    objects.push(new);
    assert_same(&dump(project), &rows(&objects), "save");
}
