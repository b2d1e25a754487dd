//! What the derive makes of parts, without a database.

use enmasse::prelude::*;
use enmasse::{FieldNames, IntoQ, MixedIn, Path};

use super::{
    Article, BaseUser, Customer, Dealer, Draft, Keyed, Kiosk, Odd, Profile, Shop, Team, customer, dealer,
    names, row, stamps,
};

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
