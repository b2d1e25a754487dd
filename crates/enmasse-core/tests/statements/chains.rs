//! What writes to models that extend others become on each database.

use std::sync::Arc;

use crate::library::{Sheet, f, now, plus, q, text};
use enmasse_core::plan::{self, Assignment, BulkUpdate, Returning};
use enmasse_core::query::Expr;
use enmasse_core::query::Query;
use enmasse_core::schema::{Auto, Field, ForeignKey, Model, Schema};
use enmasse_core::{DataType, ErrorKind};

/// Place <- Restaurant <- Pizzeria; Deli of Place and Shop; visits of places.
fn schema() -> Arc<Schema> {
    let id = |name: &str| Field::new(name, DataType::BigInt).primary_key().identity();
    let of = ForeignKey { model: "Place".into(), to_field: None, related_name: Some("visits".into()) };
    Schema::new(vec![
        Model::new("Pizzeria", "pizzeria").extends("Restaurant").add(Field::new("ovens", DataType::Integer)),
        Model::new("Deli", "deli")
            .extends("Place")
            .extends("Shop")
            .add(Field::new("cheeses", DataType::Integer)),
        Model::new("Place", "place")
            .add(id("id"))
            .add(Field::new("name", text(20)).unique())
            .add(Field::new("rating", DataType::Integer)),
        Model::new("Restaurant", "restaurant")
            .extends("Place")
            .add(Field::new("stars", DataType::Integer))
            .add(Field::new("updated", DataType::DateTime).auto(Auto::OnWrite)),
        Model::new("Shop", "shop").add(id("number")).add(Field::new("level", DataType::Integer)),
        Model::new("Visit", "visit")
            .add(id("id"))
            .add(Field::new("place", DataType::BigInt).references(of))
            .add(Field::new("guests", DataType::Integer)),
        Model::new("Nearby", "").proxy_of("Place"),
    ])
    .unwrap()
}

fn of(label: &str) -> Query {
    Query::new(schema().model(label).unwrap())
}

fn set<const N: usize>(fields: [(&str, Expr); N]) -> Vec<Assignment> {
    fields.into_iter().map(|(field, value)| Assignment::new(field, value)).collect()
}

#[test]
fn rows_are_read_from_all_tables() {
    let mut sheet = Sheet::default();
    for (title, query) in [
        ("Pizzeria.all()", of("Pizzeria")),
        ("its own table serves", of("Pizzeria").filtered(q("id__in", vec![1, 2])).filtered(q("ovens", 1))),
        ("a relation of its grandparent", of("Pizzeria").filtered(q("visits__guests__gt", 2))),
        ("none of these", of("Pizzeria").filtered(!q("visits__guests__gt", 2))),
        ("downwards", of("Place").filtered(q("restaurant__pizzeria__ovens", 2))),
        ("from a relation", of("Visit").filtered(q("place__restaurant__name", "X"))),
        ("a proxy", of("Nearby").filtered(q("visits__guests", 1))),
    ] {
        sheet.add(title, |dialect| Ok(query.select_count(dialect)?.unwrap().statement.to_string()));
    }
    let deli = of("Deli");
    sheet.add("Deli.fetch()", |dialect| Ok(deli.select_rows(dialect)?.unwrap().statement.to_string()));
    insta::assert_snapshot!("reads", sheet.text());
}

#[test]
fn updates_reach_every_table() {
    let mut sheet = Sheet::default();
    for (title, query, set) in [
        ("own fields only", of("Pizzeria"), set([("ovens", 2.into())])),
        ("an inherited field", of("Pizzeria").filtered(q("rating__lt", 3)), set([("rating", 9.into())])),
        (
            "three tables",
            of("Pizzeria"),
            set([("ovens", 1.into()), ("rating", 2.into()), ("stars", 3.into())]),
        ),
        (
            "a field that is unique",
            of("Pizzeria").filtered(q("id", 1)),
            set([("name", "X".into()), ("ovens", 1.into())]),
        ),
        ("over the chain", of("Pizzeria"), set([("ovens", f("rating")), ("rating", plus(f("ovens"), 1))])),
        ("a relation with many rows", of("Pizzeria").filtered(q("visits__guests", 4)), {
            set([("rating", plus(f("rating"), 1)), ("ovens", 1.into())])
        }),
        (
            "two parents",
            of("Deli").filtered(q("level", 1)),
            set([("level", f("rating")), ("cheeses", 2.into())]),
        ),
        ("the second parent alone", of("Deli"), set([("level", 2.into())])),
        ("what is read is locked too", of("Pizzeria").filtered(q("ovens", 1)), set([("rating", 2.into())])),
        ("nothing", of("Deli").filtered(q("pk__in", Vec::<i64>::new())), set([("level", 1.into())])),
    ] {
        sheet.add(title, |dialect| Ok(plan::update(dialect, &query, &set, now())?.to_string()));
    }
    let mut ordered = of("Pizzeria");
    ordered.order_by.push(enmasse_core::query::Order { by: f("rating"), descending: true });
    let next = set([("rating", plus(f("rating"), 1))]);
    sheet.add("in an order", |dialect| Ok(plan::update(dialect, &ordered, &next, now())?.to_string()));
    let query = of("Pizzeria").filtered(q("stars", 1));
    let new = set([("rating", 1.into())]);
    sheet.add("returning old rows", |dialect| {
        Ok(plan::update_returning(dialect, &query, &new, now(), Returning::OldAndNew)?.to_string())
    });
    let delis = of("Deli").filtered(q("rating", 1));
    sheet.add("delete", |dialect| Ok(plan::delete(dialect, &delis)?.to_string()));
    insta::assert_snapshot!("updates", sheet.text());
}

#[test]
fn bulk_updates_reach_every_table() {
    let mut sheet = Sheet::default();
    let fields = ["ovens".into(), "rating".into()];
    let (all, some) = (of("Pizzeria"), of("Pizzeria").filtered(q("stars", 1)));
    let own = ["ovens".into()];
    let named = ["name".into()];
    let computed = [Assignment::new("ovens", Expr::New("rating".into()))];
    let plain = BulkUpdate::new(&all, &fields, now());
    for (title, request) in [
        ("own fields only", BulkUpdate::new(&all, &own, now())),
        ("two tables", plain.clone()),
        ("with a filter", BulkUpdate { query: &some, ..plain.clone() }),
        ("computed", BulkUpdate { set: &computed, ..plain.clone() }),
        ("what differs", BulkUpdate { skip_unchanged: true, ..plain.clone() }),
        ("rows come back", BulkUpdate { returning: Returning::OldAndNew, ..plain.clone() }),
        ("by a field of the grandparent", BulkUpdate { matching_on: &named, ..plain.clone() }),
        ("patches", BulkUpdate { patches: true, ..plain.clone() }),
    ] {
        sheet.add(title, |dialect| Ok(plan::bulk_update(dialect, &request)?.to_string()));
    }
    insta::assert_snapshot!("bulk_updates", sheet.text());
}

#[test]
fn models_that_do_not_fit_together_are_refused() {
    let id = |name: &str| Field::new(name, DataType::BigInt).primary_key();
    let refused = |models: Vec<Model>, says: &str| {
        let error = Schema::new(models).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains(says), "{error}");
    };
    let a = || Model::new("A", "a").add(id("id"));
    refused(vec![Model::new("A", "a").extends("A")], "A extends itself");
    refused(vec![Model::new("B", "b").extends("X"), a()], "unknown model");
    refused(vec![a(), Model::new("B", "b").extends("A").add(id("key"))], "B.key: a model that extends");
    refused(vec![a(), Model::new("B", "b").extends("A").add(Field::new("id", DataType::Integer))], "'id'");
    let two = Model::new("A", "a").add(id("x")).add(id("y"));
    refused(vec![two, Model::new("B", "b").extends("A")], "composite");
    let diamond = ["B", "C"].map(|name| Model::new(name, name).extends("A"));
    let [b, c] = diamond;
    let error = Schema::new(vec![a(), b, c, Model::new("D", "d").extends("B").extends("C")]).unwrap_err();
    assert!(error.to_string().contains("two paths") || error.to_string().contains("'id'"), "{error}");
    refused(vec![a(), Model::new("P", "").proxy_of("A").add(id("x"))], "no fields of its own");
}

#[test]
fn each_table_is_written_by_its_own_statement_where_one_was_refused() {
    let query = of("Pizzeria");
    let fields = ["ovens".into(), "rating".into()];
    for (name, dialect) in crate::library::dialects() {
        let asked = BulkUpdate::new(&query, &fields, now());
        let together = plan::bulk_update(&*dialect, &asked).unwrap().to_string();
        let apart = BulkUpdate { per_table: true, ..asked };
        let apart = plan::bulk_update(&*dialect, &apart).unwrap().to_string();
        let writes = |plan: &str, of: &str| plan.lines().filter(|line| line.contains(of)).count();
        match name {
            "PostgreSQL" => {
                assert_eq!(writes(&together, "w1 AS (UPDATE"), 1, "{together}");
                assert_eq!(writes(&apart, "AS (UPDATE"), 0, "{apart}");
                assert_eq!(apart.lines().filter(|line| line.starts_with("UPDATE")).count(), 3, "{apart}");
            }
            _ => assert_eq!(apart.lines().filter(|line| line.starts_with("UPDATE")).count(), 3, "{apart}"),
        }
    }
}
