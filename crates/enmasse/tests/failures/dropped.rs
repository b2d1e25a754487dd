//! The future is dropped half-way.

use std::time::Duration;

use enmasse::prelude::*;
use enmasse_testing::{Kind, test_on};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::time::timeout;

use crate::cut::until_one_waits;
use crate::item::{
    Item, ROWS, all_changed, changed, old_and_new, on_item, set_back, strategies, undone_alone_or_wholly,
    untouched, update,
};

/// The first rows, changed, and then for ever nothing.
fn endless(rows: i64) -> impl Stream<Item = Item> + Send {
    stream::iter((1..=rows).map(changed)).chain(stream::pending())
}

/// Long enough for all that comes to be sent.
const A_WHILE: Duration = Duration::from_millis(400);

#[test_on(all)]
fn while_it_waits_for_rows(kind: Kind) {
    on_item(kind, async |_, db| {
        for strategy in strategies(db) {
            for rows in [10, 3_000] {
                let after = format!("dropped after {rows} rows");
                let dropped = timeout(A_WHILE, update(Item::objects(db), endless(rows), strategy)).await;
                assert!(dropped.is_err(), "{dropped:?}");
                untouched(db, strategy, &after).await;
                undone_alone_or_wholly(db, &format!("{strategy:?} {after}"), async |tx| {
                    let update = update(Item::objects(tx), endless(rows), strategy);
                    assert!(timeout(A_WHILE, update).await.is_err());
                })
                .await;
                untouched(db, strategy, &after).await;
            }
        }
    });
}

#[test_on(servers)]
fn while_it_waits_for_a_lock(kind: Kind) {
    on_item(kind, async |scratch, db| {
        let other = scratch.connect_with("pool_size=1").await;
        let watch = scratch.connect_with("pool_size=1").await;
        for strategy in strategies(db) {
            let dropped = other.transaction(async |tx| {
                Item::objects(&tx).filter(q!(id = ROWS)).update(set!(points = 0)).await?;
                tokio::select! {
                    result = update(Item::objects(db), all_changed(), strategy) => panic!("{result:?}"),
                    () = until_one_waits(&watch) => Ok(()),
                }
            });
            dropped.await.unwrap();
            untouched(db, strategy, "dropped while it waited for a lock").await;
        }
        other.close().await;
        watch.close().await;
    });
}

#[test_on(all)]
fn at_any_moment(kind: Kind) {
    on_item(kind, async |_, db| {
        for strategy in strategies(db) {
            for micros in [1, 1_000, 3_000, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000] {
                let update = update(Item::objects(db), all_changed(), strategy);
                let finished = timeout(Duration::from_micros(micros), update).await;
                let counts = old_and_new(db).await;
                match finished {
                    Ok(report) => {
                        assert_eq!((report.unwrap().matched, counts), (ROWS as u64, (0, ROWS)));
                        set_back(db).await;
                    }
                    Err(_) => {
                        assert!(
                            counts == (ROWS, 0) || counts == (0, ROWS),
                            "{strategy:?} {micros}: {counts:?}"
                        );
                        set_back(db).await;
                    }
                }
                untouched(db, strategy, &format!("dropped after {micros} µs")).await;
            }
        }
    });
}
