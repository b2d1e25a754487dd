//! Receivers whose writes send signals in turn.

use enmasse::prelude::*;
use enmasse::signals::Batch;
use enmasse_testing::{Kind, on_database, test_on};

use crate::{Log, Profile, User, add_points, points, taken, user, users};

#[test_on(all)]
fn receivers_write_and_are_heard(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 1_100).await;
        db.signals().post_save::<User>().connect(add_points);
        let log: Log<(u64, bool)> = Log::default();
        let heard = log.clone();
        db.signals().pre_save::<Profile>().connect(async |batch, _| {
            assert!(batch.fields() == ["points"]);
            Ok(())
        });
        db.signals().post_save::<Profile>().connect(move |batch: Batch<Profile>, tx: Transaction| {
            let heard = heard.clone();
            async move {
                // The user's own table of keys still exists.
                let rich = batch.rows().filter(|p| p.points.gte(100)).count().await?;
                let named = User::objects(&tx).filter(|u| u.profile().id.in_(&batch));
                let named = named.update(|u| u.name.set("rich")).without_signals().await?;
                heard.lock().unwrap().push((rich, named == batch.size()));
                Ok(())
            }
        });
        User::objects(&db).filter(|u| u.country.eq("US")).update(|u| u.visits.set(1)).await.unwrap();
        assert_eq!(taken(&log), [(550, true)]);
        User::objects(&db).save(&mut user(2)).await.unwrap();
        assert_eq!(taken(&log), [(1, true)]);
        assert_eq!(User::objects(&db).filter(|u| u.name.eq("rich")).count().await.unwrap(), 551);
        assert_eq!(points(&db).await.iter().sum::<i32>(), 55_100);
    });
}

#[test_on(all)]
fn a_loop_is_stopped(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 2).await;
        db.signals().post_save::<User>().connect(add_points);
        db.signals().post_save::<Profile>().connect(async |batch, tx| {
            let users = User::objects(&tx).filter(|u| u.profile().id.in_(&batch));
            users.update(|u| u.visits.increment(1)).await.map(|_| ())
        });
        let error = User::objects(&db).update(|u| u.visits.set(1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        let path = "User.post_save -> Profile.post_save -> User.post_save -> Profile.post_save";
        assert!(error.to_string().contains(path), "{error}");
        // of a transaction, it is the savepoint that is undone
        let tx = db.transaction(async |tx| {
            assert!(User::objects(&tx).save(&mut user(1)).await.is_err());
            Profile::objects(&tx).count().await
        });
        assert_eq!(tx.await.unwrap(), 2);
        assert_eq!(points(&db).await, [0, 0]);
        assert_eq!(User::objects(&db).filter(|u| u.visits.eq(0)).count().await.unwrap(), 2);
    });
}
