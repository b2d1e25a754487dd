//! The user's own example: related rows are kept in step, in one statement.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

use crate::sql::statements;
use crate::{Profile, User, add_points, points, user, users};

/// Each time users are saved, by any write, their profiles have 100 points added.
#[test_on(all)]
fn seed_signals(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 4).await;
        db.signals().post_save::<User>().connect(|batch, tx| async move {
            Profile::objects(&tx).filter(|p| p.user.in_(&batch)).update(|p| p.points.increment(100)).await?;
            Ok(())
        });

        User::objects(&db).save(&mut user(1)).await.unwrap();
        assert_eq!(points(&db).await, [100, 0, 0, 0]);

        let n = User::objects(&db).filter(|u| u.country.eq("US")).update(|u| u.visits.increment(1)).await;
        assert_eq!(n.unwrap(), 2);
        assert_eq!(points(&db).await, [200, 0, 100, 0]);

        let users: Vec<_> = (2..=3).map(user).collect();
        User::objects(&db).bulk_update(&users, |u| u.name).await.unwrap();
        assert_eq!(points(&db).await, [200, 100, 200, 0]);

        // the same in keywords
        db.signals().post_save::<User>().connect_as("keywords", async |batch, tx| {
            let profiles = Profile::objects(&tx).filter(q!(user__in = &batch));
            profiles.update(set!(points = F("points") + 1)).await.map(|_| ())
        });
        User::objects(&db).filter(q!(id = 4)).update(set!(visits = 9)).await.unwrap();
        assert_eq!(points(&db).await, [200, 100, 200, 101]);

        // a filter that the update itself makes untrue
        let renamed = User::objects(&db).filter(|u| u.country.eq("US")).update(|u| u.country.set("FR"));
        assert_eq!(renamed.await.unwrap(), 2);
        assert_eq!(points(&db).await, [301, 100, 301, 101]);
    });
}

/// For one row as for many, the related update is one statement.
#[test_on(all)]
fn the_related_update_is_one_statement(kind: Kind) {
    on_database(kind, async |db| {
        users(&db, 1_500).await;
        db.signals().post_save::<User>().connect(add_points);
        let related = |sent: &[String]| {
            let profiles = sent.iter().filter(|sql| sql.contains("profile"));
            assert_eq!(profiles.clone().count(), 1, "{sent:#?}");
            // a long list would have its keys in it
            assert!(profiles.clone().all(|sql| sql.len() < 500), "{sent:#?}");
        };
        let all = || User::objects(&db);
        let (_, sent) = statements(all().save(&mut user(7))).await;
        related(&sent);
        let (n, sent) = statements(all().filter(|u| u.id.eq(7)).update(|u| u.visits.set(1))).await;
        assert_eq!(n.unwrap(), 1);
        related(&sent);
        let (n, sent) = statements(all().update(|u| u.visits.increment(1))).await;
        assert_eq!(n.unwrap(), 1_500);
        related(&sent);
        let written = sent.iter().filter(|sql| sql.contains("visits")).count();
        assert_eq!(written, 1, "{sent:#?}");
        let changed: Vec<_> = (1..=1_500).map(user).collect();
        let (report, sent) = statements(all().bulk_update(&changed, |u| u.visits)).await;
        assert_eq!(report.unwrap().matched, 1_500);
        related(&sent);
        let points = points(&db).await;
        assert!(points.iter().enumerate().all(|(at, &points)| points == if at == 6 { 400 } else { 200 }));
    });
}
