//! Rows that a trigger or a row policy leaves unchanged: a dry run shows what the update would really do.

use enmasse::{Database, serde_json};
use enmasse_testing::{Clerk, Kind, Scratch, number, on_scratch, test_on};

use crate::program::{Ended, enmasse};

async fn run(db: &Database, sql: &str) {
    db.execute_raw(sql, []).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Eight rows whose number is 0.
async fn make(scratch: &Scratch) -> Database {
    let db = scratch.connect().await;
    run(&db, "CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL, note varchar(20))").await;
    run(&db, "INSERT INTO t SELECT id, 0, 'x' FROM (SELECT 1 AS id UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) AS ids").await;
    run(&db, "INSERT INTO t SELECT id + 4, 0, 'x' FROM t").await;
    db
}

/// Has the database do this before each update of a row of `t`: a trigger's body on SQLite and on PostgreSQL.
async fn before_update(db: &Database, sqlite: &str, postgres: &str) {
    match Kind::of(db) {
        Kind::Postgres => {
            let body = format!("BEGIN {postgres} RETURN NEW; END");
            run(db, &format!("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")).await;
            run(db, "CREATE TRIGGER f BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()").await;
        }
        _ => run(db, &format!("CREATE TRIGGER f {sqlite}")).await,
    }
}

fn update(url: &str, args: &[&str]) -> Ended {
    enmasse([&["update", "--db", url, "--table", "t"], args].concat())
}

#[test_on(sqlite, postgres)]
fn a07_a_dry_run_leaves_out_rows_that_a_trigger_keeps(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = make(scratch).await;
        before_update(
            &db,
            "BEFORE UPDATE ON t WHEN OLD.id <= 4 BEGIN SELECT RAISE(IGNORE); END",
            "IF OLD.id <= 4 THEN RETURN NULL; END IF;",
        )
        .await;
        let args = ["--where", "id__lte=6", "--set", "n=F(id) * 10", "--set", "note=x"];
        let out = update(&scratch.url, &[&args[..], &["--dry-run"]].concat()).done();
        let expected = "6 rows of t match; nothing was written\n\
                        4 rows match and are not written: a trigger or a row policy of the table keeps them as they are\n\
                        at most 2 rows would change\n  \
                          n     2   id=5: 0 → 50   id=6: 0 → 60\n  \
                          note  0\n";
        assert!(out.starts_with(expected), "{:?}: {out}", scratch.kind);
        let json = update(&scratch.url, &[&args[..], &["--dry-run", "--json"]].concat()).json();
        assert_eq!((&json["matched"], &json["skipped"]), (&6.into(), &4.into()));
        let would = &json["would_change"];
        assert_eq!((&would["rows"], &json["at_most"]), (&2.into(), &true.into()));
        assert_eq!(
            would["columns"][0]["examples"],
            serde_json::json!([{ "key": "id=5", "before": 0, "after": 50 }, { "key": "id=6", "before": 0, "after": 60 }])
        );
        let untouched = db.query_raw("SELECT count(*) FROM t WHERE n = 0", []).await.unwrap();
        assert_eq!(number(&untouched[0]), 8);

        let done = update(&scratch.url, &args).done();
        assert!(done.starts_with("2 rows updated in t ("), "{done}");
        let out = update(&scratch.url, &["--where", "id=1", "--set", "n=5", "--dry-run"]).done();
        let expected = "1 row of t matches; nothing was written\n\
                        1 row matches and is not written: a trigger or a row policy of the table keeps it as it is\n\
                        at most 0 rows would change\n  n  0\n";
        assert!(out.starts_with(expected), "{:?}: {out}", scratch.kind);
        // If no row is left unchanged, the numbers are exact.
        let json =
            update(&scratch.url, &["--where", "id__gt=6", "--set", "n=5", "--dry-run", "--json"]).json();
        assert_eq!((&json["skipped"], &json["at_most"]), (&0.into(), &false.into()));
        db.close().await;
    });
}

#[test_on(sqlite, postgres)]
fn a07_a_dry_run_shows_what_a_trigger_makes_of_the_value(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = make(scratch).await;
        before_update(
            &db,
            "AFTER UPDATE ON t WHEN NEW.n = 5 BEGIN UPDATE t SET n = CASE WHEN id = 1 THEN OLD.n ELSE NEW.n + 1 END WHERE id = NEW.id; END",
            "NEW.n := CASE WHEN NEW.id = 1 THEN OLD.n ELSE NEW.n + 1 END;",
        )
        .await;
        let args = ["--where", "id__lte=3", "--set", "n=5"];
        let out = update(&scratch.url, &[&args[..], &["--dry-run"]].concat()).done();
        let expected = "3 rows of t match; nothing was written\n\
                        at most 3 rows would change\n  \
                          n  3   id=2: 0 → 6   id=3: 0 → 6\n";
        assert!(out.starts_with(expected), "{:?}: {out}", scratch.kind);
        update(&scratch.url, &args).done();
        let rows = db.query_raw("SELECT n FROM t WHERE id <= 3 ORDER BY id", []).await.unwrap();
        let rows: Vec<i64> = rows.iter().map(|row| number(row)).collect();
        assert_eq!(rows, [0, 6, 6], "the dry run showed this");
        db.close().await;
    });
}

#[test_on(postgres)]
fn a07_a_dry_run_leaves_out_rows_that_a_policy_keeps(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = make(scratch).await;
        let rights = [
            "GRANT ALL ON t TO {clerk}",
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY shown ON t FOR SELECT USING (id <> 8)",
            "CREATE POLICY written ON t FOR UPDATE USING (id % 2 = 0)",
        ];
        let clerk = Clerk::new(scratch, &db, &rights).await;
        let args = ["--where", "id__gt=0", "--set", "n=7"];
        let dry = update(&clerk.url, &[&args[..], &["--dry-run"]].concat());
        let real = update(&clerk.url, &args);
        clerk.drop(&db).await;
        let expected = "7 rows of t match; nothing was written\n\
                        4 rows match and are not written: a trigger or a row policy of the table keeps them as they are\n\
                        at most 3 rows would change\n  \
                          n  3   id=2: 0 → 7   id=4: 0 → 7   id=6: 0 → 7\n";
        let out = dry.done();
        assert!(out.starts_with(expected), "{out}");
        let out = real.done();
        assert!(out.starts_with("3 rows updated in t ("), "{out}");
        db.close().await;
    });
}

#[test_on(all)]
fn a07_a_row_whose_key_is_set_is_shown_too(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = make(scratch).await;
        let out =
            update(&scratch.url, &["--where", "id=8", "--set", "id=F(id) + 1", "--set", "n=1", "--dry-run"])
                .done();
        let expected = "1 row of t matches; nothing was written\n\
                        1 row would change\n  id  1   id=8: 8 → 9\n  n   1   id=8: 0 → 1\n";
        assert!(out.starts_with(expected), "{:?}: {out}", scratch.kind);
        db.close().await;
    });
}

#[test_on(sqlite, postgres)]
fn a_dry_run_checks_what_only_the_commit_would(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        run(&db, "CREATE TABLE above (id integer PRIMARY KEY)").await;
        run(&db, "CREATE TABLE t (id integer PRIMARY KEY, n integer REFERENCES above (id) DEFERRABLE INITIALLY DEFERRED)").await;
        run(&db, "INSERT INTO above VALUES (1)").await;
        run(&db, "INSERT INTO t VALUES (1, 1)").await;
        for more in [&[][..], &["--dry-run"]] {
            let ended = update(&scratch.url, &[&["--where", "id=1", "--set", "n=2"], more].concat());
            assert_eq!((ended.code, ended.out.as_str()), (1, ""), "{:?} {more:?}", scratch.kind);
            assert!(ended.err.to_lowercase().contains("foreign key"), "{}", ended.err);
        }
        update(&scratch.url, &["--where", "id=1", "--set", "n=1", "--dry-run"]).done();
        db.close().await;
    });
}
