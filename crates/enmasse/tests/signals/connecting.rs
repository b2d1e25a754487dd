//! Who hears, and in which order.

use std::sync::{Arc, OnceLock};

use enmasse::prelude::*;
use enmasse::signals::Receiver;
use enmasse_testing::{Kind, on_database, runtime, test_on};

use crate::{Log, Profile, User, taken, user, users};

/// Connects a receiver to users' `post_save` that says its name.
fn say(db: &Database, log: &Log<&'static str>, name: &'static str) -> Receiver {
    let log = log.clone();
    db.signals().post_save::<User>().connect(move |_, _| {
        let log = log.clone();
        async move {
            log.lock().unwrap().push(name);
            Ok(())
        }
    })
}

#[test_on(all)]
fn receivers_are_called_in_order(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 1).await;
        let log = Log::default();
        let first = say(&db, &log, "first");
        let every = log.clone();
        db.signals().of_every_model().post_save().connect(move |batch, _| {
            let every = every.clone();
            async move {
                every.lock().unwrap().push(if batch.model().name == "User" { "every" } else { "other" });
                Ok(())
            }
        });
        say(&db, &log, "last");
        User::objects(&db).save(&mut user(1)).await.unwrap();
        assert_eq!(taken(&log), ["first", "every", "last"]);
        Profile::objects(&db).update(|p| p.points.set(1)).await.unwrap();
        assert_eq!(taken(&log), ["other"]);

        assert!(first.is_connected() && first.disconnect());
        assert!(!first.disconnect() && !first.is_connected());
        User::objects(&db).save(&mut user(1)).await.unwrap();
        assert_eq!(taken(&log), ["every", "last"]);
    });
}

#[test]
fn one_name_connects_once() {
    runtime().block_on(async {
        let db = Database::connect("sqlite::memory:").await.unwrap();
        users(&db, 1).await;
        let log = Log::default();
        let say = |name: &'static str| {
            let log: Log<&'static str> = log.clone();
            move |_: enmasse::signals::Batch<User>, _: Transaction| {
                let log = log.clone();
                async move {
                    log.lock().unwrap().push(name);
                    Ok(())
                }
            }
        };
        let saved = db.signals().post_save::<User>();
        let first = saved.connect_as("points", say("first"));
        let second = saved.connect_as("points", say("second"));
        assert_eq!(first, second);
        // another signal is another matter
        db.signals().pre_save::<User>().connect_as("points", say("before"));
        User::objects(&db).save(&mut user(1)).await.unwrap();
        assert_eq!(taken(&log), ["before", "first"]);
        assert!(saved.disconnect("points"));
        assert!(!saved.disconnect("points"));
        assert!(!first.is_connected());
        saved.connect_as("points", say("third"));
        User::objects(&db).save(&mut user(1)).await.unwrap();
        assert_eq!(taken(&log), ["before", "third"]);
    });
}

/// One that disconnects itself finishes; one that it disconnects before its turn is not called any more.
#[test_on(all)]
fn receivers_are_disconnected_while_sending(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 1).await;
        let log = Log::default();
        let others = Arc::new(OnceLock::<Vec<Receiver>>::new());
        let (all, said) = (others.clone(), log.clone());
        let first = db.signals().post_save::<User>().connect(move |_, _| {
            let (all, said) = (all.clone(), said.clone());
            async move {
                said.lock().unwrap().push("first");
                assert!(all.get().unwrap().iter().all(Receiver::disconnect));
                tokio::task::yield_now().await;
                said.lock().unwrap().push("first to its end");
                Ok(())
            }
        });
        let second = say(&db, &log, "second");
        say(&db, &log, "third");
        others.set(vec![first, second]).unwrap();
        User::objects(&db).save(&mut user(1)).await.unwrap();
        assert_eq!(taken(&log), ["first", "first to its end", "third"]);
        User::objects(&db).save(&mut user(1)).await.unwrap();
        assert_eq!(taken(&log), ["third"]);
    });
}
