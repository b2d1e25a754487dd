//! The last row of many is refused.

use enmasse::batch::Strategy;
use enmasse::prelude::*;
use enmasse_testing::{Kind, test_on};

use crate::item::{Item, ROWS, changed, on_item, strategies, undone_alone, untouched, update};

/// A bulk update whose last row is this one fails, and leaves nothing.
async fn refused(db: &Database, strategy: Strategy, what: &str, kind: ErrorKind, last: Item) {
    for rows in [40, ROWS] {
        let mut objects: Vec<_> = (1..rows).map(changed).collect();
        objects.push(last.clone());
        let after = format!("{what} in the last of {rows} rows");
        for from_slice in [true, false] {
            let fail = async |rows| {
                let result = if from_slice {
                    update(rows, &objects, strategy).await
                } else {
                    update(rows, objects.iter().cloned(), strategy).await
                };
                let error = result.unwrap_err();
                assert_eq!(error.kind(), kind, "{strategy:?} {after}: {error:?}");
                if kind == ErrorKind::Value {
                    assert!(error.to_string().contains(&last.id.to_string()), "{error}");
                }
            };
            fail(Item::objects(db)).await;
            untouched(db, strategy, &after).await;
            let after = format!("{strategy:?} {after}");
            undone_alone(db, &after, async |tx| fail(Item::objects(tx)).await).await;
        }
    }
}

#[test_on(all)]
fn by_a_constraint(kind: Kind) {
    use ErrorKind::Integrity;
    on_item(kind, async |_, db| {
        for strategy in strategies(db) {
            let last = changed(ROWS);
            let twice = Item { code: changed(1).code, ..last.clone() };
            refused(db, strategy, "a code twice", Integrity, twice).await;
            refused(db, strategy, "NULL", Integrity, Item { name: None, ..last.clone() }).await;
            refused(db, strategy, "a negative number", Integrity, Item { points: -1, ..last.clone() }).await;
            refused(db, strategy, "no such shelf", Integrity, Item { shelf: 3, ..last }).await;
        }
    });
}

#[test_on(all)]
fn by_its_column(kind: Kind) {
    on_item(kind, async |_, db| {
        for strategy in strategies(db) {
            let last = Item { name: Some("x".repeat(201)), ..changed(ROWS) };
            refused(db, strategy, "a text that is too long", ErrorKind::Value, last).await;
        }
    });
}

#[test_on(all)]
fn by_its_key(kind: Kind) {
    on_item(kind, async |_, db| {
        for strategy in strategies(db) {
            refused(db, strategy, "a key twice", ErrorKind::DuplicateKey, changed(1)).await;
        }
    });
}
