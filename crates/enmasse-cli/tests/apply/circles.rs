//! Inserted rows that refer to each other, in tables that do not let what they refer to be set afterwards.

use crate::program::{Ended, Trial, on_trial};
use enmasse_testing::{Clerk, Kind, test_on};

/// Rows that may refer to another of their table, checked at once.
async fn make(trial: &Trial<'_>) {
    trial
        .run("CREATE TABLE t (id integer PRIMARY KEY, above integer, n integer DEFAULT 0, FOREIGN KEY (above) REFERENCES t (id))")
        .await;
}

/// Has the database keep what these rows refer to: it skips the update, or does the rest of it where it cannot skip.
async fn keeps(trial: &Trial<'_>, rows: &str) {
    let sql = match trial.kind {
        Kind::Sqlite => vec![format!(
            "CREATE TRIGGER keeps BEFORE UPDATE ON t WHEN OLD.{rows} BEGIN SELECT RAISE(IGNORE); END"
        )],
        Kind::Postgres => vec![
            format!(
                "CREATE FUNCTION keeps() RETURNS trigger LANGUAGE plpgsql AS \
                 'BEGIN IF OLD.{rows} THEN RETURN NULL; END IF; RETURN NEW; END'"
            ),
            "CREATE TRIGGER keeps BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION keeps()".to_owned(),
        ],
        Kind::MariaDb | Kind::Mysql => vec![format!(
            "CREATE TRIGGER keeps BEFORE UPDATE ON t FOR EACH ROW SET NEW.above = IF(OLD.{rows}, OLD.above, NEW.above)"
        )],
    };
    for sql in sql {
        trial.run(&sql).await;
    }
}

/// A row, and two that refer to each other, of which the last is inserted first. These have different columns, so that no database inserts them in one statement, which would need
/// no second write.
const FILE: &str = "{\"id\": 1}\n{\"id\": 2, \"above\": 3, \"n\": 2}\n{\"id\": 3, \"above\": 2}\n";

const TABLE: [&str; 4] = ["f.jsonl", "--table", "t", "--insert-missing"];

#[track_caller]
fn is_lost(said: &str, place: &str, kind: Kind) {
    assert!(
        said.starts_with(&format!("enmasse: f.jsonl:{place}: the database refuses the row with id=3: 'above' refers to a row that refers back")),
        "{kind:?}: {said}"
    );
    assert!(said.ends_with("\nNothing was written.\n") && said.lines().count() == 2, "{kind:?}: {said}");
}

#[test_on(all)]
fn a_reference_that_a_trigger_does_not_let_be_set_is_an_error(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        keeps(trial, "id = 3").await;
        trial.write("f.jsonl", FILE);
        for more in [&[][..], &["--dry-run"], &["--diff", "d.csv"], &["--missing", "m.jsonl"]] {
            is_lost(&trial.apply(TABLE.iter().chain(more)).failed(1), "3", trial.kind);
            assert_eq!(trial.number("SELECT count(*) FROM t").await, 0);
        }
        assert_eq!(trial.files(), ["f.jsonl"]);

        let ended = trial.apply(TABLE.iter().chain(&["--skip-bad", "--rejects", "bad.jsonl"]));
        let counts = "0 matched, 0 changed, 1 not in the table, 1 inserted, 2 bad and skipped (";
        assert!(ended.out.starts_with(counts), "{:?}: {}{}", trial.kind, ended.out, ended.err);
        assert_eq!(trial.query("SELECT * FROM t").await, "1|NULL|0");
        let bad = trial.read("bad.jsonl");
        let rows: Vec<_> = bad.lines().filter_map(|line| line.split(",\"enmasse_error").next()).collect();
        assert_eq!(rows, ["{\"id\": 2, \"above\": 3, \"n\": 2", "{\"id\": 3, \"above\": 2"], "{bad}");
    });
}

#[test_on(all)]
fn a_reference_is_also_lost_where_a_row_of_the_table_comes_to_refer_to_the_circle(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.run("INSERT INTO t VALUES (4, NULL, 0)").await;
        keeps(trial, "id = 3").await;
        trial.write("f.jsonl", format!("{FILE}{{\"id\": 4, \"above\": 3}}\n"));
        is_lost(&trial.apply(TABLE).failed(1), "3", trial.kind);
        assert_eq!(trial.query("SELECT * FROM t").await, "4|NULL|0");
    });
}

#[test_on(all)]
fn rows_of_several_key_columns_may_refer_to_each_other_and_lose_that_too(kind: Kind) {
    on_trial(kind, async |trial| {
        trial
            .run("CREATE TABLE t (a integer, b varchar(5), id integer NOT NULL UNIQUE, above integer, n integer, PRIMARY KEY (a, b), FOREIGN KEY (above) REFERENCES t (id))")
            .await;
        trial.write(
            "f.jsonl",
            r#"{"a": 1, "b": "x", "id": 1}
{"a": 1, "b": "y", "id": 2, "above": 3, "n": 4}
{"a": 2, "b": "x", "id": 3, "above": 2}
"#,
        );
        let counts = trial.apply(TABLE).counts();
        assert_eq!(counts, "0 matched, 0 changed, 3 not in the table, 3 inserted", "{:?}", trial.kind);
        assert_eq!(trial.query("SELECT id, above FROM t ORDER BY id").await, "1|NULL\n2|3\n3|2");
        trial.run("UPDATE t SET above = NULL").await;
        trial.run("DELETE FROM t").await;
        keeps(trial, "id = 3").await;
        let said = trial.apply(TABLE).failed(1);
        assert!(
            said.starts_with(
                "enmasse: f.jsonl:3: the database refuses the row with a=2, b='x': 'above' refers"
            ),
            "{said}"
        );
        assert_eq!(trial.number("SELECT count(*) FROM t").await, 0);
    });
}

#[test_on(postgres)]
fn a_reference_that_a_row_policy_does_not_let_be_set_is_an_error(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.write("f.jsonl", FILE);
        let shown = "CREATE POLICY shown ON t FOR SELECT USING (true)";
        let written = "CREATE POLICY written ON t FOR UPDATE USING (id <> 3)";
        let hides = "CREATE POLICY shown ON t FOR SELECT USING (id <> 3 OR above IS NOT NULL)";
        let all = "CREATE POLICY written ON t FOR UPDATE USING (true)";
        for policies in [[shown, written], [hides, all]] {
            let rights = [
                "GRANT ALL ON t TO {clerk}",
                "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
                "CREATE POLICY added ON t FOR INSERT WITH CHECK (true)",
                policies[0],
                policies[1],
            ];
            let clerk = Clerk::new(trial.scratch, &trial.db, &rights).await;
            let ended = trial.command(TABLE).env("DATABASE_URL", &clerk.url).output().map(Ended::of);
            clerk.drop(&trial.db).await;
            let said = ended.expect("it runs").failed(1);
            assert!(
                said.starts_with("enmasse: f.jsonl:3: the database refuses the row with id=3: "),
                "{said}"
            );
            assert!(said.ends_with("\nNothing was written.\n"), "{said}");
            assert_eq!(trial.number("SELECT count(*) FROM t").await, 0);
            for policy in ["added", "shown", "written"] {
                trial.run(&format!("DROP POLICY IF EXISTS {policy} ON t")).await;
            }
        }
    });
}

/// Has the database set these columns of each row that is inserted, where `when` holds.
async fn sets(trial: &Trial<'_>, when: &str, column: &str, value: &str) {
    let sql = match trial.kind {
        Kind::Sqlite => vec![format!(
            "CREATE TRIGGER sets AFTER INSERT ON t WHEN {when} BEGIN UPDATE t SET {column} = {value} WHERE id = NEW.id; END"
        )],
        Kind::Postgres => vec![
            format!(
                "CREATE FUNCTION sets() RETURNS trigger LANGUAGE plpgsql AS \
                 'BEGIN IF {when} THEN NEW.{column} := {value}; END IF; RETURN NEW; END'"
            ),
            "CREATE TRIGGER sets BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION sets()".to_owned(),
        ],
        Kind::MariaDb | Kind::Mysql => vec![format!(
            "CREATE TRIGGER sets BEFORE INSERT ON t FOR EACH ROW SET NEW.{column} = IF({when}, {value}, NEW.{column})"
        )],
    };
    for sql in sql {
        trial.run(&sql).await;
    }
}

#[test_on(all)]
fn what_an_insert_trigger_sets_is_kept_where_rows_of_the_table_refer_to_new_ones(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.run("INSERT INTO t VALUES (1, NULL, 0), (2, NULL, 0), (5, NULL, 0)").await;
        sets(trial, "NEW.id > 5", "n", "99").await;
        trial.write("f.csv", "id,above,n\n1,7,1\n6,7,6\n5,,0\n7,2,7\n2,6,2\n");
        let args = ["f.csv", "--table", "t", "--insert-missing"];
        let counts = "3 matched, 2 changed, 2 not in the table, 2 inserted";
        let dry = trial.apply(args.iter().chain(&["--dry-run"])).done();
        assert!(dry.starts_with(&format!("Dry run, nothing was written: {counts}, 0 untouched\n")), "{dry}");
        assert!(dry.contains("\n2 rows would change\n"), "{dry}");
        let ended = trial.apply(args.iter().chain(&["--diff", "d.csv", "--missing", "m.csv"]));
        assert_eq!(ended.counts(), counts, "{:?}", trial.kind);
        assert_eq!(
            trial.query("SELECT * FROM t ORDER BY id").await,
            "1|7|1\n2|6|2\n5|NULL|0\n6|7|99\n7|2|99",
            "{:?}",
            trial.kind
        );
        assert_eq!(
            trial.read("d.csv"),
            "id,column,before,after\n1,above,\\N,7\n1,n,0,1\n2,above,\\N,6\n2,n,0,2\n"
        );
        assert_eq!(trial.read("m.csv").lines().count(), 3);
    });
}

#[test_on(all)]
fn what_an_insert_trigger_sets_is_kept_where_new_rows_refer_to_each_other(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        sets(trial, "NEW.id > 1", "n", "99").await;
        trial.write("f.jsonl", FILE);
        let counts = "0 matched, 0 changed, 3 not in the table, 3 inserted";
        assert_eq!(trial.apply(TABLE).counts(), counts, "{:?}", trial.kind);
        assert_eq!(trial.query("SELECT * FROM t ORDER BY id").await, "1|NULL|0\n2|3|99\n3|2|99");
    });
}

#[test_on(all)]
fn a_key_that_comes_twice_is_an_error_where_rows_of_the_table_refer_to_new_ones(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.run("INSERT INTO t VALUES (1, NULL, 0)").await;
        let mut file = "id,above,n\n1,7,1\n7,,1\n".to_owned();
        (10..6_000).for_each(|id| file.push_str(&format!("{id},,1\n")));
        file.push_str("7,,2\n");
        trial.write("f.csv", file);
        let said = trial.apply(["f.csv", "--table", "t", "--insert-missing"]).failed(1);
        assert_eq!(
            said, "enmasse: f.csv: duplicate key id=7: line 3, line 5994\nNothing was written.\n",
            "{:?}",
            trial.kind
        );
        assert_eq!(trial.query("SELECT * FROM t").await, "1|NULL|0");
    });
}

#[test_on(all)]
fn rows_are_inserted_ahead_whose_keys_the_database_spells_in_its_own_way(kind: Kind) {
    on_trial(kind, async |trial| {
        trial
            .run("CREATE TABLE t (code char(6) PRIMARY KEY, id integer NOT NULL UNIQUE, above integer, n integer, FOREIGN KEY (above) REFERENCES t (id))")
            .await;
        trial.run("INSERT INTO t VALUES ('a', 1, NULL, 0), ('b', 2, NULL, 0)").await;
        sets(trial, "NEW.id > 2", "n", "99").await;
        trial.write("f.csv", "code,id,above,n\na,1,3,1\nb,2,,2\nc,3,4,3\nD,4,,4\n");
        let counts = trial.apply(["f.csv", "--table", "t", "--insert-missing"]).counts();
        assert_eq!(counts, "2 matched, 2 changed, 2 not in the table, 2 inserted", "{:?}", trial.kind);
        assert_eq!(
            trial.query("SELECT id, above, n FROM t ORDER BY id").await,
            "1|3|1\n2|NULL|2\n3|4|99\n4|NULL|99"
        );
    });
}
