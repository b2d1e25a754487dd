//! A user who may not create temporary tables: the keys are sent as lists.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_scratch, test_on};
use url::Url;

use crate::{Profile, User, add_points, hear, points, taken, user, users};

/// A user of the database who may only read and write rows.
async fn limited(kind: Kind, owner: &Database, name: &str) {
    let grants = match kind {
        Kind::Postgres => [
            format!("CREATE ROLE {name} LOGIN PASSWORD 'limited'"),
            format!("REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC"),
            format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {name}"),
            format!("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {name}"),
        ],
        _ => [
            format!("CREATE USER {name} IDENTIFIED BY 'limited'"),
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {name}.* TO {name}"),
            "FLUSH PRIVILEGES".to_owned(),
            "DO 0".to_owned(),
        ],
    };
    for grant in grants {
        owner.execute_raw(&grant, []).await.unwrap();
    }
}

#[test_on(servers)]
fn without_temporary_tables(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let owner = scratch.connect().await;
        users(&owner, 1_500).await;
        let mut url = Url::parse(&scratch.url).unwrap();
        let name = url.path().trim_start_matches('/').to_owned();
        limited(scratch.kind, &owner, &name).await;
        url.set_username(&name).unwrap();
        url.set_password(Some("limited")).unwrap();
        let db = Database::connect(url.as_str()).await.unwrap();

        db.signals().post_save::<User>().connect(add_points);
        let log = hear(&db);
        let all = || User::objects(&db);
        assert_eq!(all().filter(|u| u.country.eq("US")).update(|u| u.visits.set(1)).await.unwrap(), 750);
        assert_eq!(taken(&log).iter().map(|heard| heard.size).collect::<Vec<_>>(), [750, 750]);
        let stream = futures_util::stream::iter((1..=1_500).map(|id| User { visits: 2, ..user(id) }));
        assert_eq!(all().bulk_update(stream, |u| u.visits).await.unwrap().matched, 1_500);
        assert_eq!(taken(&log).iter().map(|heard| heard.keys.len()).collect::<Vec<_>>(), [1_500, 1_500]);
        assert_eq!(points(&db).await.iter().sum::<i32>(), 225_000);
        Profile::objects(&db).delete().await.unwrap();
        assert_eq!(all().delete().await.unwrap(), 1_500);
        assert_eq!(taken(&log).len(), 2);

        db.close().await;
        if scratch.kind == Kind::Postgres {
            owner.execute_raw(&format!("DROP OWNED BY {name}"), []).await.unwrap();
            owner.execute_raw(&format!("GRANT TEMPORARY ON DATABASE {name} TO PUBLIC"), []).await.unwrap();
        }
        let who = if scratch.kind == Kind::Postgres { "ROLE" } else { "USER" };
        owner.execute_raw(&format!("DROP {who} {name}"), []).await.unwrap();
        owner.close().await;
    });
}
