//! Conditions joined with others, lists, orders and distinct rows.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

use super::{Odd, found, moment, table};

#[test_on(all)]
fn fields_are_compared_with_fields(kind: Kind) {
    on_database(kind, async |db| {
        let rows = table(&db).await;
        let found = async |condition: Q| found(Odd::objects(&db).filter_by(condition), "F").await;
        let of = |holds: &dyn Fn(&Odd) -> bool| {
            rows.iter().filter(|row| holds(row)).map(|row| row.id).collect::<Vec<_>>()
        };
        let o = <Odd as Entity>::columns(enmasse::Path::root());
        assert_eq!(found(o.perhaps.eq(o.int)).await, of(&|row| row.perhaps == Some(row.int)));
        assert_eq!(
            found(q!(Odd: perhaps__gt = F(int))(o)).await,
            of(&|row| row.perhaps.is_some_and(|it| it > row.int))
        );
        assert_eq!(
            found(Q::named("perhaps__lt", F("int"))).await,
            of(&|row| row.perhaps.is_some_and(|it| it < row.int))
        );
        assert_eq!(
            found(o.perhaps.ne(o.int)).await,
            of(&|row| row.perhaps != Some(row.int)),
            "NULL is not equal"
        );
        assert_eq!(found(o.big.gt(o.int)).await, of(&|row| row.big > row.int.into()));
        assert_eq!(found((o.id * 2).gt(o.id + 20)).await, [21, 22, 23]);
        assert_eq!(found(o.price.eq(o.price.round())).await, of(&|row| row.price == row.price.round()));
        assert_eq!(
            found(o.text.contains(o.maybe)).await,
            of(&|row| row.maybe.as_ref().is_some_and(|it| row.text.contains(it)))
        );
        assert_eq!(found(o.text.upper().eq("A%")).await, of(&|row| row.text == "A%"));
        assert_eq!(
            found(o.text.length().range(4..=9)).await,
            of(&|row| (4..=9).contains(&row.text.chars().count()))
        );
        assert_eq!(
            found(o.int.range((o.perhaps, 10))).await,
            of(&|row| row.perhaps.is_some_and(|it| it <= row.int) && row.int <= 10)
        );
        assert_eq!(found(o.int.in_([o.perhaps, o.perhaps])).await, of(&|row| row.perhaps == Some(row.int)));
        assert_eq!(found(o.naive.date().lt(o.date)).await, Vec::<i64>::new());
    });
}

#[test_on(all)]
fn conditions_are_joined(kind: Kind) {
    on_database(kind, async |db| {
        let rows = table(&db).await;
        let all = || Odd::objects(&db);
        let of = |holds: &dyn Fn(&Odd) -> bool| {
            rows.iter().filter(|row| holds(row)).map(|row| row.id).collect::<Vec<_>>()
        };
        type Holds<'a> = &'a dyn Fn(&Odd) -> bool;
        let joined: [(&str, QuerySet<Odd>, Holds<'_>); 14] = [
            ("and", all().filter(q!(flag = true, int__gt = 0)), &|row| row.flag && row.int > 0),
            ("or", all().filter(q!(flag = true | int__gt = 0)), &|row| row.flag || row.int > 0),
            ("xor", all().filter(q!(flag = true ^ int__gt = 0)), &|row| row.flag != (row.int > 0)),
            ("xor of three", all().filter(|o| o.flag ^ o.int.gt(0) ^ o.id.lt(9)), &|row| {
                row.flag ^ (row.int > 0) ^ (row.id < 9)
            }),
            ("not", all().filter(q!(!(flag = true | int__gt = 0))), &|row| !(row.flag || row.int > 0)),
            ("not not", all().filter(|o| !!o.flag.eq(true)), &|row| row.flag),
            // With NULL: a comparison with it does not hold, and so its contrary does.
            ("not of NULL", all().filter(|o| !o.perhaps.gt(0)), &|row| row.perhaps.is_none_or(|it| it <= 0)),
            ("or with NULL", all().exclude(q!(perhaps = 7 | int = 7)), &|row| {
                row.perhaps != Some(7) && row.int != 7
            }),
            ("and with NULL", all().exclude(q!(perhaps = 7, int = 7)), &|row| {
                !(row.perhaps == Some(7) && row.int == 7)
            }),
            ("xor with NULL", all().filter(|o| o.perhaps.gt(0) ^ o.flag), &|row| {
                row.perhaps.is_some_and(|it| it > 0) ^ row.flag
            }),
            ("not xor with NULL", all().filter(|o| !(o.perhaps.gt(0) ^ o.flag)), &|row| {
                !(row.perhaps.is_some_and(|it| it > 0) ^ row.flag)
            }),
            (
                "twice",
                all().filter(q!(flag = true)).exclude(q!(perhaps__isnull = true)).filter(q!(id__lt = 9)),
                &|row| row.flag && row.perhaps.is_some() && row.id < 9,
            ),
            ("nothing", all().filter(q!()).filter_by(Q::all()).filter(|_| Q::Or(vec![])), &|_| true),
            (
                "none of nothing",
                all().filter(|o| !o.id.in_(Vec::<i64>::new()) & (o.flag | o.id.in_(Vec::<i64>::new()))),
                &|row| row.flag,
            ),
        ];
        for (what, query, holds) in joined {
            assert_eq!(found(query, what).await, of(holds), "{what}");
        }
    });
}

#[test_on(all)]
fn lists_of_any_length(kind: Kind) {
    on_database(kind, async |db| {
        table(&db).await;
        let all = || Odd::objects(&db);
        let many: Vec<i64> = (10..100_010).collect();
        let expected: Vec<i64> = (10..24).collect();
        assert_eq!(found(all().filter(q!(id__in = &many)), "ids").await, expected);
        assert_eq!(found(all().exclude(q!(id__in = &many)), "others").await, (0..10).collect::<Vec<_>>());
        assert_eq!(all().filter(q!(id__in = &many)).update(set!(flag = true)).await.unwrap(), 14);
        let texts: Vec<String> =
            (0..100_000).map(|number| format!("no {number}")).chain(["a%c".into(), "{}".into()]).collect();
        assert_eq!(found(all().filter(q!(text__in = &texts)), "texts").await, [5, 22]);
        let tokens: Vec<Uuid> = (0..100_000).map(|number| Uuid::from_u128(number * 9)).collect();
        assert_eq!(
            found(all().filter(q!(token__in = &tokens)), "tokens").await,
            [0, 3, 6, 9, 12, 15, 18, 21]
        );
        let prices: Vec<Decimal> = (0..70_000).map(|number| Decimal::new(number, 1)).collect();
        let found_prices = found(all().filter(q!(price__in = &prices)), "prices").await;
        assert_eq!(found_prices, [0, 2, 3, 5, 7, 8, 10, 11, 13, 15, 16, 18, 19, 21, 23]);
        let moments: Vec<NaiveDateTime> =
            (0..70_000).map(|hours| moment("2020-01-01T00:00:00") + TimeDelta::hours(hours)).collect();
        assert_eq!(found(all().filter(q!(naive__in = &moments)), "moments").await, [1, 4, 9, 12, 17, 20]);
    });
}

#[test_on(all)]
fn orders_and_distinct_rows(kind: Kind) {
    on_database(kind, async |db| {
        let rows = table(&db).await;
        let all = || Odd::objects(&db);
        let mut sorted = rows.clone();
        sorted.sort_by_key(|row| (row.int, std::cmp::Reverse(row.id)));
        let ids: Vec<_> = sorted.iter().map(|row| row.id).collect();
        assert_eq!(all().order_by(|o| (o.int, o.id.desc())).values(|o| o.id).await.unwrap(), ids);
        assert_eq!(all().order_by_names(["int", "-id"]).values(|o| o.id).await.unwrap(), ids);
        assert_eq!(
            all().order_by(|o| o.id).order_by(|o| (o.int, o.id.desc())).values(|o| o.id).await.unwrap(),
            ids
        );
        sorted.sort_by_key(|row| (row.date, row.id));
        let ids: Vec<_> = sorted.iter().map(|row| row.id).collect();
        assert_eq!(all().order_by(|o| (o.date, o.id)).values(|o| o.id).await.unwrap(), ids);
        let years = all().distinct().order_by(|o| o.date.year()).values(|o| o.date.year()).await.unwrap();
        assert_eq!(years, [1, 1969, 2021, 2023, 2024, 2025].map(Some));
        assert_eq!(all().distinct().count().await.unwrap(), 24);
        let error = all().order_by_names(["nmae"]).fetch().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnknownField, "{error}");
    });
}

#[test_on(all)]
fn distinct_on_is_for_postgresql(kind: Kind) {
    on_database(kind, async |db| {
        table(&db).await;
        let query = Odd::objects(&db).distinct_on(|o| o.flag).order_by(|o| (o.flag, o.id.desc()));
        let ids = query.values(|o| o.id).await;
        match kind {
            Kind::Postgres => assert_eq!(ids.unwrap(), [23, 22]),
            _ => assert_eq!(ids.unwrap_err().kind(), ErrorKind::NotSupported),
        }
    });
}
