//! The user's own examples of QuerySets.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "users")]
struct User {
    #[model(primary_key)]
    id: i64,
    #[model(max_length = 2)]
    country: String,
    #[model(max_length = 10)]
    membership: String,
    is_active: bool,
    last_login: DateTime<Utc>,
}

#[test_on(all)]
fn seed_queryset_update(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([User::model().unwrap()]).await.unwrap();
        let user = |id: i64| User {
            id,
            country: if id % 2 == 0 { "US" } else { "FR" }.into(),
            membership: "Free".into(),
            is_active: true,
            last_login: Utc::now() - TimeDelta::days(10 * id),
        };
        User::objects(&db).bulk_create((1..=6).map(user)).await.unwrap();

        let month_ago = Utc::now() - TimeDelta::days(30);
        let old = User::objects(&db).filter(q!(last_login__lte = month_ago));
        assert_eq!(old.update(set!(is_active = false)).await.unwrap(), 4);
        let typed = User::objects(&db).filter(|u| u.last_login.lte(month_ago));
        assert_eq!(typed.update(|u| u.is_active.set(false)).await.unwrap(), 4);
        let americans = User::objects(&db).filter(q!(country = "US"));
        assert_eq!(americans.update(set!(membership = "Premium")).await.unwrap(), 3);

        let users = User::objects(&db).order_by(|u| u.id).fetch().await.unwrap();
        let found: Vec<_> = users.iter().map(|u| (u.is_active, u.membership.as_str())).collect();
        let expected = [
            (true, "Free"),
            (true, "Premium"),
            (false, "Free"),
            (false, "Premium"),
            (false, "Free"),
            (false, "Premium"),
        ];
        assert_eq!(found, expected);
    });
}
