//! What is asked for, checked before anything is sent.

use enmasse::batch::Strategy;
use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

use super::{Player, Team, Word, player, players, points, word};
use crate::ended;

#[test_on(all)]
fn requests_are_checked_in_djangos_order_also_without_objects(kind: Kind) {
    on_database(kind, async |db| {
        let tx = ended(&db).await; // and before anything is sent
        let keyless = Player { id: None, ..player(1, 1) };
        let nothing: [&str; 0] = [];
        for objects in [vec![], vec![player(1, 1)], vec![player(1, 1), keyless.clone()]] {
            let bulk =
                |fields: &[&'static str]| Player::objects(&tx).bulk_update(&objects, |_| fields.to_vec());
            let kind =
                async |update: enmasse::query_set::BulkUpdate<Player>| update.await.unwrap_err().kind();
            assert_eq!(kind(bulk(&nothing).batch_size(0)).await, ErrorKind::Request);
            let error = bulk(&["nmae"]).batch_size(0).await.unwrap_err();
            assert!(error.to_string().contains("batch size"), "{error}");
            let error = bulk(&nothing).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Request);
            assert!(error.to_string().contains("field"), "{error}");
            let unsaved = objects.len() == 2;
            for (fields, expected) in [
                (&["nmae"][..], ErrorKind::UnknownField),
                (&["points", "team__name"], ErrorKind::UnknownField),
                (&["pk"], ErrorKind::UnknownField),
                (&["id"], ErrorKind::Field),
                (&["points", "id"], ErrorKind::Field),
            ] {
                let expected = if unsaved { ErrorKind::Unsaved } else { expected };
                assert_eq!(kind(bulk(fields)).await, expected, "{fields:?} of {}", objects.len());
            }
        }
        let error = Team::objects(&tx).bulk_update(&[], |_| ["player"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Field, "a relation from another model: {error}");
        let error =
            Player::objects(&tx).bulk_update([&player(1, 1), &keyless], |p| p.points).await.unwrap_err();
        assert!(error.to_string().contains("number 2"), "{error}");
        let sliced = Player::objects(&tx).slice(..2).bulk_update(&[], |p| p.points).await.unwrap_err();
        assert_eq!(sliced.kind(), ErrorKind::Request);

        let report = Player::objects(&tx).bulk_update(&[], |p| p.points).await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (0, 0), "no objects, nothing sent");
        let report = Player::objects(&tx).none().bulk_update([&player(1, 1)], |p| p.points).await.unwrap();
        assert_eq!((report.matched, report.missing), (0, vec![vec![Value::Int(1)]]));
        let error = Player::objects(&tx).bulk_update([&player(1, 1)], |p| p.points).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TransactionEnded);
    });
}

#[test_on(all)]
fn two_objects_with_one_key_are_refused(kind: Kind) {
    on_database(kind, async |db| {
        let tx = ended(&db).await;
        let objects = [player(7, 1), player(1, 2), player(7, 3), player(2, 1), player(1, 9), player(7, 5)];
        let error = Player::objects(&tx).bulk_update(&objects, |p| p.points).batch_size(1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DuplicateKey);
        let text = error.to_string();
        assert!(text.contains("id=7") && text.contains("id=1") && !text.contains("id=2"), "{text}");
    });
}

/// A table in which `abc` and `ABC` are one key.
async fn any_case(db: &Database) {
    let sql: &[&str] = match Kind::of(db) {
        Kind::Sqlite => &[
            "CREATE TABLE word (word varchar(20) COLLATE NOCASE NOT NULL PRIMARY KEY, uses integer NOT NULL)",
        ],
        Kind::Postgres => &[
            "CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
            "CREATE TABLE word (word varchar(20) COLLATE any_case PRIMARY KEY, uses integer NOT NULL)",
        ],
        Kind::MariaDb | Kind::Mysql => &[
            "CREATE TABLE word (word varchar(20) COLLATE utf8mb4_general_ci PRIMARY KEY, uses integer NOT NULL) ENGINE=InnoDB",
        ],
    };
    for sql in sql {
        db.execute_raw(sql, []).await.unwrap();
    }
}

#[test_on(all)]
fn two_keys_that_are_one_to_the_column_are_refused(kind: Kind) {
    on_database(kind, async |db| {
        any_case(&db).await;
        let words = [word("abc", 0), word("one", 0), word("two", 0)];
        Word::objects(&db).bulk_create(words.clone()).await.unwrap();
        for (first, second) in [("abc", "ABC"), ("ABC", "abc"), ("Abc", "aBC")] {
            let batch = [word("two", 1), word(first, 1), word("one", 1), word(second, 2), word("gone", 1)];
            for size in [1, 2, 1_000] {
                let error =
                    Word::objects(&db).bulk_update(&batch, |w| w.uses).batch_size(size).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::DuplicateKey, "{error}");
                assert!(error.to_string().to_lowercase().contains("abc"), "{error}");
                let read = Word::objects(&db).order_by(|w| w.word).fetch().await.unwrap();
                assert_eq!(read, words, "nothing was written");
            }
        }
        if Kind::of(&db).in_mysql_family() {
            // Nor does this collation know of spaces at the end, and of accents.
            for other in ["abc ", "ábc"] {
                let error =
                    Word::objects(&db).bulk_update([&word("abc", 1), &word(other, 2)], |w| w.uses).await;
                assert_eq!(error.unwrap_err().kind(), ErrorKind::DuplicateKey);
            }
        }
        // Alone, a key in another case is that row.
        let report =
            Word::objects(&db).bulk_update([&word("ABC", 5), &word("TWO", 6)], |w| w.uses).await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (2, 0));
        let read = Word::objects(&db).order_by(|w| w.word).fetch().await.unwrap();
        assert_eq!(read, [word("abc", 5), word("one", 0), word("two", 6)]);
        // And so it is inside of a transaction, which goes on.
        db.transaction(async |tx| {
            let batch = [word("one", 8), word("abc", 1), word("ABC", 2)];
            let error = Word::objects(&tx).bulk_update(&batch, |w| w.uses).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::DuplicateKey, "{error}");
            assert_eq!(Word::objects(&tx).filter(q!(uses = 0)).update(set!(uses = 9)).await?, 1);
            Ok(())
        })
        .await
        .unwrap();
        let uses = Word::objects(&db).order_by(|w| w.word).values(|w| w.uses).await.unwrap();
        assert_eq!(uses, [5, 9, 6]);
    });
}

#[test_on(all)]
fn a_value_that_does_not_fit_names_its_field_and_row(kind: Kind) {
    on_database(kind, async |db| {
        players(&db, 3).await;
        let tx = ended(&db).await;
        let wrong = [
            ("name", Player { name: "much too long".into(), ..player(2, 9) }, "much too long"),
            ("ratio", Player { ratio: Some(Decimal::new(1_005, 3)), ..player(2, 9) }, "1.005"),
            ("ratio", Player { ratio: Some(Decimal::new(1_000, 0)), ..player(2, 9) }, "1000"),
        ];
        for (field, wrong, value) in wrong {
            for db in [enmasse::Handle::executor(&db), enmasse::Handle::executor(&tx)] {
                let batch = [player(1, 5), player(3, 6), wrong.clone()];
                let fields = |p: Columns<Player>| (p.points, p.name, p.ratio);
                let error = Player::objects(&db).bulk_update(&batch, fields).batch_size(1).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Value);
                let text = error.to_string();
                assert!(
                    text.contains(&format!("Player.{field}"))
                        && text.contains(value)
                        && text.contains("id=2"),
                    "{text}"
                );
            }
        }
        assert_eq!(points(&db).await, [0, 0, 0], "nothing was written");
    });
}

#[test_on(all)]
fn explain_shows_the_statements(kind: Kind) {
    on_database(kind, async |db| {
        players(&db, 1).await;
        let update = Player::objects(&db).bulk_update([player(1, 5)], |p| p.points);
        let sql = update.explain().unwrap();
        assert!(sql.contains("UPDATE"), "{sql}");
        assert_eq!(points(&db).await, [0], "explained, not run");
        assert_eq!(update.await.unwrap().matched, 1);
        let wrong = Player::objects(&db).bulk_update(&[], |_| "nmae").explain().unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::UnknownField);
    });
}

/// Of a key that comes again the first object counts, in every way of carrying rows.
#[test_on(all)]
fn duplicates_are_left_out_on_request(kind: Kind) {
    on_database(kind, async |db| {
        let before = players(&db, 200).await;
        let ways = [
            None,
            Some(Strategy::PreparedLoop),
            Some(Strategy::Arrays),
            Some(Strategy::Copy),
            Some(Strategy::StagedArrays),
            Some(Strategy::LoadData),
            Some(Strategy::StagedInserts),
            Some(Strategy::BulkExecute),
            Some(Strategy::Values),
            Some(Strategy::Cases),
        ];
        let mut done = 0;
        for (round, (way, rows)) in ways.iter().flat_map(|way| [(way, 3), (way, 200)]).enumerate() {
            let given = |points| {
                before.iter().rev().take(rows).map(move |player| Player { points, ..player.clone() })
            };
            let first = round as i32 + 1;
            let objects: Vec<_> =
                given(first).chain(given(-1)).chain([player(999, 5), player(999, 6)]).collect();
            let mut update = Player::objects(&db).bulk_update(&objects, |p| p.points).leave_out_duplicates();
            if let Some(way) = way {
                update = update.strategy(*way);
            }
            let report = match update.await {
                Ok(report) => report,
                Err(error) if way.is_some() && error.kind() == ErrorKind::NotSupported => continue,
                Err(error) => panic!("{way:?}: {error}"),
            };
            assert_eq!((report.matched, report.left_out), (rows as u64, rows as u64 + 1), "{way:?} {rows}");
            assert_eq!(report.missing, [[Value::Int(999)]], "{way:?} {rows}");
            let expected = points(&db).await.into_iter().rev().take(rows).collect::<Vec<_>>();
            assert_eq!(expected, vec![first; rows], "{way:?} {rows}");
            done += 1;
        }
        assert!(done >= 4, "{done}");

        let by_number =
            |player: &Player, number, points| Player { number: Some(number), points, ..player.clone() };
        let objects = [by_number(&before[0], 1, 77), by_number(&before[1], 1, 78)];
        let update = Player::objects(&db).bulk_update(&objects, |p| p.points).matching_on(|p| p.number);
        let report = update.leave_out_duplicates().await.unwrap();
        assert_eq!((report.matched, report.left_out, points(&db).await[0]), (1, 1, 77));
    });
}
