//! SQL that a host wrote, in statements of the core: as a condition, as an expression, and as the rows and values of a write.

mod library;

use std::sync::Arc;

use enmasse_core::plan::{self, Assignment, BulkUpdate, Keep, Kept, Returning, UpdateFrom};
use enmasse_core::query::{Expr, FieldPath, HostSql, Q, Query};
use enmasse_core::schema::{Auto, Field, Model, Schema};
use enmasse_core::{DataType, ErrorKind, Value};
use library::{Calls, Sheet, all, authors, books, exists, f, now, plus, q, select, text};

fn host(sql: &str) -> HostSql {
    HostSql::format(sql, 0).unwrap()
}

fn names(fields: &[&str]) -> Vec<FieldPath> {
    fields.iter().map(FieldPath::from).collect()
}

#[test]
fn is_a_condition() {
    let mut sheet = Sheet::default();
    let points = [Assignment::new("points", plus(f("points"), 1))];
    let simple = || Q::host(host("name LIKE %s OR name LIKE 'a%%'"));
    let among = || Q::among("pk", host("SELECT id FROM author WHERE name = %s LIMIT 5"));
    for (title, query) in [
        ("a condition", authors().filter(simple()).filter(q("rank", 1))),
        ("what is not", authors().exclude(simple())),
        ("among the keys of a query", authors().filter(among())),
        (
            "among these, from another table",
            books().filter(Q::among("author", host("SELECT id FROM author"))),
        ),
        ("among texts", all("Tag").filter(!Q::among("name", host("SELECT name FROM tag WHERE uses > %s")))),
    ] {
        let set = if query.model.name == "Author" { &points[..] } else { &[] };
        sheet.rows(&format!("{title}: rows"), query.clone());
        if !set.is_empty() {
            sheet.add(&format!("{title}: update"), |dialect| {
                Ok(plan::update(dialect, &query, set, now())?.to_string())
            });
        }
        sheet.add(&format!("{title}: delete"), |dialect| Ok(plan::delete(dialect, &query)?.to_string()));
    }
    let fields = names(&["points"]);
    let query = authors().filter(simple());
    sheet.add("a filtered bulk update", |dialect| {
        Ok(plan::bulk_update(dialect, &BulkUpdate::new(&query, &fields, now()))?.to_string())
    });
    insta::assert_snapshot!("conditions", sheet.text());
}

#[test]
fn is_an_expression() {
    let mut sheet = Sheet::default();
    let of = |sql: &str, data_type| Expr::Host { sql: host(sql), data_type };
    let set = [
        Assignment::new("points", of("points * %s", Some(DataType::Integer))),
        Assignment::new("nick", of("(SELECT name FROM country WHERE code = %s)", None)),
        Assignment::new("rank", Value::Opaque(7)),
    ];
    sheet.add("update", |dialect| Ok(plan::update(dialect, &authors(), &set, now())?.to_string()));
    sheet.rows(
        "filter",
        authors().filter(Q::compare(f("points"), enmasse_core::query::Lookup::Gt, Value::Opaque(1))),
    );
    insta::assert_snapshot!("expressions", sheet.text());
}

#[test]
fn stands_where_its_names_are_known_only() {
    let dialect = &enmasse_core::dialect::Postgres::default();
    let inner = authors().filter(Q::host(host("name = %s")));
    for outer in
        [books().filter(exists(inner.clone())), books().filter(Q::named("author__in", library_rows(inner)))]
    {
        let error = outer.select_rows(dialect).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().contains("in a query inside of another"), "{error}");
    }
    let fields = names(&["points"]);
    let query = authors();
    let set = [Assignment::new("rank", Expr::Host { sql: host("rank + 1"), data_type: None })];
    let asked = BulkUpdate { set: &set, ..BulkUpdate::new(&query, &fields, now()) };
    assert_eq!(plan::bulk_update(dialect, &asked).unwrap_err().kind(), ErrorKind::Field);
    for list in [vec![Value::Opaque(1), Value::Int(2)], vec![Value::Opaque(1), Value::Opaque(2)]] {
        let query = authors().filter(q("points__in", list));
        assert!(query.select_rows(dialect).is_err());
    }
}

fn library_rows(query: Query) -> enmasse_core::query::Operand {
    enmasse_core::query::Operand::Query(select(query, []))
}

/// Place <- Restaurant; Deli of Place and Shop.
fn chains() -> Arc<Schema> {
    let id = |name: &str| Field::new(name, DataType::BigInt).primary_key().identity();
    Schema::new(vec![
        Model::new("Place", "place")
            .add(id("id"))
            .add(Field::new("name", text(20)).unique())
            .add(Field::new("rating", DataType::Integer)),
        Model::new("Restaurant", "restaurant")
            .extends("Place")
            .add(Field::new("stars", DataType::Integer))
            .add(Field::new("updated", DataType::DateTime).auto(Auto::OnWrite)),
        Model::new("Shop", "shop").add(id("number")).add(Field::new("level", DataType::Integer)),
        Model::new("Deli", "deli")
            .extends("Place")
            .extends("Shop")
            .add(Field::new("cheeses", DataType::Integer)),
    ])
    .unwrap()
}

fn of(label: &str) -> Query {
    Query::new(chains().model(label).unwrap())
}

#[test]
fn gives_the_rows_of_a_write() {
    let mut sheet = Sheet::default();
    let one = host("SELECT id, points + %s FROM author WHERE name LIKE 'A%%'");
    let copies = host("SELECT book_id, number, shelf || %s FROM copy");
    let two = host(
        "SELECT restaurant.place_ptr_id, rating + 1, %s FROM restaurant JOIN place ON id = place_ptr_id ORDER BY rating",
    );
    let deli = host("SELECT place_ptr_id, cheeses + 1, rating FROM deli JOIN place ON id = place_ptr_id");
    let stars = [Assignment::new("stars", Value::Opaque(9))];
    let (points, shelf, both, aside) =
        (names(&["points"]), names(&["shelf"]), names(&["rating", "stars"]), names(&["cheeses", "level"]));
    let rating = names(&["rating"]);
    let (author, copy, restaurant, delis) = (authors(), all("Copy"), of("Restaurant"), of("Deli"));
    let active = authors().filter(q("is_active", true));
    for (title, asked) in [
        ("one table", UpdateFrom::new(&author, &one, &points)),
        ("a key of two columns", UpdateFrom::new(&copy, &copies, &shelf)),
        ("rows of a query only", UpdateFrom::new(&active, &one, &points)),
        ("two tables", UpdateFrom::new(&restaurant, &two, &both)),
        (
            "a constant, and the time",
            UpdateFrom { set: &stars, now: Some(now()), ..UpdateFrom::new(&restaurant, &two, &rating) },
        ),
        ("two parents", UpdateFrom::new(&delis, &deli, &aside)),
        (
            "returning old rows",
            UpdateFrom { returning: Returning::OldAndNew, ..UpdateFrom::new(&author, &one, &points) },
        ),
    ] {
        sheet.add(title, |dialect| Ok(plan::update_from(dialect, &asked)?.to_string()));
    }
    insta::assert_snapshot!("writes", sheet.text());
}

#[test]
fn gives_the_keys_that_are_kept() {
    let mut sheet = Sheet::default();
    let source = host("SELECT place_ptr_id, rating + %s FROM restaurant JOIN place ON id = place_ptr_id");
    let (query, fields) = (of("Restaurant"), names(&["rating"]));
    sheet.add("kept and written", |dialect| {
        let kept = Kept::new(dialect, &query.model, 1)?;
        let asked = UpdateFrom { keep: Keep::Keys(&kept), ..UpdateFrom::new(&query, &source, &fields) };
        Ok(plan::update_from(dialect, &asked)?.to_string())
    });
    sheet.add("kept, and written later", |dialect| {
        let kept = Kept::new(dialect, &query.model, 1)?;
        let asked = UpdateFrom { keep: Keep::KeysOnly(&kept), ..UpdateFrom::new(&query, &source, &fields) };
        let rows = kept.key_set(dialect).in_place_of(&query);
        let later = UpdateFrom { query: &rows, keep: Keep::Nothing, ..asked.clone() };
        Ok(format!(
            "{}\n-- then\n{}",
            plan::update_from(dialect, &asked)?,
            plan::update_from(dialect, &later)?
        ))
    });
    sheet.add("the keys of a query of the host's", |dialect| {
        let kept = Kept::new(dialect, &query.model, 1)?;
        let keys = host("SELECT place_ptr_id FROM restaurant WHERE stars > %s");
        let found = query.clone().filtered(Q::among("pk", keys));
        Ok(kept.find(dialect, &found, &[])?.to_string())
    });
    insta::assert_snapshot!("kept", sheet.text());
}

#[test]
fn refuses_what_cannot_be_set() {
    let dialect = &enmasse_core::dialect::Sqlite::default();
    let source = host("SELECT id, 1 FROM book");
    let query = books();
    let refused = |fields: &[&str], set: &[Assignment]| {
        let fields = names(fields);
        let asked = UpdateFrom { set, ..UpdateFrom::new(&query, &source, &fields) };
        plan::update_from(dialect, &asked).unwrap_err()
    };
    assert_eq!(refused(&[], &[]).kind(), ErrorKind::Request);
    assert_eq!(refused(&["nothing"], &[]).kind(), ErrorKind::UnknownField);
    assert_eq!(refused(&["chapters"], &[]).kind(), ErrorKind::Field);
    assert_eq!(
        refused(&["double_pages"], &[]).to_string(),
        "Book.double_pages is generated by the database, and cannot be set."
    );
    assert_eq!(refused(&["pages", "pages"], &[]).to_string(), "Book.pages is set twice.");
    let pages = [Assignment::new("pages", 1)];
    assert_eq!(refused(&["pages"], &pages).to_string(), "Book.pages is set twice.");
    let computed = [Assignment::new("pages", plus(f("words"), 1))];
    assert!(refused(&["title"], &computed).to_string().starts_with("Book.pages is set to an expression"));
    let sliced = UpdateFrom { query: &books().slice(0, Some(3)), ..UpdateFrom::new(&query, &source, &[]) };
    assert_eq!(plan::update_from(dialect, &sliced).unwrap_err().kind(), ErrorKind::Request);
}
