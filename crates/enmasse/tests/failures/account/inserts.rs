//! New rows that the database skips are not counted as inserted, and never said to be there.

use enmasse::ErrorKind;
use enmasse::prelude::*;
use enmasse_testing::{Kind, on_scratch, test_on};

use super::goods::{good, record};

#[test_on(sqlite, postgres)]
fn a15_skipped_rows_are_not_inserted(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        db.create_tables([good()]).await.unwrap();
        let trigger: &[&str] = match scratch.kind {
            Kind::Sqlite => &[
                "CREATE TRIGGER drops BEFORE INSERT ON good WHEN NEW.id % 5 = 0 BEGIN SELECT RAISE(IGNORE); END",
            ],
            _ => &[
                "CREATE FUNCTION drops() RETURNS trigger LANGUAGE plpgsql AS \
                 'BEGIN IF NEW.id % 5 = 0 THEN RETURN NULL; END IF; RETURN NEW; END'",
                "CREATE TRIGGER drops BEFORE INSERT ON good FOR EACH ROW EXECUTE FUNCTION drops()",
            ],
        };
        for sql in trigger {
            db.execute_raw(sql, []).await.unwrap();
        }
        let new = |ids: std::ops::RangeInclusive<i64>| {
            ids.map(|id| record(&(id, Some(1), None))).collect::<Vec<_>>()
        };
        let goods = QuerySet::of(&good(), &db);
        let error = goods.clone().bulk_create(new(1..=12)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        assert_eq!(
            error.message(),
            "Good: 2 of 12 rows were not inserted: a trigger or a conflict clause of the table skips them."
        );
        let error = goods.clone().create(new(5..=5).remove(0)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity);
        assert_eq!(goods.clone().count().await.unwrap(), 0);
        assert_eq!(goods.clone().bulk_create(new(1..=12)).count_inserted().await.unwrap(), 10);
        assert_eq!(goods.count().await.unwrap(), 10);
    });
}
