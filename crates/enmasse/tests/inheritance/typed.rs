//! With models of the derive: extended, flattened, and proxies.

use enmasse::prelude::*;
use enmasse::{FieldNames, IntoQ, MixedIn, Path};

use crate::common::on_each_database;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "person")]
struct Person {
    #[model(primary_key)]
    id: Option<i64>,
    name: String,
    #[model(foreign_key = Team, related_name = "members")]
    team: Option<i32>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "team")]
struct Team {
    #[model(primary_key)]
    id: i32,
    city: String,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "base_user", extends = Person)]
struct BaseUser {
    person: Person,
    points: i32,
}

/// Three tables deep, and with columns of an abstract model.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "customer", extends = BaseUser, unique_together(level, created))]
struct Customer {
    #[model(max_length = 20)]
    level: String,
    base: BaseUser,
    #[model(flatten)]
    stamps: Stamps,
    notes: Option<String>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "profile")]
struct Profile {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = BaseUser)]
    user: i64,
    theme: String,
}

#[derive(Model, Clone, Debug, PartialEq)]
struct Shop {
    #[model(primary_key, max_length = 20)]
    number: String,
    owner: String,
}

/// Two parents.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(extends(Customer, Shop))]
struct Dealer {
    shop: Shop,
    customer: Customer,
    discount: i16,
}

/// A model without columns.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(extends = Shop)]
struct Kiosk {
    #[model(related_name = "stand")]
    shop: Shop,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(abstract, manager = Stamped)]
struct Stamps {
    created: i64,
    #[model(flatten)]
    trail: Trail,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(abstract)]
struct Trail {
    #[model(default = "nobody")]
    changed_by: String,
    #[model(foreign_key = Team, related_name = "+")]
    changed_in: Option<i32>,
}

/// The manager of all models with stamps.
#[derive(Clone, Manager)]
struct Stamped<M>(QuerySet<M>);

impl<M: Model> Stamped<M> {
    fn since(self, created: i64) -> Self {
        self.filter_by(F("created").gte(created))
    }
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(abstract)]
struct Keyed {
    #[model(primary_key)]
    id: Option<i64>,
}

/// Its key is that of a part.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "article", unique_together(title, created))]
struct Article {
    #[model(flatten)]
    keyed: Keyed,
    #[model(max_length = 40)]
    title: String,
    #[model(flatten)]
    stamps: Stamps,
    words: i32,
}

/// A proxy with its own manager.
#[derive(Model, Clone, Debug, PartialEq)]
#[model(proxy = Article, manager = Drafts, managers(all = QuerySet::<Draft>))]
struct Draft(Article);

#[derive(Clone)]
struct Drafts(QuerySet<Draft>);

impl Manager for Drafts {
    type Model = Draft;

    fn from_rows(rows: QuerySet<Draft>) -> Self {
        Drafts(rows)
    }

    fn into_rows(self) -> QuerySet<Draft> {
        self.0
    }

    fn initial(self) -> Self {
        self.filter(|d| d.words.lt(100))
    }
}

impl Drafts {
    fn lengthen(self, words: i32) -> Update<Draft> {
        self.update(|d| d.words.increment(words))
    }
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "review")]
struct Review {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = Draft, related_name = "reviews")]
    draft: i64,
    #[model(foreign_key = Article, related_name = "+")]
    article: i64,
    stars: i16,
}

/// Written by a `macro_rules!` of parts that come from two places, with fields named as what the derive's own code names.
macro_rules! model_with {
    ($parent:ident, $part:ident: $part_type:ty) => {
        #[derive(Model, Clone, Debug, PartialEq)]
        #[model(extends = Shop)]
        struct Odd {
            $parent: Shop,
            #[model(flatten)]
            $part: $part_type,
            at: i32,
            model: bool,
        }
    };
}

model_with!(row, value: Trail);

impl BulkUpdateMixin for BaseUser {}
impl BulkUpdateMixin for Keyed {}

fn stamps(created: i64) -> Stamps {
    Stamps { created, trail: Trail { changed_by: "ada".into(), changed_in: None } }
}

fn customer() -> Customer {
    let person = Person { id: Some(7), name: "Ada".into(), team: Some(3) };
    let base = BaseUser { person, points: 5 };
    Customer { level: "Free".into(), base, stamps: stamps(40), notes: None }
}

fn dealer() -> Dealer {
    let shop = Shop { number: "S1".into(), owner: "Eve".into() };
    Dealer { shop, customer: customer(), discount: 10 }
}

fn row<M: Model>(object: &M) -> Vec<Value> {
    let model = M::model().unwrap();
    (0..model.fields.len()).map(|position| object.value(&model, position)).collect()
}

fn names<M: Model>() -> Vec<String> {
    M::model().unwrap().fields.iter().map(|field| field.name.clone()).collect()
}

#[track_caller]
fn paths(columns: impl FieldNames, expected: &[&str]) {
    let names: Vec<String> = columns.field_names().iter().map(ToString::to_string).collect();
    assert_eq!(names, expected);
}

#[track_caller]
fn same(one: impl IntoQ, other: impl IntoQ) {
    assert_eq!(format!("{:?}", one.into_q()), format!("{:?}", other.into_q()));
}

#[test]
fn values_stand_where_the_fields_do() {
    let customer = customer();
    let model = Customer::model().unwrap();
    let expected = [
        "id",
        "name",
        "team",
        "person_ptr",
        "points",
        "baseuser_ptr",
        "level",
        "created",
        "changed_by",
        "changed_in",
        "notes",
    ];
    assert_eq!(names::<Customer>(), expected);
    let values: Vec<Value> = vec![
        7.into(),
        "Ada".into(),
        3.into(),
        7.into(),
        5.into(),
        7.into(),
        "Free".into(),
        40.into(),
        "ada".into(),
        Value::Null,
        Value::Null,
    ];
    assert_eq!(row(&customer), values);
    assert_eq!(Customer::from_row(&model, values.clone()).unwrap(), customer);
    for (position, value) in values.iter().enumerate() {
        assert_eq!(&customer.value_ref(&model, position).into_owned(), value);
    }
    assert_eq!(customer.value(&model, 11), Value::Null);
}

#[test]
fn two_parents_stand_side_by_side() {
    let dealer = dealer();
    let mut expected = names::<Customer>();
    expected.extend(["number", "owner", "customer_ptr", "shop_ptr", "discount"].map(str::to_owned));
    assert_eq!(names::<Dealer>(), expected);
    let values = row(&dealer);
    assert_eq!(values[..11], row(&dealer.customer));
    assert_eq!(values[11..], ["S1".into(), "Eve".into(), Value::Int(7), "S1".into(), Value::Int(10)]);
    assert_eq!(Dealer::from_row(&Dealer::model().unwrap(), values).unwrap(), dealer);
    let kiosk = Kiosk { shop: dealer.shop };
    assert_eq!(row(&kiosk), ["S1".into(), "Eve".into(), Value::from("S1")]);
    assert_eq!(Kiosk::from_row(&Kiosk::model().unwrap(), row(&kiosk)).unwrap(), kiosk);
    let _: <Dealer as Model>::Key = 7_i64;
    let _: <Kiosk as Model>::Key = String::new();
}

#[test]
fn parts_may_be_named_as_anything() {
    let shop = Shop { number: "S1".into(), owner: "Eve".into() };
    let odd = Odd { row: shop, value: stamps(1).trail, at: 3, model: true };
    let values = row(&odd);
    assert_eq!(values[2..], ["S1".into(), "ada".into(), Value::Null, Value::Int(3), Value::Bool(true)]);
    assert_eq!(Odd::from_row(&Odd::model().unwrap(), values).unwrap(), odd);
}

#[test]
fn values_are_set_where_they_stand() {
    let model = Dealer::model().unwrap();
    let mut dealer = dealer();
    for (field, value) in [
        ("name", Value::from("Bob")),
        ("points", 9.into()),
        ("level", "Gold".into()),
        ("changed_by", "eve".into()),
        ("notes", "!".into()),
        ("owner", "Kim".into()),
        ("discount", 20.into()),
        ("customer_ptr", 8.into()),
        ("shop_ptr", "S2".into()),
    ] {
        dealer.set_value(&model, model.find(field).unwrap(), value.clone()).unwrap();
        assert_eq!(dealer.value(&model, model.find(field).unwrap()), value, "{field}");
    }
    assert_eq!((dealer.customer.base.person.id, dealer.shop.number.as_str()), (Some(8), "S2"));
    assert_eq!(dealer.customer.stamps.trail.changed_by, "eve");

    let error = |result: Result<()>| result.unwrap_err().to_string();
    let wrong = error(dealer.set_value(&model, model.find("points").unwrap(), "x".into()));
    assert!(wrong.starts_with("BaseUser.points: "), "{wrong}");
    assert_eq!(error(dealer.set_value(&model, 16, 1.into())), "Dealer has no field at position 16.");
    let short = Dealer::from_row(&model, vec![Value::Null]).unwrap_err().to_string();
    assert_eq!(short, "Dealer has 16 fields, but the row has 1 values.");
    let mut values = row(&dealer);
    values[8] = Value::Int(1);
    let wrong = Dealer::from_row(&model, values).unwrap_err().to_string();
    assert!(wrong.starts_with("Trail.changed_by of customer_ptr=8: "), "{wrong}");
}

#[test]
fn a_struct_reads_and_writes_as_its_first_part() {
    let mut dealer = dealer();
    assert_eq!((dealer.name.as_str(), dealer.points, dealer.level.as_str()), ("Ada", 5, "Free"));
    dealer.name = "Bob".into();
    dealer.stamps.created += 1;
    assert_eq!((dealer.customer.base.person.name.as_str(), dealer.stamps.created), ("Bob", 41));
    let mut draft =
        Draft(Article { keyed: Keyed { id: None }, title: "a".into(), stamps: stamps(1), words: 1 });
    draft.words = 2;
    draft.id = Some(3);
    assert_eq!((draft.0.words, draft.keyed.id), (2, Some(3)));
}

#[test]
fn columns_of_all_parts_are_there() {
    let dealer = Dealer::columns(Path::root());
    paths((dealer.name, dealer.points, dealer.level), &["name", "points", "level"]);
    paths((dealer.created, dealer.changed_by, dealer.owner), &["created", "changed_by", "owner"]);
    paths((dealer.customer_ptr, dealer.shop_ptr), &["customer_ptr", "shop_ptr"]);
    paths((dealer.baseuser_ptr, dealer.number, dealer.discount), &["baseuser_ptr", "number", "discount"]);
    paths((dealer.team().city, dealer.changed_in().city), &["team__city", "changed_in__city"]);
    paths(dealer.profile().theme, &["profile__theme"]);
    paths(dealer.profile().user().name, &["profile__user__name"]);
    paths(dealer.customer_ptr().baseuser_ptr().points, &["customer_ptr__baseuser_ptr__points"]);
    paths(Shop::columns(Path::root()).stand().owner, &["stand__owner"]);
    let team = Team::columns(Path::root());
    paths(team.members().baseuser().customer().level, &["members__baseuser__customer__level"]);
    paths(
        Profile::columns(Path::root()).user().customer().dealer().owner,
        &["user__customer__dealer__owner"],
    );
}

#[test]
fn keywords_go_over_all_parts() {
    let dealer = Dealer::columns(Path::root());
    let made =
        q!(Dealer: name = "Ada", points__gte = 5, owner__in = ["Eve"], profile__theme = "dark")(dealer);
    let typed = dealer.name.eq("Ada")
        & dealer.points.gte(5)
        & dealer.owner.in_(["Eve"])
        & dealer.profile().theme.eq("dark");
    same(made, typed);
    same(q!(Dealer: team__city = "Rome" | changed_in__city = "Rome")(dealer), {
        dealer.team().city.eq("Rome") | dealer.changed_in().city.eq("Rome")
    });
    same(q!(Dealer: pk = 7)(dealer), dealer.customer_ptr.eq(7));
    same(q!(Dealer: customer_ptr__baseuser_ptr_id = 7)(dealer), dealer.customer_ptr().baseuser_ptr.eq(7));
    same(q!(Article: pk = 7)(Article::columns(Path::root())), F("id").eq(7));
    let set = set!(Dealer: name = "Bob", points += 5, discount = 3)(dealer);
    let fields: Vec<String> = set.iter().map(|set| set.field.to_string()).collect();
    assert_eq!(fields, ["name", "points", "discount"]);
}

#[test]
fn models_know_what_they_extend() {
    let dealer = Dealer::model().unwrap();
    let parents: Vec<_> = dealer.parents.iter().filter_map(|parent| parent.link.as_deref()).collect();
    assert_eq!(parents, ["customer_ptr", "shop_ptr"]);
    assert_eq!(dealer.relation("customer_ptr").unwrap().model.name, "Customer");
    assert_eq!(Shop::model().unwrap().relation("stand").unwrap().model.name, "Kiosk");
    let article = Article::model().unwrap();
    assert_eq!(names::<Article>(), ["id", "title", "created", "changed_by", "changed_in", "words"]);
    assert!(article.fields[0].primary_key && article.fields[0].identity);
    assert_eq!(article.unique_together, [["title", "created"]]);
    let draft = Draft::model().unwrap();
    assert_eq!((draft.name.as_str(), draft.table.as_str()), ("Draft", "article"));
    assert_eq!(draft.proxy.as_deref(), Some(Article::label()));
    assert_eq!(names::<Draft>(), names::<Article>());
    assert_eq!(article.relation("reviews").unwrap().model.name, "Review");
    assert_eq!(draft.relation("reviews").unwrap().model.name, "Review");
}

#[test]
fn the_mixin_is_inherited() {
    fn has_it<M: MixedIn>() {}
    has_it::<BaseUser>();
    has_it::<Customer>();
    has_it::<Dealer>();
    has_it::<Article>();
    has_it::<Draft>();
}

fn article(title: &str, created: i64, words: i32) -> Article {
    Article { keyed: Keyed { id: None }, title: title.into(), stamps: stamps(created), words }
}

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

#[test]
fn flattened_columns_are_the_models_own() {
    on_each_database(async |db| {
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

#[test]
fn a_proxy_is_another_type_over_the_table() {
    on_each_database(async |db| {
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

#[test]
fn a_child_is_written_and_read_as_one() {
    on_each_database(async |db| {
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

#[test]
fn each_field_goes_to_the_table_that_has_it() {
    on_each_database(async |db| {
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

#[test]
fn a_child_of_two_parents_is_in_both() {
    on_each_database(async |db| {
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
