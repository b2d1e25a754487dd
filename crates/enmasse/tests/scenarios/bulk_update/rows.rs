//! Rows of every size, number and key.

use enmasse::batch::Strategy;
use enmasse::prelude::*;
use enmasse::serde_json::{self, json};
use enmasse_testing::{Kind, on_database, test_on};

use super::{Player, Team, TeamColumns, keys, player, players, points};

#[test_on(all)]
fn rows_get_values_of_their_own_and_missing_keys_are_reported(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn only_rows_that_pass_the_filter_are_written(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn any_batch_size_writes_the_same(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn fifty_thousand_rows(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn rows_that_are_larger_than_a_statement_may_be(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn keys_of_other_types(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn json_documents_and_nulls(kind: Kind) {
    on_database(kind, async |db| {
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

/// A plain value that all rows are set to, in every way of carrying rows.
#[test_on(all)]
fn a_field_is_set_to_the_same_value_in_all_rows(kind: Kind) {
    on_database(kind, async |db| {
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
