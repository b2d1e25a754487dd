//! Django's own users, and relations and keys of every kind.

use enmasse::prelude::*;
use serde_json::json;

use crate::models::{City, Country, Label, Profile, Session, SessionLabel, Stock, User};
use crate::project::Project;
use crate::rows::{Rows, assert_same, read, rows, set};

const MODELS: [&str; 8] = [
    "auth.User",
    "shop.Profile",
    "shop.Country",
    "shop.City",
    "shop.Stock",
    "shop.Session",
    "shop.Label",
    "shop.Session_labels",
];

fn dump(project: &Project) -> [Rows; 8] {
    project.dump(&MODELS).try_into().expect("the rows of each model")
}

pub async fn check(db: &Database, project: &Project) {
    let mut expected = dump(project);
    assert_all(&read_all(db).await, &expected, "reading");
    let [users, profiles, _, cities, stock, sessions, ..] = &mut expected;

    let month_ago = "2023-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
    let n =
        User::objects(db).filter(|u| u.last_login.lte(month_ago)).update(|u| u.is_active.set(false)).await;
    let old = |at: &serde_json::Value| at.as_str().is_some_and(|at| at < "2023-01-01");
    assert_eq!(n.unwrap(), set(users, |row| old(&row["last_login"]), json!({"is_active": false})));

    // across relations, one of them to another field than the key
    let n = Profile::objects(db)
        .filter(q!(city__country__name = "France", user__is_active = true))
        .update(set!(points += 100, membership = "Premium"))
        .await
        .unwrap();
    let paris = cities[0]["id"].clone();
    let active: Vec<_> =
        users.iter().filter(|row| row["is_active"] == true).map(|row| row["id"].clone()).collect();
    let mut changed = 0;
    for profile in
        profiles.iter_mut().filter(|row| row["city_id"] == paris && active.contains(&row["user_id"]))
    {
        profile["points"] = json!(profile["points"].as_i64().unwrap() + 100);
        profile["membership"] = json!("Premium");
        changed += 1;
    }
    assert_eq!((n, n > 0), (changed, true));

    // foreign keys
    let mut all = read::<City>(db).await;
    all[0].country = "ÅL".into();
    all[0].twin = None;
    all[2].twin = all[1].id;
    all[2].population = 12_000;
    let report = City::objects(db).bulk_update(&all, |c| (c.country, c.twin, c.population)).await.unwrap();
    assert_eq!(report.matched, 3);
    *cities = rows(&all);

    // a composite key, of which one part is a foreign key
    let mut all = read::<Stock>(db).await;
    all.iter_mut().for_each(|stock| stock.amount = stock.amount * 10 - 1);
    let report = Stock::objects(db).bulk_update(&all, |s| s.amount).await.unwrap();
    assert_eq!(report.matched, 4);
    *stock = rows(&all);

    // a UUID as the key
    let mut all = read::<Session>(db).await;
    all.iter_mut().for_each(|session| session.hits += 1_000);
    let gone = Session { id: Uuid::max(), user: all[0].user, hits: 0 };
    let report = Session::objects(db).bulk_update(all.iter().chain([&gone]), |s| s.hits).await.unwrap();
    assert_eq!((report.matched, report.missing), (8, vec![vec![Value::from(Uuid::max())]]));
    *sessions = rows(&all);
    let labelled = Session::objects(db).filter(q!(labels__label = "☃")).count().await.unwrap();
    assert_eq!(labelled, 2);

    // what is new
    let [_, _, countries, _, _, sessions, labels, session_labels] = &mut expected;
    let new = Country::objects(db)
        .create(Country { id: None, code: "日本".into(), name: "Japan".into() })
        .await
        .unwrap();
    countries.extend(rows(&[new]));
    let new = Session { id: Uuid::from_u128(0xff), ..gone };
    sessions.extend(rows(&[Session::objects(db).create(new).await.unwrap()]));
    let new = Label::objects(db).bulk_create([Label { name: "'\"\\".into() }]).await.unwrap();
    labels.extend(rows(&new));
    // their order is for the column's collation to say
    let by_name = |labels: &mut Rows| labels.sort_by_key(|row| row["name"].to_string());
    by_name(labels);
    let link = SessionLabel { id: None, session: Uuid::from_u128(0xff), label: "'\"\\".into() };
    session_labels.extend(rows(&SessionLabel::objects(db).bulk_create([link]).await.unwrap()));

    let mut found = dump(project);
    by_name(&mut found[6]);
    assert_all(&found, &expected, "writing");
}

async fn read_all(db: &Database) -> [Rows; 8] {
    [
        rows(&read::<User>(db).await),
        rows(&read::<Profile>(db).await),
        rows(&read::<Country>(db).await),
        rows(&read::<City>(db).await),
        rows(&read::<Stock>(db).await),
        rows(&read::<Session>(db).await),
        rows(&read::<Label>(db).await),
        rows(&read::<SessionLabel>(db).await),
    ]
}

fn assert_all(found: &[Rows; 8], expected: &[Rows; 8], place: &str) {
    for ((found, expected), model) in found.iter().zip(expected).zip(MODELS) {
        assert_same(found, expected, &format!("{place} {model}"));
    }
}
