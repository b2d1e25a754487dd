//! Each way to write sends, once, with a batch that says what it was.

use enmasse::prelude::*;
use enmasse::query_set::Patch;
use enmasse::signals::{Origin, SignalKind};
use enmasse_testing::{Kind, on_database, test_on};
use futures_util::stream;

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

#[test_on(all)]
fn new_rows(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 0).await;
        let log = hear(&db);
        User::objects(&db).create(user(101)).await.unwrap();
        assert_eq!(taken(&log), saved(Origin::Create, true, &ALL, &[101]));
        User::objects(&db).bulk_create([user(102), user(103)]).await.unwrap();
        assert_eq!(taken(&log), saved(Origin::BulkCreate, true, &ALL, &[102, 103]));

        // Keys assigned by the database are known afterwards.
        let made = User::objects(&db).bulk_create([User { id: None, ..user(4) }, user(120)]).await.unwrap();
        let id = made[0].id.unwrap();
        let sent = taken(&log);
        assert_eq!((sent[0].size, &sent[0].keys), (2, &keys([120])));
        let mut both = keys([id, 120]);
        both.sort_by_key(|key| format!("{key:?}"));
        assert_eq!((sent[1].size, &sent[1].keys), (2, &both));

        assert!(User::objects(&db).bulk_create(Vec::new()).await.unwrap().is_empty());
        assert_eq!(taken(&log), []);
    });
}

#[test_on(all)]
fn saves(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 0).await;
        let log = hear(&db);
        let mut one = user(101);
        assert!(User::objects(&db).save(&mut one).await.unwrap().created);
        let sent = taken(&log);
        // Only the write finds out whether the row exists.
        assert_eq!(sent[0], heard(SignalKind::PreSave, Origin::Save, false, &ALL, &[101]));
        assert_eq!(sent[1], heard(SignalKind::PostSave, Origin::Save, true, &ALL, &[101]));
        one.visits = 3;
        assert!(!User::objects(&db).save(&mut one).await.unwrap().created);
        assert_eq!(taken(&log), saved(Origin::Save, false, &ALL, &[101]));
        User::objects(&db).save(&mut one).update_fields(|u| u.name).await.unwrap();
        assert_eq!(taken(&log), saved(Origin::Save, false, &["name", "changed"], &[101]));
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

#[test_on(all)]
fn updates(kind: Kind) {
    on_database(kind, async |db| {
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
        // A filter over a relation that returns a row several times still counts one row.
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

#[test_on(all)]
fn bulk_updates(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 5).await;
        let log = hear(&db);
        let written = ["visits", "changed"];
        let all = || User::objects(&db);
        let objects: Vec<_> = [4, 2, 9].map(|id| User { visits: 7, ..user(id) }).to_vec();
        let report = all().bulk_update(&objects, |u| u.visits).await.unwrap();
        assert_eq!((report.matched, report.missing), (2, keys([9])));
        assert_eq!(taken(&log), saved(Origin::BulkUpdate, false, &written, &[2, 4]));
        let returned = all().bulk_update(objects.clone(), |u| u.visits).returning().await.unwrap();
        assert_eq!(returned.rows.len(), 2);
        assert_eq!(taken(&log), saved(Origin::BulkUpdate, false, &written, &[2, 4]));
        // a filter, which the update makes untrue
        let filtered = all().filter(|u| u.visits.eq(7) & u.id.lt(4));
        let report =
            filtered.bulk_update(objects.iter().map(|u| User { visits: 8, ..u.clone() }), |u| u.visits);
        assert_eq!(report.await.unwrap().matched, 1);
        assert_eq!(taken(&log), saved(Origin::BulkUpdate, false, &written, &[2]));

        // Unchanged rows are not written.
        let objects: Vec<_> = [2, 4, 5].map(|id| User { visits: 8, ..user(id) }).to_vec();
        let report = all().bulk_update(&objects, |u| u.visits).skip_unchanged().await.unwrap();
        assert_eq!((report.matched, report.changed), (3, 2));
        assert_eq!(taken(&log), saved(Origin::BulkUpdate, false, &written, &[4, 5]));

        let patch = |id: i64| Patch::of(id).set(|u: Columns<User>| u.name.set("new"));
        assert_eq!(all().bulk_patch([patch(3), patch(1), patch(30)]).await.unwrap().matched, 2);
        assert_eq!(taken(&log), saved(Origin::BulkPatch, false, &["name", "changed"], &[1, 3]));

        // nothing matches, or nothing is asked for
        assert_eq!(all().bulk_update(&[user(9)], |u| u.visits).await.unwrap().matched, 0);
        assert_eq!(all().none().bulk_update(&objects, |u| u.visits).await.unwrap().missing.len(), 3);
        assert_eq!(all().bulk_update(&[], |u| u.visits).await.unwrap().matched, 0);
        all().bulk_update(&objects, |u| u.visits).without_signals().await.unwrap();
        all().bulk_patch([patch(1)]).without_signals().await.unwrap();
        assert_eq!(taken(&log), []);
    });
}

/// More than travel as a list: the keys are kept in the database.
#[test_on(all)]
fn bulk_updates_of_many(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 3_000).await;
        let all = || User::objects(&db);
        let objects = |visits| (2..=3_005).map(move |id| User { visits, ..user(id) });
        let heard_all = |sent: &[Heard], signal, ids: &[i64]| {
            let mut wanted = keys(ids.iter().copied());
            wanted.sort_by_key(|key| format!("{key:?}"));
            assert_eq!(sent.len(), if signal == SignalKind::PreSave { 2 } else { 1 });
            assert_eq!((sent[0].signal, sent[0].size), (signal, ids.len() as u64));
            assert!(sent.iter().all(|heard| heard.keys == wanted));
        };
        let matched: Vec<i64> = (2..=3_000).collect();
        let odd: Vec<i64> = matched.iter().copied().filter(|id| id % 2 == 1).collect();
        for before in [false, true] {
            let log = hear(&db);
            let mut signal = SignalKind::PreSave;
            if !before {
                db.signals().pre_save::<User>().disconnect("log");
                signal = SignalKind::PostSave;
            }
            let base = if before { 100 } else { 0 };
            let list: Vec<_> = objects(base + 1).collect();
            let report = all().bulk_update(&list, |u| u.visits).await.unwrap();
            assert_eq!((report.matched, report.missing.len()), (2_999, 5));
            heard_all(&taken(&log), signal, &matched);
            let report = all().filter(|u| u.country.eq("US")).bulk_update(objects(base + 2), |u| u.visits);
            assert_eq!(report.await.unwrap().matched, odd.len() as u64);
            heard_all(&taken(&log), signal, &odd);
            let report = all().bulk_update(stream::iter(objects(base + 3)), |u| u.visits).await.unwrap();
            assert_eq!(report.matched, 2_999);
            heard_all(&taken(&log), signal, &matched);
            assert_eq!(all().filter(|u| u.visits.eq(base + 3)).count().await.unwrap(), 2_999);
            for signal in ["pre", "post"] {
                match signal {
                    "pre" => db.signals().pre_save::<User>().disconnect("log"),
                    _ => db.signals().post_save::<User>().disconnect("log"),
                };
            }
        }
    });
}

#[test_on(all)]
fn deletions(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn without_signals(kind: Kind) {
    on_database(kind, async |db| {
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
