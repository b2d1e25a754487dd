//! What is undone: writes with their receivers' work, and the other way round.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, on_scratch, test_on};
use futures_util::FutureExt;
use tokio::time::timeout;

use crate::{Log, Profile, User, add_points, points, taken, user, users};

fn refuse() -> Error {
    Error::new(ErrorKind::Value, "not today")
}

/// Each write of users, of which none may leave a trace.
async fn each_write_fails(db: &Database) {
    let all = || User::objects(db);
    let mut existing = User { visits: 9, ..user(1) };
    let owned = vec![User { visits: 9, ..user(1) }, User { visits: 9, ..user(2) }];
    let failed = [
        all().create(user(10)).await.map(|_| ()),
        all().bulk_create([user(11), user(12)]).await.map(|_| ()),
        all().save(&mut existing).await.map(|_| ()),
        all().save(&mut user(13)).await.map(|_| ()),
        all().filter(|u| u.id.gt(0)).update(|u| u.visits.set(9)).await.map(|_| ()),
        all().update(|u| u.visits.set(9)).returning().await.map(|_| ()),
        all().bulk_update(&owned, |u| u.visits).await.map(|_| ()),
        all().bulk_update(owned, |u| u.visits).await.map(|_| ()),
        all()
            .bulk_update((1..=2_500).map(|id| User { visits: 9, ..user(id) }), |u| u.visits)
            .await
            .map(|_| ()),
    ];
    for (number, failed) in failed.into_iter().enumerate() {
        let error = failed.unwrap_err();
        assert_eq!(error.to_string(), "not today", "write {number}");
    }
    assert_eq!(all().filter(|u| u.visits.eq(0)).count().await.unwrap(), 3);
    assert_eq!(all().count().await.unwrap(), 3);
}

#[test_on(all)]
fn an_error_of_a_receiver_undoes_the_write(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 3).await;
        // what an earlier receiver did goes too
        db.signals().post_save::<User>().connect(add_points);
        let last = db.signals().post_save::<User>().connect(async |_, _| Err(refuse()));
        db.signals().post_save::<User>().connect(async |_, _| panic!("called after an error"));
        each_write_fails(&db).await;
        assert_eq!(points(&db).await, [0, 0, 0]);

        // in a transaction, that goes on without it
        let tx = db.transaction(async |tx| {
            Profile::objects(&tx).update(|p| p.points.set(1)).await?;
            let failed = User::objects(&tx).update(|u| u.visits.set(9)).await;
            assert_eq!(failed.unwrap_err().message(), "not today");
            Profile::objects(&tx).filter(|p| p.user.eq(1)).update(|p| p.points.set(2)).await
        });
        assert_eq!(tx.await.unwrap(), 1);
        assert_eq!(points(&db).await, [2, 1, 1]);
        assert_eq!(User::objects(&db).filter(|u| u.visits.eq(0)).count().await.unwrap(), 3);

        last.disconnect();
        db.signals().pre_save::<User>().connect(async |_, _| Err(refuse()));
        each_write_fails(&db).await;
    });
}

/// A panic, which the caller may catch, or the task in which it was.
#[test_on(all)]
fn a01_a_panic_of_a_receiver_undoes_the_write(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 3).await;
        db.signals().post_save::<User>().connect(add_points);
        db.signals().post_save::<User>().connect(async |_, _| panic!("this panic is part of the test"));
        let all = User::objects(&db);
        let many = || (1..=2_500).map(|id| User { visits: 9, ..user(id) });
        for write in 0..4 {
            let users = all.clone();
            let task = tokio::spawn(async move {
                match write {
                    0 => users.update(|u| u.visits.set(9)).await.map(|_| ()),
                    1 => users.bulk_update(many(), |u| u.visits).await.map(|_| ()),
                    2 => users.bulk_create([user(11), user(12)]).await.map(|_| ()),
                    _ => users.save(&mut User { visits: 9, ..user(1) }).await.map(|_| ()),
                }
            });
            assert!(task.await.unwrap_err().is_panic(), "write {write}");
            assert_eq!(all.clone().filter(|u| u.visits.eq(0)).count().await.unwrap(), 3, "write {write}");
            assert_eq!(
                (all.clone().count().await.unwrap(), points(&db).await),
                (3, vec![0, 0, 0]),
                "write {write}"
            );
        }
        // A caller that catches the error within a transaction, and continues, keeps nothing of the write.
        let kept = db.transaction(async |tx| {
            let update = User::objects(&tx).update(|u| u.visits.set(9));
            assert!(AssertUnwindSafe(update).catch_unwind().await.is_err());
            Profile::objects(&tx).filter(|p| p.user.eq(1)).update(|p| p.points.set(2)).await
        });
        assert_eq!(kept.await.unwrap(), 1);
        assert_eq!(points(&db).await, [2, 0, 0]);
        assert_eq!(User::objects(&db).filter(|u| u.visits.eq(0)).count().await.unwrap(), 3);
    });
}

/// An error of the database, which on PostgreSQL ends the transaction up to the savepoint.
#[test_on(all)]
fn an_error_of_the_database_in_a_receiver_undoes_the_write(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 2).await;
        db.signals().post_save::<User>().connect(async |_, tx| {
            let twice = Profile::objects(&tx).create(Profile { id: None, user: 1, points: 5 });
            twice.await.map(|_| ())
        });
        let failed = User::objects(&db).update(|u| u.visits.set(9)).await.unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::Integrity);
        let tx = db.transaction(async |tx| {
            let failed = User::objects(&tx).update(|u| u.visits.set(9)).await.unwrap_err();
            assert_eq!(failed.kind(), ErrorKind::Integrity);
            User::objects(&tx).filter(|u| u.visits.eq(0)).count().await
        });
        assert_eq!(tx.await.unwrap(), 2);
    });
}

#[test_on(all)]
fn what_waits_for_the_commit_waits_for_the_outermost(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 3).await;
        let log: Log<u64> = Log::default();
        let done = log.clone();
        db.signals().post_save::<User>().connect(move |batch, tx| {
            let done = done.clone();
            async move {
                let size = batch.size();
                tx.on_commit(move || async move { done.lock().unwrap().push(size) });
                add_points(batch, tx).await
            }
        });
        User::objects(&db).update(|u| u.visits.set(1)).await.unwrap();
        assert_eq!(taken(&log), [3]);
        User::objects(&db).save(&mut user(1)).await.unwrap();
        assert_eq!(taken(&log), [1]);
        let before = points(&db).await;

        let heard = log.clone();
        let tx = db.transaction(async |tx| {
            User::objects(&tx).filter(|u| u.id.lt(3)).update(|u| u.visits.set(2)).await?;
            let undone = tx.transaction(async |inner| {
                User::objects(&inner).update(|u| u.visits.set(3)).await?;
                Err::<(), _>(refuse())
            });
            assert!(undone.await.is_err());
            User::objects(&tx).filter(|u| u.id.eq(3)).update(|u| u.visits.set(4)).await?;
            assert!(heard.lock().unwrap().is_empty());
            Ok(())
        });
        tx.await.unwrap();
        assert_eq!(taken(&log), [2, 1]);
        let after: Vec<_> = before.iter().map(|points| points + 100).collect();
        assert_eq!(points(&db).await, after);

        let rolled_back = db.transaction(async |tx| {
            User::objects(&tx).update(|u| u.visits.set(5)).await?;
            Err::<(), _>(refuse())
        });
        assert!(rolled_back.await.is_err());
        assert_eq!((taken(&log).len(), points(&db).await), (0, after));
    });
}

#[test_on(all)]
fn a_dropped_write_is_undone(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 1_200).await;
        let stuck = db.signals().post_save::<User>().connect(async |batch, tx| {
            add_points(batch, tx).await?;
            std::future::pending().await
        });
        let a_while = Duration::from_millis(500);
        let update = || User::objects(&db).update(|u| u.visits.set(1));
        assert!(timeout(a_while, update()).await.is_err());
        let all: Vec<_> = (1..=1_200).map(|id| User { visits: 1, ..user(id) }).collect();
        assert!(timeout(a_while, User::objects(&db).bulk_update(&all, |u| u.visits)).await.is_err());
        let tx = db.transaction(async |tx| {
            let update = User::objects(&tx).update(|u| u.visits.set(1));
            assert!(timeout(a_while, update).await.is_err());
            User::objects(&tx).filter(|u| u.visits.eq(0)).count().await
        });
        assert_eq!(tx.await.unwrap(), 1_200);
        stuck.disconnect();
        db.signals().post_save::<User>().connect(add_points);
        // on the same connections, with tables of the same names
        for round in 1..=3 {
            assert_eq!(update().await.unwrap(), 1_200);
            assert!(points(&db).await.iter().all(|&points| points == 100 * round));
        }
    });
}

/// Two transactions lock each other's rows: one is tried again, and its receivers with it.
#[test_on(servers)]
fn receivers_run_again_after_a_conflict(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        let other = scratch.connect().await;
        users(&db, 2).await;
        let tries = Arc::new(AtomicU32::new(0));
        let counted = tries.clone();
        let pause = || tokio::time::sleep(Duration::from_millis(200));
        db.signals().post_save::<User>().connect(move |batch, tx| {
            let counted = counted.clone();
            async move {
                counted.fetch_add(1, Ordering::SeqCst);
                pause().await;
                add_points(batch, tx).await
            }
        });
        let others = other.transaction(async |tx| {
            tries.fetch_add(1, Ordering::SeqCst);
            Profile::objects(&tx).filter(|p| p.user.eq(1)).update(|p| p.points.increment(1)).await?;
            pause().await;
            User::objects(&tx).filter(|u| u.id.eq(1)).update(|u| u.visits.increment(1)).await
        });
        let ours = User::objects(&db).filter(|u| u.id.eq(1)).update(|u| u.visits.increment(1));
        let (ours, others) = tokio::join!(ours, others);
        assert_eq!((ours.unwrap(), others.unwrap()), (1, 1));
        assert!(tries.load(Ordering::SeqCst) > 2, "there was no conflict");
        assert_eq!(points(&db).await, [101, 0]);
        let visits = User::objects(&db).order_by(|u| u.id).values(|u| u.visits).await.unwrap();
        assert_eq!(visits, [2, 0]);
        other.close().await;
        db.close().await;
    });
}

/// Writes of one transaction that are awaited together take turns.
#[test_on(all)]
fn writes_at_once_take_turns(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 2).await;
        db.signals().post_save::<User>().connect(add_points);
        let tx = db.transaction(async |tx| {
            let update = |id: i64| User::objects(&tx).filter(|u| u.id.eq(id)).update(|u| u.visits.set(1));
            let (first, second, third) = tokio::join!(update(1), update(2), update(1));
            Ok(first? + second? + third?)
        });
        assert_eq!(tx.await.unwrap(), 3);
        assert_eq!(points(&db).await, [200, 100]);
    });
}
