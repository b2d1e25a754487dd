//! How the keys of the rows that a write is for are kept, and what is made of them.

use crate::library::{Sheet, authors, books, f, now, plus, q, schema};
use enmasse_core::Result;
use enmasse_core::Value;
use enmasse_core::dialect::Dialect;
use enmasse_core::plan::{self, Assignment, BulkUpdate, Keep, Kept, Strategy};
use enmasse_core::query::FieldPath;
use enmasse_core::query::Lookup;
use enmasse_core::query::{KeySet, Q, Query};
use enmasse_core::schema::ModelRef;

fn points() -> Vec<Assignment> {
    vec![Assignment::new("points", plus(f("points"), 1))]
}

/// The positions of fields.
fn positions(model: &ModelRef, fields: &[&str]) -> Vec<usize> {
    fields.iter().map(|field| model.find(field).unwrap()).collect()
}

/// What keeps the keys of an update's rows, what then writes these rows, and what writes related ones.
fn around(
    dialect: &dyn Dialect,
    query: &Query,
    set: &[Assignment],
    related: &Query,
    size: u64,
) -> Result<String> {
    let model = &query.model;
    let kept = Kept::new(dialect, model, 1)?.of_size(size);
    let keys = kept.key_set(dialect);
    let written = plan::written_fields(model, set, now())?;
    let related = related.clone().filtered(Q::Compare {
        left: f("author"),
        lookup: Lookup::In,
        right: keys.clone().into(),
    });
    let mut lines = vec![
        kept.create(dialect).to_string(),
        kept.find(dialect, query, &written)?.to_string(),
        plan::update(dialect, &keys.in_place_of(query), set, now())?.to_string(),
    ];
    let untouched = kept.rows(dialect, query, true)?;
    lines.push(format!(
        "-- where nobody can have changed them\n{}",
        plan::update(dialect, &untouched, set, now())?
    ));
    if model.name == "Author" {
        let pages = [Assignment::new("pages", 1), Assignment::new("updated_at", f("updated_at"))];
        lines.push(format!("-- related\n{}", plan::update(dialect, &related, &pages, now())?));
    }
    lines.push(plan::delete(dialect, &keys.in_place_of(query))?.to_string());
    if let Some(update) = kept.update(dialect, query, set, now())? {
        lines.push(format!("-- or at once\n{update}"));
    }
    lines.extend(kept.analyze(dialect, 1_000).map(|statement| statement.to_string()));
    lines.push(kept.count(dialect)?.map_or(String::new(), |count| count.statement.to_string()));
    lines.push(kept.select(dialect)?.map_or(String::new(), |keys| keys.statement.to_string()));
    lines.push(kept.drop(dialect).to_string());
    Ok(lines.join("\n"))
}

#[test]
fn of_an_update() {
    let copies = Query::new(schema().model("Copy").unwrap());
    let mut sheet = Sheet::default();
    let active = authors().filtered(q("is_active", true));
    sheet.add("Author.filter(is_active=True).update(points=F('points') + 1)", |dialect| {
        around(dialect, &active, &points(), &books(), 999)
    });
    sheet.add("the same with many keys", |dialect| around(dialect, &active, &points(), &books(), 1_000));
    let joined = authors().filtered(q("books__pages__gt", 100));
    sheet.add("over a relation: Author.filter(books__pages__gt=100).update(…)", |dialect| {
        around(dialect, &joined, &points(), &books(), 999)
    });
    let shelved = copies.clone().filtered(q("shelf", "a"));
    sheet.add("a key of two fields: Copy.filter(shelf='a').update(shelf='b')", |dialect| {
        around(dialect, &shelved, &[Assignment::new("shelf", "b")], &books(), 1_000)
    });
    insta::assert_snapshot!("kept_of_an_update", sheet.text());
}

#[test]
fn in_the_program() {
    let mut sheet = Sheet::default();
    let one = authors().filtered(q("pk", 5));
    assert!(plan::finds_one(&one) && !plan::finds_one(&authors().filtered(q("points", 5))));
    assert!(!plan::finds_one(&authors().filtered(!q("pk", 5))));
    sheet.add("found: Author.filter(pk=5)", |dialect| {
        let found = plan::find_keys(dialect, &one, &positions(&one.model, &["points"]))?;
        Ok(found.map_or("-- no rows".to_owned(), |found| found.statement.to_string()))
    });
    sheet.add("to be deleted: Author.filter(pk=5)", |dialect| {
        let found = plan::find_keys(dialect, &one, &[])?;
        Ok(found.map_or("-- no rows".to_owned(), |found| found.statement.to_string()))
    });
    let known = KeySet::known(&authors().model, &[vec![5.into()], vec![6.into()]]);
    sheet.add("known: update", |dialect| {
        Ok(plan::update(dialect, &known.in_place_of(&one), &points(), now())?.to_string())
    });
    let model = schema().model("Copy").unwrap();
    let copies = [[1, 2], [3, 4]].map(|key| key.map(Value::from).to_vec());
    for (title, keys) in [("known, of two fields", &copies[..]), ("none, of two fields", &[])] {
        let known = KeySet::known(&model, keys);
        sheet.rows(title, known.rows().clone());
    }
    sheet.add("many that are known", |dialect| {
        let kept = Kept::new(dialect, &authors().model, 2)?;
        Ok(kept.insert(dialect, 2)?.to_string())
    });
    insta::assert_snapshot!("kept_in_the_program", sheet.text());
}

#[test]
fn of_a_bulk_update() {
    let fields = [FieldPath::from("points")];
    let active = authors().filtered(q("is_active", true));
    let mut sheet = Sheet::default();
    for (title, skip_unchanged, only) in [
        ("before the rows are written", false, false),
        ("of changed rows", true, false),
        ("only", false, true),
    ] {
        sheet.add(title, |dialect| {
            let kept = Kept::new(dialect, &active.model, 1)?;
            let keep = if only { Keep::KeysOnly(&kept) } else { Keep::Keys(&kept) };
            let request = BulkUpdate { skip_unchanged, keep, ..BulkUpdate::new(&active, &fields, now()) };
            Ok(plan::bulk_update(dialect, &request)?.to_string())
        });
    }
    sheet.add("not by arrays", |dialect| {
        let kept = Kept::new(dialect, &active.model, 1)?;
        let keep = Keep::Keys(&kept);
        let strategy = Some(Strategy::Arrays);
        let request = BulkUpdate { keep, strategy, ..BulkUpdate::new(&active, &fields, now()) };
        Ok(plan::bulk_update(dialect, &request)?.to_string())
    });
    insta::assert_snapshot!("kept_of_a_bulk_update", sheet.text());
}
