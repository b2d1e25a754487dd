//! The table that bulk updates fail on.

use enmasse::batch::{IntoRows, Strategy};
use enmasse::prelude::*;
use enmasse_testing::{Kind, Scratch, number, on_scratch};

/// Rows in the table: with their texts some chunks, and more than are read ahead.
pub const ROWS: i64 = 4_000;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "item")]
pub struct Item {
    #[model(primary_key)]
    pub id: i64,
    /// NULL is for the database to refuse.
    #[model(max_length = 200)]
    pub name: Option<String>,
    /// So is a negative number.
    pub points: i32,
    #[model(unique)]
    pub code: i64,
    #[model(foreign_key = Shelf)]
    pub shelf: i64,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "shelf")]
pub struct Shelf {
    #[model(primary_key)]
    pub id: i64,
}

/// A row that is changed in every field.
pub fn changed(id: i64) -> Item {
    Item { id, name: Some("new ".repeat(40)), points: 1, code: id + 1_000_000, shelf: 2 }
}

/// All rows, changed.
pub fn all_changed() -> impl Iterator<Item = Item> + Send {
    (1..=ROWS).map(changed)
}

/// The ways to carry rows to a database.
pub fn strategies(db: &Database) -> Vec<Strategy> {
    use Strategy::*;
    match Kind::of(db) {
        Kind::Sqlite => vec![PreparedLoop],
        Kind::Postgres => vec![Copy, Arrays, Values],
        Kind::MariaDb => vec![LoadData, StagedInserts, BulkExecute, Values, Cases],
        Kind::Mysql => vec![LoadData, StagedInserts, Values, Cases],
    }
}

/// Makes the table.
pub async fn make(db: &Database) {
    let engine = if Kind::of(db).in_mysql_family() { " ENGINE=InnoDB" } else { "" };
    for sql in [
        "CREATE TABLE shelf (id bigint PRIMARY KEY)",
        "CREATE TABLE item (id bigint PRIMARY KEY, name varchar(200) NOT NULL, points integer NOT NULL, \
         code bigint NOT NULL UNIQUE, shelf_id bigint NOT NULL, CHECK (points >= 0), \
         FOREIGN KEY (shelf_id) REFERENCES shelf (id))",
    ] {
        db.execute_raw(&format!("{sql}{engine}"), []).await.unwrap();
    }
    Shelf::objects(db).bulk_create([1, 2].map(|id| Shelf { id })).await.unwrap();
    let item = |id| Item { id, name: Some("old".into()), points: 0, code: id, shelf: 1 };
    Item::objects(db).bulk_create((1..=ROWS).map(item)).await.unwrap();
}

/// Runs a scenario with the table, through a pool of one connection, so that one that is lost or dirty is found out.
pub fn on_item(kind: Kind, scenario: impl AsyncFnOnce(&Scratch, &Database)) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect_with("pool_size=1").await;
        make(&db).await;
        scenario(scratch, &db).await;
        db.close().await;
    });
}

/// The bulk update of these rows in all fields.
pub fn update<'o, K>(
    rows: QuerySet<Item>,
    objects: impl IntoRows<'o, Item, K>,
    strategy: Strategy,
) -> BulkUpdate<'o, Item> {
    rows.bulk_update(objects, |i| (i.name, i.points, i.code, i.shelf)).batch_size(1_000).strategy(strategy)
}

const OLD: &str =
    "SELECT COUNT(*) FROM item WHERE name = 'old' AND points = 0 AND code = id AND shelf_id = 1";
const NEW: &str = "SELECT COUNT(*) FROM item WHERE name LIKE 'new %' AND points = 1 AND code = id + 1000000 AND shelf_id = 2";

/// How many rows are as they were.
async fn old(db: &Database) -> i64 {
    number(&db.query_raw(OLD, []).await.unwrap()[0])
}

/// How many rows are as they were, and how many have changed in every field: at one moment, for a commit may be on its way.
pub async fn old_and_new(db: &Database) -> (i64, i64) {
    let both = db.query_raw(&format!("SELECT ({OLD}), ({NEW})"), []).await.unwrap();
    (number(&both[0][..1]), number(&both[0][1..]))
}

/// The table is as it was, and the same bulk update succeeds with the same handle; its work is undone again.
pub async fn untouched(db: &Database, strategy: Strategy, after: &str) {
    assert_eq!(old(db).await, ROWS, "{strategy:?} {after}: the table was changed");
    let undone = db.transaction_with(async |tx| -> Result<(), Undo> {
        let report = update(Item::objects(&tx), all_changed(), strategy).await?;
        assert_eq!((report.matched, report.missing), (ROWS as u64, vec![]), "{strategy:?} {after}");
        Err(Undo::Wanted)
    });
    let undone = undone.await.unwrap_err();
    assert!(matches!(undone, Undo::Wanted), "{strategy:?} {after}: {undone:?}");
    assert_eq!(old(db).await, ROWS, "{strategy:?} {after}: what was undone is there");
}

/// In a transaction of the caller's, what fails is undone alone: that goes on before it and after it.
pub async fn undone_alone(db: &Database, after: &str, fails: impl AsyncFn(&Transaction)) {
    let error = around(db, after, fails).await;
    assert!(error.is_none(), "{after}: the transaction did not go on: {error:?}");
}

/// The same, but if the connection had to be closed, the whole transaction is rolled back.
pub async fn undone_alone_or_wholly(db: &Database, after: &str, fails: impl AsyncFn(&Transaction)) {
    let error = around(db, after, fails).await;
    assert!(error.is_none() || Kind::of(db) != Kind::Sqlite, "{after}: {error:?}");
}

/// Runs work that fails in a transaction, and returns the error that ended the transaction.
async fn around(db: &Database, after: &str, fails: impl AsyncFn(&Transaction)) -> Option<Error> {
    let mark = async |tx: &Transaction, id: i64| {
        Item::objects(tx).filter(q!(id = id)).update(set!(points = 7)).await
    };
    let done = db.transaction(async |tx| {
        mark(&tx, 1).await?;
        fails(&tx).await;
        mark(&tx, 2).await
    });
    let done = done.await;
    let marked = Item::objects(db).filter(q!(points = 7)).count().await.unwrap();
    let expected = if done.is_ok() { 2 } else { 0 };
    assert_eq!((marked, old(db).await), (expected, ROWS - expected as i64), "{after}: {done:?}");
    Item::objects(db).filter(q!(points = 7)).update(set!(points = 0)).await.unwrap();
    done.err()
}

/// Makes the table what it was.
pub async fn set_back(db: &Database) {
    let sql = "UPDATE item SET name = 'old', points = 0, code = id, shelf_id = 1";
    db.execute_raw(sql, []).await.unwrap();
}

/// Why a transaction is rolled back.
#[derive(Debug)]
pub enum Undo {
    Wanted,
    Failed(#[allow(dead_code)] Error),
}

impl From<Error> for Undo {
    fn from(error: Error) -> Self {
        Undo::Failed(error)
    }
}
