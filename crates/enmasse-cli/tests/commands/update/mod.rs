//! `enmasse update`, on every database.

mod kept;
mod refused;
mod set;
mod shop;
mod shown;

use enmasse::Database;
use enmasse_testing::{Kind, Scratch, number, on_scratch};

use self::shop::fill;
use crate::program::{Ended, enmasse};

/// Each update is tried on every database, with the table `users` as it was at the start.
fn on_shop(kind: Kind, scenario: impl AsyncFnOnce(&Scratch, &Database)) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        fill(&db).await;
        scenario(scratch, &db).await;
        db.close().await;
    });
}

fn update(scratch: &Scratch, args: &[&str]) -> Ended {
    enmasse([&["update", "--db", &scratch.url, "--table", "users"], args].concat())
}

/// The ids of the users that a condition finds, by what an update with it changes.
async fn found(scratch: &Scratch, db: &Database, option: &str, condition: &str) -> Vec<i64> {
    db.execute_raw("UPDATE users SET mark = 0", []).await.unwrap();
    let out = update(scratch, &[option, condition, "--set", "mark=1"]).done();
    let ids = common_ids(db, "SELECT id FROM users WHERE mark = 1 ORDER BY id").await;
    let noun = if ids.len() == 1 { "row" } else { "rows" };
    assert!(out.starts_with(&format!("{} {noun} updated in users (", ids.len())), "{condition}: {out}");
    ids
}

async fn common_ids(db: &Database, sql: &str) -> Vec<i64> {
    db.query_raw(sql, []).await.unwrap().iter().map(|row| number(row)).collect()
}
