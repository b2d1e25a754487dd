//! `bulk_update`: each row gets its own values, all or none.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use enmasse::batch::Strategy;
use enmasse::prelude::*;
use enmasse::serde_json::{self, json};

use crate::common::{Kind, on_database, on_each_database};
use crate::ended;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "team")]
struct Team {
    #[model(primary_key)]
    id: i64,
    name: String,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "player")]
struct Player {
    #[model(primary_key)]
    id: Option<i64>,
    #[model(max_length = 10)]
    name: String,
    points: i32,
    #[model(max_digits = 5, decimal_places = 2)]
    ratio: Option<Decimal>,
    #[model(unique)]
    number: Option<i32>,
    data: Option<serde_json::Value>,
    #[model(foreign_key = Team)]
    team: i64,
}

fn player(id: i64, points: i32) -> Player {
    Player {
        id: Some(id),
        name: format!("p{id}"),
        points,
        ratio: None,
        number: Some(id as i32),
        data: None,
        team: id % 2,
    }
}

/// Two teams, and `number` players with keys from 1 and no points.
async fn players(db: &Database, number: i64) -> Vec<Player> {
    db.create_tables([Player::model().unwrap(), Team::model().unwrap()]).await.unwrap();
    let team = |(id, name): (i64, &str)| Team { id, name: name.into() };
    Team::objects(db).bulk_create([(0, "even"), (1, "odd")].map(team)).await.unwrap();
    Player::objects(db).bulk_create((1..=number).map(|id| player(id, 0))).await.unwrap()
}

async fn points(db: &Database) -> Vec<i32> {
    Player::objects(db).order_by(|p| p.id).values(|p| p.points).await.unwrap()
}

fn keys(report: &enmasse::query_set::Report) -> HashSet<String> {
    report.missing.iter().map(|key| format!("{key:?}")).collect()
}

#[test]
fn rows_get_values_of_their_own_and_missing_keys_are_reported() {
    on_each_database(async |db| {
        let mut all = players(&db, 5).await;
        for player in &mut all {
            player.points = player.id.unwrap() as i32 * 10;
            player.name = "changed".into();
            player.data = Some(json!({"points": player.points}));
        }
        let gone = [player(99, 1), player(-3, 2), player(0, 2)];
        let objects = all.iter().rev().chain(&gone);
        let report = Player::objects(&db).bulk_update(objects, |p| (p.points, p.data)).await.unwrap();
        assert_eq!(report.matched, 5);
        assert_eq!(keys(&report), [99, -3, 0].map(|key| format!("{:?}", [Value::Int(key)])).into());
        let read = Player::objects(&db).order_by(|p| p.id).fetch().await.unwrap();
        let expected: Vec<_> = all
            .iter()
            .map(|player| Player { name: format!("p{}", player.id.unwrap()), ..player.clone() })
            .collect();
        assert_eq!(read, expected, "the name was not asked for");

        let report = Player::objects(&db).bulk_update(&all, |p| (p.points, p.data)).await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (5, 0), "rows that stay as they are count too");
        let report = Player::objects(&db).bulk_update(&gone, |p| p.points).await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (0, 3));
        let named = Player::objects(&db).bulk_update(&all, |_| ["name", "name", "team_id"]).await.unwrap();
        assert_eq!(named.matched, 5);
        assert_eq!(Player::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), all);
    });
}

#[test]
fn requests_are_checked_in_djangos_order_also_without_objects() {
    on_each_database(async |db| {
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

#[test]
fn two_objects_with_one_key_are_refused() {
    on_each_database(async |db| {
        let tx = ended(&db).await;
        let objects = [player(7, 1), player(1, 2), player(7, 3), player(2, 1), player(1, 9), player(7, 5)];
        let error = Player::objects(&tx).bulk_update(&objects, |p| p.points).batch_size(1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DuplicateKey);
        let text = error.to_string();
        assert!(text.contains("id=7") && text.contains("id=1") && !text.contains("id=2"), "{text}");
    });
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "word")]
struct Word {
    #[model(primary_key, max_length = 20)]
    word: String,
    uses: i32,
}

fn word(word: &str, uses: i32) -> Word {
    Word { word: word.into(), uses }
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

#[test]
fn two_keys_that_are_one_to_the_column_are_refused() {
    on_each_database(async |db| {
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

#[test]
fn a_value_that_does_not_fit_names_its_field_and_row() {
    on_each_database(async |db| {
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

#[test]
fn a_constraint_that_the_last_row_breaks_leaves_all_as_it_was() {
    on_each_database(async |db| {
        let all = players(&db, 2_000).await;
        for size in [None, Some(100)] {
            let mut changed = all.clone();
            changed.iter_mut().for_each(|player| {
                player.points = 7;
                player.number = Some(player.number.unwrap() + 100_000);
            });
            changed.last_mut().unwrap().number = Some(100_001);
            let update = || Player::objects(&db).bulk_update(&changed, |p| (p.points, p.number));
            let error = match size {
                Some(size) => update().batch_size(size).await,
                None => update().await,
            };
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
            assert_eq!(Player::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), all);

            changed.last_mut().unwrap().number = None;
            changed.last_mut().unwrap().team = 99;
            let error = Player::objects(&db).bulk_update(&changed, |p| (p.points, p.team)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
            assert_eq!(Player::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), all);
        }
    });
}

/// A few rows are one statement without a transaction, unless they are so large that several statements are
/// needed.
#[test]
fn few_rows_that_are_large_are_all_or_nothing_too() {
    on_each_database(async |db| {
        let all = players(&db, 20).await;
        let mut changed = all.clone();
        changed.iter_mut().for_each(|player| {
            player.data = Some(json!("x".repeat(50_000)));
            player.number = Some(player.number.unwrap() + 100);
        });
        changed.last_mut().unwrap().number = Some(101);
        let error = Player::objects(&db).bulk_update(&changed, |p| (p.data, p.number)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert!(Player::objects(&db).order_by(|p| p.id).fetch().await.unwrap() == all);
    });
}

#[test]
fn inside_a_transaction_it_is_a_savepoint() {
    on_each_database(async |db| {
        let all = players(&db, 3).await;
        let changed =
            |points: i32| all.iter().map(|player| Player { points, ..player.clone() }).collect::<Vec<_>>();
        db.transaction(async |tx| {
            let rows = || Player::objects(&tx);
            assert_eq!(rows().bulk_update(&changed(1), |p| p.points).await?.matched, 3);
            let clash: Vec<_> =
                all.iter().map(|player| Player { points: 5, number: Some(1), ..player.clone() }).collect();
            let error = rows().bulk_update(&clash, |p| (p.points, p.number)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Integrity);
            assert_eq!(rows().filter(q!(points = 1)).count().await?, 3, "only the clash is undone");
            assert_eq!(rows().filter(q!(id = 2)).update(set!(points = 2)).await?, 1);
            let undone: Result<()> = tx
                .transaction(async |inner| {
                    Player::objects(&inner).bulk_update(&changed(9), |p| p.points).await?;
                    Err(Error::new(ErrorKind::Request, "enough"))
                })
                .await;
            assert_eq!(undone.unwrap_err().to_string(), "enough");
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(points(&db).await, [1, 2, 1]);

        let undone: Result<()> = db
            .transaction(async |tx| {
                Player::objects(&tx).bulk_update(&changed(100), |p| p.points).await?;
                Err(Error::new(ErrorKind::Request, "enough"))
            })
            .await;
        assert_eq!(undone.unwrap_err().to_string(), "enough");
        assert_eq!(points(&db).await, [1, 2, 1]);
    });
}

#[test]
fn only_rows_that_pass_the_filter_are_written() {
    on_each_database(async |db| {
        let mut all = players(&db, 6).await;
        let rows = || Player::objects(&db);
        all.iter_mut().for_each(|player| player.points = 1);
        let missing = |report: &enmasse::query_set::Report| {
            let mut ids: Vec<_> = report.missing.iter().map(|key| key[0].clone()).collect();
            ids.sort_by_key(|id| format!("{id:?}"));
            ids
        };
        let report = rows().filter(q!(id__lte = 2)).bulk_update(&all, |p| p.points).await.unwrap();
        assert_eq!((report.matched, missing(&report)), (2, [3, 4, 5, 6].map(Value::Int).into()));
        assert_eq!(points(&db).await, [1, 1, 0, 0, 0, 0]);

        // The field that is written is the field that is filtered by.
        all.iter_mut().for_each(|player| player.points = 2);
        let report =
            rows().filter(q!(points = 0)).bulk_update(&all, |p| p.points).batch_size(2).await.unwrap();
        assert_eq!((report.matched, missing(&report)), (4, [1, 2].map(Value::Int).into()));
        assert_eq!(points(&db).await, [1, 1, 2, 2, 2, 2]);

        all.iter_mut().for_each(|player| player.points = 3);
        let even = rows().filter(q!(team__name = "even")).exclude(q!(name = "p2"));
        let report = even.bulk_update(&all, |p| p.points).await.unwrap();
        assert_eq!((report.matched, missing(&report)), (2, [1, 2, 3, 5].map(Value::Int).into()));
        assert_eq!(points(&db).await, [1, 1, 2, 3, 2, 3]);

        all.iter_mut().for_each(|player| player.points = 4);
        let best = rows().filter(|p| p.points.in_(Player::query().select(|p| p.points.max())));
        assert_eq!(best.bulk_update(&all, |p| p.points).await.unwrap().matched, 2);
        let of_teams = Team::objects(&db).filter(q!(player__points = 4));
        let renamed = [Team { id: 0, name: "zero".into() }, Team { id: 1, name: "one".into() }];
        let report = of_teams.bulk_update(&renamed, |t| t.name).await.unwrap();
        assert_eq!((report.matched, missing(&report)), (1, vec![Value::Int(1)]));

        let nothing = rows().filter(q!(id__in = Vec::<i64>::new()));
        let report = nothing.bulk_update(&all, |p| p.points).await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (0, 6));
        let distinct = rows().distinct().order_by(|p| p.name).bulk_update(&all, |p| p.points).await.unwrap();
        assert_eq!(distinct.matched, 6);
    });
}

#[test]
fn any_batch_size_writes_the_same() {
    on_each_database(async |db| {
        let mut all = players(&db, 40).await;
        for (round, size) in [1, 7, 40, 1_000].into_iter().enumerate() {
            for player in &mut all {
                player.points = player.id.unwrap() as i32 + 1_000 * round as i32;
            }
            let gone = [player(50, 1), player(60, 1)];
            let update = Player::objects(&db).bulk_update(all.iter().chain(&gone), |p| (p.points, p.number));
            let report = update.batch_size(size).await.unwrap();
            assert_eq!((report.matched, report.missing.len()), (40, 2), "by {size}");
            assert_eq!(Player::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), all, "by {size}");
        }
    });
}

#[test]
fn fifty_thousand_rows() {
    on_each_database(async |db| {
        let mut all = players(&db, 50_000).await;
        for player in &mut all {
            player.points = player.id.unwrap() as i32;
            player.name = format!("{}", player.points);
            player.ratio = Some(Decimal::new(i64::from(player.points % 1_000), 2));
        }
        let gone: Vec<_> = (60_001..=60_100).map(|id| player(id, 1)).collect();
        let update =
            Player::objects(&db).bulk_update(all.iter().chain(&gone), |p| (p.points, p.name, p.ratio));
        let report = update.await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (50_000, 100));
        assert!(Player::objects(&db).order_by(|p| p.id).fetch().await.unwrap() == all);
    });
}

#[derive(Model, Clone, PartialEq)]
#[model(table = "page")]
struct Page {
    #[model(primary_key)]
    id: i64,
    text: String,
    blob: Vec<u8>,
}

#[test]
fn rows_that_are_larger_than_a_statement_may_be() {
    on_each_database(async |db| {
        db.create_tables([Page::model().unwrap()]).await.unwrap();
        let page =
            |id: i64, letter: &str| Page { id, text: letter.repeat(600_000), blob: vec![id as u8; 400_000] };
        let pages: Vec<_> = (0..40).map(|id| page(id, "é")).collect();
        assert!(Page::objects(&db).bulk_create(pages.clone()).await.unwrap() == pages);
        let pages: Vec<_> = (0..40).map(|id| page(id, "☃")).collect();
        let report = Page::objects(&db).bulk_update(&pages, |p| (p.text, p.blob)).await.unwrap();
        assert_eq!(report.matched, 40);
        assert!(Page::objects(&db).order_by(|p| p.id).fetch().await.unwrap() == pages);
    });
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "reading")]
struct Reading {
    #[model(primary_key)]
    at: DateTime<Utc>,
    #[model(primary_key, max_digits = 8, decimal_places = 3)]
    depth: Decimal,
    #[model(primary_key)]
    day: NaiveDate,
    value: Option<i16>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "captain")]
struct Captain {
    #[model(primary_key, foreign_key = Team)]
    team: i64,
    name: String,
}

#[test]
fn keys_of_other_types() {
    on_each_database(async |db| {
        db.create_tables([Reading::model().unwrap(), Captain::model().unwrap(), Team::model().unwrap()])
            .await
            .unwrap();
        let at = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        let reading = |micros: i64, depth: i64, value| Reading {
            at: at + TimeDelta::microseconds(micros),
            depth: Decimal::new(depth, 3),
            day: at.date_naive(),
            value,
        };
        let rows = [reading(0, 1_500, None), reading(1, 1_500, Some(2)), reading(1, -20, Some(3))];
        Reading::objects(&db).bulk_create(rows.clone()).await.unwrap();
        // 1.5 is 1.500, and nanoseconds are cut.
        let mut changed =
            [reading(0, 1_500, Some(7)), reading(1, 1_500, None), reading(1, -20, Some(i16::MIN))];
        changed[0].depth = Decimal::new(15, 1);
        changed[1].at += TimeDelta::nanoseconds(999);
        let gone = reading(2, 1_500, None);
        let report =
            Reading::objects(&db).bulk_update(changed.iter().chain([&gone]), |r| r.value).await.unwrap();
        assert_eq!(report.matched, 3);
        let key = [Value::from(gone.at), Value::from(gone.depth), Value::from(gone.day)];
        assert_eq!(report.missing.len(), 1);
        assert!(
            matches!(&report.missing[0][..], [at, Value::Decimal(depth), day]
            if *at == key[0] && *depth == gone.depth && *day == key[2]),
            "{report:?}"
        );
        let values = Reading::objects(&db).order_by(|r| (r.at, r.depth)).values(|r| r.value).await.unwrap();
        assert_eq!(values, [Some(7), Some(i16::MIN), None]);
        let twice = [reading(0, 1_500, None), changed[0].clone()];
        let error = Reading::objects(&db).bulk_update(&twice, |r| r.value).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DuplicateKey, "{error}");

        let team = |id| Team { id, name: format!("{id}") };
        Team::objects(&db).bulk_create([team(0), team(5)]).await.unwrap();
        let captain = |team, name: &str| Captain { team, name: name.into() };
        Captain::objects(&db).bulk_create([captain(0, "a"), captain(5, "b")]).await.unwrap();
        let batch = [captain(5, "B"), captain(0, "A")];
        let update = Captain::objects(&db).filter(q!(team__name = "5")).bulk_update(&batch, |c| c.name);
        let report = update.await.unwrap();
        assert_eq!(
            (report.matched, report.missing),
            (1, vec![vec![Value::Int(0)]]),
            "0 is a key like any other"
        );
        let report = Captain::objects(&db).bulk_update(&batch, |c| c.name).await.unwrap();
        assert_eq!((report.matched, report.missing.len()), (2, 0));
    });
}

#[test]
fn json_documents_and_nulls() {
    on_each_database(async |db| {
        let mut all = players(&db, 5).await;
        let documents = [
            None,
            Some(serde_json::Value::Null),
            Some(json!("null")),
            Some(json!({"a": [1, 2.5, {"b": null}], "é\"\\": "\u{1}☃"})),
            Some(json!(9_007_199_254_740_993_i64)),
        ];
        for _ in 0..documents.len() {
            all.iter_mut().zip(&documents).for_each(|(player, data)| player.data = data.clone());
            assert_eq!(Player::objects(&db).bulk_update(&all, |p| p.data).await.unwrap().matched, 5);
            assert_eq!(Player::objects(&db).order_by(|p| p.id).fetch().await.unwrap(), all);
            all.rotate_left(1);
            all.iter_mut().zip(1..).for_each(|(player, id)| {
                *player = Player { data: player.data.clone(), ..self::player(id, 0) }
            });
        }
    });
}

#[test]
fn two_over_the_same_rows_do_not_deadlock() {
    on_each_database(async |db| {
        let all = Arc::new(players(&db, 300).await);
        const ROUNDS: u32 = 15;
        let begun = Arc::new(AtomicU32::new(0));
        let writers = (0..4).map(|writer| {
            let (db, all, begun) = (db.clone(), all.clone(), begun.clone());
            tokio::spawn(async move {
                for round in 0..ROUNDS {
                    let mut objects: Vec<_> =
                        all.iter().map(|player| Player { points: writer, ..player.clone() }).collect();
                    match (writer as u32 + round) % 3 {
                        0 => objects.reverse(),
                        1 => objects.sort_by_key(|player| player.id.unwrap() * 7_919 % 307),
                        _ => {}
                    }
                    // A conflict would begin the transaction once more.
                    db.transaction(async |tx| {
                        begun.fetch_add(1, Ordering::Relaxed);
                        let update = Player::objects(&tx).bulk_update(&objects, |p| p.points).batch_size(100);
                        assert_eq!(update.await?.matched, 300);
                        Ok(())
                    })
                    .await
                    .unwrap();
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        if Kind::of(&db) != Kind::Sqlite {
            assert_eq!(begun.load(Ordering::Relaxed), 4 * ROUNDS, "a transaction was begun again");
        }
        let points = points(&db).await;
        assert!(points.iter().all(|point| *point == points[0]), "the last one wrote all rows");
    });
}

#[test]
fn one_that_is_dropped_half_way_is_undone() {
    on_each_database(async |db| {
        let all = players(&db, 2_000).await;
        let changed: Vec<_> = all.iter().map(|player| Player { points: 1, ..player.clone() }).collect();
        let update = || Player::objects(&db).bulk_update(&changed, |p| p.points).batch_size(50);

        // It waits for the last row, after it has written the others.
        db.transaction(async |tx| {
            Player::objects(&tx).filter(q!(id = 2_000)).update(set!(points = 9)).await?;
            let waited = tokio::time::timeout(Duration::from_millis(700), update()).await;
            assert!(waited.is_err(), "it should wait for the row: {waited:?}");
            Ok(())
        })
        .await
        .unwrap();
        let read = points(&db).await;
        assert!(read[..1_999].iter().all(|points| *points == 0) && read[1_999] == 9);

        // Wherever it stops, it is all or nothing, and the next one can work.
        for micros in [1, 300, 1_000, 3_000, 8_000, 20_000, 60_000] {
            Player::objects(&db).update(set!(points = 0)).await.unwrap();
            let finished = tokio::time::timeout(Duration::from_micros(micros), update()).await;
            let expected =
                if finished.is_ok_and(|report| report.unwrap().matched == 2_000) { Some(1) } else { None };
            let read = points(&db).await;
            assert!(read.iter().all(|points| *points == read[0]), "after {micros} µs");
            if let Some(expected) = expected {
                assert_eq!(read[0], expected);
            }
        }
        assert_eq!(update().await.unwrap().matched, 2_000);
        assert_eq!(points(&db).await, vec![1; 2_000]);
    });
}

#[test]
fn a_transactions_own_settings_stay_as_they_are() {
    on_database(Kind::Postgres, async |db| {
        let all = players(&db, 10).await;
        db.transaction(async |tx| {
            let settings = async || {
                let names = "current_setting('enable_hashjoin'), current_setting('enable_mergejoin'), current_setting('jit')";
                tx.query_raw(&format!("SELECT {names}"), []).await.unwrap()
            };
            tx.query_raw("SELECT set_config('enable_mergejoin', 'off', true)", []).await?;
            let before = settings().await;
            assert_eq!(before, [["on", "off", "on"].map(Value::from)]);
            Player::objects(&tx).bulk_update(&all, |p| p.points).await?;
            assert_eq!(settings().await, before);
            let clash: Vec<_> = all.iter().map(|player| Player { number: Some(1), ..player.clone() }).collect();
            Player::objects(&tx).bulk_update(&clash, |p| p.number).await.unwrap_err();
            assert_eq!(settings().await, before);
            Ok(())
        })
        .await
        .unwrap();
    });
}

#[test]
fn explain_shows_the_statements() {
    on_each_database(async |db| {
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
#[test]
fn duplicates_are_left_out_on_request() {
    on_each_database(async |db| {
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

/// A plain value that all rows are set to, in every way of carrying rows.
#[test]
fn a_field_is_set_to_the_same_value_in_all_rows() {
    on_each_database(async |db| {
        let before = players(&db, 120).await;
        let ways = [
            None,
            Some(Strategy::PreparedLoop),
            Some(Strategy::Arrays),
            Some(Strategy::Copy),
            Some(Strategy::LoadData),
            Some(Strategy::StagedInserts),
            Some(Strategy::BulkExecute),
            Some(Strategy::Values),
            Some(Strategy::Cases),
        ];
        for (round, (way, rows)) in ways.iter().flat_map(|way| [(way, 3), (way, 120)]).enumerate() {
            let objects: Vec<_> =
                before[..rows].iter().map(|p| Player { points: round as i32 + 1, ..p.clone() }).collect();
            let name = format!("r{round}");
            let ratio: Decimal = format!("{round}.25").parse().unwrap();
            let update = || {
                let update = Player::objects(&db)
                    .bulk_update(&objects, |p| p.points)
                    .set(|old, _| (old.name.set(name.as_str()), old.ratio.set(ratio)));
                if let Some(way) = way { update.strategy(*way) } else { update }
            };
            match update().await {
                Ok(report) => assert_eq!(report.matched, rows as u64, "{way:?} {rows}"),
                Err(error) if way.is_some() && error.kind() == ErrorKind::NotSupported => continue,
                Err(error) => panic!("{way:?}: {error}"),
            }
            let written = Player::objects(&db)
                .filter(|p| p.name.eq(name.as_str()) & p.ratio.eq(ratio))
                .fetch()
                .await
                .unwrap();
            assert_eq!(written.len(), rows, "{way:?}");
            assert!(written.iter().all(|player| player.points == round as i32 + 1), "{way:?}");
            if let Ok(again) = update().skip_unchanged().await {
                assert_eq!((again.matched, again.changed), (rows as u64, 0), "{way:?}");
            }
        }
    });
}
