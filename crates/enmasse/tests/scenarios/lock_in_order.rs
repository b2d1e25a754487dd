//! Updates that lock their rows in the order of their keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use enmasse::prelude::*;
use enmasse_testing::{Kind, on_database, test_on};

#[derive(Model, Debug, Clone)]
#[model(table = "shops")]
struct Shop {
    #[model(primary_key)]
    id: i64,
    open: bool,
}

#[derive(Model, Debug, Clone)]
#[model(table = "articles")]
struct Article {
    #[model(primary_key)]
    id: i64,
    #[model(foreign_key = Shop)]
    shop: i64,
    #[model(unique)]
    number: i64,
    price: i64,
}

#[test_on(all)]
fn an_update_that_locks_in_order_writes_the_same(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Shop::model().unwrap(), Article::model().unwrap()]).await.unwrap();
        let shops = (1..=3).map(|id| Shop { id, open: id != 2 });
        Shop::objects(&db).bulk_create(shops).await.unwrap();
        let articles = (1..=30).map(|id| Article { id, shop: 1 + id % 3, number: id, price: 10 });
        Article::objects(&db).bulk_create(articles).await.unwrap();
        let all = || Article::objects(&db);

        let plain = all().filter(|a| a.id.gt(10)).update(|a| a.price.increment(1)).lock_in_order();
        assert_eq!(plain.await.unwrap(), 20);
        let joined =
            all().filter(|a| a.shop().open.eq(true)).update(|a| a.price.set(a.price * 2)).lock_in_order();
        assert_eq!(joined.await.unwrap(), 20);
        let unique = all().update(|a| a.number.increment(100)).lock_in_order();
        assert_eq!(unique.await.unwrap(), 30);

        for article in all().fetch().await.unwrap() {
            let price = if article.id > 10 { 11 } else { 10 } * if article.shop == 2 { 1 } else { 2 };
            assert_eq!((article.number, article.price), (article.id + 100, price), "article {}", article.id);
        }
    });
}

/// Each of two tasks updates all rows, many times: one finds them by the one index, one by the other, in opposite orders.
#[test_on(all)]
fn updates_that_lock_in_order_do_not_deadlock(kind: Kind) {
    on_database(kind, async |db| {
        db.create_tables([Shop::model().unwrap(), Article::model().unwrap()]).await.unwrap();
        Shop::objects(&db).create(Shop { id: 1, open: true }).await.unwrap();
        let articles = (1..=500).map(|id| Article { id, shop: 1, number: -id, price: 0 });
        Article::objects(&db).bulk_create(articles).await.unwrap();
        let rounds = 20;
        let attempts = Arc::new(AtomicI64::new(0));
        let work = |by_number: bool| {
            let (db, attempts) = (db.clone(), attempts.clone());
            async move {
                for _ in 0..rounds {
                    let written = db.transaction(async |tx| {
                        attempts.fetch_add(1, Ordering::Relaxed);
                        let rows = Article::objects(&tx);
                        let rows = if by_number {
                            rows.filter(|a| a.number.lt(0))
                        } else {
                            rows.filter(|a| a.id.gt(0))
                        };
                        rows.update(|a| a.price.increment(1)).lock_in_order().await
                    });
                    assert_eq!(written.await.unwrap(), 500);
                }
            }
        };
        let (first, second) = tokio::join!(tokio::spawn(work(true)), tokio::spawn(work(false)));
        first.unwrap();
        second.unwrap();
        // A transaction that met a deadlock would have been tried again.
        assert_eq!(attempts.load(Ordering::Relaxed), 2 * rounds);
        let prices = Article::objects(&db).filter(|a| a.price.ne(2 * rounds)).count().await.unwrap();
        assert_eq!(prices, 0);
    });
}
