//! Models with parts, written and read.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

use super::{
    Article, BaseUser, Customer, Dealer, Draft, Keyed, Person, Profile, Review, Shop, Team, article, customer,
};

async fn fill(db: &Database) {
    let models = [Team::model(), Review::model(), Draft::model(), Article::model()].map(Result::unwrap);
    db.create_tables(models).await.unwrap();
    Team::objects(db).create(Team { id: 3, city: "Rome".into() }).await.unwrap();
    let articles = [article("a", 1, 50), article("b", 2, 500), article("c", 3, 70)];
    Article::objects(db).bulk_create(articles).await.unwrap();
}

async fn titles(articles: impl Manager<Model = Article>) -> Vec<String> {
    articles.order_by(|a| a.title).values(|a| a.title).await.unwrap()
}

#[test_on(all)]
fn flattened_columns_are_the_models_own(kind: Kind) {
    on_database(kind, async |db| {
        fill(&db).await;
        let mut all = Article::objects(&db).order_by(|a| a.id).fetch().await.unwrap();
        assert_eq!(all[0], Article { keyed: Keyed { id: Some(1) }, ..article("a", 1, 50) });

        // the manager of the abstract model
        assert_eq!(titles(Article::objects(&db).since(2).filter(|a| a.words.gt(60))).await, ["b", "c"]);
        let update =
            Article::objects(&db).since(3).update(|a| (a.changed_in.set(Some(3)), a.words.increment(1)));
        assert_eq!(update.await.unwrap(), 1);
        assert_eq!(titles(Article::objects(&db).filter(q!(changed_in__city = "Rome"))).await, ["c"]);

        all[1].stamps.trail.changed_by = "bob".into();
        all[2].stamps.created = 30;
        let report = Article::objects(&db).bulk_update(&all, |a| (a.changed_by, a.created)).await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (3, 0));
        assert_eq!(titles(Article::objects(&db).filter(q!(changed_by = "bob"))).await, ["b"]);

        let mut second = all.swap_remove(1);
        second.title = "second".into();
        assert!(!Article::objects(&db).save(&mut second).await.unwrap().created);
        let made = Article::objects(&db)
            .create_with(|a| (a.title.set("d"), a.created.set(4), a.words.set(1)))
            .await
            .unwrap();
        assert_eq!((made.id, made.stamps.trail.changed_by.as_str()), (Some(4), "nobody"));
        let twice = Article::objects(&db).create(article("d", 4, 2)).await.unwrap_err();
        assert_eq!(twice.kind(), ErrorKind::Integrity);
    });
}

#[test_on(all)]
fn a_proxy_is_another_type_over_the_table(kind: Kind) {
    on_database(kind, async |db| {
        fill(&db).await;
        assert_eq!(Draft::objects(&db).lengthen(10).await.unwrap(), 2);
        assert_eq!(Draft::all(&db).count().await.unwrap(), 3);
        let mut draft = Draft::objects(&db).filter(|d| d.title.eq("a")).get().await.unwrap();
        assert_eq!((draft.words, draft.stamps.created), (60, 1));

        draft.words = 200;
        assert!(!Draft::objects(&db).save(&mut draft).await.unwrap().created);
        assert_eq!(Draft::objects(&db).values(|d| d.title).await.unwrap(), ["c"]);
        let new = Draft::objects(&db).create(Draft(article("d", 4, 5))).await.unwrap();
        let id = new.id.unwrap();
        assert_eq!(titles(Article::objects(&db).since(4)).await, ["d"]);

        // relations to the proxy and to its model are those of both
        let review = Review { id: 1, draft: id, article: id, stars: 5 };
        Review::objects(&db).create(review).await.unwrap();
        assert_eq!(titles(Article::objects(&db).filter(|a| a.reviews().stars.eq(5))).await, ["d"]);
        assert_eq!(Draft::objects(&db).filter(q!(reviews__stars = 5)).count().await.unwrap(), 1);
        assert_eq!(Review::objects(&db).filter(|r| r.draft().words.lt(10)).count().await.unwrap(), 1);
        assert_eq!(Review::objects(&db).filter(|r| r.draft.in_(Draft::query())).count().await.unwrap(), 1);
        db.drop_tables([Review::model().unwrap(), Draft::model().unwrap(), Article::model().unwrap()])
            .await
            .unwrap();
    });
}

fn new_customer(name: &str, points: i32) -> Customer {
    let person = Person { id: None, name: name.into(), team: None };
    Customer { base: BaseUser { person, points }, ..customer() }
}

async fn people(db: &Database) -> Vec<Customer> {
    let models = [Team::model(), Profile::model(), Dealer::model(), Shop::model(), Customer::model()];
    let above = [BaseUser::model(), Person::model()];
    db.create_tables(models.into_iter().chain(above).map(Result::unwrap)).await.unwrap();
    Team::objects(db).create(Team { id: 3, city: "Rome".into() }).await.unwrap();
    let mut second = new_customer("Bob", 7);
    second.level = "Gold".into();
    Customer::objects(db).bulk_create([new_customer("Ada", 5), second]).await.unwrap()
}

#[test_on(all)]
fn a_child_is_written_and_read_as_one(kind: Kind) {
    on_database(kind, async |db| {
        let made = people(&db).await;
        assert_eq!(made.iter().map(|customer| customer.id).collect::<Vec<_>>(), [Some(1), Some(2)]);
        let mut ada = Customer::objects(&db).filter(|c| c.name.eq("Ada")).get().await.unwrap();
        assert_eq!(ada, made[0]);
        assert_eq!(BaseUser::objects(&db).count().await.unwrap(), 2);

        ada.level = "Silver".into();
        ada.name = "Ada L.".into();
        ada.team = Some(3);
        assert!(!Customer::objects(&db).save(&mut ada).await.unwrap().created);
        assert_eq!(Customer::objects(&db).filter(q!(pk = 1)).get().await.unwrap(), ada);
        let silver = Person::objects(&db).filter(|p| p.baseuser().customer().level.eq("Silver"));
        assert_eq!(silver.values(|p| p.name).await.unwrap(), ["Ada L."]);
        assert_eq!(
            Team::objects(&db).filter(q!(members__name__startswith = "Ada")).count().await.unwrap(),
            1
        );

        let mut eve = Customer { level: "New".into(), ..new_customer("Eve", 1) };
        assert!(Customer::objects(&db).save(&mut eve).await.unwrap().created);
        assert_eq!(eve.id, Some(3));
        BaseUser::objects(&db).filter(|u| u.id.eq(3)).update(|u| u.points.set(50)).await.unwrap();
        Customer::objects(&db).refresh(&mut eve).await.unwrap();
        assert_eq!((eve.points, eve.stamps.created), (50, 40));
        assert!(Customer::objects(&db).delete_object(&eve).await.unwrap());
    });
}

#[test_on(all)]
fn each_field_goes_to_the_table_that_has_it(kind: Kind) {
    on_database(kind, async |db| {
        let mut customers = people(&db).await;
        let id = customers[0].id.unwrap();
        Profile::objects(&db).create(Profile { id: 1, user: id, theme: "dark".into() }).await.unwrap();
        let update = Customer::objects(&db).filter(|c| c.profile().theme.eq("dark")).update(|c| {
            (c.name.set("dark"), c.points.increment(10), c.level.set("Platinum"), c.changed_by.set("me"))
        });
        assert_eq!(update.await.unwrap(), 1);
        let first = Customer::objects(&db).filter(|c| c.baseuser_ptr.eq(id)).get().await.unwrap();
        assert_eq!((first.name.as_str(), first.points, first.level.as_str()), ("dark", 15, "Platinum"));
        assert_eq!(first.stamps.trail.changed_by, "me");

        customers.iter_mut().for_each(|customer| {
            customer.points *= 100;
            customer.notes = Some("!".into());
        });
        let report = Customer::objects(&db).bulk_update(&customers, |c| (c.points, c.notes)).await.unwrap();
        assert_eq!(report.matched, 2);
        let points =
            Customer::objects(&db).order_by(|c| c.points).values(|c| (c.points, c.notes)).await.unwrap();
        assert_eq!(points, [(500, Some("!".into())), (700, Some("!".into()))]);
    });
}

#[test_on(all)]
fn a_child_of_two_parents_is_in_both(kind: Kind) {
    on_database(kind, async |db| {
        people(&db).await;
        let shop = Shop { number: "S1".into(), owner: "Eve".into() };
        let customer = Customer { level: "Trade".into(), ..new_customer("Kim", 3) };
        let made = Dealer::objects(&db).create(Dealer { shop, customer, discount: 10 }).await.unwrap();
        assert_eq!((made.id, made.shop.number.as_str()), (Some(3), "S1"));
        let update = Dealer::objects(&db).filter(q!(owner = "Eve", level = "Trade"));
        assert_eq!(update.update(set!(owner = "Kim", points += 1, discount = 20)).await.unwrap(), 1);
        let dealer = Dealer::objects(&db).filter(|d| d.number.eq("S1")).get().await.unwrap();
        assert_eq!((dealer.shop.owner.as_str(), dealer.points, dealer.discount), ("Kim", 4, 20));
        assert_eq!(Shop::objects(&db).filter(|s| s.dealer().name.eq("Kim")).count().await.unwrap(), 1);
    });
}
