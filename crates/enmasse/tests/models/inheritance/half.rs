//! A trigger that skips a row in one table of a chain and not in another: nothing is written, and the key is named.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "base")]
struct Base {
    #[model(primary_key)]
    id: i64,
    #[model(max_length = 20)]
    name: String,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "leaf", extends = Base)]
struct Leaf {
    base: Base,
    level: i32,
}

impl BulkUpdateMixin for Base {}

const ROWS: i64 = 40;

fn leaf(id: i64, name: &str, level: i32) -> Leaf {
    Leaf { base: Base { id, name: name.into() }, level }
}

async fn run(db: &Database, sql: &str) {
    db.execute_raw(sql, []).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Rows with keys from 1 on; `table` leaves its row with this key unchanged.
async fn keep(db: &Database, table: &str, id: i64) {
    let key = if table == "base" { "id" } else { "base_ptr_id" };
    if Kind::of(db) == Kind::Sqlite {
        let skips = format!("WHEN NEW.{key} = {id} BEGIN SELECT RAISE(IGNORE); END");
        return run(db, &format!("CREATE TRIGGER keeps_{table} BEFORE UPDATE ON {table} {skips}")).await;
    }
    let body = format!("BEGIN IF NEW.{key} = {id} THEN RETURN NULL; END IF; RETURN NEW; END");
    run(db, &format!("CREATE FUNCTION keeps_{table}() RETURNS trigger LANGUAGE plpgsql AS '{body}'")).await;
    let each = format!("FOR EACH ROW EXECUTE FUNCTION keeps_{table}()");
    run(db, &format!("CREATE TRIGGER keeps_{table} BEFORE UPDATE ON {table} {each}")).await;
}

async fn release(db: &Database, table: &str) {
    let on = if Kind::of(db) == Kind::Sqlite { String::new() } else { format!(" ON {table}") };
    run(db, &format!("DROP TRIGGER keeps_{table}{on}")).await;
    if Kind::of(db) == Kind::Postgres {
        run(db, &format!("DROP FUNCTION keeps_{table}()")).await;
    }
}

async fn make(db: &Database) -> Vec<Leaf> {
    db.create_tables([Base::model().unwrap(), Leaf::model().unwrap()]).await.unwrap();
    let leaves: Vec<Leaf> = (1..=ROWS).map(|id| leaf(id, "old", 1)).collect();
    Leaf::objects(db).bulk_create(leaves.clone()).await.unwrap();
    leaves
}

async fn rows(db: &Database) -> Vec<Leaf> {
    Leaf::objects(db).order_by(|l| l.id).fetch().await.unwrap()
}

fn refused<T: std::fmt::Debug>(done: Result<T>, what: &str) {
    let error = done.expect_err(what);
    assert_eq!(error.kind(), ErrorKind::Data, "{what}: {error}");
    assert!(
        error.message().starts_with("Leaf of base_ptr=7 would be written in some of its tables only"),
        "{what}: {error}"
    );
}

#[test_on(sqlite, postgres)]
fn a07_a_row_that_would_be_half_written_is_refused(kind: Kind) {
    on_database(kind, async |db| {
        let old = make(&db).await;
        let new: Vec<Leaf> = (1..=ROWS).map(|id| leaf(id, "new", 2)).collect();
        let all = || Leaf::objects(&db);
        for table in ["base", "leaf"] {
            keep(&db, table, 7).await;
            refused(all().bulk_update(&new, |l| (l.name, l.level)).await, "bulk_update");
            refused(all().bulk_update(&new[..9], |l| (l.name, l.level)).await, "bulk_update of few");
            refused(all().bulk_update(&new, |l| (l.name, l.level)).skip_unchanged().await, "skip_unchanged");
            refused(all().bulk_update(new.clone(), |l| (l.name, l.level)).returning().await, "returning");
            refused(all().update(|l| (l.name.set("new"), l.level.set(2))).await, "update");
            refused(
                all().update(|l| (l.name.set("new"), l.level.set(2))).returning().await,
                "update returning",
            );
            refused(all().update(|l| (l.name.set("new"), l.level.increment(1))).await, "computed");
            let fields = all().bulk_update_where(["name", "level"], values!["new", 2], q!(id__lte = 9)).await;
            refused(fields, "bulk_update_where");
            let in_transaction = db.transaction(async |tx| {
                refused(
                    Leaf::objects(&tx).update(|l| (l.name.set("new"), l.level.set(2))).await,
                    "in a transaction",
                );
                Ok(())
            });
            in_transaction.await.unwrap();
            assert_eq!(rows(&db).await, old, "{table}");
            release(&db, table).await;
        }
    });
}

#[test_on(sqlite, postgres)]
fn a07_a_row_that_is_skipped_as_a_whole_is_counted(kind: Kind) {
    on_database(kind, async |db| {
        make(&db).await;
        let all = || Leaf::objects(&db);
        let mut expected: Vec<Leaf> = (1..=ROWS).map(|id| leaf(id, "new", 2)).collect();
        expected[6] = leaf(7, "old", 1);
        keep(&db, "base", 7).await;
        keep(&db, "leaf", 7).await;
        let new: Vec<Leaf> = (1..=ROWS).map(|id| leaf(id, "new", 2)).collect();
        let report = all().bulk_update(&new, |l| (l.name, l.level)).skip_unchanged().await.unwrap();
        assert_eq!((report.matched, report.changed, report.skipped), (40, 39, 1));
        assert_eq!(rows(&db).await, expected);
        all().update(|l| (l.name.set("x"), l.level.set(3))).await.unwrap();
        assert_eq!(rows(&db).await[6], leaf(7, "old", 1));

        // a part that would not change is as good as written, and as good as not written
        release(&db, "base").await;
        let same = [leaf(7, "old", 5), leaf(8, "y", 5)];
        let report = all().bulk_update(&same, |l| (l.name, l.level)).skip_unchanged().await.unwrap();
        assert_eq!((report.matched, report.changed, report.skipped), (2, 1, 1));
        assert_eq!(rows(&db).await[6..8], [leaf(7, "old", 1), leaf(8, "y", 5)]);
        release(&db, "leaf").await;
        keep(&db, "base", 7).await;
        all().update(|l| (l.name.set("old"), l.level.set(6))).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(rows(&db).await[6], leaf(7, "old", 6));
    });
}
