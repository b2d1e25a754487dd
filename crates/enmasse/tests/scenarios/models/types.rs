//! Fields of every type.

use enmasse::prelude::*;
use enmasse::serde_json;
use enmasse_testing::{Kind, on_database, test_on};

use super::{Everything, Level, Perhaps, Rank};

/// The names of all fields but the key.
fn all_fields<C>(_: C) -> [&'static str; 20] {
    [
        "bool",
        "smallint",
        "int",
        "bigint",
        "real",
        "double",
        "text",
        "varchar",
        "blob",
        "timestamp",
        "datetime",
        "date",
        "time",
        "interval",
        "decimal",
        "number",
        "uuid",
        "json",
        "level",
        "rank",
    ]
}

#[test_on(all)]
fn every_type_is_written_and_read_in_every_way(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Everything::model().unwrap()]).await.unwrap();
        let rows = [Everything::least(-1), Everything::plain(0), Everything::greatest(1)];
        for row in &rows {
            assert_eq!(Everything::objects(&db).create(row.clone()).await.unwrap(), *row);
            assert_eq!(Everything::objects(&db).filter(|e| e.id.eq(row.id)).get().await.unwrap(), *row);
        }
        let read = Everything::objects(&db).order_by(|e| e.id).fetch().await.unwrap();
        assert_eq!(read, rows);

        assert_eq!(Everything::objects(&db).delete().await.unwrap(), 3);
        assert_eq!(Everything::objects(&db).bulk_create(rows.clone()).await.unwrap(), rows);
        assert_eq!(Everything::objects(&db).order_by(|e| e.id).fetch().await.unwrap(), rows);

        // Each row gets another's values.
        let mut turned = rows.clone();
        turned.rotate_left(1);
        for (row, id) in turned.iter_mut().zip(-1..) {
            row.id = id;
        }
        let report = Everything::objects(&db).bulk_update(&turned, all_fields).await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (3, 0));
        assert_eq!(Everything::objects(&db).order_by(|e| e.id).fetch().await.unwrap(), turned);

        for row in &rows {
            let saved = Everything::objects(&db).save(&mut row.clone()).await.unwrap();
            assert!(!saved.created);
        }
        assert_eq!(Everything::objects(&db).order_by(|e| e.id).fetch().await.unwrap(), rows);

        for to in &rows {
            let set = Everything::objects(&db).update(|e| {
                [
                    e.bool.set(to.bool),
                    e.smallint.set(to.smallint),
                    e.int.set(to.int),
                    e.bigint.set(to.bigint),
                    e.real.set(to.real),
                    e.double.set(to.double),
                    e.text.set(&to.text),
                    e.varchar.set(&to.varchar),
                    e.blob.set(&to.blob[..]),
                    e.timestamp.set(to.timestamp),
                    e.datetime.set(to.datetime),
                    e.date.set(to.date),
                    e.time.set(to.time),
                    e.interval.set(to.interval),
                    e.decimal.set(to.decimal),
                    e.number.set(to.number),
                    e.uuid.set(to.uuid),
                    e.json.set(to.json.clone()),
                    e.level.set(to.level),
                    e.rank.set(to.rank),
                ]
            });
            assert_eq!(set.await.unwrap(), 3);
            for read in Everything::objects(&db).fetch().await.unwrap() {
                assert_eq!(read, Everything { id: read.id, ..to.clone() });
            }
        }
    });
}

#[test_on(all)]
fn every_type_compares_as_equal_to_what_was_written(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Everything::model().unwrap()]).await.unwrap();
        let rows = [Everything::least(-1), Everything::plain(0), Everything::greatest(1)];
        Everything::objects(&db).bulk_create(rows.clone()).await.unwrap();
        for row in rows {
            let e = <Everything as Entity>::columns(enmasse::Path::root());
            let of_row = [
                ("smallint", e.smallint.eq(row.smallint)),
                ("int", e.int.eq(row.int)),
                ("bigint", e.bigint.eq(row.bigint)),
                ("double", e.double.eq(row.double)),
                ("text", e.text.eq(&row.text)),
                ("varchar", e.varchar.eq(&row.varchar)),
                ("blob", e.blob.eq(&row.blob[..])),
                ("timestamp", e.timestamp.eq(row.timestamp)),
                ("datetime", e.datetime.eq(row.datetime)),
                ("date", e.date.eq(row.date)),
                ("time", e.time.eq(row.time)),
                ("interval", e.interval.eq(row.interval)),
                ("decimal", e.decimal.eq(row.decimal)),
                ("uuid", e.uuid.eq(row.uuid)),
            ];
            for (field, is_row) in of_row {
                let found = Everything::objects(&db).filter_by(is_row).values(|e| e.id).await;
                assert_eq!(found.unwrap(), [row.id], "{field} of {}", row.id);
            }
        }
    });
}

#[test_on(all)]
fn every_type_takes_null(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Perhaps::model().unwrap()]).await.unwrap();
        let rows = vec![
            Perhaps::null(1),
            Everything::plain(2).perhaps(),
            Perhaps::null(3),
            Everything::greatest(4).perhaps(),
        ];
        assert_eq!(Perhaps::objects(&db).bulk_create(rows.clone()).await.unwrap(), rows);
        assert_eq!(Perhaps::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), rows);

        let turned = vec![
            Everything::least(1).perhaps(),
            Perhaps::null(2),
            Perhaps { text: Some(String::new()), ..Perhaps::null(3) },
            Perhaps { json: Some(serde_json::Value::Null), ..Perhaps::null(4) },
        ];
        assert_eq!(Perhaps::objects(&db).bulk_update(&turned, all_fields).await.unwrap().matched, 4);
        assert_eq!(Perhaps::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), turned);

        let set = Perhaps::objects(&db).update(|p| {
            [
                p.bool.set(None),
                p.smallint.set(None),
                p.int.set(None),
                p.bigint.set(None),
                p.real.set(None),
                p.double.set(None),
                p.text.set(None::<String>),
                p.varchar.set(None::<String>),
                p.blob.set(None::<Vec<u8>>),
                p.timestamp.set(None),
                p.datetime.set(None),
                p.date.set(None),
                p.time.set(None),
                p.interval.set(None),
                p.decimal.set(None),
                p.number.set(None),
                p.uuid.set(None),
                p.json.set(None),
                p.level.set(None),
                p.rank.set(None),
            ]
        });
        assert_eq!(set.await.unwrap(), 4);
        let all_null: Vec<_> = (1..=4).map(Perhaps::null).collect();
        assert_eq!(Perhaps::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), all_null);
    });
}

#[test_on(all)]
fn choices_refuse_what_is_none_of_them(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Everything::model().unwrap()]).await.unwrap();
        Everything::objects(&db).create(Everything::plain(1)).await.unwrap();
        let (e, gold) =
            (Everything::objects(&db), Everything::objects(&db).filter(|e| e.level.eq(Level::Gold)));
        assert_eq!(gold.clone().count().await.unwrap(), 1);
        assert_eq!(e.clone().filter(|e| e.level.in_([Level::Free, Level::Gold])).count().await.unwrap(), 1);
        assert_eq!(gold.update(|e| (e.level.set(Level::Free), e.rank.set(Rank::Low))).await.unwrap(), 1);
        let read = e.clone().values(|e| (e.level, e.rank)).await.unwrap();
        assert_eq!(read, [(Level::Free, Rank::Low)]);
        db.execute_raw("UPDATE everything SET level = 'odd'", []).await.unwrap();
        let error = e.fetch().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value);
        assert!(
            error.to_string().contains("Everything.level") && error.to_string().contains("odd"),
            "{error}"
        );
    });
}
