//! What the receivers of `pre_save` and `pre_delete` see, and may change.

use std::sync::{Arc, Mutex};

use enmasse::prelude::*;
use enmasse::query_set::Patch;
use enmasse::signals::{Batch, Origin};
use futures_util::stream;
use futures_util::stream::TryStreamExt;

use crate::common::on_each_database;
use crate::{Log, Profile, User, points, taken, user, users};

/// Makes names upper case before they are written, and remembers how many objects there were.
async fn shout(batch: Batch<User>, _: Transaction) -> Result<()> {
    assert_eq!(batch.objects()?.len() as u64, batch.size());
    batch.edit(|user| user.name = user.name.to_uppercase())
}

async fn names(db: &Database) -> Vec<String> {
    User::objects(db).order_by(|u| u.id).values(|u| u.name).await.unwrap()
}

#[test]
fn objects_are_changed_before_they_are_written() {
    on_each_database(async |db| {
        users(&db, 0).await;
        db.signals().pre_save::<User>().connect(shout);
        // each sees what the one before has done
        db.signals().of_every_model().pre_save().connect(async |batch, _| {
            batch.edit(|record| {
                let Ok(Value::Text(name)) = record.get("name").cloned() else { return };
                record.set("name", format!("{name}!")).unwrap();
            })
        });
        let all = || User::objects(&db);
        assert_eq!(all().create(user(1)).await.unwrap().name, "USER 1!");
        let created = all().bulk_create([user(2), user(3)]).await.unwrap();
        assert_eq!((created[0].name.as_str(), created[1].name.as_str()), ("USER 2!", "USER 3!"));
        let mut saved = User { name: "ada".into(), ..user(1) };
        all().save(&mut saved).await.unwrap();
        assert_eq!(saved.name, "ADA!");
        let mut new = User { name: "bob".into(), ..user(4) };
        assert!(all().save(&mut new).await.unwrap().created);
        assert_eq!(names(&db).await, ["ADA!", "USER 2!", "USER 3!", "BOB!"]);

        let eve = |id| User { name: "eve".into(), ..user(id) };
        assert_eq!(all().bulk_update(vec![eve(2), eve(3)], |u| u.name).await.unwrap().matched, 2);
        assert_eq!(names(&db).await, ["ADA!", "EVE!", "EVE!", "BOB!"]);
        // what is not among the fields is not written
        all().bulk_update([eve(1)], |u| u.visits).await.unwrap();
        assert_eq!(names(&db).await[0], "ADA!");
    });
}

#[test]
fn many_objects_are_changed_before_they_are_written() {
    on_each_database(async |db| {
        users(&db, 2_000).await;
        db.signals().pre_save::<User>().connect(shout);
        let changed: Vec<_> = (1..=2_000).map(|id| User { name: "eve".into(), ..user(id) }).collect();
        assert_eq!(User::objects(&db).bulk_update(changed, |u| u.name).await.unwrap().matched, 2_000);
        assert_eq!(User::objects(&db).filter(|u| u.name.eq("EVE")).count().await.unwrap(), 2_000);
    });
}

#[test]
fn borrowed_objects_are_not_changed() {
    on_each_database(async |db| {
        users(&db, 2).await;
        db.signals().pre_save::<User>().connect(shout);
        let all = || User::objects(&db);
        let given = [user(1), user(2)];
        let stream = stream::iter(given.clone());
        let refused = [
            all().bulk_update(&given, |u| u.name).await.map(|_| ()).unwrap_err(),
            all().bulk_update(stream, |u| u.name).await.map(|_| ()).unwrap_err(),
            all()
                .bulk_patch([Patch::of(1).set(|u: Columns<User>| u.name.set("x"))])
                .await
                .map(|_| ())
                .unwrap_err(),
            all().update(|u| u.name.set("x")).await.map(|_| ()).unwrap_err(),
        ];
        for error in refused {
            assert_eq!(error.kind(), ErrorKind::Request);
            assert!(error.to_string().starts_with("User.pre_save: the batch has no objects"), "{error}");
        }
        assert_eq!(names(&db).await, ["user 1", "user 2"]);
    });
}

/// An update's rows are found, locked and visible unchanged; they are written even if a receiver has changed
/// them.
#[test]
fn an_update_is_seen_before() {
    on_each_database(async |db| {
        users(&db, 4).await;
        let log: Log<Vec<(i64, i32)>> = Log::default();
        let seen = log.clone();
        let see = move |batch: Batch<User>, _: Transaction| {
            let seen = seen.clone();
            async move {
                let rows = batch.rows().order_by(|u| u.id);
                let visits = rows.clone().values(|u| (u.id, u.visits)).await?;
                let streamed: Vec<User> = rows.stream().try_collect().await?;
                assert_eq!(streamed.len(), visits.len());
                seen.lock().unwrap().push(visits);
                Ok(())
            }
        };
        db.signals().pre_save::<User>().connect(see.clone());
        db.signals().pre_save::<User>().connect(async |batch, _| {
            let moved = batch.rows().update(|u| u.country.set("FR")).without_signals();
            assert_eq!(moved.await?, batch.size());
            Ok(())
        });
        db.signals().post_save::<User>().connect(see);
        let update = User::objects(&db).filter(|u| u.country.eq("US")).update(|u| u.visits.increment(1));
        assert_eq!(update.await.unwrap(), 2);
        assert_eq!(taken(&log), [[(1, 0), (3, 0)], [(1, 1), (3, 1)]]);
        let returned = User::objects(&db).filter(|u| u.country.eq("FR")).update(|u| u.visits.set(5));
        let returned = returned.returning().await.unwrap();
        assert!(returned.iter().all(|user| user.visits == 5) && returned.len() == 2);
    });
}

#[test]
fn related_rows_go_before_what_they_refer_to() {
    on_each_database(async |db| {
        users(&db, 4).await;
        db.signals().pre_delete::<User>().connect(async |batch, tx| {
            assert_eq!(batch.origin(), Origin::Delete);
            let profiles = Profile::objects(&tx).filter(|p| p.user.in_(&batch)).delete().await?;
            assert_eq!(profiles, batch.size());
            Ok(())
        });
        let left = Arc::new(Mutex::new(None));
        let after = left.clone();
        db.signals().post_delete::<User>().connect(move |batch, tx| {
            let after = after.clone();
            async move {
                let gone = batch.rows().count().await?;
                *after.lock().unwrap() = Some((gone, User::objects(&tx).count().await?));
                Ok(())
            }
        });
        assert_eq!(User::objects(&db).filter(|u| u.country.eq("US")).delete().await.unwrap(), 2);
        assert_eq!(*left.lock().unwrap(), Some((0, 2)));
        assert_eq!(points(&db).await.len(), 2);
        assert!(User::objects(&db).delete_object(&user(2)).await.unwrap());
        assert_eq!(points(&db).await.len(), 1);
    });
}
