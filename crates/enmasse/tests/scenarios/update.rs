//! `update`: what Django's `QuerySet.update` does and refuses.

use enmasse::prelude::*;
use enmasse::serde_json::{self, json};

use crate::common::{Kind, on_each_database};
use crate::ended;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "country")]
struct Country {
    #[model(primary_key)]
    id: i64,
    #[model(unique, max_length = 2)]
    code: String,
    tax: i32,
}

#[derive(Choices, Clone, Copy, Debug, PartialEq)]
enum Level {
    Free,
    Premium,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "account")]
struct Account {
    #[model(primary_key)]
    id: i64,
    #[model(max_length = 20)]
    name: String,
    nick: Option<String>,
    x: i32,
    y: i32,
    #[model(unique)]
    rank: Option<i32>,
    big: i64,
    ratio: f64,
    #[model(max_digits = 10, decimal_places = 2)]
    balance: Decimal,
    active: bool,
    joined: DateTime<Utc>,
    born: Option<NaiveDate>,
    wakes: NaiveTime,
    lag: TimeDelta,
    token: Uuid,
    data: Option<serde_json::Value>,
    blob: Vec<u8>,
    #[model(max_length = 10)]
    level: Level,
    #[model(foreign_key = Country)]
    country: i64,
    #[model(foreign_key = Country, related_name = "born_here")]
    birth_country: Option<i64>,
    #[model(foreign_key = Country, to_field = "code", related_name = "citizens", max_length = 2)]
    passport: Option<String>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "order")]
struct Order {
    #[model(primary_key)]
    id: Option<i64>,
    #[model(foreign_key = Account)]
    account: i64,
    amount: i32,
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn account(id: i64) -> Account {
    Account {
        id,
        name: format!("name {id}"),
        nick: (id % 2 == 0).then(|| format!("nick {id}")),
        x: id as i32,
        y: 10 * id as i32,
        rank: Some(id as i32),
        big: i64::from(i32::MAX) * id,
        ratio: id as f64 / 4.0,
        balance: Decimal::new(100 * id + 25, 2),
        active: true,
        joined: moment("2024-01-31T12:00:00.5Z"),
        born: (id > 1).then(|| NaiveDate::from_ymd_opt(2000, 1, id as u32).unwrap()),
        wakes: NaiveTime::from_hms_opt(6, 30, 0).unwrap(),
        lag: TimeDelta::seconds(id),
        token: Uuid::from_u128(id as u128),
        data: None,
        blob: vec![id as u8],
        level: Level::Free,
        country: 1 + (id - 1) % 2,
        birth_country: (id < 4).then_some(id),
        passport: None,
    }
}

/// Three countries, four accounts and five orders.
async fn tables(db: &Database) {
    db.create_tables([Order::model().unwrap(), Account::model().unwrap(), Country::model().unwrap()])
        .await
        .unwrap();
    let country = |(id, code, tax): (i64, &str, i32)| Country { id, code: code.into(), tax };
    Country::objects(db)
        .bulk_create([(1, "AT", 20), (2, "US", 0), (3, "FR", 30)].map(country))
        .await
        .unwrap();
    Account::objects(db).bulk_create((1..=4).map(account)).await.unwrap();
    let orders = [(1, 5), (1, 7), (2, 100), (4, 1), (4, 1)];
    let order = |(account, amount)| Order { id: None, account, amount };
    Order::objects(db).bulk_create(orders.map(order)).await.unwrap();
}

async fn each<V: enmasse::query_set::Values>(
    db: &Database,
    values: impl FnOnce(Columns<Account>) -> V,
) -> Vec<V::Row> {
    Account::objects(db).order_by(|a| a.id).values(values).await.unwrap()
}

#[test]
fn the_rows_that_matched_are_counted() {
    on_each_database(async |db| {
        tables(&db).await;
        let all = || Account::objects(&db);
        assert_eq!(all().update(|a| a.active.set(false)).await.unwrap(), 4);
        assert_eq!(
            all().update(|a| a.active.set(false)).await.unwrap(),
            4,
            "also those that stay as they are"
        );
        assert_eq!(all().filter(q!(x__gt = 2)).update(set!(x = 3)).await.unwrap(), 2);
        assert_eq!(all().filter(q!(x = 99)).update(set!(x = 3)).await.unwrap(), 0);
        assert_eq!(
            all().filter(q!(x = 3)).update(set!(x = 5)).await.unwrap(),
            2,
            "a field that the filter reads"
        );
        assert_eq!(each(&db, |a| a.x).await, [1, 2, 5, 5]);
        // Two orders of one account are one account.
        let ordered = all().filter(q!(order__amount__lt = 10));
        assert_eq!(ordered.clone().update(set!(y = 0)).await.unwrap(), 2);
        assert_eq!(ordered.distinct().update(set!(y = 0)).await.unwrap(), 2);
    });
}

#[test]
fn nothing_to_do_sends_nothing() {
    on_each_database(async |db| {
        tables(&db).await;
        let tx = ended(&db).await;
        let all = || Account::objects(&tx);
        let none: Vec<i64> = Vec::new();
        assert_eq!(all().none().update(set!(x = 1)).await.unwrap(), 0);
        assert_eq!(all().filter(q!(pk__in = &none)).update(set!(x = 1)).await.unwrap(), 0);
        assert_eq!(all().filter(q!(x = 1, id__in = &none)).update(set!(x = 1)).await.unwrap(), 0);
        assert_eq!(all().filter(q!(country__id__in = &none)).update(set!(x = 1)).await.unwrap(), 0);
        assert_eq!(all().filter_by(Q::named("x", 1_i64 << 40)).update(set!(x = 1)).await.unwrap(), 0);
        assert_eq!(all().update(|_| Vec::<Assignment>::new()).await.unwrap(), 0);
        assert_eq!(all().update_by(Vec::<(&str, i64)>::new()).await.unwrap(), 0);
        let error = all().update(set!(x = 1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TransactionEnded);
        assert_eq!(all().none().update(set!(x = 1)).explain().unwrap().trim_end(), "-- nothing to do");
        assert_eq!(each(&db, |a| a.x).await, [1, 2, 3, 4]);
    });
}

#[test]
fn what_django_refuses_is_refused() {
    on_each_database(async |db| {
        tables(&db).await;
        let tx = ended(&db).await; // and before anything is sent
        let all = || Account::objects(&tx);
        use ErrorKind::{Field, Request, UnknownField};
        let refused = [
            ("a slice", all().slice(..2).update(set!(x = 1)), Request),
            ("an offset", all().slice(2..).update(set!(x = 1)), Request),
            ("distinct on", all().distinct_on(|a| a.x).order_by(|a| a.x).update(set!(x = 1)), Request),
            ("a reverse relation", all().update_by([("order", 1)]), Field),
            ("another", all().update_by([("born_here", 1)]), UnknownField),
            ("an unknown field", all().update_by([("nmae", 1)]), UnknownField),
            ("a joined field", all().update_by([("country__tax", 1)]), UnknownField),
            ("a transform", all().update_by([("joined__year", 1)]), UnknownField),
            ("pk", all().update_by([("pk", 1)]), UnknownField),
            ("an empty name", all().update_by([("", 1)]), UnknownField),
            ("a joined value", all().update(|a| a.x.set(a.country().tax)), Field),
            ("in arithmetic", all().update(|a| a.x.set(a.country().tax + 1)), Field),
            ("in a function", all().update(|a| a.name.set(concat((a.name, a.country().code)))), Field),
            (
                "in a condition",
                all().update(|a| a.x.set(case().when(a.country().tax.gt(1), 1).otherwise(2))),
                Field,
            ),
            ("backward", all().update(|a| a.x.set(a.order().amount)), Field),
            ("by name", all().update_by([("x", F("country__tax"))]), Field),
            ("an aggregate", all().update(|a| a.big.set(a.x.sum())), Field),
            ("an aggregate in arithmetic", all().update(|a| a.big.set(a.x.sum() + 1)), Field),
            ("an order by an aggregate", all().order_by(|a| a.x.sum()).update(set!(x = 1)), Field),
            ("a field twice", all().update(|a| (a.x.set(1), a.x.set(2))), Field),
            ("an unknown filter", all().filter_by(Q::named("nmae", 1)).update(set!(x = 1)), UnknownField),
        ];
        for (what, update, kind) in refused {
            let explained = update.explain().unwrap_err();
            let error = update.await.unwrap_err();
            assert_eq!(error.kind(), kind, "{what}: {error}");
            assert_eq!(explained.to_string(), error.to_string(), "{what}");
        }
        let error = all().update_by([("nmae", 1)]).await.unwrap_err();
        assert!(error.to_string().contains("Did you mean 'name'?"), "{error}");
        let error = all().update_by([("x", "abc")]).await.unwrap_err();
        assert_eq!(error.to_string(), "Account.x: expected a whole number but got 'abc'.");
    });
}

#[test]
fn arithmetic_with_fields() {
    on_each_database(async |db| {
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

#[test]
fn a_result_that_does_not_fit_is_the_databases_error() {
    on_each_database(async |db| {
        tables(&db).await;
        let error = Account::objects(&db).update(set!(x = F(x) + 2_147_483_646)).await;
        match Kind::of(&db) {
            // SQLite's integers have 64 bits in any column.
            Kind::Sqlite => assert_eq!(error.unwrap(), 4),
            _ => {
                let error = error.unwrap_err();
                assert!(
                    matches!(error.kind(), ErrorKind::Data | ErrorKind::Database | ErrorKind::Value),
                    "{error:?}"
                );
                assert_eq!(each(&db, |a| a.x).await, [1, 2, 3, 4], "and nothing was written");
            }
        }
    });
}

#[test]
fn fields_are_swapped() {
    on_each_database(async |db| {
        tables(&db).await;
        assert_eq!(Account::objects(&db).update(set!(x = F(y), y = F(x))).await.unwrap(), 4);
        assert_eq!(each(&db, |a| (a.x, a.y)).await, [(10, 1), (20, 2), (30, 3), (40, 4)]);
        let some = Account::objects(&db).filter(q!(x__gte = 30, country__code = "AT"));
        assert_eq!(some.update(|a| (a.y.set(a.x), a.x.set(a.y), a.big.set(a.x))).await.unwrap(), 1);
        assert_eq!(each(&db, |a| (a.x, a.y)).await, [(10, 1), (20, 2), (3, 30), (40, 4)]);
        assert_eq!(each(&db, |a| a.big).await[2], 30);
    });
}

#[test]
fn filters_across_relations() {
    on_each_database(async |db| {
        tables(&db).await;
        let all = || Account::objects(&db);
        assert_eq!(all().filter(q!(country__code = "AT")).update(set!(x += 10)).await.unwrap(), 2);
        assert_eq!(each(&db, |a| a.x).await, [11, 2, 13, 4]);
        assert_eq!(all().filter(q!(order__amount__gt = 50)).update(set!(x = 0)).await.unwrap(), 1);
        assert_eq!(all().filter(q!(order__isnull = true)).update(set!(x = -1)).await.unwrap(), 1);
        assert_eq!(each(&db, |a| a.x).await, [11, 0, -1, 4]);
        assert_eq!(all().exclude(q!(order__amount = 1)).update(set!(y = 0)).await.unwrap(), 3);
        assert_eq!(each(&db, |a| a.y).await, [0, 0, 0, 40]);
        let of_france = all().filter(q!(birth_country__code = "FR"));
        assert_eq!(of_france.update(set!(country = 3, passport = "FR")).await.unwrap(), 1);
        assert_eq!(all().filter(q!(passport__tax = 30)).update(set!(passport = None)).await.unwrap(), 1);
        let either = all().filter(q!(country__code = "US" | order__amount = 5));
        assert_eq!(either.update(|a| a.name.set("either")).await.unwrap(), 3);
        let countries = Country::objects(&db).filter(q!(account__order__amount__gte = 100));
        assert_eq!(countries.update(set!(tax += 1)).await.unwrap(), 1);
        let mut taxes = Country::objects(&db).order_by(|c| c.id).values(|c| c.tax).await.unwrap();
        assert_eq!(taxes, [20, 1, 30]);
        let twice =
            Country::objects(&db).filter(q!(account__x = -1)).filter(q!(account__birth_country__code = "FR"));
        assert_eq!(twice.update(set!(tax = F(tax) * 2)).await.unwrap(), 1);
        taxes = Country::objects(&db).order_by(|c| c.id).values(|c| c.tax).await.unwrap();
        assert_eq!(taxes, [20, 1, 60]);
    });
}

#[test]
fn subqueries_in_filters_and_values() {
    on_each_database(async |db| {
        tables(&db).await;
        let all = || Account::objects(&db);
        let orders = |a: Columns<Account>| Order::query().filter(move |o| o.account.eq(a.id.outer()));
        let with_orders = all().filter(|a| exists(orders(a)));
        let sums = with_orders
            .update(|a| (a.big.set(coalesce((orders(a).select(|o| o.amount.sum()), 0))), a.y.set(0)));
        assert_eq!(sums.await.unwrap(), 3);
        assert_eq!(
            each(&db, |a| (a.big, a.y)).await,
            [(12, 0), (100, 0), (i64::from(i32::MAX) * 3, 30), (2, 0)]
        );
        let counts = all().update(|a| a.big.set(coalesce((orders(a).select(|_| count_rows()), 0))));
        assert_eq!(counts.await.unwrap(), 4);
        assert_eq!(each(&db, |a| a.big).await, [2, 1, 0, 2]);
        let most = all().filter(|a| a.id.ne(3)).update(|a| {
            a.x.set(coalesce((orders(a).order_by(|o| o.amount.desc()).slice(..1).select(|o| o.amount), 0)))
        });
        assert_eq!(most.await.unwrap(), 3);
        assert_eq!(each(&db, |a| a.x).await, [7, 100, 3, 1]);
        let flag =
            all().update(|a| (a.active.set(exists(orders(a).filter(|o| o.amount.gt(5)))), a.y.set(a.x)));
        assert_eq!(flag.await.unwrap(), 4);
        assert_eq!(each(&db, |a| (a.active, a.y)).await, [(true, 7), (true, 100), (false, 3), (false, 1)]);
        let busy =
            all().filter(|a| a.id.in_(Order::query().filter(|o| o.amount.gte(7)).select(|o| o.account)));
        assert_eq!(busy.update(set!(x = 0)).await.unwrap(), 2);
        // Of the table itself that is written.
        let own = all().filter(|a| a.id.in_(Account::query().filter(|b| b.x.eq(0)))).update(set!(x = 1_000));
        assert_eq!(own.await.unwrap(), 2);
        let greatest = all().update(|a| a.y.set(coalesce((Account::query().select(|b| b.x.max()), 0))));
        assert_eq!(greatest.await.unwrap(), 4);
        assert_eq!(each(&db, |a| (a.x, a.y)).await, [(1_000, 1_000), (1_000, 1_000), (3, 1_000), (1, 1_000)]);
    });
}

#[test]
fn annotations_in_filters_and_values() {
    on_each_database(async |db| {
        tables(&db).await;
        let sums = Account::objects(&db).annotate("sum", |a| a.x + a.y).filter_by(Q::named("sum__gte", 22));
        assert_eq!(sums.clone().update_by([("x", F("sum") * 2)]).await.unwrap(), 3);
        assert_eq!(each(&db, |a| a.x).await, [1, 44, 66, 88]);
        let tax =
            Account::objects(&db).annotate("tax", |a| a.country().tax + 0).filter_by(Q::named("tax", 20));
        assert_eq!(tax.update(set!(y = 0)).await.unwrap(), 2);
        assert_eq!(each(&db, |a| a.y).await, [0, 20, 0, 40]);
        let ordered = Account::objects(&db).order_by(|a| a.country().code);
        assert_eq!(ordered.update(set!(y = 1)).await.unwrap(), 4);
    });
}

#[test]
fn case_over_every_type() {
    on_each_database(async |db| {
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

#[test]
fn functions_in_values() {
    on_each_database(async |db| {
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

#[test]
fn a_foreign_key_is_set_by_key_and_by_another_foreign_key() {
    on_each_database(async |db| {
        tables(&db).await;
        let all = || Account::objects(&db);
        assert_eq!(all().update(|a| a.birth_country.set(a.country)).await.unwrap(), 4);
        assert_eq!(each(&db, |a| a.birth_country).await, [Some(1), Some(2), Some(1), Some(2)]);
        assert_eq!(all().update(set!(birth_country = F(country), country = 3)).await.unwrap(), 4);
        assert_eq!(all().update_by([("country_id", 2)]).await.unwrap(), 4);
        assert_eq!(all().filter(q!(country__code = "US")).count().await.unwrap(), 4);
        let code = |a: Columns<Account>| Country::query().filter(move |c| c.id.eq(a.birth_country.outer()));
        assert_eq!(all().update(|a| a.passport.set(code(a).select(|c| c.code))).await.unwrap(), 4);
        assert_eq!(all().filter(q!(passport__tax = 20)).count().await.unwrap(), 2);
        let error = all().update(set!(country = 99)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    });
}

#[test]
fn a_permutation_of_a_unique_field() {
    on_each_database(async |db| {
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

#[test]
fn explain_shows_the_statement() {
    on_each_database(async |db| {
        tables(&db).await;
        let update = Account::objects(&db).filter(q!(name = "secret")).update(set!(x = 5));
        let sql = update.explain().unwrap();
        assert!(sql.contains("UPDATE") && sql.contains("WHERE"), "{sql}");
        let statement = sql.split("--").next().unwrap();
        assert!(!statement.contains("secret"), "a value is a parameter: {sql}");
        assert_eq!(each(&db, |a| a.x).await, [1, 2, 3, 4], "explained, not run");
        assert_eq!(update.await.unwrap(), 0);
    });
}

#[test]
fn conditions_that_are_known_beforehand() {
    on_each_database(async |db| {
        tables(&db).await;
        let all = || Account::objects(&db);
        let nothing = Vec::<i64>::new();
        let set = all().update(|a| {
            (
                a.x.set(case().when(a.id.in_(nothing.clone()), 1).otherwise(2)),
                a.y.set(case().when(!a.id.in_(nothing.clone()), 3).otherwise(4)),
                a.active.set(a.id.in_(nothing.clone())),
            )
        });
        assert_eq!(set.await.unwrap(), 4);
        assert_eq!(each(&db, |a| (a.x, a.y, a.active)).await[0], (2, 3, false));
        let none = all().filter(|a| a.id.in_(Order::query().none().select(|o| o.account)));
        assert_eq!(none.update(set!(x = 9)).await.unwrap(), 0);
        let every = all().filter(|a| !exists(Order::query().none().filter(|o| o.account.eq(a.id.outer()))));
        assert_eq!(every.update(set!(x = 9)).await.unwrap(), 4);
        let null = all().update_by([("x", Order::query().none().select(|o| o.amount).into_expr())]);
        let error = null.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "x is never NULL: {error}");
        let empty = all().update(|a| a.rank.set(Order::query().none().select(|o| o.amount)));
        assert_eq!(empty.await.unwrap(), 4);
        assert_eq!(each(&db, |a| a.rank).await, [None; 4]);
    });
}
