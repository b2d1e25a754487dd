//! Managers: bulk logic named once, on every database.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

#[derive(Choices, Clone, Copy, Debug, PartialEq)]
enum Membership {
    Free,
    Premium,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "users", manager = UserManager, managers(active = ActiveUsers, everyone = QuerySet::<User>))]
struct User {
    #[model(primary_key)]
    id: i64,
    #[model(max_length = 2)]
    country: String,
    #[model(max_length = 10)]
    membership: Membership,
    is_active: bool,
    last_login: DateTime<Utc>,
}

#[derive(Clone, Debug)]
struct UserManager(QuerySet<User>);

impl Manager for UserManager {
    type Model = User;

    fn from_rows(rows: QuerySet<User>) -> Self {
        UserManager(rows)
    }

    fn into_rows(self) -> QuerySet<User> {
        self.0
    }
}

impl UserManager {
    fn inactive(self, days: i64) -> Self {
        self.filter(|u| u.last_login.lte(Utc::now() - TimeDelta::days(days)))
    }

    fn in_country(self, country: &str) -> Self {
        self.filter(|u| u.country.eq(country))
    }

    fn upgrade_inactive_users(self, days: i64) -> Update<User> {
        self.inactive(days).update(|u| u.membership.set(Membership::Premium))
    }
}

/// A manager around a manager, which narrows it.
#[derive(Clone, Manager)]
struct ActiveUsers(Recent);

#[derive(Clone)]
struct Recent(UserManager);

impl Manager for Recent {
    type Model = User;

    fn from_rows(rows: QuerySet<User>) -> Self {
        Recent(UserManager(rows))
    }

    fn into_rows(self) -> QuerySet<User> {
        self.0.into_rows()
    }

    fn initial(self) -> Self {
        self.filter(|u| u.is_active)
    }
}

/// Its default manager leaves rows out.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "notes", manager = Kept)]
struct Note {
    #[model(primary_key)]
    id: Option<i64>,
    #[model(foreign_key = User, related_name = "notes")]
    user: i64,
    text: String,
    deleted: bool,
}

#[derive(Clone)]
struct Kept(QuerySet<Note>);

impl Manager for Kept {
    type Model = Note;

    fn from_rows(rows: QuerySet<Note>) -> Self {
        Kept(rows)
    }

    fn into_rows(self) -> QuerySet<Note> {
        self.0
    }

    fn initial(self) -> Self {
        self.exclude(|n| n.deleted)
    }
}

fn user(id: i64, country: &str, days: i64) -> User {
    User {
        id,
        country: country.into(),
        membership: Membership::Free,
        is_active: days < 100,
        last_login: Utc::now() - TimeDelta::days(days),
    }
}

fn note(user: i64, text: &str, deleted: bool) -> Note {
    Note { id: None, user, text: text.into(), deleted }
}

async fn fill(db: &Database) {
    db.create_tables([User::model().unwrap(), Note::model().unwrap()]).await.unwrap();
    let users = [user(1, "US", 1), user(2, "US", 40), user(3, "CA", 50), user(4, "US", 200)];
    User::objects(db).bulk_create(users).await.unwrap();
    let notes = [note(1, "a", false), note(1, "b", true), note(2, "c", true)];
    Note::objects(db).bulk_create(notes).await.unwrap();
}

async fn ids(users: impl Manager<Model = User>) -> Vec<i64> {
    users.order_by(|u| u.id).values(|u| u.id).await.unwrap()
}

#[test_on(all)]
fn seed_custom_manager(kind: Kind) {
    on_database(kind, async |db| {
        fill(&db).await;
        assert_eq!(User::objects(&db).upgrade_inactive_users(30).await.unwrap(), 3);
        let premium = User::objects(&db).filter(|u| u.membership.eq(Membership::Premium));
        assert_eq!(ids(premium.clone()).await, [2, 3, 4]);

        let off =
            User::objects(&db).inactive(30).filter(|u| u.country.eq("US")).update(|u| u.is_active.set(false));
        assert_eq!(off.await.unwrap(), 2);
        assert_eq!(ids(User::active(&db)).await, [1, 3]);

        // in any order, and in keywords
        let same =
            User::objects(&db).filter(q!(is_active = true)).in_country("CA").order_by(|u| u.id).inactive(30);
        assert_eq!(same.clone().update(set!(membership = Membership::Free)).await.unwrap(), 1);
        assert_eq!(ids(premium.in_country("US")).await, [2, 4]);
    });
}

#[test_on(all)]
fn a_manager_has_the_methods_of_a_query_set(kind: Kind) {
    on_database(kind, async |db| {
        fill(&db).await;
        let users = || User::objects(&db);
        assert_eq!(users().count().await.unwrap(), 4);
        assert!(users().exclude(|u| u.id.lt(4)).exists().await.unwrap());
        assert!(users().filter_by(Q::named("country", "FR")).first().await.unwrap().is_none());
        assert_eq!(users().filter(|u| u.id.eq(3)).get().await.unwrap().country, "CA");
        assert_eq!(ids(users().exclude_by(Q::named("country", "US"))).await, [3]);
        let last: Vec<User> = users().order_by_names(["-id"]).slice(..2).fetch().await.unwrap();
        assert_eq!(last.iter().map(|user| user.id).collect::<Vec<_>>(), [4, 3]);
        let countries = users().order_by(|u| u.country).distinct().values(|u| u.country).await.unwrap();
        assert_eq!(countries, ["CA", "US"]);
        assert_eq!(users().none().update(|u| u.is_active.set(true)).await.unwrap(), 0);
        let named = users().annotate("double", |u| u.id * 2).filter_by(Q::named("double", 6));
        assert_eq!(named.values_by(["id"]).await.unwrap(), [[Value::Int(3)]]);
        assert_eq!(users().filter(|u| u.id.eq(1)).update_by([("country", "FR")]).await.unwrap(), 1);

        let mut all = users().order_by(|u| u.id).fetch().await.unwrap();
        all.iter_mut().for_each(|user| user.country = "DE".into());
        assert_eq!(users().bulk_update(&all, |u| u.country).await.unwrap().matched, 4);
        assert!(users().filter(|u| u.country.eq("DE")).slice(1..3).explain().is_ok());
        let moved = tokio::spawn(users().using(&db).count());
        assert_eq!(moved.await.unwrap().unwrap(), 4);
        assert!(users().delete_object(&all[3]).await.unwrap());
        Note::all_rows(&db).delete().await.unwrap();
        assert_eq!(users().delete().await.unwrap(), 3);

        // a transaction is a handle as well
        let created =
            db.transaction(async |tx| User::objects(&tx).create(user(9, "US", 60)).await).await.unwrap();
        assert_eq!(ids(users().inactive(30)).await, [created.id]);
    });
}

#[test_on(all)]
fn managers_narrow_where_they_start(kind: Kind) {
    on_database(kind, async |db| {
        fill(&db).await;
        assert_eq!(ids(User::active(&db)).await, [1, 2, 3]);
        assert_eq!(ids(User::everyone(&db)).await, [1, 2, 3, 4]);
        assert_eq!(ids(ActiveUsers::on(&db).filter(|u| u.country.eq("US"))).await, [1, 2]);
        assert_eq!(Note::objects(&db).count().await.unwrap(), 1);
        assert_eq!(Note::objects(&db).update(|n| n.text.set("kept")).await.unwrap(), 1);
        assert_eq!(Note::all_rows(&db).count().await.unwrap(), 3);
        // a relation leads to all rows
        assert_eq!(ids(User::objects(&db).filter(|u| u.notes().text.eq("c"))).await, [2]);
    });
}

#[test_on(all)]
fn a_narrow_manager_hides_no_row_from_a_write(kind: Kind) {
    on_database(kind, async |db| {
        fill(&db).await;
        let mut note = Note::all_rows(&db).filter(|n| n.text.eq("c")).get().await.unwrap();
        assert_eq!(Note::objects(&db).filter(|n| n.text.eq("c")).count().await.unwrap(), 0);
        note.text = "changed".into();
        assert!(!Note::objects(&db).save(&mut note).await.unwrap().created);
        assert_eq!(Note::all_rows(&db).count().await.unwrap(), 3);

        Note::all_rows(&db).update(|n| n.text.set("again")).await.unwrap();
        Note::objects(&db).refresh(&mut note).await.unwrap();
        assert_eq!((note.text.as_str(), note.deleted), ("again", true));
        assert!(Note::objects(&db).delete_object(&note).await.unwrap());
        let gone = Note::objects(&db).refresh(&mut note).await.unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound);
        let unsaved = Note::objects(&db).refresh(&mut Note { id: None, ..note }).await.unwrap_err();
        assert_eq!(unsaved.kind(), ErrorKind::Unsaved);
    });
}

#[test_on(all)]
fn managers_are_queries_in_queries(kind: Kind) {
    on_database(kind, async |db| {
        fill(&db).await;
        let of_active = |n: Columns<Note>| n.user.in_(User::query().in_country("US").inactive(30));
        assert_eq!(Note::all_rows(&db).filter(of_active).values(|n| n.text).await.unwrap(), ["c"]);
        let by_name = Q::named("user__in", ActiveUsers::on(&db).filter(|u| u.id.gt(1)));
        assert_eq!(Note::all_rows(&db).filter_by(by_name).count().await.unwrap(), 1);
        let with_notes =
            User::objects(&db).filter(|u| exists(Note::query().filter(|n| n.user.eq(u.id.outer()))));
        assert_eq!(ids(with_notes).await, [1]);
        let countries = User::query().filter(|u| u.id.eq(3)).select(|u| u.country);
        assert_eq!(ids(User::objects(&db).filter(|u| u.country.in_(countries))).await, [3]);
    });
}

/// Code that is generic over models works with any of their managers.
#[test_on(all)]
fn generic_code_takes_any_manager(kind: Kind) {
    async fn count<M: Model>(db: &Database) -> u64 {
        M::objects(db).count().await.unwrap()
    }

    on_database(kind, async |db| {
        fill(&db).await;
        assert_eq!((count::<User>(&db).await, count::<Note>(&db).await), (4, 1));
    });
}
