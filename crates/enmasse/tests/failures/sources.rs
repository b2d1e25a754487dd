//! The rows come from something that fails.

use std::panic::AssertUnwindSafe;

use enmasse::prelude::*;
use enmasse_testing::{Kind, test_on};
use futures_util::FutureExt;
use futures_util::stream::{self, Stream};

use crate::item::{
    Item, ROWS, changed, on_item, strategies, undone_alone, undone_alone_or_wholly, untouched, update,
};

/// Where it fails: in what is read ahead, in the middle, and at the end.
const KEYS: [i64; 3] = [10, 3_000, ROWS];

/// The rows, changed, but an error in place of the one with this key.
fn failing(key: i64) -> impl Stream<Item = Result<Item>> + Send {
    stream::iter((1..=ROWS).map(move |id| {
        if id == key { Err(Error::new(ErrorKind::Request, "the source fails")) } else { Ok(changed(id)) }
    }))
}

/// The rows, changed, but a panic in place of the one with this key.
fn panicking(key: i64) -> impl Iterator<Item = Item> + Send {
    (1..=ROWS).map(move |id| if id == key { panic!("this panic is part of the test") } else { changed(id) })
}

#[test_on(all)]
fn an_error(kind: Kind) {
    on_item(kind, async |_, db| {
        for strategy in strategies(db) {
            for key in KEYS {
                let after = format!("an error in place of row {key}");
                let error = update(Item::objects(db), failing(key), strategy).await.unwrap_err();
                assert!(error.message().contains("the source fails"), "{error:?}");
                untouched(db, strategy, &after).await;
                undone_alone(db, &format!("{strategy:?} {after}"), async |tx| {
                    let error = update(Item::objects(tx), failing(key), strategy).await.unwrap_err();
                    assert!(error.message().contains("the source fails"), "{error:?}");
                })
                .await;
            }
        }
    });
}

#[test_on(all)]
fn a_panic(kind: Kind) {
    on_item(kind, async |_, db| {
        for strategy in strategies(db) {
            for key in KEYS {
                let after = format!("a panic in place of row {key}");
                let update = async |rows| update(rows, panicking(key), strategy).await;
                assert!(AssertUnwindSafe(update(Item::objects(db))).catch_unwind().await.is_err());
                untouched(db, strategy, &after).await;
                undone_alone_or_wholly(db, &format!("{strategy:?} {after}"), async |tx| {
                    assert!(AssertUnwindSafe(update(Item::objects(tx))).catch_unwind().await.is_err());
                })
                .await;
                untouched(db, strategy, &after).await;
            }
        }
    });
}

/// A stream that panics, even in a separate task, is an error to the caller.
#[test_on(all)]
fn a01_a_panic_of_a_stream(kind: Kind) {
    on_item(kind, async |_, db| {
        for strategy in strategies(db) {
            // Panics of an iterator are tested above.
            for key in [KEYS[1]] {
                let after = format!("a panic in place of row {key} of a stream");
                let (rows, tried) = (Item::objects(db), strategy);
                let task =
                    tokio::spawn(async move { update(rows, stream::iter(panicking(key)), tried).await });
                assert!(task.await.unwrap_err().is_panic());
                untouched(db, strategy, &after).await;
                undone_alone_or_wholly(db, &format!("{strategy:?} {after}"), async |tx| {
                    let update = update(Item::objects(tx), stream::iter(panicking(key)), strategy);
                    assert!(AssertUnwindSafe(update).catch_unwind().await.is_err());
                })
                .await;
                untouched(db, strategy, &after).await;
            }
        }
    });
}
