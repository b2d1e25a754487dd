//! Related rows of many keys: if these are a large part of the table, MariaDB looks each of its rows up among
//! the keys.

use std::time::Duration;

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, on_scratch, test_on};
use tokio::time::timeout;

use crate::sql::statements;
use crate::{Profile, User, add_points, points, users};

const USERS: i64 = 2_500;

/// Updates the users up to this one, and says whether rows were looked up among the keys in the update of this table.
async fn update(db: &Database, last: i64, table: &str) -> bool {
    let rows = User::objects(db).filter(|u| u.id.lte(last));
    let (updated, sent) = statements(rows.update(|u| u.visits.increment(1))).await;
    assert_eq!(updated.unwrap(), last as u64);
    let looked_up = format!("UPDATE `{table}` SET ");
    sent.iter().any(|sql| sql.starts_with(&looked_up) && sql.contains("IN (SELECT"))
}

#[test_on(all)]
fn only_where_the_keys_are_many_for_the_table(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, USERS).await;
        let maria = Kind::of(&db) == Kind::MariaDb;
        if maria {
            // so that its estimates are of these rows
            db.query_raw("ANALYZE TABLE users, profile", []).await.unwrap();
        }
        for before in [false, true] {
            let receiver = if before {
                db.signals().pre_save::<User>().connect(add_points)
            } else {
                db.signals().post_save::<User>().connect(add_points)
            };
            Profile::objects(&db).update(|p| p.points.set(0)).await.unwrap();
            assert_eq!(update(&db, 2_000, "profile").await, maria);
            assert!(!update(&db, 1_000, "profile").await);
            if before {
                assert_eq!(update(&db, 2_000, "users").await, maria);
                assert!(!update(&db, 1_000, "users").await);
            }
            let times = if before { 2 } else { 1 };
            let expected = (1..=USERS).map(|user| match user {
                ..=1_000 => 200 * times,
                1_001..=2_000 => 100 * times,
                _ => 0,
            });
            assert_eq!(points(&db).await, expected.collect::<Vec<_>>());
            receiver.disconnect();
        }
        let visits = User::objects(&db).order_by(|u| u.id).values(|u| u.visits).await.unwrap();
        assert_eq!((visits[999], visits[1_999], visits[2_499]), (6, 3, 0));
    });
}

#[test_on(all)]
fn not_among_the_keys(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, USERS).await;
        db.signals().post_save::<User>().connect(async |batch, tx| {
            let others = Profile::objects(&tx).exclude(|p| p.user.in_(&batch));
            others.update(|p| p.points.increment(1)).await?;
            let either =
                Profile::objects(&tx).filter(|p| p.user.in_(&batch) & p.user.gt(2_000) | p.user.eq(1));
            either.update(|p| p.points.increment(10)).await?;
            Ok(())
        });
        assert_eq!(
            User::objects(&db).filter(|u| u.id.gt(100)).update(|u| u.visits.set(1)).await.unwrap(),
            2_400
        );
        let expected = (1..=USERS).map(|user| match user {
            1 => 11,
            2..=100 => 1,
            2_001.. => 10,
            _ => 0,
        });
        assert_eq!(points(&db).await, expected.collect::<Vec<_>>());
    });
}

/// What others have locked of rows that are not among the keys is not waited for.
#[test_on(servers)]
fn rows_of_others_are_not_waited_for(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let (db, other) = (scratch.connect().await, scratch.connect().await);
        users(&db, USERS).await;
        db.signals().post_save::<User>().connect(add_points);
        let others = other.transaction(async |tx| {
            Profile::objects(&tx).filter(|p| p.user.eq(2_400)).update(|p| p.points.set(7)).await?;
            let new = Profile { id: Some(9_000), user: 2_450, points: 7 };
            Profile::objects(&tx).filter(|p| p.user.eq(2_450)).delete().await?;
            Profile::objects(&tx).create(new).await?;
            let ours = db.transaction(async |mine| {
                User::objects(&mine).filter(|u| u.id.lte(2_000)).update(|u| u.visits.set(1)).await?;
                // nor do these stay locked
                Profile::objects(&tx).filter(|p| p.user.gt(2_000)).update(|p| p.points.increment(1)).await
            });
            timeout(Duration::from_secs(20), ours).await.expect("one waits for the other")
        });
        assert_eq!(others.await.unwrap(), 500);
        assert_eq!(points(&db).await.iter().sum::<i32>(), 200_000 + 2 * 8 + 498);
        other.close().await;
        db.close().await;
    });
}
