//! Signals that are sent by hand, for writes by other means.

use enmasse::prelude::*;
use enmasse::signals::Origin;
use enmasse_testing::{Kind, on_database, test_on};

use crate::{Profile, User, add_points, points, users};

#[test_on(all)]
fn a_signal_is_sent_by_hand(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 3).await;
        let saved = db.signals().post_save::<User>();
        saved.connect(async |batch, tx| {
            assert_eq!((batch.origin(), batch.created()), (Origin::ByHand, false));
            add_points(batch, tx).await
        });
        db.execute_raw("UPDATE users SET visits = 5 WHERE id < 3", []).await.unwrap();
        saved.send(User::objects(&db).filter(|u| u.visits.eq(5))).await.unwrap();
        assert_eq!(points(&db).await, [100, 100, 0]);
        saved.send(User::objects(&db).filter(|u| u.id.eq(3))).await.unwrap();
        saved.send(User::objects(&db).none()).await.unwrap();
        saved.send(User::objects(&db).filter(|u| u.id.gt(5))).await.unwrap();
        assert_eq!(points(&db).await, [100, 100, 100]);
        assert_eq!(saved.send(User::objects(&db).slice(..1)).await.unwrap_err().kind(), ErrorKind::Request);
        let in_transaction = db.transaction(async |tx| saved.send(User::objects(&tx)).await);
        in_transaction.await.unwrap();
        assert_eq!(points(&db).await, [200, 200, 200]);

        // at the first error all is undone
        saved.connect(async |_, _| Err(Error::new(ErrorKind::Value, "not today")));
        assert!(saved.send(User::objects(&db)).await.is_err());
        assert_eq!(points(&db).await, [200, 200, 200]);
    });
}

#[test_on(all)]
fn a_robust_sending_calls_all(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 2).await;
        let saved = db.signals().post_save::<User>();
        let first = saved.connect(async |batch, tx| {
            add_points(batch, tx.clone()).await?;
            Err(Error::new(ErrorKind::Value, "not today"))
        });
        // an error of the database, after which PostgreSQL takes no statement but in another savepoint
        let second = saved.connect(async |_, tx| {
            Profile::objects(&tx).create(Profile { id: None, user: 1, points: 0 }).await.map(|_| ())
        });
        let third = saved.connect(add_points);
        let heard = saved.send_robust(User::objects(&db)).await.unwrap();
        assert!(heard.iter().map(|(receiver, _)| receiver).eq([&first, &second, &third]));
        let kinds: Vec<_> =
            heard.iter().map(|(_, result)| result.as_ref().err().map(|error| error.kind())).collect();
        assert_eq!(kinds, [Some(ErrorKind::Value), Some(ErrorKind::Integrity), None]);
        assert_eq!(points(&db).await, [100, 100]);
    });
}
