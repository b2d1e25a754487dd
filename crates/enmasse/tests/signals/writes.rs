//! Each way to write sends, once, with a batch that says what it was.

use enmasse::prelude::*;
use enmasse::signals::{Origin, SignalKind};

use crate::common::on_each_database;
use crate::{Heard, User, hear, keys, taken, user, users};

const ALL: [&str; 5] = ["id", "name", "country", "visits", "changed"];

fn heard(signal: SignalKind, origin: Origin, created: bool, fields: &[&str], ids: &[i64]) -> Heard {
    let fields = fields.iter().map(|&field| field.to_owned()).collect();
    Heard { signal, origin, created, size: ids.len() as u64, fields, keys: keys(ids.iter().copied()) }
}

/// What a save of these rows sends.
fn saved(origin: Origin, created: bool, fields: &[&str], ids: &[i64]) -> Vec<Heard> {
    let kinds = [SignalKind::PreSave, SignalKind::PostSave];
    kinds.map(|kind| heard(kind, origin, created, fields, ids)).to_vec()
}

#[test]
fn new_rows() {
    on_each_database(async |db| {
        users(&db, 0).await;
        let log = hear(&db);
        User::objects(&db).create(user(1)).await.unwrap();
        assert_eq!(taken(&log), saved(Origin::Create, true, &ALL, &[1]));
        User::objects(&db).bulk_create([user(2), user(3)]).await.unwrap();
        assert_eq!(taken(&log), saved(Origin::BulkCreate, true, &ALL, &[2, 3]));

        // keys that the database gives are there afterwards
        let made = User::objects(&db).bulk_create([User { id: None, ..user(4) }, user(20)]).await.unwrap();
        let id = made[0].id.unwrap();
        let sent = taken(&log);
        assert_eq!((sent[0].size, &sent[0].keys), (2, &keys([20])));
        let mut both = keys([id, 20]);
        both.sort_by_key(|key| format!("{key:?}"));
        assert_eq!((sent[1].size, &sent[1].keys), (2, &both));

        assert!(User::objects(&db).bulk_create([]).await.unwrap().is_empty());
        assert_eq!(taken(&log), []);
    });
}

#[test]
fn saves() {
    on_each_database(async |db| {
        users(&db, 0).await;
        let log = hear(&db);
        let mut one = user(1);
        assert!(User::objects(&db).save(&mut one).await.unwrap().created);
        let sent = taken(&log);
        // whether the row is there is found out only by writing it
        assert_eq!(sent[0], heard(SignalKind::PreSave, Origin::Save, false, &ALL, &[1]));
        assert_eq!(sent[1], heard(SignalKind::PostSave, Origin::Save, true, &ALL, &[1]));
        one.visits = 3;
        assert!(!User::objects(&db).save(&mut one).await.unwrap().created);
        assert_eq!(taken(&log), saved(Origin::Save, false, &ALL, &[1]));
        User::objects(&db).save(&mut one).update_fields(|u| u.name).await.unwrap();
        assert_eq!(taken(&log), saved(Origin::Save, false, &["name", "changed"], &[1]));
        User::objects(&db).save(&mut one).update_fields(|_| [""; 0]).await.unwrap();
        assert_eq!(taken(&log), []);

        let mut new = User { id: None, ..user(2) };
        assert!(User::objects(&db).save(&mut new).await.unwrap().created);
        let sent = taken(&log);
        assert_eq!((sent[0].created, sent[0].size, sent[0].keys.len()), (true, 1, 0));
        assert_eq!(sent[1].keys, keys([new.id.unwrap()]));
        assert_eq!(User::objects(&db).count().await.unwrap(), 2);
    });
}

#[test]
fn updates() {
    on_each_database(async |db| {
        users(&db, 5).await;
        let log = hear(&db);
        let written = ["visits", "changed"];
        let all = || User::objects(&db);
        assert_eq!(all().filter(|u| u.country.eq("US")).update(|u| u.visits.set(1)).await.unwrap(), 3);
        assert_eq!(taken(&log), saved(Origin::Update, false, &written, &[1, 3, 5]));
        let returned = all().filter(|u| u.id.gt(3)).update(|u| u.visits.set(2)).returning().await.unwrap();
        assert_eq!(returned.len(), 2);
        assert_eq!(taken(&log), saved(Origin::Update, false, &written, &[4, 5]));
        let changes = all().filter(|u| u.id.lt(3)).update(|u| u.visits.increment(5)).returning_old();
        let mut visits: Vec<_> =
            changes.await.unwrap().iter().map(|change| (change.old.visits, change.new.visits)).collect();
        visits.sort();
        assert_eq!(visits, [(0, 5), (1, 6)]);
        assert_eq!(taken(&log), saved(Origin::Update, false, &written, &[1, 2]));
        // a filter over a relation that gives a row several times would be one row all the same
        assert_eq!(all().filter(|u| u.profile().points.eq(0)).update(|u| u.visits.set(3)).await.unwrap(), 5);
        assert_eq!(taken(&log), saved(Origin::Update, false, &written, &[1, 2, 3, 4, 5]));
        assert_eq!(all().filter(|u| u.id.eq(4)).update(|u| u.visits.set(8)).await.unwrap(), 1);
        assert_eq!(taken(&log), saved(Origin::Update, false, &written, &[4]));
        assert_eq!(all().filter(|u| u.visits.eq(8)).values(|u| u.id).await.unwrap(), [4]);

        // what matches nothing, or has nothing to write, sends nothing
        assert_eq!(all().filter(|u| u.id.gt(9)).update(|u| u.visits.set(8)).await.unwrap(), 0);
        assert_eq!(all().filter(|u| u.id.eq(9)).update(|u| u.visits.set(8)).await.unwrap(), 0);
        assert_eq!(all().none().update(|u| u.visits.set(8)).await.unwrap(), 0);
        assert_eq!(all().update_by([("visits", 1); 0]).await.unwrap(), 0);
        assert_eq!(taken(&log), []);
        assert!(all().slice(..2).update(|u| u.visits.set(8)).await.is_err());
    });
}

#[test]
fn deletions() {
    on_each_database(async |db| {
        db.create_tables([User::model().unwrap()]).await.unwrap();
        User::objects(&db).bulk_create((1..=6).map(user)).await.unwrap();
        let log = hear(&db);
        let deleted = |ids: &[i64]| {
            let kinds = [SignalKind::PreDelete, SignalKind::PostDelete];
            kinds.map(|kind| heard(kind, Origin::Delete, false, &[], ids)).to_vec()
        };
        assert_eq!(User::objects(&db).filter(|u| u.country.eq("US")).delete().await.unwrap(), 3);
        assert_eq!(taken(&log), deleted(&[1, 3, 5]));
        assert!(User::objects(&db).delete_object(&user(2)).await.unwrap());
        assert_eq!(taken(&log), deleted(&[2]));
        assert!(!User::objects(&db).delete_object(&user(2)).await.unwrap());
        assert_eq!(taken(&log), []);
        assert_eq!(User::objects(&db).delete().without_signals().await.unwrap(), 2);
        assert_eq!(taken(&log), []);
    });
}

#[test]
fn without_signals() {
    on_each_database(async |db| {
        users(&db, 3).await;
        let log = hear(&db);
        let all = || User::objects(&db);
        all().create(user(10)).without_signals().await.unwrap();
        all().bulk_create([user(11)]).without_signals().await.unwrap();
        all().save(&mut user(12)).without_signals().await.unwrap();
        all().update(|u| u.visits.set(1)).without_signals().await.unwrap();
        all().update(|u| u.visits.set(2)).without_signals().returning().await.unwrap();
        all().without_signals().filter(|u| u.id.gt(0)).update(|u| u.visits.set(3)).await.unwrap();
        all().filter(|u| u.id.gt(10)).delete().without_signals().await.unwrap();
        all().without_signals().delete_object(&user(10)).await.unwrap();
        assert_eq!(taken(&log), []);
        let (visits, n): (Vec<_>, _) = (all().values(|u| u.visits).await.unwrap(), 3);
        assert_eq!(visits, vec![3; n]);
    });
}
