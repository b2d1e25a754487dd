//! The connection is cut in the middle.

use std::time::Duration;

use enmasse::batch::Strategy;
use enmasse::prelude::*;
use enmasse_testing::{Kind, Proxy, number, test_on};
use futures_util::stream::{self, Stream, StreamExt};

use crate::item::{
    Item, ROWS, all_changed, changed, old_and_new, on_item, set_back, strategies, untouched, update,
};

/// Ends the connections that a query finds.
async fn end(db: &Database, postgres: &str, mysql: &str) -> usize {
    if Kind::of(db) == Kind::Postgres {
        let sql = format!("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {postgres}");
        return db.query_raw(&sql, []).await.unwrap().len();
    }
    let found = db.query_raw(mysql, []).await.unwrap();
    for id in &found {
        db.execute_raw(&format!("KILL {}", number(id)), []).await.unwrap();
    }
    found.len()
}

/// Ends every other connection to the database.
async fn end_others(db: &Database) {
    let ended = end(
        db,
        "datname = current_database() AND pid <> pg_backend_pid()",
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
    );
    assert_eq!(ended.await, 1);
}

/// Which connections wait for a lock.
const WAITING: [&str; 2] = [
    "datname = current_database() AND wait_event_type = 'Lock'",
    "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx \
     JOIN information_schema.processlist ON id = trx_mysql_thread_id \
     WHERE db = DATABASE() AND trx_state = 'LOCK WAIT'",
];

/// Waits until a connection waits for a lock.
pub async fn until_one_waits(db: &Database) {
    let sql = match Kind::of(db) {
        Kind::Postgres => format!("SELECT pid FROM pg_stat_activity WHERE {}", WAITING[0]),
        _ => WAITING[1].to_owned(),
    };
    while db.query_raw(&sql, []).await.unwrap().is_empty() {
        // MariaDB refreshes this only every tenth of a second.
        tokio::time::sleep(Duration::from_millis(120)).await;
    }
}

/// Ends the connection that waits for a lock, once there is one.
async fn end_waiting(db: &Database) {
    until_one_waits(db).await;
    assert_eq!(end(db, WAITING[0], WAITING[1]).await, 1);
}

/// All rows, changed; while the one with this key is read, the connections are ended.
fn fatal(killer: &Database, key: i64) -> impl Stream<Item = Item> + Send + use<> {
    let killer = killer.clone();
    stream::iter(1..=ROWS).then(move |id| {
        let killer = killer.clone();
        async move {
            if id == key {
                end_others(&killer).await;
            }
            changed(id)
        }
    })
}

#[test_on(servers)]
fn by_the_server_while_rows_are_sent(kind: Kind) {
    on_item(kind, async |scratch, db| {
        let killer = scratch.connect_with("pool_size=1").await;
        for strategy in strategies(db) {
            for key in [3_000, ROWS] {
                let error = update(Item::objects(db), fatal(&killer, key), strategy).await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Connection, "{strategy:?} at {key}: {error:?}");
                untouched(db, strategy, "cut at a row").await;
            }
            let lost = db.transaction(async |tx| {
                Item::objects(&tx).filter(q!(id = 1)).update(set!(points = 7)).await?;
                let failed = update(Item::objects(&tx), fatal(&killer, 3_000), strategy).await;
                assert_eq!(failed.unwrap_err().kind(), ErrorKind::Connection);
                // nothing may run outside of the transaction that is gone
                let next = Item::objects(&tx).filter(q!(id = 2)).update(set!(points = 7)).await;
                assert_eq!(next.unwrap_err().kind(), ErrorKind::Connection);
                Ok(())
            });
            assert_eq!(lost.await.unwrap_err().kind(), ErrorKind::Connection);
            untouched(db, strategy, "cut in a transaction").await;
        }
        killer.close().await;
    });
}

#[test_on(servers)]
fn by_the_server_while_rows_are_written(kind: Kind) {
    on_item(kind, async |scratch, db| {
        let killer = scratch.connect_with("pool_size=1").await;
        let other = scratch.connect_with("pool_size=1").await;
        for strategy in strategies(db) {
            let failed = other.transaction(async |tx| {
                Item::objects(&tx).filter(q!(id = ROWS)).update(set!(points = 0)).await?;
                let update = update(Item::objects(db), all_changed(), strategy);
                Ok(tokio::join!(update, end_waiting(&killer)).0)
            });
            let error = failed.await.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Connection, "{strategy:?}: {error:?}");
            untouched(db, strategy, "cut while it waited for a lock").await;
        }
        killer.close().await;
        other.close().await;
    });
}

/// How many bytes the bulk update is, to the server and from it, when its statements have been prepared.
async fn bytes(proxy: &Proxy, db: &Database, safe: &Database, strategy: Strategy) -> [i64; 2] {
    let mut bytes = [0; 2];
    for _ in 0..2 {
        let before = proxy.passed();
        update(Item::objects(db), all_changed(), strategy).await.unwrap();
        let after = proxy.passed();
        bytes = [after[0] - before[0], after[1] - before[1]];
        set_back(safe).await;
    }
    bytes
}

#[test_on(servers)]
fn on_the_way(kind: Kind) {
    on_item(kind, async |scratch, safe| {
        let proxy = Proxy::before(scratch).await;
        let db = proxy.connect().await;
        for strategy in strategies(safe) {
            let bytes = bytes(&proxy, &db, safe, strategy).await;
            // among so few bytes as the server says, some are said after the commit
            let cuts = [(0, &[1, 400, 950][..]), (1, &[500])];
            for (flow, parts) in cuts {
                for part in parts {
                    let flows = [&proxy.to_server, &proxy.from_server];
                    flows[flow].cut_after(bytes[flow] * part / 1_000 + 1);
                    let result = update(Item::objects(&db), all_changed(), strategy).await;
                    let error = result.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Connection, "{strategy:?}: {error:?}");
                    untouched(&db, strategy, &format!("cut at {part} per mille")).await;
                }
            }
        }
        db.close().await;
    });
}

/// Wherever it is cut, also in the commit and after it, it is all or nothing; and where it says which, it is that.
#[test_on(servers)]
fn at_the_end(kind: Kind) {
    on_item(kind, async |scratch, safe| {
        let mut unknown = 0;
        let proxy = Proxy::before(scratch).await;
        let db = proxy.connect().await;
        let strategy = strategies(safe)[0];
        for (flow, from_end) in
            [0, 1].into_iter().flat_map(|flow| [40, 12, 6, 1].map(|from_end| (flow, from_end)))
        {
            let bytes = bytes(&proxy, &db, safe, strategy).await;
            let flow_name = ["to the server", "from the server"][flow];
            let flows = [&proxy.to_server, &proxy.from_server];
            flows[flow].cut_after(bytes[flow] - from_end);
            let result = update(Item::objects(&db), all_changed(), strategy).await;
            flows[flow].spare();
            let counts = old_and_new(&db).await;
            let place = format!("{strategy:?}, {from_end} bytes from the end {flow_name}: {counts:?}");
            match result {
                Ok(_) => assert_eq!(counts, (0, ROWS), "{place}"),
                Err(error) if error.kind() == ErrorKind::CommitUnknown => {
                    unknown += 1;
                    assert!(counts == (ROWS, 0) || counts == (0, ROWS), "{place}");
                }
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Connection, "{place}: {error:?}");
                    assert_eq!(counts, (ROWS, 0), "{place}");
                }
            }
            set_back(safe).await;
        }
        assert_ne!(unknown, 0);
        db.close().await;
    });
}
