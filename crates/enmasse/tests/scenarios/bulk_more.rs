//! What `bulk_update` does beyond Django's: in each way in which a database can carry the rows.

use std::sync::{Arc, Mutex};

use enmasse::batch::{Progress, Strategy};
use enmasse::prelude::*;
use enmasse::query_set::{Change, Patch};
use enmasse_testing::{Kind, on_database, test_on};
use futures_util::stream;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "stock", unique_together(shop, article))]
struct Stock {
    #[model(primary_key)]
    id: i64,
    shop: i32,
    #[model(max_length = 20)]
    article: String,
    #[model(unique, max_length = 20)]
    code: String,
    amount: i32,
    note: Option<String>,
    #[model(max_digits = 8, decimal_places = 2)]
    price: Option<Decimal>,
    #[model(auto_now)]
    changed: DateTime<Utc>,
}

fn stock(id: i64) -> Stock {
    Stock {
        id,
        shop: (id % 3) as i32,
        article: format!("a{id}"),
        code: format!("c{id}"),
        amount: id as i32,
        note: (id % 2 == 0).then(|| format!("n\t{id}")),
        price: Some(Decimal::new(id * 100 + 50, 2)),
        changed: DateTime::UNIX_EPOCH,
    }
}

/// So many rows with the keys from 1.
async fn fill(db: &Database, rows: i64) -> Vec<Stock> {
    db.create_tables([Stock::model().unwrap()]).await.unwrap();
    Stock::objects(db).bulk_create((1..=rows).map(stock)).await.unwrap()
}

async fn all(db: &Database) -> Vec<Stock> {
    Stock::objects(db).order_by(|s| s.id).fetch().await.unwrap()
}

/// The ways of carrying rows that a database has.
fn ways(db: &Database) -> &'static [Strategy] {
    match Kind::of(db) {
        Kind::Sqlite => &[Strategy::PreparedLoop],
        Kind::Postgres => &[Strategy::Arrays, Strategy::Copy, Strategy::StagedArrays, Strategy::Values],
        Kind::Mysql => &[Strategy::LoadData, Strategy::StagedInserts, Strategy::Values, Strategy::Cases],
        Kind::MariaDb => &[
            Strategy::LoadData,
            Strategy::StagedInserts,
            Strategy::BulkExecute,
            Strategy::Values,
            Strategy::Cases,
        ],
    }
}

/// Whether the way can compare and compute in the database.
fn can_compute(way: Strategy) -> bool {
    !matches!(way, Strategy::BulkExecute | Strategy::Cases)
}

/// The ways that can do what only a staging table, or a loop, can.
fn full_ways(db: &Database) -> &'static [Strategy] {
    match Kind::of(db) {
        Kind::Sqlite => &[Strategy::PreparedLoop],
        Kind::Postgres => &[Strategy::Copy, Strategy::StagedArrays],
        Kind::MariaDb | Kind::Mysql => &[Strategy::LoadData, Strategy::StagedInserts],
    }
}

#[test_on(all)]
fn rows_that_have_the_values_are_not_written(kind: Kind) {
    on_database(kind, async |db| {
        let first = fill(&db, 120).await;
        for (round, &way) in ways(&db).iter().filter(|way| can_compute(**way)).enumerate() {
            let before = all(&db).await;
            let mut objects: Vec<Stock> = before.clone();
            objects.push(stock(1_000));
            objects[4].amount = -1 - round as i32;
            objects[7].note = if round % 2 == 0 { None } else { Some(String::new()) };
            objects[9].price = Some(Decimal::new(100_000 + round as i64, 2));
            let fields = |s: Columns<Stock>| (s.amount, s.note, s.price);
            let update = Stock::objects(&db).bulk_update(&objects, fields).skip_unchanged().strategy(way);
            let report = update.await.unwrap();
            assert_eq!((report.matched, report.changed), (120, 3), "{way:?}");
            assert_eq!(report.missing, [[Value::Int(1_000)]], "{way:?}");
            let after = all(&db).await;
            for (before, after) in before.iter().zip(&after) {
                let is_changed = [5, 8, 10].contains(&after.id);
                assert_eq!(before.changed != after.changed, is_changed, "{way:?}: {after:?}");
                assert_eq!(
                    objects[after.id as usize - 1],
                    Stock { changed: before.changed, ..after.clone() }
                );
            }
            // once more: nothing is left to do
            let update = Stock::objects(&db).bulk_update(&objects, fields).skip_unchanged().strategy(way);
            let report = update.await.unwrap();
            assert_eq!((report.matched, report.changed), (120, 0), "{way:?}");
        }
        // what only looks the same is written: another case, a space at the end, another sign of zero is not there in decimals
        for note in ["A", "a", "a ", "á"] {
            let object = Stock { note: Some(note.into()), ..first[0].clone() };
            let update = Stock::objects(&db).bulk_update([object], |s| s.note).skip_unchanged();
            assert_eq!(update.await.unwrap().changed, 1, "{note:?}");
        }
    });
}

#[test_on(all)]
fn rows_are_found_by_another_unique_key(kind: Kind) {
    on_database(kind, async |db| {
        fill(&db, 60).await;
        for &way in full_ways(&db) {
            let mut objects: Vec<Stock> = (1..=40).rev().map(stock).collect();
            objects.iter_mut().for_each(|object| (object.id, object.amount) = (-1, object.amount + 1_000));
            objects.push(Stock { code: "none".into(), article: "none".into(), ..stock(5) });
            let by_code = Stock::objects(&db).bulk_update(&objects, |s| s.amount).matching_on(|s| s.code);
            let report = by_code.strategy(way).await.unwrap();
            assert_eq!((report.matched, report.missing), (40, vec![vec![Value::from("none")]]), "{way:?}");
            let amounts: Vec<i32> = all(&db).await.iter().map(|s| s.amount).collect();
            let expected: Vec<i32> = (1..=60).map(|id| if id <= 40 { id + 1_000 } else { id }).collect();
            assert_eq!(amounts, expected, "{way:?}");

            let pair = Stock::objects(&db)
                .bulk_update(&objects, |s| s.note)
                .matching_on(|s| (s.shop, s.article))
                .strategy(way);
            let report = pair.await.unwrap();
            assert_eq!((report.matched, report.missing.len()), (40, 1), "{way:?}");
            Stock::objects(&db).update(|s| s.amount.set(s.id.cast::<i32>())).await.unwrap();
        }
        let twice = [stock(1), Stock { id: 2, ..stock(1) }];
        let error = Stock::objects(&db).bulk_update(&twice, |s| s.amount).matching_on(|s| s.code).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::DuplicateKey);
        let error = Stock::objects(&db).bulk_update(&twice, |s| s.amount).matching_on(|s| s.shop).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Field);
        assert!(error.to_string().contains("shop") && error.to_string().contains("unique"), "{error}");
        let error = Stock::objects(&db).bulk_update(&twice, |s| s.code).matching_on(|s| s.code).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Field);
    });
}

#[test_on(all)]
fn values_are_computed_from_the_stored_and_the_new(kind: Kind) {
    on_database(kind, async |db| {
        let first = fill(&db, 60).await;
        for &way in ways(&db).iter().filter(|way| can_compute(**way)) {
            let deltas: Vec<Stock> =
                first.iter().map(|s| Stock { amount: 10 * s.amount, ..s.clone() }).collect();
            let update = Stock::objects(&db)
                .bulk_update(&deltas, |s| (s.amount, s.note))
                .set(|old, new| old.amount.set(old.amount + new.amount))
                .strategy(way);
            assert_eq!(update.await.unwrap().matched, 60, "{way:?}");
            let after = all(&db).await;
            assert!(after.iter().zip(&first).all(|(a, b)| a.amount == 11 * b.amount), "{way:?}");
            assert!(after.iter().zip(&first).all(|(a, b)| a.note == b.note), "{way:?}");
            Stock::objects(&db).update(|s| s.amount.set(s.id.cast::<i32>())).await.unwrap();
        }
        // each from the row as it was
        for &way in full_ways(&db) {
            let update = Stock::objects(&db)
                .bulk_update(&first[..5], |s| s.amount)
                .set(|old, new| (old.shop.set(old.amount + new.amount), old.amount.set(old.shop)))
                .strategy(way);
            update.await.unwrap();
            let after = all(&db).await;
            for (after, first) in after.iter().zip(&first[..5]) {
                assert_eq!((after.shop, after.amount), (2 * first.amount, first.shop), "{way:?}");
            }
            Stock::objects(&db).bulk_update(&first, |s| (s.shop, s.amount)).await.unwrap();
        }
        let most = || Stock::query().select(|s| s.note.max());
        let error =
            Stock::objects(&db).bulk_update(&first, |s| s.note).set(|old, _| old.note.set(most())).await;
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Field);
    });
}

#[test_on(all)]
fn the_rows_come_back(kind: Kind) {
    on_database(kind, async |db| {
        let first = fill(&db, 60).await;
        for &way in full_ways(&db) {
            let mut objects: Vec<Stock> = first[..30].iter().rev().cloned().collect();
            objects.iter_mut().for_each(|object| object.amount += 7);
            objects.push(stock(999));
            let update = || Stock::objects(&db).bulk_update(&objects, |s| s.amount).strategy(way);
            let returned = update().returning().await.unwrap();
            assert_eq!((returned.report.matched, returned.report.missing.len()), (30, 1), "{way:?}");
            assert_eq!(returned.rows, all(&db).await[..30], "{way:?}");

            Stock::objects(&db).update(|s| s.amount.set(s.id.cast::<i32>())).await.unwrap();
            let before = all(&db).await;
            let changes = update().skip_unchanged().returning_old().await.unwrap();
            assert_eq!((changes.report.matched, changes.report.changed), (30, 30), "{way:?}");
            let after = all(&db).await;
            let expected: Vec<Change<Stock>> = before[..30]
                .iter()
                .zip(&after)
                .map(|(old, new)| Change { old: old.clone(), new: new.clone() })
                .collect();
            assert_eq!(changes.rows, expected, "{way:?}");

            // only rows that pass the filter, which they do not any more afterwards
            Stock::objects(&db).update(|s| s.amount.set(s.id.cast::<i32>())).await.unwrap();
            let some = Stock::objects(&db).filter(|s| s.amount.lte(3));
            let some = some.bulk_update(&objects, |s| s.amount).strategy(way).returning_old().await.unwrap();
            let ids: Vec<i64> = some.rows.iter().map(|change| change.new.id).collect();
            assert_eq!(
                (ids, some.report.matched, some.report.missing.len()),
                (vec![1, 2, 3], 3, 28),
                "{way:?}"
            );
            Stock::objects(&db).update(|s| s.amount.set(s.id.cast::<i32>())).await.unwrap();
        }
    });
}

#[test_on(all)]
fn the_rows_of_an_update_come_back(kind: Kind) {
    on_database(kind, async |db| {
        fill(&db, 20).await;
        let some = || Stock::objects(&db).filter(|s| s.amount.lte(5)).exclude(|s| s.code.eq("c2"));
        let mut rows = some().update(|s| s.amount.increment(100)).returning().await.unwrap();
        rows.sort_by_key(|row| row.id);
        let expected: Vec<Stock> = all(&db).await.into_iter().filter(|s| s.amount > 100).collect();
        assert_eq!(rows, expected);
        assert_eq!(rows.len(), 4);
        let update = Stock::objects(&db)
            .filter(|s| s.amount.gt(100))
            .update(|s| (s.amount.set(s.shop), s.shop.set(s.amount)));
        let mut changes = update.returning_old().await.unwrap();
        changes.sort_by_key(|change| change.old.id);
        assert_eq!(changes.len(), 4);
        for change in changes {
            assert_eq!((change.old.amount, change.old.shop), (change.new.shop, change.new.amount));
            assert!(change.old.changed < change.new.changed);
        }
        let none = Stock::objects(&db).none().update(|s| s.amount.set(1)).returning().await.unwrap();
        assert!(none.is_empty());
    });
}

#[test_on(all)]
fn each_row_changes_fields_of_its_own(kind: Kind) {
    on_database(kind, async |db| {
        let first = fill(&db, 10).await;
        let patches = vec![
            Patch::of(1_i64).set(|s: Columns<Stock>| s.amount.set(-1)),
            Patch::of(2_i64).set(|s: Columns<Stock>| (s.note.set(None), s.price.set(Decimal::ONE))),
            Patch::of(4_i64).set_by("note", "patched").set_by("amount", 44),
            Patch::of(3_i64),
            Patch::of(77_i64).set_by("amount", 1),
        ];
        let report = Stock::objects(&db).bulk_patch(patches).await.unwrap();
        assert_eq!((report.matched, report.missing), (4, vec![vec![Value::Int(77)]]));
        let mut expected = first.clone();
        expected[0].amount = -1;
        (expected[1].note, expected[1].price) = (None, Some(Decimal::ONE));
        (expected[3].note, expected[3].amount) = (Some("patched".into()), 44);
        let plain = |rows: Vec<Stock>| -> Vec<Stock> {
            rows.into_iter().map(|row| Stock { changed: DateTime::UNIX_EPOCH, ..row }).collect()
        };
        assert_eq!(plain(all(&db).await), plain(expected.clone()));

        let nothing: [Patch<Stock>; 0] = [];
        assert_eq!(Stock::objects(&db).bulk_patch(nothing).await.unwrap().matched, 0);
        let many = (1..=10_i64).map(|id| Patch::of(id).set_by("amount", id)).collect::<Vec<Patch<Stock>>>();
        let report = Stock::objects(&db).bulk_patch(many).skip_unchanged().await.unwrap();
        assert_eq!((report.matched, report.changed), (10, 2));

        let wrong = |patch: Patch<Stock>| Stock::objects(&db).bulk_patch([patch]);
        let error = wrong(Patch::of(1_i64).set_by("amount", Value::Null)).await.unwrap_err();
        assert!(error.to_string().contains("id=1") && error.to_string().contains("Stock.amount"), "{error}");
        let error = wrong(Patch::of(1_i64).set(|s: Columns<Stock>| s.amount.increment(1))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Field);
        assert_eq!(
            wrong(Patch::of(1_i64).set_by("amuont", 1)).await.unwrap_err().kind(),
            ErrorKind::UnknownField
        );
        assert_eq!(wrong(Patch::of(1_i64)).await.unwrap_err().kind(), ErrorKind::Request);
    });
}

#[test_on(all)]
fn objects_come_from_anywhere(kind: Kind) {
    on_database(kind, async |db| {
        let first = fill(&db, 50).await;
        let rows = || Stock::objects(&db);
        let count = |amount: i32| rows().filter(move |s| s.amount.eq(amount)).count();
        let with = |amount: i32| first.iter().map(move |s| Stock { amount, ..s.clone() });
        rows().bulk_update(with(-1), |s| s.amount).await.unwrap();
        assert_eq!(count(-1).await.unwrap(), 50, "an iterator of objects");
        let objects: Vec<Stock> = with(-2).collect();
        rows().bulk_update(objects.iter().rev(), |s| s.amount).await.unwrap();
        assert_eq!(count(-2).await.unwrap(), 50, "an iterator of references");
        rows().bulk_update(with(-3).collect::<Vec<_>>(), |s| s.amount).await.unwrap();
        assert_eq!(count(-3).await.unwrap(), 50, "a vector");
        rows().bulk_update(stream::iter(with(-4)), |s| s.amount).await.unwrap();
        assert_eq!(count(-4).await.unwrap(), 50, "a stream");
        let results = with(-5).map(Ok::<_, Error>);
        rows().bulk_update(stream::iter(results), |s| s.amount).await.unwrap();
        assert_eq!(count(-5).await.unwrap(), 50, "a stream of results");
        let mut broken: Vec<Result<Stock>> = with(-6).map(Ok).collect();
        broken.push(Err(Error::new(ErrorKind::Request, "the source broke")));
        let error = rows().bulk_update(stream::iter(broken), |s| s.amount).await.unwrap_err();
        assert_eq!(error.to_string(), "the source broke");
        assert_eq!(count(-5).await.unwrap(), 50, "nothing was written");
        let spawned =
            tokio::spawn(rows().bulk_update(with(-7).collect::<Vec<_>>(), |s| s.amount).into_future());
        assert_eq!(spawned.await.unwrap().unwrap().matched, 50);
    });
}

#[test_on(all)]
fn twenty_thousand_rows_in_every_way_and_order(kind: Kind) {
    on_database(kind, async |db| {
        let rows = 20_000;
        fill(&db, rows).await;
        let update: Vec<Stock> =
            (1..=rows + 5).map(|id| Stock { note: None, ..stock(id * 7_919 % (rows + 6)) }).collect();
        for (round, &way) in ways(&db).iter().enumerate() {
            let told = Arc::new(Mutex::new(Vec::new()));
            let tell = told.clone();
            let objects: Vec<Stock> =
                update.iter().map(|s| Stock { amount: s.amount + 1 + round as i32, ..s.clone() }).collect();
            let report = Stock::objects(&db)
                .bulk_update(&objects, |s| (s.amount, s.note))
                .on_progress(move |progress: Progress| tell.lock().unwrap().push(progress))
                .strategy(way)
                .await
                .unwrap();
            assert_eq!((report.matched, report.missing.len()), (rows as u64, 5), "{way:?}");
            let wrong =
                Stock::objects(&db).exclude(move |s| s.amount.eq(s.id.cast::<i32>() + 1 + round as i32));
            assert_eq!(wrong.count().await.unwrap(), 0, "{way:?}");
            let told = told.lock().unwrap();
            assert!(told.iter().all(|progress| progress.total == Some(rows as u64 + 5)), "{way:?}");
            assert!(told.windows(2).all(|pair| pair[0].staged <= pair[1].staged), "{way:?}");
            assert_eq!(told.iter().map(|progress| progress.staged).max(), Some(rows as u64 + 5), "{way:?}");
        }
    });
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "by_word")]
struct ByWord {
    #[model(primary_key, max_length = 20)]
    word: String,
    uses: i32,
}

#[test_on(all)]
fn rows_with_text_keys_are_skipped_too(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([ByWord::model().unwrap()]).await.unwrap();
        let word = |word: &str, uses| ByWord { word: word.into(), uses };
        ByWord::objects(&db).bulk_create(["a", "b", "c"].map(|text| word(text, 1))).await.unwrap();
        let batch = [word("a", 1), word("b", 1), word("c", 2), word("d", 1)];
        let report = ByWord::objects(&db).bulk_update(&batch, |w| w.uses).skip_unchanged().await.unwrap();
        assert_eq!((report.matched, report.changed, report.missing.len()), (3, 1, 1));
        let twice = [word("x", 1), word("x", 2)];
        let error = ByWord::objects(&db).bulk_update(&twice, |w| w.uses).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DuplicateKey, "also where there is no such row");
    });
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "by_number")]
struct ByNumber {
    #[model(primary_key, max_digits = 15, decimal_places = 5)]
    number: Decimal,
    uses: i32,
}

#[test_on(all)]
fn decimal_keys_are_compared_exactly(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([ByNumber::model().unwrap()]).await.unwrap();
        let row = |number: i64, uses| ByNumber { number: Decimal::new(number, 5), uses };
        let near = [123_456_789_000_001, 123_456_789_000_002];
        ByNumber::objects(&db).bulk_create(near.map(|number| row(number, 0))).await.unwrap();
        let mut tried = 0;
        for &way in ways(&db) {
            let update = ByNumber::objects(&db).bulk_update([row(near[0], 1)], |n| n.uses).strategy(way);
            let report = match update.await {
                Err(error) if error.kind() == ErrorKind::NotSupported => continue,
                report => report.unwrap(),
            };
            assert_eq!((report.matched, report.missing.len()), (1, 0), "{way:?}");
            let uses = ByNumber::objects(&db).order_by(|n| n.number).values(|n| n.uses).await.unwrap();
            assert_eq!(uses, [1, 0], "{way:?}");
            tried += 1;
        }
        assert!(tried > 0, "no way takes such keys");
    });
}

#[test_on(all)]
fn one_row_is_computed_from_what_it_was(kind: Kind) {
    on_database(kind, async |db| {
        fill(&db, 3).await;
        for &way in full_ways(&db) {
            let update = Stock::objects(&db)
                .bulk_update([Stock { shop: 100, amount: 5, ..stock(1) }], |s| (s.shop, s.amount))
                .set(|old, _| old.amount.set(old.amount + old.shop))
                .strategy(way);
            update.await.unwrap();
            let row = &all(&db).await[0];
            assert_eq!((row.shop, row.amount), (100, 2), "{way:?}");
            Stock::objects(&db).bulk_update([stock(1)], |s| (s.shop, s.amount)).await.unwrap();
        }
    });
}

#[test_on(all)]
fn a_patch_that_sets_the_time_leaves_it_to_the_others_to_get_theirs(kind: Kind) {
    on_database(kind, async |db| {
        fill(&db, 2).await;
        let before = all(&db).await;
        let then = DateTime::UNIX_EPOCH;
        let patches = [
            Patch::of(1_i64).set_by("changed", Value::DateTime(then)).set_by("amount", 1),
            Patch::of(2_i64).set_by("amount", 1),
        ];
        Stock::objects(&db).bulk_patch(patches).await.unwrap();
        let after = all(&db).await;
        assert_eq!(after[0].changed, then);
        assert!(after[1].changed > before[1].changed);
    });
}

#[test_on(all)]
fn a_key_of_fixed_length_is_found_by_its_index(kind: Kind) {
    on_database(kind, async |db| {
        db.execute_raw(
            "CREATE TABLE by_word (word char(20) NOT NULL PRIMARY KEY, uses integer NOT NULL)",
            [],
        )
        .await
        .unwrap();
        let rows = 6_000;
        let word = |id: i32, uses| ByWord { word: format!("{id:020}"), uses };
        ByWord::objects(&db).bulk_create((0..rows).map(|id| word(id, 0)).collect::<Vec<_>>()).await.unwrap();
        let batch: Vec<ByWord> = (0..rows).map(|id| word(id, id)).collect();
        assert_eq!(ByWord::objects(&db).bulk_update(&batch, |w| w.uses).await.unwrap().matched, rows as u64);
        let short = [ByWord { word: "no".into(), uses: 1 }];
        assert_eq!(ByWord::objects(&db).bulk_update(&short, |w| w.uses).await.unwrap().missing.len(), 1);
    });
}
