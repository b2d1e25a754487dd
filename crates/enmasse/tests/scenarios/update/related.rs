//! Filters and values across relations.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

use super::{Account, Country, Order, each, tables};

#[test_on(all)]
fn filters_across_relations(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn subqueries_in_filters_and_values(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn annotations_in_filters_and_values(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn a_foreign_key_is_set_by_key_and_by_another_foreign_key(kind: Kind) {
    on_database(kind, async |db| {
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
