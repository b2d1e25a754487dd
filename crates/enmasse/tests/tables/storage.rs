//! Tables that cannot be rolled back are found before the first write.

use enmasse::prelude::*;
use enmasse::{Database, Error};
use enmasse_testing::{Kind, leave_out, on_database, on_scratch, test_on};

use crate::{query, record, run};

#[derive(Model, Clone, Debug)]
#[model(table = "parent")]
struct Parent {
    #[model(primary_key)]
    id: i64,
    n: i32,
}

#[derive(Model, Clone, Debug)]
#[model(table = "child", extends = Parent)]
struct Child {
    base: Parent,
    level: i32,
}

#[derive(Model, Clone, Debug)]
#[model(table = "log")]
struct Log {
    #[model(primary_key)]
    id: i64,
    n: i32,
}

async fn make(db: &Database, engine: &str) {
    run(
        db,
        &[
            "CREATE TABLE parent (id bigint PRIMARY KEY, n int NOT NULL) ENGINE=InnoDB",
            &format!(
                "CREATE TABLE child (parent_ptr_id bigint PRIMARY KEY, level int NOT NULL) ENGINE={engine}"
            ),
            &format!("CREATE TABLE log (id bigint PRIMARY KEY, n int NOT NULL) ENGINE={engine}"),
            "INSERT INTO parent VALUES (1, 1)",
            "INSERT INTO child VALUES (1, 1)",
            "INSERT INTO log VALUES (1, 1), (2, 2)",
        ],
    )
    .await;
}

fn refused(result: Result<impl std::fmt::Debug, Error>, expected: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSupported, "{error}");
    assert!(error.to_string().contains(expected), "{error}");
}

#[test_on(mysql_family)]
fn a04_a_table_without_transactions_is_refused_by_every_write(kind: Kind) {
    on_database(kind, async |db| {
        let engines: &[&str] = match Kind::of(&db) {
            Kind::MariaDb => &["MyISAM", "Aria", "MEMORY"],
            _ => &["MyISAM", "MEMORY"],
        };
        for engine in engines {
            make(&db, engine).await;
            let expected = format!("The table 'log' is stored by {engine}, which cannot roll back");
            let mut log = Log { id: 1, n: 7 };
            refused(Log::objects(&db).update(|l| l.n.set(5)).await, &expected);
            refused(Log::objects(&db).bulk_update(&[log.clone()], |l| l.n).await, &expected);
            refused(Log::objects(&db).create(Log { id: 9, n: 9 }).await, &expected);
            refused(Log::objects(&db).bulk_create([Log { id: 9, n: 9 }]).await, &expected);
            refused(Log::objects(&db).save(&mut log).await, &expected);
            refused(Log::objects(&db).delete().await, &expected);
            refused(Log::objects(&db).update(|l| l.n.set(5)).returning().await, &expected);
            let in_transaction =
                db.transaction(async |tx| Log::objects(&tx).update(|l| l.n.set(5)).await).await;
            refused(in_transaction, &expected);
            let model = db.inspect_table("log", []).await.unwrap();
            let rows = QuerySet::<Record>::of(&model, &db);
            let records = [record(&model, [("id", 1.into()), ("n", 5.into())])];
            refused(rows.clone().bulk_update(&records, |_| ["n"]).await, &expected);
            refused(rows.update_by([("n", 5)]).await, &expected);

            // one such table in the chain is enough
            let expected = format!("The table 'child' is stored by {engine}");
            refused(Child::objects(&db).update(|c| c.n.set(5)).await, &expected);
            refused(Child::objects(&db).delete().await, &expected);
            assert_eq!(Parent::objects(&db).update(|p| p.n.set(2)).await.unwrap(), 1);
            assert_eq!(query(&db, "SELECT id, n FROM log ORDER BY id").await, ["1|1", "2|2"], "{engine}");

            db.allow_non_transactional(true);
            assert_eq!(Log::objects(&db).update(|l| l.n.set(5)).await.unwrap(), 2);
            db.allow_non_transactional(false);
            refused(Log::objects(&db).delete().await, "The table 'log'");
            run(&db, &["DROP TABLE parent, child, log"]).await;
        }
    });
}

#[test_on(mysql_family)]
fn a12_a_trigger_that_writes_to_such_a_table_is_found(kind: Kind) {
    on_database(kind, async |db| {
        make(&db, "MyISAM").await;
        run(
            &db,
            &["CREATE TRIGGER told AFTER UPDATE ON parent FOR EACH ROW INSERT INTO `log` (id, n) VALUES (NEW.n, NEW.n)"],
        )
        .await;
        let expected =
            "The trigger told writes to the table 'log', which is stored by MyISAM and cannot be rolled back";
        refused(Parent::objects(&db).update(|p| p.n.set(5)).await, expected);
        assert_eq!(query(&db, "SELECT count(*) FROM log").await, ["2"]);
        run(&db, &["CREATE VIEW looks AS SELECT id, n FROM log"]).await;
        let view = enmasse::schema::Model::new("looks", "looks")
            .add(enmasse::schema::Field::new("id", DataType::BigInt).primary_key())
            .add(enmasse::schema::Field::new("n", DataType::Integer));
        let view = enmasse::schema::Schema::new(vec![view]).unwrap().model("looks").unwrap();
        refused(
            QuerySet::<Record>::of(&view, &db).update_by([("n", 1)]).await,
            "The view looks writes to the table",
        );
    });
}

/// The foreign server is the test server itself.
#[test_on(postgres)]
fn a04_a_table_on_several_servers_is_refused_by_every_write(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        let extension = db.execute_raw("CREATE EXTENSION postgres_fdw", []).await;
        if let Err(error) = extension {
            return leave_out(&format!("PostgreSQL's postgres_fdw: {error}"));
        }
        let (user, place) = scratch.url.split_once("://").unwrap().1.split_once('@').unwrap();
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        let (place, name) = place.split('?').next().unwrap().split_once('/').unwrap();
        let (host, port) = place.rsplit_once(':').unwrap_or((place, "5432"));
        run(
            &db,
            &[
                &format!(
                    "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{host}', port '{port}', dbname '{name}')"
                ),
                &format!(
                    "CREATE USER MAPPING FOR CURRENT_USER SERVER far OPTIONS (user '{user}', password '{password}')"
                ),
                "CREATE TABLE log (id bigint NOT NULL, n int NOT NULL) PARTITION BY RANGE (id)",
                "CREATE TABLE log_here PARTITION OF log FOR VALUES FROM (1) TO (10)",
                "CREATE TABLE kept_there (id bigint NOT NULL, n int NOT NULL)",
                "CREATE FOREIGN TABLE log_there PARTITION OF log FOR VALUES FROM (10) TO (20) SERVER far \
                 OPTIONS (table_name 'kept_there')",
                "INSERT INTO log VALUES (1, 1), (10, 2)",
                "CREATE TABLE parent (id bigint NOT NULL, n int NOT NULL) PARTITION BY RANGE (id)",
                "CREATE TABLE parent_here PARTITION OF parent FOR VALUES FROM (1) TO (10)",
                "INSERT INTO parent VALUES (1, 1)",
            ],
        )
        .await;
        let expected = "The table 'log' has rows on other servers, far (postgres_fdw), and not all of them commit or roll back as one";
        let mut log = Log { id: 1, n: 7 };
        refused(Log::objects(&db).update(|l| l.n.set(5)).await, expected);
        refused(Log::objects(&db).bulk_update(&[log.clone()], |l| l.n).await, expected);
        refused(Log::objects(&db).create(Log { id: 9, n: 9 }).await, expected);
        refused(Log::objects(&db).save(&mut log).await, expected);
        refused(Log::objects(&db).delete().await, expected);
        let in_transaction = db.transaction(async |tx| Log::objects(&tx).update(|l| l.n.set(5)).await).await;
        refused(in_transaction, expected);
        assert_eq!(query(&db, "SELECT id, n FROM log ORDER BY id").await, ["1|1", "10|2"]);
        assert_eq!(Parent::objects(&db).update(|p| p.n.set(2)).await.unwrap(), 1);

        // a foreign table by itself is on one server, and rolls back there
        let there = enmasse::schema::Model::new("there", "log_there")
            .add(enmasse::schema::Field::new("id", DataType::BigInt).primary_key())
            .add(enmasse::schema::Field::new("n", DataType::Integer));
        let there = enmasse::schema::Schema::new(vec![there]).unwrap().model("there").unwrap();
        let undone = db.transaction(async |tx| {
            let rows = QuerySet::<Record>::of(&there, &tx);
            assert_eq!(rows.update_by([("n", 3)]).await?, 1);
            Err::<(), _>(Error::new(ErrorKind::Request, "undone"))
        });
        undone.await.unwrap_err();
        assert_eq!(query(&db, "SELECT n FROM kept_there").await, ["2"]);
        assert_eq!(QuerySet::<Record>::of(&there, &db).update_by([("n", 4)]).await.unwrap(), 1);

        db.allow_non_transactional(true);
        assert_eq!(Log::objects(&db).update(|l| l.n.set(5)).await.unwrap(), 2);
        assert_eq!(query(&db, "SELECT n FROM kept_there").await, ["5"]);
        db.close().await;
    });
}

/// A table in InnoDB with this trigger, a table in MyISAM, and one in InnoDB without triggers.
async fn make_with_trigger(db: &Database, trigger: &str) {
    make(db, "MyISAM").await;
    run(db, &["CREATE TABLE plain (id bigint PRIMARY KEY, n int NOT NULL) ENGINE=InnoDB", trigger]).await;
}

#[test_on(mysql_family)]
fn e02_a_trigger_may_name_the_table_in_any_way(kind: Kind) {
    on_database(kind, async |db| {
        for body in [
            "UPDATE plain, log SET log.n = NEW.n WHERE log.id = 1",
            "BEGIN -- it's told\n INSERT INTO log VALUES (9, 9); END",
            "BEGIN # it's told\n INSERT INTO log VALUES (9, 9); END",
            "BEGIN /* it's told */ INSERT INTO /* so */ log VALUES (9, 9); END",
            r"BEGIN SET @told = 'it\'s'; INSERT INTO log VALUES (9, 9); END",
            "CALL tells()",
            "SET @told = told(1)",
            "CALL calls(1)",
        ] {
            let trigger = format!("CREATE TRIGGER t AFTER UPDATE ON parent FOR EACH ROW {body}");
            make_with_trigger(&db, "CREATE PROCEDURE tells() INSERT INTO log VALUES (9, 9)").await;
            run(
                &db,
                &[
                    "CREATE PROCEDURE calls(n int) BEGIN IF n > 1 THEN CALL tells(); END IF; END",
                    "CREATE FUNCTION told(n int) RETURNS int DETERMINISTIC BEGIN INSERT INTO log VALUES (9, n); RETURN 1; END",
                    &trigger,
                ],
            )
            .await;
            let updated = Parent::objects(&db).update(|p| p.n.set(5)).await;
            assert!(updated.is_err(), "{body}");
            refused(
                updated,
                " writes to the table 'log', which is stored by MyISAM and cannot be rolled back",
            );
            assert_eq!(query(&db, "SELECT count(*) FROM log WHERE id = 9").await, ["0"], "{body}");
            run(
                &db,
                &[
                    "DROP TABLE parent, child, log, plain",
                    "DROP PROCEDURE tells",
                    "DROP PROCEDURE calls",
                    "DROP FUNCTION told",
                ],
            )
            .await;
        }
    });
}

#[test_on(mysql_family)]
fn e02_a_trigger_of_another_schema_names_tables_of_its_own(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        let trigger = "CREATE TRIGGER t AFTER UPDATE ON parent FOR EACH ROW INSERT INTO log VALUES (9, 9)";
        make_with_trigger(&db, trigger).await;
        let (server, own) = scratch.url.rsplit_once('/').unwrap();
        let other = format!("{own}_other");
        run(&db, &[&format!("CREATE DATABASE {other}")]).await;
        let model = enmasse::schema::Model::new("parent", format!("{own}.parent"))
            .add(enmasse::schema::Field::new("id", DataType::BigInt).primary_key())
            .add(enmasse::schema::Field::new("n", DataType::Integer));
        let model = enmasse::schema::Schema::new(vec![model]).unwrap().model("parent").unwrap();
        let from_other = Database::connect(&format!("{server}/{other}")).await.unwrap();
        let updated = QuerySet::<Record>::of(&model, &from_other).update_by([("n", 5)]).await;
        from_other.close().await;
        run(&db, &[&format!("DROP DATABASE {other}")]).await;
        refused(updated, &format!("The trigger t writes to the table '{own}.log'"));
    });
}

/// MySQL hides the triggers themselves.
#[test_on(mysql_family)]
fn e02_what_may_not_be_read_is_safe_where_all_tables_are(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        let trigger =
            "CREATE TRIGGER t AFTER UPDATE ON parent FOR EACH ROW INSERT INTO log VALUES (NEW.n, 9)";
        make_with_trigger(&db, trigger).await;
        run(&db, &["CREATE PROCEDURE tells() INSERT INTO log VALUES (9, 9)"]).await;
        run(&db, &["CREATE VIEW looks AS SELECT id, n FROM parent"]).await;
        run(&db, &["CREATE TRIGGER c AFTER UPDATE ON plain FOR EACH ROW CALL tells()"]).await;
        run(&db, &["INSERT INTO plain VALUES (1, 1)"]).await;
        let user = format!("enmasse_e02_{}", std::process::id());
        let (_, own) = scratch.url.rsplit_once('/').unwrap();
        run(
            &db,
            &[
                &format!("CREATE USER {user}@'%' IDENTIFIED BY 'secret'"),
                &format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {own}.* TO {user}@'%'"),
            ],
        )
        .await;
        let mut url = url::Url::parse(&scratch.url).unwrap();
        url.set_username(&user).unwrap();
        url.set_password(Some("secret")).unwrap();
        let connect = async || Database::connect(url.as_str()).await.unwrap();
        let model = |name: &str| {
            let model = enmasse::schema::Model::new(name, name)
                .add(enmasse::schema::Field::new("id", DataType::BigInt).primary_key())
                .add(enmasse::schema::Field::new("n", DataType::Integer));
            enmasse::schema::Schema::new(vec![model]).unwrap().model(name).unwrap()
        };
        let update = async |db: &Database, name: &str, n: i64| {
            QuerySet::<Record>::of(&model(name), db).update_by([("n", n)]).await
        };

        let limited = connect().await;
        if scratch.kind == Kind::MariaDb {
            let expected = "The trigger t may write to the table 'child', which is stored by MyISAM and cannot be rolled back: \
                            this user may not read what it does (GRANT TRIGGER allows that)";
            refused(update(&limited, "parent", 5).await, expected);
        }
        refused(update(&limited, "looks", 5).await, "GRANT SHOW VIEW allows that");
        run(&db, &[&format!("GRANT TRIGGER ON {own}.* TO {user}@'%'")]).await;
        limited.close().await;
        let limited = connect().await;
        refused(update(&limited, "parent", 5).await, "The trigger t writes to the table 'log'");
        refused(update(&limited, "plain", 5).await, "The procedure tells may write to the table 'child'");
        assert_eq!(query(&db, "SELECT count(*) FROM log").await, ["2"]);

        // Every table here can be rolled back.
        run(&db, &["ALTER TABLE log ENGINE=InnoDB", "ALTER TABLE child ENGINE=InnoDB"]).await;
        run(&db, &[&format!("REVOKE TRIGGER ON {own}.* FROM {user}@'%'")]).await;
        limited.close().await;
        let limited = connect().await;
        assert_eq!(update(&limited, "parent", 5).await.unwrap(), 1);
        assert_eq!(update(&limited, "looks", 6).await.unwrap(), 1);
        assert_eq!(update(&limited, "plain", 7).await.unwrap(), 1);
        assert_eq!(query(&db, "SELECT count(*) FROM log").await, ["5"]);
        limited.close().await;
        run(&db, &[&format!("DROP USER {user}@'%'")]).await;
    });
}
