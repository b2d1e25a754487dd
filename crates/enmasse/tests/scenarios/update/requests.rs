//! What is counted, what is refused, and what is shown.

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

use super::{Account, Order, each, tables};
use crate::ended;

#[test_on(all)]
fn the_rows_that_matched_are_counted(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn nothing_to_do_sends_nothing(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn what_django_refuses_is_refused(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn a_result_that_does_not_fit_is_the_databases_error(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn explain_shows_the_statement(kind: Kind) {
    on_database(kind, async |db| {
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

#[test_on(all)]
fn conditions_that_are_known_beforehand(kind: Kind) {
    on_database(kind, async |db| {
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
