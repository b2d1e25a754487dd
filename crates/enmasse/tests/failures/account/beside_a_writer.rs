//! A row that another writer brings while a batch is written: it is written, or missing, or counted as skipped.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_scratch, test_on};

use super::goods::{Guard, Shop, good, record};

/// The stock that the other writer's rows have.
const FOREIGN: i64 = -1;

/// Rows of a batch: each size goes another way to the server.
const SIZES: [i64; 3] = [40, 300, 6_000];

/// SQLite has one writer at a time.
#[test_on(servers)]
fn a06_no_row_is_lost_that_arrives_meanwhile(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let shop = Shop::open(scratch, Guard::Nothing).await;
        for (round, size) in SIZES.into_iter().enumerate() {
            for (skip_unchanged, told) in [(true, true), (false, true), (true, false), (false, false)] {
                one(&shop, size, round, skip_unchanged, told).await;
            }
        }
        shop.close().await;
    });
}

async fn one(shop: &Shop, size: i64, round: usize, skip_unchanged: bool, told: bool) {
    let place = format!("round {round} of {size} rows, skip_unchanged {skip_unchanged}, rows told {told}");
    // Every second row exists; the others arrive one after the other.
    let row = |id: i64, stock: i64| (id, Some(stock), Some("n".to_owned()));
    let there: Vec<_> = (1..=size).filter(|id| id % 2 == 0).map(|id| row(id, 0)).collect();
    shop.fill(&there).await;
    let stop = Arc::new(AtomicBool::new(false));
    let arrivals = {
        let (db, stop) = (shop.owner.clone(), stop.clone());
        tokio::spawn(async move {
            for id in (1..=size).filter(|id| id % 2 == 1) {
                if stop.load(SeqCst) {
                    break;
                }
                let sql = format!("INSERT INTO good (id, stock, name) VALUES ({id}, {FOREIGN}, 'n')");
                db.execute_raw(&sql, []).await.unwrap();
            }
        })
    };
    let batch: Vec<_> = (1..=size).map(|id| record(&row(id, 1))).collect();
    let mut update = QuerySet::of(&good(), &shop.writer).bulk_update(batch, |_| ["stock", "name"]);
    if skip_unchanged {
        update = update.skip_unchanged();
    }
    let missing = Arc::new(Mutex::new(Vec::new()));
    if told {
        let missing = missing.clone();
        update = update.each_missing(move |record| {
            missing.lock().unwrap().push(record.values()[0].clone());
            Ok(())
        });
    }
    let report = update.await.unwrap_or_else(|error| panic!("{place}: {error}"));
    stop.store(true, SeqCst);
    arrivals.await.unwrap();

    let mut named: BTreeSet<i64> = BTreeSet::new();
    let listed = std::mem::take(&mut *missing.lock().unwrap());
    for key in report.missing.iter().map(|key| key[0].clone()).chain(listed) {
        let Value::Int(id) = key else { panic!("{place}: no key: {key:?}") };
        assert!(named.insert(id), "{place}: {id} is named twice");
    }
    assert_eq!(report.matched + report.missing_count, size as u64, "{place}: {report:?}");
    assert_eq!(report.missing_count, named.len() as u64, "{place}: {report:?}");
    let mut unwritten = 0;
    for (id, stock, _) in shop.rows().await {
        match stock {
            Some(1) => assert!(!named.contains(&id), "{place}: {id} is written and named as missing"),
            Some(FOREIGN) if named.contains(&id) => {}
            Some(FOREIGN) => unwritten += 1,
            other => panic!("{place}: {id} has the stock {other:?}"),
        }
    }
    // A row that exists, is not missing and was not written is counted; if rows are reported, there is none.
    assert!(unwritten <= report.skipped, "{place}: {unwritten} rows were not written, {report:?}");
    if told {
        assert_eq!(unwritten, 0, "{place}: {report:?}");
    }
}
