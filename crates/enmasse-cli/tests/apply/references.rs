//! Rows that refer to rows of the same table, in whichever order the file has them.

use enmasse_testing::{Kind, test_on};

use crate::program::{Trial, on_trial};

/// Rows that may refer to another of their table, checked at once. MySQL and MariaDB have no other keys.
async fn make(trial: &Trial<'_>) {
    let sql = "CREATE TABLE t (id integer PRIMARY KEY, above integer, n integer NOT NULL, FOREIGN KEY (above) REFERENCES t (id))";
    trial.run(sql).await;
}

const TABLE: [&str; 3] = ["--table", "t", "--insert-missing"];

#[test_on(all)]
fn d04_rows_may_refer_to_rows_that_come_later_in_the_file(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        // each refers to the next
        let mut file = "id,above,n\n".to_owned();
        (1..=300).for_each(|id| match id {
            300 => file.push_str("300,,1\n"),
            id => file.push_str(&format!("{id},{},1\n", id + 1)),
        });
        trial.write("f.csv", file);
        let counts = trial.apply(["f.csv"].iter().chain(&TABLE)).counts();
        assert_eq!(counts, "0 matched, 0 changed, 300 not in the table, 300 inserted");
        assert_eq!(trial.number("SELECT count(*) FROM t WHERE above = id + 1").await, 299);
    });
}

#[test_on(all)]
fn d04_a_row_of_the_table_may_refer_to_one_that_is_inserted(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.run("INSERT INTO t VALUES (1, NULL, 0), (2, 1, 0), (3, NULL, 0)").await;
        // 1 and 2 refer to new rows, one of which refers to a later one; 3 is unchanged.
        trial.write("f.csv", "id,above,n\n1,20,5\n2,10,0\n3,,0\n10,20,7\n20,2,8\n");
        let before = trial.query("SELECT * FROM t ORDER BY id").await;
        let args: Vec<&str> = ["f.csv"].into_iter().chain(TABLE).collect();
        let counts = "3 matched, 2 changed, 2 not in the table, 2 inserted";
        let more = ["--diff", "d.csv", "--missing", "m.csv"];
        let dry = trial.apply(args.iter().chain(&["--dry-run"])).done();
        assert!(dry.starts_with(&format!("Dry run, nothing was written: {counts}, 0 untouched\n")), "{dry}");
        assert!(dry.contains("\n2 rows would change\n  above  2   id=1: NULL → 20   id=2: 1 → 10\n  n      1   id=1: 0 → 5\n"), "{dry}");
        assert_eq!(trial.query("SELECT * FROM t ORDER BY id").await, before);

        assert_eq!(trial.apply(args.iter().chain(&more)).counts(), counts, "{:?}", trial.kind);
        assert_eq!(
            trial.query("SELECT * FROM t ORDER BY id").await,
            "1|20|5\n2|10|0\n3|NULL|0\n10|20|7\n20|2|8"
        );
        assert_eq!(trial.read("d.csv"), "id,column,before,after\n1,above,\\N,20\n1,n,0,5\n2,above,1,10\n");
        // those that others refer to are first
        assert_eq!(
            trial.read("m.csv").replace("20,2,8\n10,20,7\n", "10,20,7\n20,2,8\n"),
            "id,above,n\n10,20,7\n20,2,8\n"
        );
        assert_eq!(trial.apply(args).counts(), "5 matched, 0 changed, 0 not in the table");
    });
}

#[test_on(all)]
fn d04_rows_that_lack_columns_may_refer_to_inserted_rows_too(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.run("INSERT INTO t VALUES (1, NULL, 4), (2, NULL, 4)").await;
        let lines = "{\"id\": 1, \"above\": 20}\n{\"id\": 2, \"n\": 9}\n{\"id\": 30, \"n\": 7}\n{\"id\": 20, \"above\": 2, \"n\": 8}\n";
        let ended = trial.apply_from(lines, ["-", "--format", "jsonl"].iter().chain(&TABLE));
        assert_eq!(
            ended.counts(),
            "2 matched, 2 changed, 2 not in the table, 2 inserted",
            "{:?}",
            trial.kind
        );
        assert_eq!(trial.query("SELECT * FROM t ORDER BY id").await, "1|20|4\n2|NULL|9\n20|2|8\n30|NULL|7");
    });
}

#[test_on(all)]
fn d04_inserted_rows_may_refer_to_each_other(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.run("INSERT INTO t VALUES (1, NULL, 0)").await;
        // 2 and 3 refer to each other, 4 to itself, 5 to one of them, and so does the existing row.
        trial.write("f.csv", "id,above,n\n5,2,5\n1,3,1\n2,3,2\n3,2,3\n4,4,4\n");
        let args: Vec<&str> = ["f.csv"].into_iter().chain(TABLE).collect();
        let counts = "1 matched, 1 changed, 4 not in the table, 4 inserted";
        let dry = trial.apply(args.iter().chain(&["--dry-run"])).done();
        assert!(dry.starts_with(&format!("Dry run, nothing was written: {counts}, 0 untouched\n")), "{dry}");
        assert_eq!(trial.apply(args.iter().chain(&["--diff", "d.csv"])).counts(), counts, "{:?}", trial.kind);
        assert_eq!(trial.query("SELECT * FROM t ORDER BY id").await, "1|3|1\n2|3|2\n3|2|3\n4|4|4\n5|2|5");
        assert_eq!(trial.read("d.csv"), "id,column,before,after\n1,above,\\N,3\n1,n,0,1\n");
    });
}

#[test_on(all)]
fn d04_the_row_is_named_that_refers_to_none(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.run("INSERT INTO t VALUES (1, NULL, 0)").await;
        trial.write("f.csv", "id,above,n\n1,2,1\n2,3,2\n3,2,3\n4,99,4\n5,2,5\n");
        let args: Vec<&str> = ["f.csv"].into_iter().chain(TABLE).chain(["--max-errors", "9"]).collect();
        let said = trial.apply(&args).failed(1);
        assert!(said.starts_with("enmasse: f.csv:5: the database refuses the row with id=4: "), "{said}");
        assert!(said.lines().count() == 2 && said.ends_with("\nNothing was written.\n"), "{said}");
        let ended = trial.apply(args.iter().chain(&["--skip-bad", "--rejects", "bad.csv"]));
        let counts = "1 matched, 1 changed, 3 not in the table, 3 inserted, 1 bad and skipped (";
        assert!(ended.out.starts_with(counts), "{:?}: {}{}", trial.kind, ended.out, ended.err);
        let bad = trial.read("bad.csv");
        assert!(
            bad.starts_with("id,above,n,enmasse_error\n4,99,4,\"the database refuses")
                && bad.lines().count() == 2,
            "{bad}"
        );
        assert_eq!(trial.query("SELECT * FROM t ORDER BY id").await, "1|2|1\n2|3|2\n3|2|3\n5|2|5");
    });
}

#[test_on(all)]
fn d04_rows_that_refer_by_the_written_column_follow_it(kind: Kind) {
    on_trial(kind, async |trial| {
        let text = "varchar(20)";
        trial.run(&format!("CREATE TABLE good (id integer PRIMARY KEY, sku {text} NOT NULL UNIQUE)")).await;
        trial
            .run(&format!(
                "CREATE TABLE stock (id integer PRIMARY KEY, sku {text}, \
                 FOREIGN KEY (sku) REFERENCES good (sku) ON UPDATE CASCADE)"
            ))
            .await;
        trial.run("INSERT INTO good VALUES (1, 'a'), (2, 'b'), (3, 'c')").await;
        trial.run("INSERT INTO stock VALUES (10, 'a'), (11, 'a'), (12, 'b'), (13, 'c')").await;
        trial.write("f.csv", "id,sku\n1,x\n2,y\n3,c\n");
        let args = ["f.csv", "--table", "good"];
        let dry = trial.apply(args.iter().chain(&["--dry-run"])).done();
        assert!(dry.contains("\n2 rows would change\n"), "{dry}");
        assert_eq!(trial.query("SELECT sku FROM stock ORDER BY id").await, "a\na\nb\nc");
        let counts = trial.apply(args.iter().chain(&["--diff", "d.csv"])).counts();
        assert_eq!(counts, "3 matched, 2 changed, 0 not in the table", "{:?}", trial.kind);
        assert_eq!(trial.query("SELECT sku FROM stock ORDER BY id").await, "x\nx\ny\nc");
        assert_eq!(trial.read("d.csv"), "id,column,before,after\n1,sku,a,x\n2,sku,b,y\n");
    });
}

#[test_on(all)]
fn d04_a_trigger_sees_each_row_once(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.run("INSERT INTO t VALUES (1, NULL, 0), (2, NULL, 0)").await;
        trial.run("CREATE TABLE seen (id integer, above integer)").await;
        match trial.kind {
            Kind::Postgres => {
                trial
                    .run(
                        "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS \
                         'BEGIN INSERT INTO seen VALUES (NEW.id, NEW.above); RETURN NEW; END'",
                    )
                    .await;
                trial.run("CREATE TRIGGER see BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION see()").await;
            }
            Kind::MariaDb | Kind::Mysql => {
                trial
                    .run("CREATE TRIGGER see BEFORE UPDATE ON t FOR EACH ROW INSERT INTO seen VALUES (NEW.id, NEW.above)")
                    .await;
            }
            Kind::Sqlite => {
                trial
                    .run("CREATE TRIGGER see AFTER UPDATE ON t BEGIN INSERT INTO seen VALUES (NEW.id, NEW.above); END")
                    .await;
            }
        }
        trial.write("f.csv", "id,above,n\n1,20,5\n2,,0\n20,2,8\n");
        let counts = trial.apply(["f.csv"].iter().chain(&TABLE)).counts();
        assert_eq!(counts, "2 matched, 1 changed, 1 not in the table, 1 inserted");
        assert_eq!(trial.query("SELECT * FROM seen ORDER BY id").await, "1|20", "{:?}", trial.kind);
    });
}

#[test_on(all)]
fn more_than_five_thousand_rows_may_stand_before_the_rows_that_they_refer_to(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        let mut rows: Vec<(u32, Option<u32>)> = Vec::new();
        // each refers to the next in the file
        rows.extend((1..=6_000).map(|id| (id, (id < 6_000).then_some(id + 1))));
        // each refers to any other in the file
        let any = |number: u32| 10_000 + number * 1_234 % 6_007;
        rows.extend((1..=6_006).map(|number| (any(number), (number < 6_006).then(|| any(number + 1)))));
        // a ring
        rows.extend((20_000..26_000).map(|id| (id, Some(if id == 25_999 { 20_000 } else { id + 1 }))));
        rows.sort();
        let mut file = "id,above,n\n".to_owned();
        for (id, above) in &rows {
            let above = above.map_or(String::new(), |above| above.to_string());
            file.push_str(&format!("{id},{above},1\n"));
        }
        trial.write("f.csv", &file);
        let counts = trial.apply(["f.csv"].iter().chain(&TABLE)).counts();
        assert_eq!(
            counts, "0 matched, 0 changed, 18,006 not in the table, 18,006 inserted",
            "{:?}",
            trial.kind
        );
        assert_eq!(trial.number("SELECT count(*) FROM t WHERE above IS NULL").await, 2);
        let found = trial.query("SELECT id, above FROM t ORDER BY id").await.replace("NULL", "");
        let given: Vec<String> = file.lines().skip(1).map(|line| line.replace(',', "|")).collect();
        assert_eq!(
            found,
            given.iter().map(|line| line.trim_end_matches("|1")).collect::<Vec<_>>().join("\n")
        );
    });
}
