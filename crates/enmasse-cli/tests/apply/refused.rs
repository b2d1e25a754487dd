//! What only the database refuses has its place in the file; bad rows that are skipped include it.

use enmasse_testing::{Kind, test_on};

use crate::program::{Trial, on_trial};

/// A table with constraints that only the database knows.
async fn make(trial: &Trial<'_>) {
    trial
        .run("CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL CHECK (n < 100), code varchar(10) UNIQUE)")
        .await;
    let rows: Vec<String> = (1..=40).map(|id| format!("({id}, {id}, 'c{id}')")).collect();
    trial.run(&format!("INSERT INTO t VALUES {}", rows.join(", "))).await;
}

/// A file whose rows 7 and 30 break the check, and row 20 takes the code of another.
fn file() -> String {
    let mut file = "id,n,code\n".to_owned();
    for id in 1..=40 {
        let n = if id == 7 || id == 30 { 500 + id } else { id + 1 };
        let code = if id == 20 { "c3".to_owned() } else { format!("c{id}") };
        file.push_str(&format!("{id},{n},{code}\n"));
    }
    file
}

#[test_on(all)]
fn d01_the_row_is_named_that_only_the_database_refuses(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        let before = trial.query("SELECT * FROM t ORDER BY id").await;
        trial.write("f.csv", file());
        let said = trial.apply(["f.csv", "--table", "t"]).failed(1);
        assert!(said.starts_with("enmasse: f.csv:8: the database refuses the row with id=7: "), "{said}");
        assert!(said.ends_with("\nNothing was written.\n"), "{said}");
        let said = trial.apply(["f.csv", "--table", "t", "--max-errors", "5", "--diff", "d.csv"]).failed(1);
        for place in ["f.csv:8: ", "\nf.csv:21: the database refuses the row with id=20: ", "\nf.csv:31: "] {
            assert!(said.contains(place), "{said}");
        }
        assert_eq!(trial.query("SELECT * FROM t ORDER BY id").await, before);
        assert_eq!(trial.files(), ["f.csv"]);
    });
}

#[test_on(postgres)]
fn d01_the_row_is_named_that_the_check_of_a_domain_refuses(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE DOMAIN positive AS integer CHECK (VALUE > 0)").await;
        trial.run("CREATE TABLE t (id integer PRIMARY KEY, n positive)").await;
        trial.run("INSERT INTO t SELECT id, 1 FROM generate_series(1, 3000) id").await;
        for rows in [3, 3_000] {
            let mut file = "id,n\n".to_owned();
            (1..=rows).for_each(|id| file.push_str(&format!("{id},{}\n", if id == 2 { -1 } else { id + 1 })));
            trial.write("f.csv", file);
            let said = trial.apply(["f.csv", "--table", "t"]).failed(1);
            assert!(said.starts_with("enmasse: f.csv:3: the database refuses the row with id=2: "), "{said}");
            assert!(said.contains("positive") && said.ends_with("\nNothing was written.\n"), "{said}");
            let skips = ["f.csv", "--table", "t", "--skip-bad", "--rejects", "r.csv", "--dry-run"];
            let ended = trial.apply(skips);
            assert_eq!(ended.code, 0, "{}", ended.err);
            assert!(trial.read("r.csv").starts_with("id,n,enmasse_error\n2,-1,\"the database refuses"));
        }
        assert_eq!(trial.number("SELECT count(*) FROM t WHERE n <> 1").await, 0);
    });
}

#[test_on(all)]
fn d01_refused_rows_are_skipped_and_kept(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.write("f.csv", file());
        let args = ["f.csv", "--table", "t", "--skip-bad", "--rejects", "bad.csv", "--max-errors", "2"];
        let ended = trial.apply(args.into_iter().chain(["--dry-run", "--json"]));
        assert_eq!(ended.code, 0, "{}", ended.err);
        let dry: enmasse::serde_json::Value = enmasse::serde_json::from_str(&ended.out).unwrap();
        assert_eq!((&dry["bad"], &dry["changed"], &dry["rows"]), (&3.into(), &37.into(), &37.into()));

        let ended = trial.apply(args);
        let said: Vec<&str> =
            ended.err.lines().filter(|line| line.starts_with("enmasse: skipped: ")).collect();
        assert_eq!(said.len(), 2, "{}", ended.err);
        assert!(said[0].contains("f.csv:8: the database refuses the row with id=7: "), "{}", ended.err);
        assert!(
            ended.out.starts_with("37 matched, 37 changed, 0 not in the table, 3 bad and skipped ("),
            "{}",
            ended.out
        );
        let bad = trial.read("bad.csv");
        let lines: Vec<&str> = bad.lines().collect();
        assert_eq!((lines.len(), lines[0]), (4, "id,n,code,enmasse_error"), "{bad}");
        for (line, (row, id)) in
            lines[1..].iter().zip([("7,507,c7", 7), ("20,21,c3", 20), ("30,530,c30", 30)])
        {
            let start = format!("{row},\"the database refuses the row with id={id}: ");
            assert!(line.starts_with(&start) && line.ends_with('"'), "{bad}");
        }
        assert_eq!(trial.number("SELECT count(*) FROM t WHERE n = id + 1").await, 37);
    });
}

/// Rows that each refer to one of forty, which is checked at the commit.
async fn make_deferred(trial: &Trial<'_>) {
    trial.run("CREATE TABLE above (id integer PRIMARY KEY)").await;
    trial
        .run("CREATE TABLE t (id integer PRIMARY KEY, above integer REFERENCES above (id) DEFERRABLE INITIALLY DEFERRED)")
        .await;
    for id in 1..=40 {
        trial.run(&format!("INSERT INTO above VALUES ({id})")).await;
        trial.run(&format!("INSERT INTO t VALUES ({id}, 1)")).await;
    }
}

#[test_on(sqlite, postgres)]
fn d01_a_row_is_named_that_only_the_commit_would_refuse(kind: Kind) {
    on_trial(kind, async |trial| {
        make_deferred(trial).await;
        let mut file = "id,above\n".to_owned();
        (1..=40).for_each(|id| file.push_str(&format!("{id},{}\n", if id % 20 == 7 { 1_000 } else { id })));
        trial.write("f.csv", file);
        trial.write("more.csv", "id,above\n1,5\n50,1000\n51,40\n");
        let args = ["f.csv", "--table", "t", "--max-errors", "5"];
        for more in [&[][..], &["--dry-run"], &["--diff", "d.csv"]] {
            let said = trial.apply(args.iter().chain(more)).failed(1);
            assert!(said.starts_with("enmasse: f.csv:8: the database refuses the row with id=7: "), "{said}");
            assert!(said.contains("\nf.csv:28: the database refuses the row with id=27: "), "{said}");
            assert!(said.ends_with("\nNothing was written.\n"), "{said}");
            assert_eq!(trial.number("SELECT count(*) FROM t WHERE above = 1").await, 40);
        }
        let skip = ["--skip-bad", "--rejects", "bad.csv"];
        let dry = trial.apply(args.iter().chain(&skip).chain(&["--dry-run"]));
        let counts = "38 matched, 37 changed, 0 not in the table";
        let first = format!("Dry run, nothing was written: {counts}, 2 untouched, 2 bad and skipped\n");
        assert!(dry.out.starts_with(&first), "{}{}", dry.out, dry.err);
        assert_eq!(trial.number("SELECT count(*) FROM t WHERE above = 1").await, 40);
        let ended = trial.apply(args.iter().chain(&skip));
        assert!(
            ended.out.starts_with(&format!("{counts}, 2 bad and skipped (")),
            "{}{}",
            ended.out,
            ended.err
        );
        let bad = trial.read("bad.csv");
        let rows: Vec<_> = bad.lines().filter_map(|line| line.split(",\"the database").next()).collect();
        assert_eq!(rows, ["id,above,enmasse_error", "7,1000", "27,1000"], "{bad}");
        assert_eq!(trial.number("SELECT count(*) FROM t WHERE above = id").await, 38);

        let insert = ["more.csv", "--table", "t", "--insert-missing"];
        let said = trial.apply(insert).failed(1);
        assert!(said.starts_with("enmasse: more.csv:3: the database refuses the row with id=50: "), "{said}");
        let ended = trial.apply(insert.iter().chain(&["--skip-bad", "--rejects", "bad2.csv"]));
        let counts = "1 matched, 1 changed, 1 not in the table, 1 inserted, 1 bad and skipped (";
        assert!(ended.out.starts_with(counts), "{}{}", ended.out, ended.err);
    });
}

#[test_on(all)]
fn d01_refused_rows_of_other_formats_and_of_inserts(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.write("f.jsonl", "{\"id\": 1, \"n\": 2}\n{\"id\": 50, \"n\": 500}\n{\"id\": 51, \"n\": 51}\n{\"id\": 2, \"n\": 200}\n");
        let args = ["f.jsonl", "--table", "t", "--insert-missing"];
        let said = trial.apply(args).failed(1);
        assert!(said.starts_with("enmasse: f.jsonl:"), "{said}");
        assert!(said.contains("the database refuses the row with id="), "{said}");
        let ended = trial.apply(args.into_iter().chain(["--skip-bad", "--rejects", "bad.jsonl"]));
        assert!(
            ended
                .out
                .starts_with("1 matched, 1 changed, 1 not in the table, 1 inserted, 2 bad and skipped ("),
            "{}{}",
            ended.out,
            ended.err
        );
        let bad = trial.read("bad.jsonl");
        let lines: Vec<&str> = bad.lines().collect();
        for (line, start) in lines.iter().zip(["{\"id\": 50, \"n\": 500", "{\"id\": 2, \"n\": 200"]) {
            let start = format!("{start},\"enmasse_error\":\"the database refuses the row with id=");
            assert!(line.starts_with(&start), "{bad}");
        }
        assert_eq!(lines.len(), 2, "{bad}");
        assert_eq!(
            trial.query("SELECT id, n FROM t WHERE id IN (1, 2, 50, 51) ORDER BY id").await,
            "1|2\n2|2\n51|51"
        );
    });
}

#[test_on(all)]
fn c06_rows_that_exchange_unique_values_are_named_both(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.write("f.csv", "id,code\n1,c2\n2,c1\n");
        let said = trial.apply(["f.csv", "--table", "t"]).failed(1);
        assert!(said.contains("f.csv:2: the database refuses the row with id=1: "), "{said}");
        assert!(said.contains("\nf.csv:3: the database refuses the row with id=2: "), "{said}");
        assert!(said.contains("DEFERRABLE"), "{said}");
        assert!(said.ends_with("\nNothing was written.\n"), "{said}");
    });
}

#[test_on(all)]
fn c06_rows_that_shift_unique_values_are_named_with_the_advice(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE s (id integer PRIMARY KEY, pos integer NOT NULL UNIQUE)").await;
        trial.run("INSERT INTO s VALUES (1, 1), (2, 2), (3, 3)").await;
        // upwards each takes the value of the next one, which is written after it
        trial.write("up.csv", "id,pos\n1,2\n2,3\n3,4\n");
        for more in [&[][..], &["--dry-run"], &["--skip-bad", "--rejects", "bad.csv"]] {
            let said = trial.apply(["up.csv", "--table", "s"].iter().chain(more)).failed(1);
            assert!(
                said.starts_with("enmasse: up.csv:2: the database refuses the row with id=1: "),
                "{said}"
            );
            assert!(said.contains("DEFERRABLE") && said.ends_with("\nNothing was written.\n"), "{said}");
            assert_eq!(trial.query("SELECT * FROM s ORDER BY id").await, "1|1\n2|2\n3|3");
        }
        assert_eq!(trial.files(), ["up.csv"]);
        trial.write("down.csv", "id,pos\n1,0\n2,1\n3,2\n");
        let counts = trial.apply(["down.csv", "--table", "s"]).counts();
        assert_eq!(counts, "3 matched, 3 changed, 0 not in the table", "{:?}", trial.kind);
    });
}

#[test_on(postgres)]
fn c06_the_advice_about_unique_values_is_right(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE s (id integer PRIMARY KEY, pos integer NOT NULL UNIQUE DEFERRABLE INITIALLY DEFERRED)").await;
        trial.run("INSERT INTO s VALUES (1, 1), (2, 2), (3, 3)").await;
        trial.write("f.csv", "id,pos\n1,2\n2,3\n3,1\n");
        let counts = trial.apply(["f.csv", "--table", "s", "--diff", "d.csv"]).counts();
        assert_eq!(counts, "3 matched, 3 changed, 0 not in the table");
        assert_eq!(trial.query("SELECT * FROM s ORDER BY id").await, "1|2\n2|3\n3|1");
    });
}
