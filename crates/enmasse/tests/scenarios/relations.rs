//! Foreign keys: to a key, to another field, to the model itself, and NULL.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "city")]
pub struct City {
    #[model(primary_key)]
    pub id: Option<i64>,
    #[model(unique, max_length = 30)]
    pub name: String,
    pub people: i64,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "person")]
pub struct Person {
    #[model(primary_key)]
    pub id: i64,
    pub name: String,
    #[model(foreign_key = City)]
    pub city: Option<i64>,
    #[model(foreign_key = City, to_field = "name", related_name = "natives", max_length = 30)]
    pub birthplace: String,
    #[model(foreign_key = Person, related_name = "reports", db_column = "the boss")]
    pub boss: Option<i64>,
}

async fn tables(db: &Database) {
    db.create_tables([Person::model().unwrap(), City::model().unwrap()]).await.unwrap();
    let city = |name: &str, people| City { id: None, name: name.into(), people };
    City::objects(db)
        .bulk_create([city("Oslo", 700), city("Rome", 2_800), city("Lima", 10_000)])
        .await
        .unwrap();
    let person = |id, name: &str, city, birthplace: &str, boss| Person {
        id,
        name: name.into(),
        city,
        birthplace: birthplace.into(),
        boss,
    };
    let people = [
        person(1, "Ada", Some(1), "Rome", None),
        person(2, "Bob", Some(2), "Rome", Some(1)),
        person(3, "Cyd", None, "Lima", Some(1)),
        person(4, "Dan", Some(1), "Oslo", Some(2)),
    ];
    Person::objects(db).bulk_create(people).await.unwrap();
}

async fn names(rows: QuerySet<Person>) -> Vec<String> {
    rows.order_by(|p| p.id).values(|p| p.name).await.unwrap()
}

#[test_on(all)]
fn filters_follow_foreign_keys(kind: Kind) {
    on_database(kind, async |db| {
        tables(&db).await;
        let all = || Person::objects(&db);
        assert_eq!(names(all().filter(q!(city__name = "Oslo"))).await, ["Ada", "Dan"]);
        assert_eq!(names(all().filter(q!(birthplace__people__gt = 2_000))).await, ["Ada", "Bob", "Cyd"]);
        assert_eq!(names(all().filter(q!(birthplace = "Rome"))).await, ["Ada", "Bob"]);
        assert_eq!(names(all().filter(q!(birthplace__name = "Rome"))).await, ["Ada", "Bob"]);
        assert_eq!(names(all().filter(q!(boss__boss__name = "Ada"))).await, ["Dan"]);
        assert_eq!(names(all().filter(q!(boss__city__name = "Oslo"))).await, ["Bob", "Cyd"]);
        assert_eq!(names(all().filter(q!(boss__isnull = true))).await, ["Ada"]);
        assert_eq!(names(all().filter(q!(city__name__isnull = true))).await, ["Cyd"]);
        assert_eq!(names(all().filter(q!(boss_id = 1))).await, ["Bob", "Cyd"]);
        assert_eq!(names(all().filter(|p| p.boss().city().people.lt(1_000))).await, ["Bob", "Cyd"]);
    });
}

#[test_on(all)]
fn filters_follow_foreign_keys_backward(kind: Kind) {
    on_database(kind, async |db| {
        tables(&db).await;
        let cities = async |rows: QuerySet<City>| rows.order_by(|c| c.id).values(|c| c.name).await.unwrap();
        let all = || City::objects(&db);
        assert_eq!(cities(all().filter(q!(person__name = "Dan"))).await, ["Oslo"]);
        assert_eq!(cities(all().filter(q!(natives__name__in = ["Ada", "Cyd"]))).await, ["Rome", "Lima"]);
        assert_eq!(cities(all().filter(q!(person__isnull = true))).await, ["Lima"]);
        assert_eq!(cities(all().filter(q!(natives = 4))).await, ["Oslo"]);
        // Two people of Oslo: a row each.
        assert_eq!(cities(all().filter(q!(person__id__gt = 0))).await, ["Oslo", "Oslo", "Rome"]);
        let once = all().filter(q!(person__id__gt = 0)).distinct();
        assert_eq!(cities(once.clone()).await, ["Oslo", "Rome"]);
        assert_eq!(once.count().await.unwrap(), 2);
        let led = Person::objects(&db).filter(|p| p.reports().reports().name.eq("Dan"));
        assert_eq!(names(led).await, ["Ada"]);
    });
}

#[test_on(all)]
fn a_foreign_key_is_set_by_key_and_by_another_field(kind: Kind) {
    on_database(kind, async |db| {
        tables(&db).await;
        let all = || Person::objects(&db);
        assert_eq!(all().filter(q!(id = 3)).update(set!(city = 2, birthplace = "Oslo")).await.unwrap(), 1);
        assert_eq!(names(all().filter(q!(city = 2))).await, ["Bob", "Cyd"]);
        assert_eq!(all().filter(q!(boss__isnull = false)).update(set!(boss = F(id))).await.unwrap(), 3);
        assert_eq!(names(all().filter(|p| p.boss.eq(p.id))).await, ["Bob", "Cyd", "Dan"]);
        assert_eq!(all().update(set!(boss = None)).await.unwrap(), 4);
        assert_eq!(all().filter(q!(boss__isnull = true)).count().await.unwrap(), 4);

        let error = all().update(set!(city = 99)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        let error = all().update(set!(birthplace = "Nowhere")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert_eq!(names(all().filter(q!(city = 2))).await, ["Bob", "Cyd"], "nothing was written");
        let error = City::objects(&db).filter(q!(id = 1)).delete().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    });
}

#[test_on(all)]
fn rows_that_refer_to_rows_of_their_own_batch_are_created(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Person::model().unwrap(), City::model().unwrap()]).await.unwrap();
        City::objects(&db).create(City { id: None, name: "Oslo".into(), people: 1 }).await.unwrap();
        let person =
            |id, boss| Person { id, name: format!("{id}"), city: None, birthplace: "Oslo".into(), boss };
        let people: Vec<_> = (1..=200).map(|id| person(id, (id > 1).then(|| id - 1))).collect();
        assert_eq!(Person::objects(&db).bulk_create(people.clone()).await.unwrap(), people);
        let turned: Vec<_> = (1..=200).map(|id| person(id, (id < 200).then(|| id + 1))).collect();
        assert_eq!(Person::objects(&db).bulk_update(&turned, |p| p.boss).await.unwrap().matched, 200);
        assert_eq!(Person::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), turned);
    });
}

#[test_on(all)]
fn conditions_of_one_call_are_of_one_row(kind: Kind) {
    on_database(kind, async |db| {
        tables(&db).await;
        let cities =
            async |rows: QuerySet<City>| rows.distinct().order_by(|c| c.id).values(|c| c.name).await.unwrap();
        let all = || City::objects(&db);
        // Ada and Bob were born in Rome; Ada has no boss, and Bob has.
        let one = all().filter(q!(natives__name = "Ada", natives__boss__isnull = false));
        assert_eq!(cities(one).await, [""; 0]);
        let two = all().filter(q!(natives__name = "Ada")).filter(q!(natives__boss__isnull = false));
        assert_eq!(cities(two).await, ["Rome"]);
        let by_name =
            all().filter_by(Q::named("natives__name", "Ada") & Q::named("natives__boss__isnull", false));
        assert_eq!(cities(by_name).await, [""; 0]);
        let either = all().filter(q!(natives__name = "Cyd" | person__name = "Dan"));
        assert_eq!(cities(either).await, ["Oslo", "Lima"]);
    });
}

#[test_on(all)]
fn what_is_excluded_across_relations(kind: Kind) {
    on_database(kind, async |db| {
        tables(&db).await;
        let people = || Person::objects(&db);
        assert_eq!(names(people().exclude(q!(city__name = "Oslo"))).await, ["Bob", "Cyd"], "Cyd has no city");
        assert_eq!(names(people().exclude(q!(city__people__gt = 1_000))).await, ["Ada", "Cyd", "Dan"]);
        assert_eq!(names(people().exclude(q!(boss__name = "Ada"))).await, ["Ada", "Dan"]);
        assert_eq!(names(people().exclude(q!(boss__city__isnull = true))).await, ["Bob", "Cyd", "Dan"]);
        assert_eq!(names(people().exclude(q!(boss__isnull = true))).await, ["Bob", "Cyd", "Dan"]);
        let cities = async |rows: QuerySet<City>| rows.order_by(|c| c.id).values(|c| c.name).await.unwrap();
        let all = || City::objects(&db);
        assert_eq!(
            cities(all().exclude(q!(person__name = "Dan"))).await,
            ["Rome", "Lima"],
            "though Ada is in Oslo"
        );
        assert_eq!(cities(all().exclude(q!(person__name__in = ["Ada", "Bob"]))).await, ["Lima"]);
        assert_eq!(cities(all().exclude(q!(person__isnull = true))).await, ["Oslo", "Rome"]);
        assert_eq!(cities(all().exclude(q!(natives__boss = 1))).await, ["Oslo"]);
        assert_eq!(cities(all().exclude(q!(natives__boss__name = "Ada"))).await, ["Oslo"]);
        let twice = all().exclude(q!(natives__name = "Ada", natives__boss = 1));
        assert_eq!(cities(twice).await, ["Oslo", "Lima"], "as in Django, of rows that need not be the same");
        assert_eq!(
            cities(all().filter(|c| !(c.natives().name.eq("Ada") | c.people.lt(1_000)))).await,
            ["Lima"]
        );
    });
}

#[test_on(all)]
fn queries_in_queries(kind: Kind) {
    on_database(kind, async |db| {
        tables(&db).await;
        let people = || Person::objects(&db);
        let small = || City::query().filter(|c| c.people.lt(3_000));
        assert_eq!(names(people().filter(|p| p.city.in_(small()))).await, ["Ada", "Bob", "Dan"]);
        assert_eq!(names(people().filter(q!(city__in = small()))).await, ["Ada", "Bob", "Dan"]);
        assert_eq!(names(people().filter_by(Q::named("city__in", small()))).await, ["Ada", "Bob", "Dan"]);
        assert_eq!(
            names(people().exclude(q!(city__in = small()))).await,
            ["Cyd"],
            "no city is in none of them"
        );
        // What a foreign key to another field refers to, not the key.
        assert_eq!(
            names(people().filter_by(Q::named("birthplace__in", small()))).await,
            ["Ada", "Bob", "Dan"]
        );
        let named = small().select(|c| c.name);
        assert_eq!(names(people().filter(|p| p.birthplace.in_(named))).await, ["Ada", "Bob", "Dan"]);
        let largest = City::query().order_by(|c| c.people.desc()).slice(..1);
        assert_eq!(names(people().filter_by(Q::named("birthplace__in", largest))).await, ["Cyd"]);
        let second = City::query().order_by(|c| c.people).slice(1..2);
        assert_eq!(names(people().filter(|p| p.city.in_(second))).await, ["Bob"]);
        assert_eq!(names(people().filter(|p| p.city.in_(small().none()))).await, [""; 0]);
        assert_eq!(names(people().exclude(|p| p.id.in_(small().none().select(|c| c.id)))).await.len(), 4);

        let most = City::query().select(|c| c.people.max());
        let cities = async |rows: QuerySet<City>| rows.order_by(|c| c.id).values(|c| c.name).await.unwrap();
        assert_eq!(cities(City::objects(&db).filter(|c| c.people.eq(most))).await, ["Lima"]);
        let led = |p: Columns<Person>| exists(Person::query().filter(move |r| r.boss.eq(p.id.outer())));
        assert_eq!(names(people().filter(led)).await, ["Ada", "Bob"]);
        assert_eq!(names(people().exclude(led)).await, ["Cyd", "Dan"]);
        assert_eq!(names(people().filter(|p| !led(p) & p.city.is_null(true))).await, ["Cyd"]);
        // A query in a query in a query, and each speaks of the one around it.
        let peers = |c: Columns<City>| {
            exists(Person::query().filter(move |p| {
                p.city.eq(c.id.outer())
                    & exists(
                        Person::query()
                            .filter(move |boss| boss.id.eq(p.boss.outer()) & boss.city.eq(p.city.outer())),
                    )
            }))
        };
        assert_eq!(cities(City::objects(&db).filter(peers)).await, [""; 0]);
        assert_eq!(people().filter(q!(id = 2)).update(set!(city = 1)).await.unwrap(), 1);
        assert_eq!(cities(City::objects(&db).filter(peers)).await, ["Oslo"]);
        let counts = City::objects(&db)
            .order_by(|c| c.id)
            .annotate("citizens", |c| {
                coalesce((
                    Person::query().filter(move |p| p.city.eq(c.id.outer())).select(|_| count_rows()),
                    0,
                ))
            })
            .filter_by(Q::named("citizens__gt", 0))
            .values_by(["name", "citizens"]);
        assert_eq!(counts.await.unwrap(), [[Value::from("Oslo"), Value::Int(3)]]);
    });
}

#[test_on(all)]
fn d06_a_column_of_a_row_that_may_not_be_there_is_an_option(kind: Kind) {
    on_database(kind, async |db| {
        tables(&db).await;
        let all = || Person::objects(&db).order_by(|p| p.id);
        let cities: Vec<(i64, Option<String>)> =
            all().values(|p| (p.id, p.city().name.optional())).await.unwrap();
        let oslo = || Some("Oslo".to_owned());
        assert_eq!(cities, [(1, oslo()), (2, Some("Rome".to_owned())), (3, None), (4, oslo())]);
        let far: Vec<Option<i64>> = all().values(|p| p.boss().city().people.optional()).await.unwrap();
        assert_eq!(far, [None, Some(700), Some(700), Some(2_800)]);
        // a field that is an Option anyway, one over a key that is never NULL, and one from the other side
        let bosses: Vec<Option<i64>> = all().values(|p| p.boss().boss).await.unwrap();
        assert_eq!(bosses, [None, None, None, Some(1)]);
        let births: Vec<i64> = all().values(|p| p.birthplace().people).await.unwrap();
        assert_eq!(births, [2_800, 2_800, 10_000, 700]);
        let cities = City::objects(&db).order_by(|c| (c.id, c.person().id));
        let people: Vec<Option<String>> = cities.values(|c| c.person().name.optional()).await.unwrap();
        assert_eq!(people, [Some("Ada".into()), Some("Dan".into()), Some("Bob".into()), None]);

        let error = all().values(|p| (p.id, p.city().name)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value);
        assert_eq!(
            error.message(),
            "Person.city__name: expected text but got NULL, for example because no row is related; `.optional()` makes the column an Option."
        );
    });
}
