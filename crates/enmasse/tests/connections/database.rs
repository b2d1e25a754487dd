//! Connecting, pools, errors and the caller's own SQL, on every database.

use enmasse::{Database, Error, ErrorKind, Value};
use enmasse_testing::{
    Kind, ids, insert, make_table, number, on_database, on_scratch, runtime, test_on, with_parameter,
};

/// All that an error says, with its causes.
fn everything(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    text
}

async fn refused(url: &str) -> Error {
    match Database::connect(url).await {
        Ok(db) => panic!("connected to {db:?}"),
        Err(error) => error,
    }
}

#[test]
fn a_url_that_makes_no_sense_is_a_configuration_error() {
    runtime().block_on(async {
        for (url, says) in [
            ("", "begins with sqlite:"),
            ("app.db", "begins with sqlite:"),
            ("oracle://host/db", "Unknown database 'oracle:'"),
            ("sqlite://", "names no file"),
            ("sqlite://x.db?mood=ro", "Unknown parameter 'mood'"),
            ("sqlite://x.db?mode=maybe", "must be ro, rw or rwc, not 'maybe'"),
            ("sqlite://x.db?busy_timeout=long", "must be a number of milliseconds, not 'long'"),
            ("postgres://h/d?sslmod=require", "Unknown parameter 'sslmod'"),
            ("postgres://h/d?sslmode=maybe", "not 'maybe'"),
            ("postgres://h/d?sslmode=verify-full&sslrootcert=/no/such/file", "sslrootcert cannot be read"),
            ("postgres://h/d?keepalives=maybe", "keepalives"),
            ("postgres://h:port/d", "port is not a number"),
            ("mysql://h/d?ssl_mode=REQUIRED", "Unknown parameter 'ssl_mode'"),
            ("mysql://h/d?ssl-mode=maybe", "not 'maybe'"),
            ("mysql://h/d?tcp_nodelay=maybe", "'tcp_nodelay' cannot be 'maybe'"),
            ("mysql://h/d?client_found_rows=false", "Unknown parameter 'client_found_rows'"),
            ("mariadb://a,b/d", "has one host"),
            ("mysql://u:%zz@h/d", "two hexadecimal digits"),
        ] {
            let off = |scheme: &str, on: bool| url.starts_with(scheme) && !on;
            let says = match () {
                () if off("sqlite:", cfg!(feature = "sqlite")) => "features = [\"sqlite\"]",
                () if off("postgres:", cfg!(feature = "postgres")) => "features = [\"postgres\"]",
                () if off("mysql:", cfg!(feature = "mysql")) => "features = [\"mysql\"]",
                () if off("mariadb:", cfg!(feature = "mysql")) => "features = [\"mysql\"]",
                () => says,
            };
            let error = refused(url).await;
            assert_eq!(error.kind(), ErrorKind::Configuration, "{url}: {error}");
            assert!(error.to_string().contains(says), "{url}: {error}");
        }
    });
}

#[test]
fn no_error_shows_a_password() {
    runtime().block_on(async {
        let urls = [
            "postgres://me:hushhush@127.0.0.1:1/db",
            "postgres://me@127.0.0.1:1/db?password=hushhush",
            "mysql://me:hushhush@127.0.0.1:1/db",
            "mysql://me:hush?hush@127.0.0.1/db",
            "postgres://me:hush/hush@127.0.0.1:1/db",
        ];
        for url in urls {
            shows_no_password(url).await;
        }
    });
}

#[test_on(servers)]
fn no_error_of_a_server_shows_a_password(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let (_, place) = scratch.url.rsplit_once('@').unwrap_or(scratch.url.split_once("//").unwrap());
        let scheme = scratch.url.split_once(':').unwrap().0;
        shows_no_password(&format!("{scheme}://enmasse_nobody:hushhush@{place}")).await;
    });
}

async fn shows_no_password(url: &str) {
    let error = refused(url).await;
    assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Configuration), "{error:?}");
    assert!(!everything(&error).contains("hush"), "{url}: {}", everything(&error));
}

#[test_on(servers)]
fn a_handle_shows_where_it_is_but_no_password(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let url = match scratch.kind {
            // A server with trust authentication accepts any password.
            Kind::Postgres => with_parameter(&scratch.url, "password=hushhush"),
            _ => scratch.url.clone(),
        };
        if let Ok(db) = Database::connect(&url).await {
            let shown = format!("{db:?}");
            assert!(!shown.contains("hush"), "{shown}");
            assert!(shown.contains("enmasse_test_"), "{shown}");
            db.close().await;
        }
    });
}

#[test_on(servers)]
fn tls_is_had_or_refused_as_the_url_says(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let (ask, disable, require, verify) = match scratch.kind {
            Kind::Postgres => (
                "SELECT 1::int4 WHERE current_setting('ssl') = 'on'",
                "sslmode=disable",
                "sslmode=require",
                "sslmode=verify-full",
            ),
            kind => (
                match kind {
                    Kind::MariaDb => "SHOW VARIABLES WHERE variable_name = 'have_ssl' AND value = 'YES'",
                    _ => {
                        "SELECT 1 FROM performance_schema.tls_channel_status WHERE property = 'Enabled' AND value = 'Yes'"
                    }
                },
                "ssl-mode=DISABLED",
                "ssl-mode=REQUIRED",
                "ssl-mode=VERIFY_IDENTITY",
            ),
        };
        let db = scratch.connect_with(disable).await;
        let has_tls = !db.query_raw(ask, []).await.unwrap().is_empty();
        db.close().await;
        match Database::connect(&with_parameter(&scratch.url, require)).await {
            Ok(db) if has_tls => db.close().await,
            Err(error) if !has_tls => assert_eq!(error.kind(), ErrorKind::Connection, "{error:?}"),
            other => panic!("a server that has TLS: {has_tls}, gave {other:?}"),
        }
        // a test server's certificate is not for the address that we reach it by
        let error = refused(&with_parameter(&scratch.url, verify)).await;
        assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Configuration), "{error:?}");
    });
}

/// MySQL's default way: the first time the password travels, enciphered by TLS or with the server's RSA key; then the server remembers a hash.
#[test_on(mysql)]
fn a_user_of_caching_sha2_password_logs_in_with_tls_and_without(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let admin = scratch.connect().await;
        let (name, password) = (format!("sha2_{}", std::process::id()), "a%20longer%20password%3F");
        admin.execute_raw(&format!("DROP USER IF EXISTS {name}"), []).await.unwrap();
        let create =
            format!("CREATE USER {name} IDENTIFIED WITH caching_sha2_password BY 'a longer password?'");
        admin.execute_raw(&create, []).await.unwrap();
        admin.execute_raw(&format!("GRANT ALL ON *.* TO {name}"), []).await.unwrap();
        let (_, place) = scratch.url.rsplit_once('@').unwrap();
        for mode in ["DISABLED", "REQUIRED"] {
            admin.execute_raw("FLUSH PRIVILEGES", []).await.unwrap(); // it forgets the hashes
            for _ in 0..2 {
                let url = with_parameter(
                    &format!("mysql://{name}:{password}@{place}"),
                    &format!("ssl-mode={mode}"),
                );
                let db = Database::connect(&url).await.unwrap_or_else(|error| panic!("{mode}: {error:?}"));
                db.close().await;
            }
            admin.execute_raw("FLUSH PRIVILEGES", []).await.unwrap();
            let url = with_parameter(&format!("mysql://{name}:wrong@{place}"), &format!("ssl-mode={mode}"));
            assert_eq!(refused(&url).await.code(), Some("1045"), "{mode}");
        }
        admin.execute_raw(&format!("DROP USER {name}"), []).await.unwrap();
        admin.close().await;
    });
}

#[test_on(all)]
fn errors_have_kinds_and_the_databases_own_codes(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        let child = "CREATE TABLE child (id integer PRIMARY KEY, t_id integer, n integer, \
                     FOREIGN KEY (t_id) REFERENCES t (id), CHECK (n > 0))";
        db.execute_raw(child, []).await.unwrap();
        db.execute_raw("INSERT INTO t (id, name) VALUES (1, 'x')", []).await.unwrap();
        for (sql, kind, codes) in [
            (
                "INSERT INTO t (id, name) VALUES (1, 'y')",
                ErrorKind::Integrity,
                ["SQLITE_CONSTRAINT_PRIMARYKEY", "23505", "1062", "1062"],
            ),
            (
                "INSERT INTO t (id, name) VALUES (2, NULL)",
                ErrorKind::Integrity,
                ["SQLITE_CONSTRAINT_NOTNULL", "23502", "1048", "1048"],
            ),
            (
                "INSERT INTO child VALUES (1, 77, 1)",
                ErrorKind::Integrity,
                ["SQLITE_CONSTRAINT_FOREIGNKEY", "23503", "1452", "1452"],
            ),
            (
                "INSERT INTO child VALUES (1, 1, 0)",
                ErrorKind::Integrity,
                ["SQLITE_CONSTRAINT_CHECK", "23514", "4025", "3819"],
            ),
            ("SELECT nothing FROM t", ErrorKind::Database, ["SQLITE_ERROR", "42703", "1054", "1054"]),
            ("SELEC", ErrorKind::Database, ["SQLITE_ERROR", "42601", "1064", "1064"]),
        ] {
            let error = db.execute_raw(sql, []).await.unwrap_err();
            let code = codes[Kind::of(&db) as usize];
            assert_eq!(error.kind(), kind, "{sql}: {error:?}");
            assert_eq!(error.code(), Some(code), "{sql}: {error:?}");
            assert!(std::error::Error::source(&error).is_some());
        }
    });
}

#[test_on(all)]
fn counts_the_rows_that_an_update_matched(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        db.transaction(async |tx| {
            insert(&tx, 1).await?;
            insert(&tx, 2).await
        })
        .await
        .unwrap();
        // they have that name already
        assert_eq!(db.execute_raw("UPDATE t SET name = 'x'", []).await.unwrap(), 2);
        assert_eq!(db.execute_raw("UPDATE t SET name = 'x' WHERE id > 5", []).await.unwrap(), 0);
        assert_eq!(db.execute_raw("CREATE TABLE other (id integer)", []).await.unwrap(), 0);
    });
}

#[test_on(all)]
fn the_callers_own_sql_takes_values_and_gives_rows(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        let (one, two) = if Kind::of(&db) == Kind::Postgres { ("$1", "$2") } else { ("?", "?") };
        let sql = format!("INSERT INTO t (id, name) VALUES ({one}, {two})");
        assert_eq!(db.execute_raw(&sql, [7.into(), "ä'\"\\😀".into()]).await.unwrap(), 1);
        let sql = format!("SELECT id, name, NULL FROM t WHERE id = {one} OR name = {two}");
        let rows = db.query_raw(&sql, [Value::Int(7), Value::Null]).await.unwrap();
        assert_eq!(rows, [vec![Value::Int(7), Value::Text("ä'\"\\😀".to_owned()), Value::Null]]);
        for params in [vec![], vec![Value::Int(1); 3]] {
            let error = db.query_raw(&sql, params).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Database);
            assert!(error.to_string().contains('2'), "{error}");
        }
    });
}

#[test_on(all)]
fn many_at_once_share_the_pool(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        let tasks: Vec<_> = (0..40)
            .map(|id| {
                let db = db.clone();
                tokio::spawn(async move { db.transaction(|tx| async move { insert(&tx, id).await }).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(ids(&db).await, (0..40).collect::<Vec<i64>>());
    });
}

#[test_on(all)]
fn a_closed_database_says_so(kind: Kind) {
    on_database(kind, async |db| {
        make_table(&db).await;
        db.close().await;
        let error = db.query_raw("SELECT id FROM t", []).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection, "{error:?}");
        let error = db.transaction(async |tx| insert(&tx, 1).await).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connection, "{error:?}");
    });
}

#[test]
#[cfg(feature = "sqlite")]
fn a_sqlite_file_is_made_or_not_as_the_url_says() {
    runtime().block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a b%.db");
        let url = format!("sqlite://{}", path.display().to_string().replace('%', "%25").replace(' ', "%20"));
        assert_eq!(refused(&format!("{url}?mode=rw")).await.kind(), ErrorKind::Connection);
        let db = Database::connect(&url).await.unwrap();
        make_table(&db).await;
        db.close().await;
        assert!(path.exists());
        let db = Database::connect(&format!("{url}?mode=ro")).await.unwrap();
        assert!(ids(&db).await.is_empty());
        assert!(db.transaction(async |tx| insert(&tx, 1).await).await.is_err());
    });
}

#[test]
#[cfg(feature = "sqlite")]
fn a_sqlite_connection_can_be_brought_along() {
    runtime().block_on(async {
        let mine = rusqlite::Connection::open_in_memory().unwrap();
        mine.execute_batch(
            "CREATE TABLE t (id integer PRIMARY KEY, name text); INSERT INTO t VALUES (5, 'x')",
        )
        .unwrap();
        let db = Database::from_sqlite_connection(mine).await.unwrap();
        db.transaction(async |tx| insert(&tx, 6).await).await.unwrap();
        assert_eq!(ids(&db).await, [5, 6]);

        let busy = rusqlite::Connection::open_in_memory().unwrap();
        busy.execute_batch("BEGIN").unwrap();
        let error = Database::from_sqlite_connection(busy).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    });
}

#[test_on(postgres)]
#[cfg(feature = "postgres")]
fn a_postgres_pool_can_be_brought_along(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let mut config = deadpool_postgres::Config::new();
        config.url = Some(scratch.url.clone());
        let pool =
            config.create_pool(Some(deadpool_postgres::Runtime::Tokio1), tokio_postgres::NoTls).unwrap();
        let db = Database::from_postgres_pool(pool.clone()).await.unwrap();
        make_table(&db).await;
        db.transaction(async |tx| insert(&tx, 1).await).await.unwrap();
        let rows = pool.get().await.unwrap().query("SELECT id FROM t", &[]).await.unwrap();
        assert_eq!(rows[0].get::<_, i32>(0), 1);
        pool.close();
    });
}

#[test_on(mysql_family)]
#[cfg(feature = "mysql")]
fn a_mysql_pool_can_be_brought_along_if_it_counts_matched_rows(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let mine = scratch.url.replacen("mariadb:", "mysql:", 1);
        let pool = mysql_async::Pool::new(mine.as_str());
        let error = Database::from_mysql_pool(pool).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("client_found_rows"), "{error}");

        let pool = mysql_async::Pool::new(with_parameter(&mine, "client_found_rows=true").as_str());
        let db = Database::from_mysql_pool(pool).await.unwrap();
        make_table(&db).await;
        db.transaction(async |tx| {
            insert(&tx, 1).await?;
            let open = match scratch.kind {
                Kind::MariaDb => "SELECT @@in_transaction",
                _ => {
                    "SELECT count(*) FROM performance_schema.events_transactions_current \
                     WHERE state = 'ACTIVE' AND thread_id = PS_CURRENT_THREAD_ID()"
                }
            };
            assert_eq!(number(&tx.query_raw(open, []).await?[0]), 1);
            Ok(())
        })
        .await
        .unwrap();
        assert_eq!(db.execute_raw("UPDATE t SET name = 'x'", []).await.unwrap(), 1);
        db.close().await;
    });
}

#[test_on(mysql_family)]
#[cfg(feature = "mysql")]
fn mysql_sessions_are_set_as_djangos_are(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        let sql = "SELECT @@time_zone = '+00:00' AND @@sql_mode LIKE '%STRICT_ALL_TABLES%' AND @@autocommit \
                   AND @@character_set_connection = 'utf8mb4' AND @@character_set_client = 'utf8mb4'";
        assert_eq!(number(&db.query_raw(sql, []).await.unwrap()[0]), 1);
        let isolation = if scratch.kind == Kind::MariaDb { "tx_isolation" } else { "transaction_isolation" };
        let sql = format!("SELECT @@{isolation} = 'READ-COMMITTED'");
        assert_eq!(number(&db.query_raw(&sql, []).await.unwrap()[0]), 1);
        db.close().await;
    });
}
