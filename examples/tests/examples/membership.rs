//! The example does what it says, and the README shows its code.

use enmasse::prelude::*;
use enmasse_examples::membership::{self, Customer, Membership, Profile, User, body_of};
use enmasse_testing::{Kind, on_database, test_on};

#[test]
fn the_readme_shows_the_code() {
    let source = include_str!("../../src/membership.rs");
    let (_, from) = source.split_once("// README: from here on\n").unwrap();
    let (shown, _) = from.split_once("// README: up to here\n").unwrap();
    assert!(include_str!("../../../README.md").contains(shown.trim_end()), "copy it there anew");
}

#[test_on(all)]
fn each_way_does_what_the_story_says(kind: Kind) {
    on_database(kind, async |db| {
        membership::prepare(&db).await.unwrap();
        let users = |condition: Q| User::objects(&db).filter_by(condition).order_by(|u| u.id);
        let ids = async |condition| users(condition).values(|u| u.id).await.unwrap();

        assert_eq!(membership::put_out_the_inactive(&db).await.unwrap(), 3);
        assert_eq!(ids(Q::named("is_active", false)).await, [2, 4, 6]);

        membership::reward_each_save(&db);
        assert_eq!(membership::make_americans_premium(&db).await.unwrap(), 4);
        let points = Profile::objects(&db).order_by(|p| p.user).values(|p| p.points).await.unwrap();
        assert_eq!(points, [100, 100, 0, 100, 100, 0]);

        let written = membership::make_customers_free(&db).await.unwrap();
        let tables = [("base_user".to_owned(), 3), ("customer".to_owned(), 3)];
        assert_eq!((written.matched, &written.tables[..]), (3, &tables[..]));
        let customers = Customer::objects(&db).order_by(|c| c.id).fetch().await.unwrap();
        let free: Vec<_> = customers.iter().map(|c| (c.level.as_str(), c.name.as_str())).collect();
        assert_eq!(free[2..4], [("Free", "n/a"), ("Gold", "Customer 4")]);

        User::objects(&db).update(|u| u.membership.set(Membership::Free)).await.unwrap();
        assert_eq!(membership::upgrade_inactive_americans(&db).await.unwrap(), 2);
        assert_eq!(ids(Q::named("membership", "premium")).await, [2, 4]);
    });
}

#[test]
fn a_call_is_shown_as_it_is_written() {
    assert!(body_of("reward_each_save").starts_with("db.signals().post_save::<User>().connect("));
}
