//! The user's own example: `BulkUpdateMixin` on a base model, used on a model that extends it.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "base_user")]
struct BaseUser {
    #[model(primary_key)]
    id: i64,
    #[model(max_length = 20)]
    name: String,
    #[model(unique, max_length = 40)]
    email: String,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "customer", extends = BaseUser)]
struct Customer {
    base: BaseUser,
    #[model(max_length = 10)]
    level: String,
    points: i32,
}

impl BulkUpdateMixin for BaseUser {}

async fn customers(db: &Database) {
    db.create_tables([BaseUser::model().unwrap(), Customer::model().unwrap()]).await.unwrap();
    let customer = |id: i64| Customer {
        base: BaseUser { id, name: format!("C{id}"), email: format!("c{id}@example.org") },
        level: "Gold".into(),
        points: 10,
    };
    Customer::objects(db).bulk_create((1..=4).map(customer)).await.unwrap();
}

async fn levels(db: &Database) -> Vec<(String, String)> {
    let customers = Customer::objects(db).order_by(|c| c.id).fetch().await.unwrap();
    customers.into_iter().map(|c| (c.level.clone(), c.name.clone())).collect()
}

#[test_on(all)]
fn seed_bulk_update_mixin(kind: Kind) {
    on_database(kind, async |db| {
        customers(&db).await;
        let written = Customer::objects(&db)
            .bulk_update_where(["level"], values!["Free"], q!(id__in = [1, 2, 3]))
            .await
            .unwrap();
        assert_eq!((written.matched, written.tables), (3, vec![("customer".to_owned(), 3)]));

        // across the chain, each field in the table that has it
        let written = Customer::objects(&db)
            .bulk_update_where(["name", "level"], values!["n/a", "Silver"], q!(points__gte = 10, id__lt = 3))
            .await
            .unwrap();
        let tables = vec![("base_user".to_owned(), 2), ("customer".to_owned(), 2)];
        assert_eq!((written.matched, written.tables), (2, tables));
        // the typed form, and from the root of the chain
        let typed = Customer::objects(&db).update_where(set!(points = 0, name = "x"), |c| c.level.eq("Gold"));
        assert_eq!(typed.await.unwrap().matched, 1);
        let root = BaseUser::objects(&db).bulk_update_where(["name"], values!["root"], q!(id = 3));
        assert_eq!(root.await.unwrap().tables, [("base_user".to_owned(), 1)]);
        let expected = [("Silver", "n/a"), ("Silver", "n/a"), ("Free", "root"), ("Gold", "x")];
        assert_eq!(levels(&db).await, expected.map(|(level, name)| (level.to_owned(), name.to_owned())));

        // names, types and what fits are checked; a failure in one table undoes all
        let before = levels(&db).await;
        let all = || Customer::objects(&db);
        for (fields, values, kind) in [
            (["level", "nmae"], values!["a", "b"], ErrorKind::UnknownField),
            (["level", "points"], values!["a", "many"], ErrorKind::Value),
            (["name", "level"], values!["a", "longer than it may be"], ErrorKind::Value),
            (["level", "email"], values!["a", "c4@example.org"], ErrorKind::Integrity),
        ] {
            let error = all().bulk_update_where(fields, values, q!(id__lte = 2)).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert_eq!(levels(&db).await, before, "{error}");
        }
    });
}
