//! How far a bulk update is.

use std::sync::{Arc, Mutex};

use enmasse::batch::{IntoRows, Progress, Strategy};
use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};
use futures_util::stream;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "page")]
struct Page {
    #[model(primary_key)]
    id: i64,
    text: String,
}

/// More than are read ahead, and more than one chunk.
const ROWS: u64 = 4_000;

fn pages(rows: u64) -> impl Iterator<Item = Page> + Send {
    (1..=rows as i64).map(|id| Page { id, text: "text ".repeat(50) })
}

/// What is called while all these objects are written.
async fn heard<'o, K>(
    db: &Database,
    objects: impl IntoRows<'o, Page, K>,
    strategy: Option<Strategy>,
) -> Vec<Progress> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hear = heard.clone();
    let mut update = Page::objects(db).bulk_update(objects, |p| p.text).batch_size(1_000);
    if let Some(strategy) = strategy {
        update = update.strategy(strategy);
    }
    update.on_progress(move |progress| hear.lock().unwrap().push(progress)).await.unwrap();
    std::mem::take(&mut *heard.lock().unwrap())
}

/// The numbers grow, up to all rows, which are known beforehand or are not.
fn check(heard: &[Progress], total: Option<u64>, rows: u64) {
    assert!(heard.len() > 1, "called once for all: {heard:?}");
    assert!(heard.iter().all(|progress| progress.total == total), "{heard:?}");
    assert!(heard.is_sorted_by_key(|progress| progress.staged), "{heard:?}");
    assert!(heard.is_sorted_by_key(|progress| progress.written), "{heard:?}");
    assert!(heard.iter().all(|progress| progress.written <= progress.staged), "{heard:?}");
    assert_eq!(heard.last().unwrap().staged, rows, "{heard:?}");
    assert_eq!(heard.last().unwrap().written, rows, "{heard:?}");
}

#[test_on(all)]
fn progress_grows_and_knows_the_total_of_a_slice(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Page::model().unwrap()]).await.unwrap();
        let all: Vec<_> = pages(ROWS).collect();
        Page::objects(&db).bulk_create(all.clone()).await.unwrap();
        use Strategy::*;
        let strategies = match Kind::of(&db) {
            Kind::Sqlite => vec![PreparedLoop],
            Kind::Postgres => vec![Copy, Arrays, Values],
            Kind::MariaDb | Kind::Mysql => vec![LoadData, StagedInserts, Values, Cases],
        };
        for strategy in strategies.into_iter().map(Some).chain([None]) {
            check(&heard(&db, &all, strategy).await, Some(ROWS), ROWS);
            check(&heard(&db, all.clone(), strategy).await, Some(ROWS), ROWS);
            check(&heard(&db, pages(ROWS), strategy).await, None, ROWS);
            check(&heard(&db, stream::iter(pages(ROWS)), strategy).await, None, ROWS);
        }
        // few are read before anything is sent, and so are counted
        let few = heard(&db, pages(10), None).await;
        assert!(few.iter().all(|progress| progress.total == Some(10)), "{few:?}");
        assert_eq!(few.last().unwrap().staged, 10);
        assert!(heard(&db, &[], None).await.is_empty());
    });
}
