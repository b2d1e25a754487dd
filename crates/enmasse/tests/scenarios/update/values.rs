//! Values computed by the database.

use enmasse::prelude::*;
use enmasse::serde_json::{self, json};
use enmasse_testing::{Kind, on_database, test_on};

use super::{Account, Level, account, each, moment, tables};

#[test_on(all)]
fn arithmetic_with_fields(kind: Kind) {
    on_database(kind, async |db| {
        tables(&db).await;
        let all = || Account::objects(&db);
        assert_eq!(all().update(set!(x += 100, y -= F(x))).await.unwrap(), 4);
        assert_eq!(
            each(&db, |a| (a.x, a.y)).await,
            [(101, 9), (102, 18), (103, 27), (104, 36)],
            "from the old values"
        );
        all().update(set!(x = F(x) - 100, y = F(y) * 2 + F(x) % 10)).await.unwrap();
        assert_eq!(each(&db, |a| (a.x, a.y)).await, [(1, 19), (2, 38), (3, 57), (4, 76)]);
        all().update(|a| (a.x.increment(1), a.y.decrement(a.x), a.big.set(a.big + a.x))).await.unwrap();
        assert_eq!(each(&db, |a| (a.x, a.y)).await, [(2, 18), (3, 36), (4, 54), (5, 72)]);
        assert_eq!(each(&db, |a| a.big).await[3], i64::from(i32::MAX) * 4 + 4);
        all().update(set!(ratio = F(ratio) / 2.0 + F(x), balance = F(balance) * 2 - 1)).await.unwrap();
        assert_eq!(each(&db, |a| a.ratio).await, [2.125, 3.25, 4.375, 5.5]);
        assert_eq!(each(&db, |a| a.balance).await, [150, 350, 550, 750].map(|cents| Decimal::new(cents, 2)));
        all()
            .update(set!(joined = F(joined) + TimeDelta::days(30), lag = F(lag) - TimeDelta::hours(1)))
            .await
            .unwrap();
        assert_eq!(each(&db, |a| a.joined).await[0], moment("2024-03-01T12:00:00.5Z"));
        assert_eq!(each(&db, |a| a.lag).await[1], TimeDelta::seconds(2 - 3_600));
        all().update(|a| a.joined.set(a.joined - a.lag)).await.unwrap();
        assert_eq!(each(&db, |a| a.joined).await[0], moment("2024-03-01T12:59:59.5Z"));
        all().update(|a| a.x.set(a.x.bit_or(8).bit_and(13))).await.unwrap();
        assert_eq!(each(&db, |a| a.x).await, [8, 9, 12, 13]);
        all().update(|a| a.x.set((a.x * -1).modulo(5))).await.unwrap();
        assert_eq!(each(&db, |a| a.x).await, [-3, -4, -2, -3], "the remainder has the sign of the dividend");
    });
}

#[test_on(all)]
fn fields_are_swapped(kind: Kind) {
    on_database(kind, async |db| {
        tables(&db).await;
        assert_eq!(Account::objects(&db).update(set!(x = F(y), y = F(x))).await.unwrap(), 4);
        assert_eq!(each(&db, |a| (a.x, a.y)).await, [(10, 1), (20, 2), (30, 3), (40, 4)]);
        let some = Account::objects(&db).filter(q!(x__gte = 30, country__code = "AT"));
        assert_eq!(some.update(|a| (a.y.set(a.x), a.x.set(a.y), a.big.set(a.x))).await.unwrap(), 1);
        assert_eq!(each(&db, |a| (a.x, a.y)).await, [(10, 1), (20, 2), (3, 30), (40, 4)]);
        assert_eq!(each(&db, |a| a.big).await[2], 30);
    });
}

#[test_on(all)]
fn case_over_every_type(kind: Kind) {
    on_database(kind, async |db| {
        tables(&db).await;
        let token = Uuid::from_u128(77);
        let date = NaiveDate::from_ymd_opt(1999, 12, 31).unwrap();
        let time = NaiveTime::from_hms_micro_opt(23, 59, 59, 5).unwrap();
        let set = Account::objects(&db).update(|a| {
            let first = || a.id.eq(1);
            [
                a.name.set(
                    case().when(first(), "one").when(a.id.eq(2), concat((a.name, "!"))).otherwise(a.name),
                ),
                a.nick.set(case().when(first(), "one").when(a.id.eq(2), None::<String>).otherwise("other")),
                a.x.set(case().when(first(), 100).otherwise(a.x)),
                a.y.set(case().when(first(), 100).otherwise(7)),
                a.big.set(case().when(first(), i64::MIN).otherwise(i64::MAX)),
                a.ratio.set(case().when(first(), 0.1).otherwise(1)),
                a.balance.set(case().when(first(), Decimal::new(5, 2)).otherwise(a.balance * 2)),
                a.active.set(case().when(first(), false).otherwise(true)),
                a.joined.set(case().when(first(), DateTime::UNIX_EPOCH).otherwise(a.joined)),
                a.born.set(case().when(first(), date).when(a.id.eq(2), None)),
                a.wakes.set(case().when(first(), time).otherwise(a.wakes)),
                a.lag.set(case().when(first(), TimeDelta::days(-1)).otherwise(a.lag)),
                a.token.set(case().when(first(), token).otherwise(a.token)),
                a.data.set(case().when(first(), json!({"a": [1]})).when(a.id.eq(2), serde_json::Value::Null)),
                a.blob.set(case().when(first(), vec![0, 255]).otherwise(a.blob)),
                a.level.set(case().when(first(), Level::Premium).otherwise(Level::Free)),
                a.birth_country.set(case().when(first(), 3).when(a.id.eq(2), a.country).otherwise(None)),
                a.passport.set(case().when(first(), "FR").otherwise(None::<String>)),
                a.rank.set(case().when(first(), -5).otherwise(a.rank)),
            ]
        });
        assert_eq!(set.await.unwrap(), 4);
        let read = Account::objects(&db).order_by(|a| a.id).fetch().await.unwrap();
        let first = Account {
            name: "one".into(),
            nick: Some("one".into()),
            x: 100,
            y: 100,
            rank: Some(-5),
            big: i64::MIN,
            ratio: 0.1,
            balance: Decimal::new(5, 2),
            active: false,
            joined: DateTime::UNIX_EPOCH,
            born: Some(date),
            wakes: time,
            lag: TimeDelta::days(-1),
            token,
            data: Some(json!({"a": [1]})),
            blob: vec![0, 255],
            level: Level::Premium,
            birth_country: Some(3),
            passport: Some("FR".into()),
            ..account(1)
        };
        assert_eq!(read[0], first);
        let second = Account {
            name: "name 2!".into(),
            nick: None,
            y: 7,
            big: i64::MAX,
            ratio: 1.0,
            balance: Decimal::new(450, 2),
            born: None,
            data: Some(serde_json::Value::Null),
            birth_country: Some(2),
            ..account(2)
        };
        assert_eq!(read[1], second);
        let third = Account {
            nick: Some("other".into()),
            y: 7,
            big: i64::MAX,
            ratio: 1.0,
            balance: Decimal::new(650, 2),
            born: None,
            birth_country: None,
            ..account(3)
        };
        assert_eq!(read[2], third);
    });
}

#[test_on(all)]
fn functions_in_values(kind: Kind) {
    on_database(kind, async |db| {
        tables(&db).await;
        let all = || Account::objects(&db);
        let before = Utc::now() - TimeDelta::minutes(5);
        let set = all().update(|a| {
            (
                a.name.set(concat((a.name.upper().substr_len(1, 2), "-", a.nick))),
                a.nick.set(coalesce((a.nick.null_if("nick 2"), a.name.replace("name ", "")))),
                a.x.set(greatest((a.x, 3))),
                a.y.set(a.name.length()),
                a.ratio.set(a.ratio.floor() + a.ratio.ceil()),
                a.balance.set((a.balance / 3).round_to(2)),
                a.joined.set(now()),
                a.born.set(a.joined.date()),
                a.big.set(a.joined.year().cast::<i64>() * 100 + a.joined.month()),
                a.wakes.set(a.joined.time()),
            )
        });
        assert_eq!(set.await.unwrap(), 4);
        assert_eq!(each(&db, |a| a.name).await, ["NA-", "NA-nick 2", "NA-", "NA-nick 4"]);
        let nicks = each(&db, |a| a.nick).await;
        assert_eq!(nicks, ["1", "2", "3", "nick 4"].map(|nick| Some(nick.to_owned())));
        assert_eq!(each(&db, |a| (a.x, a.y)).await, [(3, 6), (3, 6), (3, 6), (4, 6)]);
        assert_eq!(each(&db, |a| a.ratio).await, [1.0, 1.0, 1.0, 2.0]);
        assert_eq!(each(&db, |a| a.balance).await, [42, 75, 108, 142].map(|cents| Decimal::new(cents, 2)));
        assert!(each(&db, |a| a.joined).await.iter().all(|joined| *joined > before));
        assert_eq!(each(&db, |a| a.born).await[0], NaiveDate::from_ymd_opt(2024, 1, 31));
        assert_eq!(each(&db, |a| a.big).await, [202_401; 4]);
        assert_eq!(each(&db, |a| a.wakes).await[0], NaiveTime::from_hms_milli_opt(12, 0, 0, 500).unwrap());

        let made = all()
            .update(|a| (a.active.set(a.x.gt(3)), a.x.set(raw::<i32>("{} * 2", (a.x,))), a.y.set(value(8))));
        assert_eq!(made.await.unwrap(), 4);
        assert_eq!(each(&db, |a| (a.active, a.x, a.y)).await[2..], [(false, 6, 8), (true, 8, 8)]);
        let dated = all()
            .update(|a| (a.joined.set(a.joined.trunc_year()), a.born.set(a.joined.trunc_month().date())));
        assert_eq!(dated.await.unwrap(), 4);
        let joined = each(&db, |a| a.joined).await[0];
        assert_eq!(joined.format("%m-%d %H:%M:%S%.6f").to_string(), "01-01 00:00:00.000000");
    });
}

#[test_on(all)]
fn a_permutation_of_a_unique_field(kind: Kind) {
    on_database(kind, async |db| {
        tables(&db).await;
        let all = || Account::objects(&db);
        let swapped = all()
            .update(|a| a.rank.set(case().when(a.rank.eq(1), 2).when(a.rank.eq(2), 1).otherwise(a.rank)));
        let error = swapped.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        assert_eq!(each(&db, |a| a.rank).await, [1, 2, 3, 4].map(Some));
        // An order without conflicts between rows, if an update has an order.
        let shifted = all().order_by(|a| a.rank.desc()).update(set!(rank += 1)).await;
        if Kind::of(&db).in_mysql_family() {
            assert_eq!(shifted.unwrap(), 4);
            assert_eq!(all().order_by(|a| a.rank).update(set!(rank -= 1)).await.unwrap(), 4);
            let joined = all().filter(q!(country__tax__gte = 0)).order_by(|a| a.rank.desc());
            assert_eq!(joined.update(set!(rank += 1)).await.unwrap(), 4);
            assert_eq!(each(&db, |a| a.rank).await, [2, 3, 4, 5].map(Some));
        } else {
            assert_eq!(shifted.unwrap_err().kind(), ErrorKind::Integrity);
        }
    });
}
