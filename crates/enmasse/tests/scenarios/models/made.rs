//! What the model and the database make.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

use super::Level;

fn third() -> i32 {
    333
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "made", unique_together(part, number))]
struct Made {
    #[model(primary_key)]
    id: Option<i64>,
    #[model(default = 5)]
    number: i32,
    #[model(default = third())]
    third: i32,
    #[model(default, max_length = 10)]
    part: String,
    #[model(default = Level::Gold, max_length = 10, db_column = "the \"level\"")]
    level: Level,
    #[model(generated = "number * 2")]
    doubled: i32,
    #[model(unique)]
    serial: Option<i32>,
    #[model(auto_now_add)]
    created_at: DateTime<Utc>,
    #[model(auto_now)]
    updated_at: DateTime<Utc>,
    #[model(auto_now)]
    updated_on: NaiveDate,
}

impl Made {
    fn new(number: i32) -> Self {
        Made {
            id: None,
            number,
            third: 3,
            part: String::new(),
            level: Level::Free,
            doubled: -1,
            serial: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
            updated_on: NaiveDate::MIN,
        }
    }
}

#[test_on(all)]
fn what_the_model_and_the_database_make_comes_back(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Made::model().unwrap()]).await.unwrap();
        let before = Utc::now() - TimeDelta::milliseconds(1);
        let first = Made::objects(&db).create(Made::new(21)).await.unwrap();
        assert_eq!((first.id, first.doubled), (Some(1), 42));
        assert!(before < first.created_at && first.created_at <= Utc::now(), "{first:?}");
        assert_eq!(first.created_at, first.updated_at);
        assert_eq!(Made::objects(&db).get().await.unwrap(), first);

        let with = Made::objects(&db).create_with(|m| m.serial.set(9)).await.unwrap();
        assert_eq!((with.id, with.number, with.third, with.doubled), (Some(2), 5, 333, 10));
        assert_eq!((with.part.as_str(), with.level, with.serial), ("", Level::Gold, Some(9)));
        assert_eq!(Made::objects(&db).filter(q!(id = 2)).get().await.unwrap(), with);

        let many = Made::objects(&db).bulk_create((1..=50).map(|n| Made::new(n + 100))).await.unwrap();
        let ids: Vec<_> = many.iter().map(|made| made.id).collect();
        assert_eq!(ids, (3..=52).map(Some).collect::<Vec<_>>());
        assert!(many.iter().all(|made| made.doubled == made.number * 2));
        let read = Made::objects(&db).filter(q!(id__gt = 2)).order_by(|m| m.id).fetch().await.unwrap();
        assert_eq!(read, many);
    });
}

#[test_on(all)]
fn auto_now_is_set_by_every_write(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Made::model().unwrap()]).await.unwrap();
        let old = DateTime::UNIX_EPOCH;
        let reset = async |id: i64| {
            let set = Made::objects(&db).filter(|m| m.id.eq(id));
            let set = set.update(|m| {
                (m.updated_at.set(old), m.created_at.set(old), m.updated_on.set(old.date_naive()))
            });
            assert_eq!(set.await.unwrap(), 1);
        };
        let mut made = Made::objects(&db).create(Made::new(1)).await.unwrap();
        reset(1).await;
        let read = || Made::objects(&db).get();
        assert_eq!(read().await.unwrap().updated_at, old, "set by the caller, it stays so");

        let recent =
            |made: &Made| made.updated_at > Utc::now() - TimeDelta::minutes(5) && made.created_at == old;
        assert_eq!(Made::objects(&db).update(set!(number += 1)).await.unwrap(), 1);
        assert!(recent(&read().await.unwrap()));
        assert_eq!(read().await.unwrap().doubled, 4);

        reset(1).await;
        made.number = 10;
        made.created_at = old;
        Made::objects(&db).bulk_update([&made], |m| m.number).await.unwrap();
        assert!(recent(&read().await.unwrap()));
        assert_eq!(read().await.unwrap().doubled, 20);

        reset(1).await;
        Made::objects(&db).save(&mut made).await.unwrap();
        assert!(recent(&made) && recent(&read().await.unwrap()));

        reset(1).await;
        made.number = 11;
        made.third = 12;
        Made::objects(&db).save(&mut made).update_fields(|m| m.number).await.unwrap();
        let now = read().await.unwrap();
        assert!(recent(&now));
        assert_eq!((now.number, now.third), (11, 3), "only the field that was named");

        reset(1).await;
        made.updated_at = old;
        Made::objects(&db).bulk_update([&made], |m| (m.number, m.updated_at)).await.unwrap();
        assert_eq!(read().await.unwrap().updated_at, old, "among the fields, it is the caller's");
    });
}

#[test_on(all)]
fn unique_fields_refuse_a_second_row(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Made::model().unwrap()]).await.unwrap();
        let serial = |number, serial| Made { serial: Some(serial), ..Made::new(number) };
        Made::objects(&db).create(serial(1, 1)).await.unwrap();
        Made::objects(&db).create(serial(2, 2)).await.unwrap();
        Made::objects(&db).create(Made::new(3)).await.unwrap();
        Made::objects(&db).create(Made::new(4)).await.unwrap(); // NULL is not equal to NULL
        for wrong in [serial(5, 1), serial(1, 5)] {
            let error = Made::objects(&db).create(wrong).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
            assert!(error.code().is_some());
        }
        let error = Made::objects(&db).filter(q!(id = 2)).update(set!(serial = 1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        let error = Made::objects(&db).bulk_create([serial(6, 6), serial(7, 6)]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert_eq!(Made::objects(&db).count().await.unwrap(), 4, "all or none");
    });
}

#[test_on(all)]
fn generated_columns_are_left_out_of_updates(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Made::model().unwrap()]).await.unwrap();
        let mut made = Made::objects(&db).create(Made::new(4)).await.unwrap();
        assert_eq!(Made::objects(&db).update(|m| m.doubled.set(1)).await.unwrap(), 0);
        assert_eq!(Made::objects(&db).update(|m| (m.doubled.set(1), m.number.set(6))).await.unwrap(), 1);
        assert_eq!(Made::objects(&db).get().await.unwrap().doubled, 12);
        made.doubled = 1_000;
        made.number = 8;
        Made::objects(&db).bulk_update([&made], |m| (m.doubled, m.number)).await.unwrap();
        assert_eq!(Made::objects(&db).get().await.unwrap().doubled, 16);
        assert_eq!(Made::objects(&db).filter(q!(doubled__gt = 15)).count().await.unwrap(), 1);
    });
}
