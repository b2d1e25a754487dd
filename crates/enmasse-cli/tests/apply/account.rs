//! The report equals what was written: with triggers and other writers, with and without files of rows.

use enmasse_testing::{Clerk, Kind, test_on};

use crate::program::{Ended, Trial, on_trial};

/// A table in which the database skips the rows whose key is a multiple of five.
async fn make(trial: &Trial<'_>) {
    trial.run("CREATE TABLE t (id bigint PRIMARY KEY, n bigint, note varchar(20))").await;
    trial.run("INSERT INTO t VALUES (1, 0, 'a'), (2, 0, 'b'), (5, 0, 'e'), (10, 7, 'j')").await;
    for (verb, name) in [("UPDATE", "keeps"), ("INSERT", "drops")] {
        let statements = match trial.kind {
            Kind::Sqlite => vec![format!(
                "CREATE TRIGGER {name} BEFORE {verb} ON t WHEN NEW.id % 5 = 0 BEGIN SELECT RAISE(IGNORE); END"
            )],
            _ => vec![
                format!(
                    "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS \
                     'BEGIN IF NEW.id % 5 = 0 THEN RETURN NULL; END IF; RETURN NEW; END'"
                ),
                format!("CREATE TRIGGER {name} BEFORE {verb} ON t FOR EACH ROW EXECUTE FUNCTION {name}()"),
            ],
        };
        for sql in statements {
            trial.run(&sql).await;
        }
    }
}

/// One changed row, one unchanged row, one that the trigger leaves unchanged, one of these that already has
/// the values, one missing row, and one that the trigger drops.
const FILE: &str = "id,n,note\n1,7,a\n2,0,b\n5,7,e\n10,7,j\n11,1,k\n15,1,o\n";

#[test_on(sqlite, postgres)]
fn a07_rows_that_a_trigger_skips_are_counted_alike_in_every_mode(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.write("f.csv", FILE);
        let before = trial.query("SELECT * FROM t ORDER BY id").await;
        let counts = "4 matched, 1 changed, 2 not in the table, 1 skipped by the database";
        let modes: [&[&str]; 5] = [
            &[],
            &["--diff", "d.csv"],
            &["--missing", "m.csv"],
            &["--diff", "d.csv", "--missing", "m.csv"],
            &["--fail-on-missing", "--diff", "d.csv"],
        ];
        for mode in modes {
            let args = ["f.csv", "--table", "t"].into_iter().chain(mode.iter().copied());
            let dry = trial.apply(args.clone().chain(["--dry-run"]));
            let said = dry.out.lines().next().unwrap_or_default();
            assert_eq!(said, format!("Dry run, nothing was written: {counts}, 0 untouched"), "{mode:?}");
            assert!(dry.out.contains("\n1 row would change\n"), "{mode:?}: {}", dry.out);
            assert_eq!(trial.query("SELECT * FROM t ORDER BY id").await, before, "{mode:?}");
            let ended = trial.apply(args);
            assert!(ended.out.starts_with(&format!("{counts} (")), "{mode:?}: {}", ended.out);
            assert_eq!(
                trial.query("SELECT id, n FROM t ORDER BY id").await,
                "1|7\n2|0\n5|0\n10|7",
                "{mode:?}"
            );
            if mode.contains(&"--diff") {
                assert_eq!(trial.read("d.csv"), "id,column,before,after\n1,n,0,7\n", "{mode:?}");
            }
            if mode.contains(&"--missing") {
                assert_eq!(trial.read("m.csv"), "id,n,note\n11,1,k\n15,1,o\n", "{mode:?}");
            }
            trial.run("UPDATE t SET n = 0 WHERE id = 1").await;
        }
    });
}

#[test_on(postgres)]
fn a07_a_dry_run_beside_a_row_policy_counts_as_the_real_run(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (id bigint PRIMARY KEY, n bigint)").await;
        trial.run("INSERT INTO t VALUES (1, 0), (2, 0), (3, 0), (4, 7)").await;
        let rights = [
            "GRANT ALL ON t TO {clerk}",
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
            "CREATE POLICY shown ON t FOR SELECT USING (true)",
            "CREATE POLICY written ON t FOR UPDATE USING (id % 2 = 0)",
        ];
        let clerk = Clerk::new(trial.scratch, &trial.db, &rights).await;
        trial.write("f.csv", "id,n\n1,7\n2,7\n3,7\n4,7\n5,7\n");
        let run = |more: &[&str]| {
            let args = ["f.csv", "--table", "t", "--json"].into_iter().chain(more.iter().copied());
            Ended::of(trial.command(args).env("DATABASE_URL", &clerk.url).output().expect("it runs"))
        };
        let runs = [run(&["--dry-run"]), run(&["--diff", "d.csv", "--missing", "m.csv"])];
        clerk.drop(&trial.db).await;
        for ended in runs {
            let said = ended.json();
            let counts = ["rows", "matched", "changed", "skipped", "missing", "inserted"]
                .map(|name| said[name].as_u64());
            assert_eq!(counts, [5, 4, 1, 2, 1, 0].map(Some), "{said}");
        }
        assert_eq!(trial.read("d.csv"), "id,column,before,after\n2,n,0,7\n");
        assert_eq!(trial.query("SELECT id, n FROM t ORDER BY id").await, "1|0\n2|7\n3|0\n4|7");
    });
}

#[test_on(sqlite, postgres)]
fn a07_strict_refuses_rows_that_a_trigger_skips(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.write("f.csv", "id,n\n1,7\n5,7\n");
        let said = trial.apply(["f.csv", "--table", "t", "--strict"]).failed(1);
        assert_eq!(
            said,
            "enmasse: f.csv: 1 row was not written to t: a trigger or a row policy of the table keeps them as they are, and --strict \
             refuses that. Nothing was written.\n"
        );
        assert_eq!(trial.query("SELECT id, n FROM t ORDER BY id").await, "1|0\n2|0\n5|0\n10|7");
    });
}

#[test_on(sqlite)]
fn a07_rows_that_a_conflict_clause_skips_are_counted(kind: Kind) {
    on_trial(kind, async |trial| {
        trial
            .run("CREATE TABLE t (id integer PRIMARY KEY, code text UNIQUE ON CONFLICT IGNORE, n integer)")
            .await;
        trial.run("INSERT INTO t VALUES (1, 'a', 0), (2, 'b', 0), (3, 'c', 0)").await;
        trial.write("f.csv", "id,code,n\n1,a,7\n2,a,7\n3,c,0\n");
        let counts = "3 matched, 1 changed, 0 not in the table, 1 skipped by the database";
        let dry = trial.apply(["f.csv", "--table", "t", "--dry-run"]).done();
        assert!(dry.starts_with(&format!("Dry run, nothing was written: {counts}")), "{dry}");
        let said = trial.apply(["f.csv", "--table", "t", "--strict"]).failed(1);
        assert!(said.starts_with("enmasse: f.csv: 1 row was not written to t: "), "{said}");
        for mode in [&[][..], &["--diff", "d.csv"], &["--missing", "m.csv"]] {
            assert_eq!(
                trial.apply(["f.csv", "--table", "t"].iter().chain(mode)).counts(),
                counts,
                "{mode:?}"
            );
            assert_eq!(trial.query("SELECT code, n FROM t ORDER BY id").await, "a|7\nb|0\nc|0", "{mode:?}");
            trial.run("UPDATE t SET n = 0").await;
        }
    });
}

#[test_on(sqlite, postgres)]
fn a15_rows_that_a_trigger_drops_are_not_inserted(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.write("f.csv", FILE);
        let counts = "4 matched, 1 changed, 2 not in the table, 1 inserted, 2 skipped by the database";
        let args = ["f.csv", "--table", "t", "--insert-missing"];
        let dry = trial.apply(args.into_iter().chain(["--dry-run"])).done();
        assert!(dry.starts_with(&format!("Dry run, nothing was written: {counts}")), "{dry}");
        assert_eq!(trial.apply(args).counts(), counts);
        assert_eq!(trial.query("SELECT id, n FROM t ORDER BY id").await, "1|7\n2|0\n5|0\n10|7\n11|1");
        let json = trial.apply(args.into_iter().chain(["--json"])).json();
        assert_eq!((&json["rows"], &json["matched"], &json["skipped"]), (&6.into(), &5.into(), &2.into()));
    });
}

#[test_on(servers)]
fn a06_rows_that_another_writer_brings_are_written_or_inserted(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (id bigint PRIMARY KEY, n bigint)").await;
        let mut file = "id,n\n".to_owned();
        (1..=4_000).for_each(|id| file.push_str(&format!("{id},1\n")));
        trial.write("f.csv", file);
        for round in 0..4 {
            trial.run("DELETE FROM t").await;
            let args = ["f.csv", "--table", "t", "--insert-missing", "--missing", "m.csv", "--json"];
            let mut command = trial.command(args);
            let running = tokio::task::spawn_blocking(move || command.output());
            // the keys in the file's order, and against it
            for id in 1..=400 {
                let id = if round % 2 == 0 { id * 10 } else { 4_001 - id * 10 };
                // the command may have inserted it
                _ = trial.db.execute_raw(&format!("INSERT INTO t VALUES ({id}, 0)"), []).await;
            }
            let output = running.await.expect("a thread").expect("it runs");
            let out = String::from_utf8(output.stdout).expect("UTF-8");
            assert!(
                output.status.success(),
                "{:?}: {out}{}",
                trial.kind,
                String::from_utf8_lossy(&output.stderr)
            );
            let said: enmasse::serde_json::Value = enmasse::serde_json::from_str(&out).expect("JSON");
            let count = |name: &str| said[name].as_u64().expect("a number");
            assert_eq!(count("matched") + count("missing"), 4_000, "{out}");
            assert_eq!((count("inserted"), count("skipped")), (count("missing"), 0), "{out}");
            assert_eq!(trial.number("SELECT count(*) FROM t WHERE n = 1").await, 4_000, "{out}");
            // those that arrived and were updated are not in the file of the missing ones
            assert_eq!(trial.read("m.csv").lines().count() as u64, count("missing") + 1, "{out}");
        }
    });
}

#[test_on(all)]
fn a12_the_next_row_gets_a_key_that_is_free(kind: Kind) {
    on_trial(kind, async |trial| {
        let id = match trial.kind {
            Kind::Sqlite => "id integer PRIMARY KEY AUTOINCREMENT",
            Kind::Postgres => "id serial PRIMARY KEY",
            _ => "id integer AUTO_INCREMENT PRIMARY KEY",
        };
        trial.run(&format!("CREATE TABLE t ({id}, n integer)")).await;
        trial.run("INSERT INTO t (n) VALUES (0)").await;
        trial.write("f.csv", "id,n\n2,2\n3,3\n9,9\n");
        let args = ["f.csv", "--table", "t", "--insert-missing"];
        trial.apply(args.into_iter().chain(["--dry-run"])).done();
        trial.run("INSERT INTO t (n) VALUES (1)").await;
        // the counters of MySQL and MariaDB are not rolled back
        let is_rolled_back = trial.kind == Kind::Sqlite || trial.kind == Kind::Postgres;
        assert!(!is_rolled_back || trial.number("SELECT max(id) FROM t").await == 2);
        trial.run("DELETE FROM t WHERE n = 1").await;
        trial.apply(args).done();
        trial.run("INSERT INTO t (n) VALUES (10)").await;
        assert!(trial.number("SELECT id FROM t WHERE n = 10").await > 9);
    });
}

#[test_on(postgres)]
fn a12_what_fails_leaves_the_counter_of_keys_where_it_is(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE owner (id integer PRIMARY KEY)").await;
        trial
            .run(
                "CREATE TABLE t (id serial PRIMARY KEY, n integer CHECK (n < 100), owner integer REFERENCES owner \
                 DEFERRABLE INITIALLY DEFERRED)",
            )
            .await;
        trial.run("INSERT INTO t (n) VALUES (0)").await;
        // refused at once, and at the commit
        for row in ["9,900,", "9,9,5"] {
            trial.write("f.csv", format!("id,n,owner\n7,7,\n8,8,\n{row}\n"));
            trial.apply(["f.csv", "--table", "t", "--insert-missing"]).failed(1);
            assert_eq!(trial.number("SELECT last_value FROM t_id_seq").await, 1, "{row}");
        }
        let skips = ["--insert-missing", "--skip-bad", "--rejects", "r.csv"];
        let ended = trial.apply(["f.csv", "--table", "t"].iter().chain(&skips));
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert_eq!(trial.number("SELECT last_value FROM t_id_seq").await, 8);
    });
}

#[test_on(mysql_family)]
fn b03_a_dry_run_with_a_diff_tells_the_old_values(kind: Kind) {
    on_trial(kind, async |trial| {
        trial
            .run("CREATE TABLE t (id integer PRIMARY KEY, n integer, at datetime(6), note varchar(20))")
            .await;
        trial.run("INSERT INTO t VALUES (1, 10, '2026-01-02 03:04:05.000006', 'a'), (2, NULL, NULL, ''), (3, 30, NULL, 'c')").await;
        let before = trial.query("SELECT * FROM t ORDER BY id").await;
        trial.write("f.csv", "id,n,at,note\n1,11,2026-01-02 03:04:05.000007,a\n2,20,,x\n3,30,,c\n9,9,,z\n");
        let args = ["f.csv", "--table", "t", "--dry-run", "--diff", "d.csv"];
        let out = trial.apply(args).done();
        assert!(
            out.starts_with(
                "Dry run, nothing was written: 3 matched, 2 changed, 1 not in the table, 0 untouched\n"
            ),
            "{:?}: {out}",
            trial.kind
        );
        assert!(out.contains("\n  n     2   id=1: 10 → 11   id=2: NULL → 20\n"), "{:?}: {out}", trial.kind);
        assert_eq!(
            trial.read("d.csv"),
            "id,column,before,after\n1,n,10,11\n1,at,2026-01-02 03:04:05.000006+00:00,2026-01-02 03:04:05.000007+00:00\n2,n,\\N,20\n2,note,,x\n",
            "{:?}",
            trial.kind
        );
        assert_eq!(trial.query("SELECT * FROM t ORDER BY id").await, before, "{:?}", trial.kind);
    });
}

/// In WAL mode the main database is committed before the temporary tables are written: without space for
/// these, nothing may be committed.
#[cfg(unix)]
#[test_on(sqlite)]
fn a14_no_room_for_temporary_tables_commits_nothing(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("PRAGMA journal_mode = wal").await;
        trial.run("CREATE TABLE t (id bigint PRIMARY KEY, note text)").await;
        trial
            .run(
                "WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < 20000) \
                 INSERT INTO t SELECT id, 'a rather long old note of this row' FROM ids",
            )
            .await;
        trial.db.close().await;
        let mut file = "id,note\n".to_owned();
        (1..=20_000).for_each(|id| file.push_str(&format!("{id},the new note of row {id} is no shorter\n")));
        trial.write("f.csv", file);
        let mut failed = 0;
        for blocks in (1_500..12_000).step_by(700) {
            let program = env!("CARGO_BIN_EXE_enmasse");
            let script = format!(
                "trap '' XFSZ; ulimit -f {blocks}; exec {program} apply f.csv --table t --diff d.csv --missing m.csv"
            );
            let output = std::process::Command::new("bash")
                .args(["-c", &script])
                .env("DATABASE_URL", trial.url)
                .current_dir(trial.folder())
                .output()
                .expect("bash runs");
            let db = trial.scratch.connect().await;
            let new = db.query_raw("SELECT count(*) FROM t WHERE note LIKE 'the new%'", []).await.unwrap();
            db.execute_raw("UPDATE t SET note = 'a rather long old note of this row'", []).await.unwrap();
            db.close().await;
            let said = String::from_utf8_lossy(&output.stderr);
            let written = if output.status.success() { 20_000 } else { 0 };
            assert_eq!(new, [[enmasse::Value::Int(written)]], "{blocks} blocks, {:?}: {said}", output.status);
            failed += u32::from(!output.status.success());
        }
        assert_ne!(failed, 0, "no limit was too low");
    });
}
