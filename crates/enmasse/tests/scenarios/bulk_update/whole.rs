//! All rows or none, also inside a transaction and beside others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use enmasse::prelude::*;
use enmasse::serde_json::json;
use enmasse_testing::{Kind, on_database, test_on};

use super::{Player, players, points};

#[test_on(all)]
fn a_constraint_that_the_last_row_breaks_leaves_all_as_it_was(kind: Kind) {
    on_database(kind, async |db| {
        let all = players(&db, 2_000).await;
        for size in [None, Some(100)] {
            let mut changed = all.clone();
            changed.iter_mut().for_each(|player| {
                player.points = 7;
                player.number = Some(player.number.unwrap() + 100_000);
            });
            changed.last_mut().unwrap().number = Some(100_001);
            let update = || Player::objects(&db).bulk_update(&changed, |p| (p.points, p.number));
            let error = match size {
                Some(size) => update().batch_size(size).await,
                None => update().await,
            };
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
            assert_eq!(Player::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), all);

            changed.last_mut().unwrap().number = None;
            changed.last_mut().unwrap().team = 99;
            let error = Player::objects(&db).bulk_update(&changed, |p| (p.points, p.team)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
            assert_eq!(Player::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), all);
        }
    });
}

/// A few rows are one statement, which has no transaction around it; but not where they are so large that they are several.
#[test_on(all)]
fn few_rows_that_are_large_are_all_or_nothing_too(kind: Kind) {
    on_database(kind, async |db| {
        let all = players(&db, 20).await;
        let mut changed = all.clone();
        changed.iter_mut().for_each(|player| {
            player.data = Some(json!("x".repeat(50_000)));
            player.number = Some(player.number.unwrap() + 100);
        });
        changed.last_mut().unwrap().number = Some(101);
        let error = Player::objects(&db).bulk_update(&changed, |p| (p.data, p.number)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert!(Player::objects(&db).order_by(|p| p.id).fetch().await.unwrap() == all);
    });
}

#[test_on(all)]
fn inside_a_transaction_it_is_a_savepoint(kind: Kind) {
    on_database(kind, async |db| {
        let all = players(&db, 3).await;
        let changed =
            |points: i32| all.iter().map(|player| Player { points, ..player.clone() }).collect::<Vec<_>>();
        db.transaction(async |tx| {
            let rows = || Player::objects(&tx);
            assert_eq!(rows().bulk_update(&changed(1), |p| p.points).await?.matched, 3);
            let clash: Vec<_> =
                all.iter().map(|player| Player { points: 5, number: Some(1), ..player.clone() }).collect();
            let error = rows().bulk_update(&clash, |p| (p.points, p.number)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity);
            assert_eq!(rows().filter(q!(points = 1)).count().await?, 3, "only the clash is undone");
            assert_eq!(rows().filter(q!(id = 2)).update(set!(points = 2)).await?, 1);
            let undone: Result<()> = tx
                .transaction(async |inner| {
                    Player::objects(&inner).bulk_update(&changed(9), |p| p.points).await?;
                    Err(Error::new(ErrorKind::Request, "enough"))
                })
                .await;
            assert_eq!(undone.unwrap_err().to_string(), "enough");
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(points(&db).await, [1, 2, 1]);

        let undone: Result<()> = db
            .transaction(async |tx| {
                Player::objects(&tx).bulk_update(&changed(100), |p| p.points).await?;
                Err(Error::new(ErrorKind::Request, "enough"))
            })
            .await;
        assert_eq!(undone.unwrap_err().to_string(), "enough");
        assert_eq!(points(&db).await, [1, 2, 1]);
    });
}

#[test_on(all)]
fn two_over_the_same_rows_do_not_deadlock(kind: Kind) {
    on_database(kind, async |db| {
        let all = Arc::new(players(&db, 300).await);
        const ROUNDS: u32 = 15;
        let begun = Arc::new(AtomicU32::new(0));
        let writers = (0..4).map(|writer| {
            let (db, all, begun) = (db.clone(), all.clone(), begun.clone());
            tokio::spawn(async move {
                for round in 0..ROUNDS {
                    let mut objects: Vec<_> =
                        all.iter().map(|player| Player { points: writer, ..player.clone() }).collect();
                    match (writer as u32 + round) % 3 {
                        0 => objects.reverse(),
                        1 => objects.sort_by_key(|player| player.id.unwrap() * 7_919 % 307),
                        _ => {}
                    }
                    // A conflict would begin the transaction once more.
                    db.transaction(async |tx| {
                        begun.fetch_add(1, Ordering::Relaxed);
                        let update = Player::objects(&tx).bulk_update(&objects, |p| p.points).batch_size(100);
                        assert_eq!(update.await?.matched, 300);
                        Ok(())
                    })
                    .await
                    .unwrap();
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        if Kind::of(&db) != Kind::Sqlite {
            assert_eq!(begun.load(Ordering::Relaxed), 4 * ROUNDS, "a transaction was begun again");
        }
        let points = points(&db).await;
        assert!(points.iter().all(|point| *point == points[0]), "the last one wrote all rows");
    });
}

#[test_on(all)]
fn one_that_is_dropped_half_way_is_undone(kind: Kind) {
    on_database(kind, async |db| {
        let all = players(&db, 2_000).await;
        let changed: Vec<_> = all.iter().map(|player| Player { points: 1, ..player.clone() }).collect();
        let update = || Player::objects(&db).bulk_update(&changed, |p| p.points).batch_size(50);

        // It waits for the last row, after it has written the others.
        db.transaction(async |tx| {
            Player::objects(&tx).filter(q!(id = 2_000)).update(set!(points = 9)).await?;
            let waited = tokio::time::timeout(Duration::from_millis(700), update()).await;
            assert!(waited.is_err(), "it should wait for the row: {waited:?}");
            Ok(())
        })
        .await
        .unwrap();
        let read = points(&db).await;
        assert!(read[..1_999].iter().all(|points| *points == 0) && read[1_999] == 9);

        // Wherever it stops, it is all or nothing, and the next one can work.
        for micros in [1, 300, 1_000, 3_000, 8_000, 20_000, 60_000] {
            Player::objects(&db).update(set!(points = 0)).await.unwrap();
            let finished = tokio::time::timeout(Duration::from_micros(micros), update()).await;
            let expected =
                if finished.is_ok_and(|report| report.unwrap().matched == 2_000) { Some(1) } else { None };
            let read = points(&db).await;
            assert!(read.iter().all(|points| *points == read[0]), "after {micros} µs");
            if let Some(expected) = expected {
                assert_eq!(read[0], expected);
            }
        }
        assert_eq!(update().await.unwrap().matched, 2_000);
        assert_eq!(points(&db).await, vec![1; 2_000]);
    });
}

#[test_on(postgres)]
fn a_transactions_own_settings_stay_as_they_are(kind: Kind) {
    on_database(kind, async |db| {
        let all = players(&db, 10).await;
        db.transaction(async |tx| {
            let settings = async || {
                let names = "current_setting('enable_hashjoin'), current_setting('enable_mergejoin'), current_setting('jit')";
                tx.query_raw(&format!("SELECT {names}"), []).await.unwrap()
            };
            tx.query_raw("SELECT set_config('enable_mergejoin', 'off', true)", []).await?;
            let before = settings().await;
            assert_eq!(before, [["on", "off", "on"].map(Value::from)]);
            Player::objects(&tx).bulk_update(&all, |p| p.points).await?;
            assert_eq!(settings().await, before);
            let clash: Vec<_> = all.iter().map(|player| Player { number: Some(1), ..player.clone() }).collect();
            Player::objects(&tx).bulk_update(&clash, |p| p.number).await.unwrap_err();
            assert_eq!(settings().await, before);
            Ok(())
        })
        .await
        .unwrap();
    });
}
