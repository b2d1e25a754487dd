//! Sessions have the required settings, whatever the server, the role or the file says; and pools that are
//! exhausted, or outlive their runtime.

use std::time::{Duration, Instant};

use enmasse::prelude::*;
use enmasse_testing::{
    Kind, Scratch, ids, insert, make_table, number, on_scratch, runtime, test_on, with_parameter,
};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "note")]
struct Note {
    #[model(primary_key)]
    id: i64,
    #[model(max_length = 60)]
    text: String,
    at: DateTime<Utc>,
}

/// Text that other character sets spoil, and that other rules of quoting would read otherwise.
const TEXT: &str = r#"Zoë €5 😀 \' "q" || \n"#;

fn note(id: i64) -> Note {
    let at = "2024-02-03T04:05:06.000007Z".parse().unwrap();
    Note { id, text: format!("{TEXT}{id}"), at }
}

/// Writes in every way through one handle, and reads by another.
async fn is_kept(db: &Database, reader: &Database) {
    let all = |db: &Database| Note::objects(db).order_by(|n| n.id);
    for rows in [3, 150, 6_000] {
        let old = (1..=rows).map(|id| Note { text: "old".into(), ..note(id) });
        Note::objects(db).bulk_create(old).await.unwrap();
        let report = Note::objects(db).bulk_update((1..=rows).map(note), |n| (n.text, n.at)).await.unwrap();
        assert_eq!(report.matched, rows as u64);
        let expected: Vec<_> = (1..=rows).map(note).collect();
        assert_eq!(all(reader).fetch().await.unwrap(), expected, "{rows} rows");
        assert_eq!(all(db).fetch().await.unwrap(), expected, "{rows} rows");
        let unchanged = Note::objects(db).bulk_update((1..=rows).map(note), |n| n.text).skip_unchanged();
        assert_eq!(unchanged.await.unwrap().changed, 0);
        assert_eq!(Note::objects(db).filter(|n| n.text.contains(r"\'")).count().await.unwrap(), rows as u64);
        assert_eq!(Note::objects(db).filter(|n| n.text.eq(note(2).text)).count().await.unwrap(), 1);
        assert_eq!(Note::objects(db).update(|n| n.text.set(TEXT)).await.unwrap(), rows as u64);
        assert_eq!(Note::objects(reader).filter(|n| n.text.eq(TEXT)).count().await.unwrap(), rows as u64);
        assert_eq!(Note::objects(db).delete().await.unwrap(), rows as u64);
    }
}

/// A user of the scratch database whose sessions are set otherwise.
fn url_of(scratch: &Scratch, user: &str) -> String {
    let mut url = url::Url::parse(&scratch.url).unwrap();
    url.set_username(user).unwrap();
    url.set_password(Some("secret")).unwrap();
    url.to_string()
}

#[test_on(mysql_family)]
fn a05_a_mysql_session_is_set_whatever_the_server_sets_first(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let admin = scratch.connect().await;
        admin.create_tables([Note::model().unwrap()]).await.unwrap();
        let user = format!("enmasse_a05_{}", std::process::id());
        let run = async |sql: String| {
            admin.execute_raw(&sql, []).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        };
        run(format!("CREATE USER {user}@'%' IDENTIFIED BY 'secret'")).await;
        let database = scratch.url.rsplit('/').next().unwrap();
        run(format!(
            "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE TEMPORARY TABLES ON {database}.* TO {user}@'%'"
        ))
        .await;
        // of all users, only this one's sessions are changed
        let settings = [
            ("character_set_client", "'latin1'"),
            ("character_set_connection", "'latin1'"),
            ("character_set_results", "'latin1'"),
            ("sql_safe_updates", "1"),
            ("sql_mode", "'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'"),
            ("time_zone", "'+05:00'"),
            ("sql_select_limit", "2"),
            ("sql_auto_is_null", "1"),
            ("completion_type", "'CHAIN'"),
            ("autocommit", "0"),
        ];
        let set: Vec<_> = settings
            .iter()
            .map(|(name, value)| {
                let set = format!("IF(USER() LIKE '{user}@%', {value}, @@{name})");
                // MySQL takes a number of both signs for a decimal, which no setting is
                let whole = value.parse::<u64>().is_ok();
                format!("{name} = {}", if whole { format!("CAST({set} AS UNSIGNED)") } else { set })
            })
            .collect();
        let init = format!("SET {}", set.join(", ")).replace('\'', "''");
        run(format!("SET GLOBAL init_connect = '{init}'")).await;
        let result = std::panic::AssertUnwindSafe(async {
            let db = Database::connect(&url_of(scratch, &user)).await.unwrap();
            is_kept(&db, &admin).await;
            db.close().await;
            // A pool whose sessions have default settings.
            let plain = with_parameter(
                &url_of(scratch, &user).replacen("mariadb:", "mysql:", 1),
                "client_found_rows=true",
            );
            let refused =
                Database::from_mysql_pool(mysql_async::Pool::new(plain.as_str())).await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Configuration);
        });
        let result = futures_util::FutureExt::catch_unwind(result).await;
        run("SET GLOBAL init_connect = ''".to_owned()).await;
        run(format!("DROP USER {user}@'%'")).await;
        admin.close().await;
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

#[test_on(postgres)]
fn a05_a_postgres_session_is_set_whatever_the_role_says(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let admin = scratch.connect().await;
        admin.create_tables([Note::model().unwrap()]).await.unwrap();
        let user = format!("enmasse_a05_{}", std::process::id());
        let run = async |sql: String| {
            admin.execute_raw(&sql, []).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        };
        run(format!("CREATE ROLE {user} LOGIN PASSWORD 'secret'")).await;
        run(format!("GRANT ALL ON note TO {user}")).await;
        for setting in [
            "standard_conforming_strings = off",
            "DateStyle = 'German, DMY'",
            "TimeZone = 'Asia/Tokyo'",
            "client_encoding = 'LATIN1'",
        ] {
            run(format!("ALTER ROLE {user} SET {setting}")).await;
        }
        let db = Database::connect(&url_of(scratch, &user)).await.unwrap();
        is_kept(&db, &admin).await;
        db.close().await;

        run(format!("ALTER ROLE {user} SET default_transaction_read_only = on")).await;
        let db = Database::connect(&url_of(scratch, &user)).await.unwrap();
        let error = Note::objects(&db).update(|n| n.text.set("x")).await.unwrap_err();
        assert!(error.message().contains("default_transaction_read_only is on"), "{error}");
        db.close().await;
        run(format!("DROP OWNED BY {user}")).await;
        run(format!("DROP ROLE {user}")).await;
        admin.close().await;
    });
}

#[test_on(sqlite)]
#[cfg(feature = "sqlite")]
fn a05_a_sqlite_database_in_utf_16_keeps_its_text(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let file = scratch.url.strip_prefix("sqlite://").unwrap();
        let made = rusqlite::Connection::open(file).unwrap();
        made.execute_batch("PRAGMA encoding = 'UTF-16le'; CREATE TABLE made (id integer)").unwrap();
        drop(made);
        let db = scratch.connect().await;
        let encoding = db.query_raw("PRAGMA encoding", []).await.unwrap();
        assert_eq!(encoding, [[Value::from("UTF-16le")]]);
        db.create_tables([Note::model().unwrap()]).await.unwrap();
        is_kept(&db, &scratch.connect().await).await;
        assert_eq!(number(&db.query_raw("PRAGMA foreign_keys", []).await.unwrap()[0]), 1);
    });
}

#[test_on(sqlite)]
#[cfg(feature = "sqlite")]
fn e01_a_sqlite_trigger_that_writes_its_own_table_is_run_once(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        for sql in [
            "CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL, writes integer NOT NULL DEFAULT 0)",
            "CREATE TRIGGER counts AFTER UPDATE ON t BEGIN UPDATE t SET writes = writes + 1 WHERE id = new.id; END",
            "INSERT INTO t (id, name) VALUES (1, 'a'), (2, 'a')",
        ] {
            db.execute_raw(sql, []).await.unwrap();
        }
        let model = db.inspect_table("t", []).await.unwrap();
        let rows = QuerySet::<enmasse::Record>::of(&model, &db);
        assert_eq!(rows.clone().update_by([("name", "b")]).await.unwrap(), 2);
        let mut record = enmasse::Record::new(&model);
        for (name, value) in [("id", Value::Int(2)), ("name", "c".into()), ("writes", Value::Int(1))] {
            record.set(name, value).unwrap();
        }
        assert_eq!(rows.bulk_update(&[record], |_| ["name"]).await.unwrap().matched, 1);
        let counted = db.query_raw("SELECT writes FROM t ORDER BY id", []).await.unwrap();
        assert_eq!(counted.iter().map(|row| number(row)).collect::<Vec<_>>(), [1, 2]);
    });
}

#[test_on(all)]
fn b02_a_used_up_pool_is_an_error_after_the_limit(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect_with("pool_size=5&acquire_timeout=300").await;
        make_table(&db).await;
        let started = Instant::now();
        let tasks = (0..10).map(|id| {
            let db = db.clone();
            tokio::spawn(async move {
                db.transaction(async |tx| {
                    insert(&tx, id).await?;
                    // the wrong handle: it needs another connection
                    db.execute_raw("UPDATE t SET name = 'y'", []).await
                })
                .await
            })
        });
        let mut refused = 0;
        for task in tasks.collect::<Vec<_>>() {
            if let Err(error) = task.await.unwrap() {
                refused += 1;
                assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Conflict), "{error:?}");
                assert!(error.message().contains("in use for 300ms"), "{error}");
                assert!(error.message().contains("Inside a transaction, use its handle"), "{error}");
            }
        }
        assert_ne!(refused, 0);
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        // what waits longer, or uses the right handle, is served
        let db = db.with_acquire_timeout(Duration::from_secs(20));
        let tasks: Vec<_> = (100..120)
            .map(|id| {
                let db = db.clone();
                tokio::spawn(async move { db.transaction(async |tx| insert(&tx, id).await).await })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap(), 1);
        }
        db.close().await;
    });
}

#[test]
fn d06_a_pool_of_nothing_is_refused() {
    runtime().block_on(async {
        for url in ["sqlite://x.db?pool_size=0", "postgres://h/d?pool_size=0", "mysql://h/d?pool_size=0"] {
            let error = Database::connect(url).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{url}: {error}");
            assert!(error.message().contains("'pool_size' must be a number from 1, not '0'"), "{error}");
        }
    });
}

#[test_on(sqlite)]
fn one_connection_reads_and_writes_on_sqlite(kind: Kind) {
    on_scratch(kind, async |scratch| {
        for (parameters, reads_beside) in
            [("acquire_timeout=50", true), ("acquire_timeout=50&one_connection=true", false)]
        {
            let db = scratch.connect_with(parameters).await;
            let beside = db.transaction(async |_| db.query_raw("SELECT 1", []).await).await;
            assert_eq!(beside.is_ok(), reads_beside, "{parameters}: {beside:?}");
            db.close().await;
        }
        let wrong = Database::connect(&format!("{}?one_connection=yes", scratch.url)).await.unwrap_err();
        assert!(wrong.to_string().contains("'one_connection' must be true or false"), "{wrong}");
    });
}

#[test_on(all)]
fn d06_a_database_outlives_its_runtime(kind: Kind) {
    let first = runtime();
    let Some(scratch) = first.block_on(Scratch::new(kind)) else { return };
    let db = first.block_on(async {
        let db = scratch.connect_with("pool_size=2&acquire_timeout=5000").await;
        make_table(&db).await;
        db
    });
    // both connections are in the pool
    first.block_on(async { tokio::join!(ids(&db), ids(&db)) });
    first.shutdown_timeout(Duration::from_secs(1));
    for id in 1..=2 {
        let next = runtime();
        next.block_on(async {
            db.transaction(async |tx| insert(&tx, id).await)
                .await
                .unwrap_or_else(|error| panic!("{kind:?}: {error}"));
            assert_eq!(ids(&db).await.len() as i64, id);
        });
        next.shutdown_timeout(Duration::from_secs(1));
    }
    let last = runtime();
    last.block_on(async {
        db.close().await;
        assert!(db.query_raw("SELECT 1", []).await.is_err());
        // the scratch database's own handle has lost its runtime too
        scratch.drop().await;
    });
}
