//! Tables as people have them.

use enmasse_testing::{Kind, leave_out, test_on};

use crate::program::on_trial;

#[test_on(mysql_family)]
fn a03_a_text_of_more_bytes_than_its_column_holds_is_refused_with_its_line(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE n (id int PRIMARY KEY, note text)").await;
        trial.run("INSERT INTO n VALUES (1, 'x'), (2, 'y')").await;
        for rows in [1, 2] {
            let long = "a".repeat(65_536);
            let lines: String =
                (1..=rows).map(|id| format!("{id},{}\n", if id == rows { &long } else { "z" })).collect();
            trial.write("f.csv", format!("id,note\n{lines}"));
            let error = trial.apply(["f.csv", "--table", "n"]).failed(1);
            assert!(
                error.starts_with(&format!("enmasse: f.csv:{}: column 'note': 'aaa", rows + 1)),
                "{error}"
            );
            assert!(error.contains("has 65536 bytes, and at most 65535 fit."), "{error}");
        }
        assert_eq!(trial.query("SELECT note FROM n ORDER BY id").await, "x\ny");
    });
}

#[test_on(all)]
fn a04_a_table_without_transactions_is_refused_unless_a_flag_allows_it_and_a_dry_run_never_writes(
    kind: Kind,
) {
    on_trial(kind, async |trial| {
        trial.write("f.csv", "id,v\n1,5\n2,6\n9,9\n");
        if !trial.kind.in_mysql_family() {
            trial.run("CREATE TABLE t (id integer PRIMARY KEY, v integer)").await;
            trial.run("INSERT INTO t VALUES (1, 1), (2, 2)").await;
            let allowed = ["f.csv", "--table", "t", "--allow-non-transactional"];
            assert_eq!(trial.apply(allowed).counts(), "2 matched, 2 changed, 1 not in the table");
            return;
        }
        let engines: &[&str] =
            if trial.kind == Kind::MariaDb { &["MyISAM", "Aria", "MEMORY"] } else { &["MyISAM", "MEMORY"] };
        for engine in engines {
            trial.run(&format!("CREATE TABLE t (id int PRIMARY KEY, v int) ENGINE={engine}")).await;
            trial.run("INSERT INTO t VALUES (1, 1), (2, 2)").await;
            let flag = "--allow-non-transactional";
            for options in
                [&[][..], &["--dry-run"], &["--dry-run", flag], &["--strict"], &["--insert-missing"]]
            {
                let args = ["f.csv", "--table", "t"].iter().chain(options);
                let error = trial.apply(args).failed(1);
                let expected = format!("The table 't' is stored by {engine}, which cannot roll back");
                assert!(error.contains(&expected) && error.contains("Nothing was written."), "{error}");
                assert_eq!(trial.query("SELECT v FROM t ORDER BY id").await, "1\n2", "{options:?}");
            }
            let done = trial.apply(["f.csv", "--table", "t", flag]).counts();
            assert_eq!(done, "2 matched, 2 changed, 1 not in the table");
            assert_eq!(trial.query("SELECT v FROM t ORDER BY id").await, "5\n6");
            trial.run("DROP TABLE t").await;
        }
    });
}

#[test_on(mysql_family)]
fn a04_a_refused_row_is_not_searched_by_writing_again_where_nothing_is_rolled_back(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (id int PRIMARY KEY, v int, CHECK (v > 0)) ENGINE=MyISAM").await;
        trial.run("CREATE TABLE log (id int) ENGINE=MyISAM").await;
        trial.run("CREATE TRIGGER w AFTER UPDATE ON t FOR EACH ROW INSERT INTO log VALUES (NEW.id)").await;
        trial.run("INSERT INTO t VALUES (1, 1), (2, 2)").await;
        trial.write("f.csv", "id,v\n1,5\n2,-6\n");
        let flag = "--allow-non-transactional";
        for options in [&[][..], &["--skip-bad", "--rejects", "r.csv"]] {
            let error = trial.apply(["f.csv", "--table", "t", flag].iter().chain(options)).failed(5);
            let stays = "Rows written to a table that cannot be rolled back stay.";
            assert!(error.contains(stays) && !error.contains("othing was written"), "{error}");
        }
        let writes: u64 = trial.query("SELECT count(*) FROM log WHERE id = 1").await.parse().unwrap();
        assert!(writes <= 2, "{writes} writes of two runs");
        assert_eq!(trial.query("SELECT v FROM t WHERE id = 2").await, "2");
    });
}

#[test_on(mysql_family)]
fn a04_what_is_not_rolled_back_is_not_tried_again(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (id int PRIMARY KEY, v int) ENGINE=MyISAM").await;
        trial.run("CREATE TABLE log (id int) ENGINE=MyISAM").await;
        // as after a deadlock, but for each try
        trial
            .run(
                "CREATE TRIGGER w BEFORE UPDATE ON t FOR EACH ROW BEGIN INSERT INTO log VALUES (NEW.id); \
                 IF NEW.id = 2 THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END IF; END",
            )
            .await;
        trial.run("INSERT INTO t VALUES (1, 1), (2, 2)").await;
        trial.write("f.csv", "id,v\n1,5\n2,6\n");
        let error = trial.apply(["f.csv", "--table", "t", "--allow-non-transactional"]).failed(5);
        assert!(!error.contains("othing was written"), "{error}");
        assert_eq!(trial.query("SELECT id, count(*) FROM log GROUP BY id ORDER BY id").await, "1|1\n2|1");
    });
}

#[test_on(all)]
fn c01_a_unique_column_is_the_key_where_there_is_no_other(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE one (sku varchar(20) NOT NULL UNIQUE, v integer)").await;
        trial.run("CREATE TABLE two (sku varchar(20) NOT NULL UNIQUE, ean varchar(20) NOT NULL UNIQUE, v integer)").await;
        trial.run("INSERT INTO one VALUES ('a', 1)").await;
        trial.run("INSERT INTO two VALUES ('a', 'x', 1)").await;
        trial.write("f.csv", "sku,v\na,5\nb,6\n");
        assert_eq!(
            trial.apply(["f.csv", "--table", "one"]).counts(),
            "1 matched, 1 changed, 1 not in the table"
        );
        let error = trial.apply(["f.csv", "--table", "two"]).failed(2);
        let expected =
            "enmasse: two has no primary key: say what rows are found by: --key sku, or --key ean\n";
        assert_eq!(error, expected);
        let found = trial.apply(["f.csv", "--table", "two", "--key", "sku"]).counts();
        assert_eq!(found, "1 matched, 1 changed, 1 not in the table");
        trial.write("g.csv", "ean,sku,v\nx,c,7\n");
        assert_eq!(
            trial.apply(["g.csv", "--table", "two", "--key", "ean"]).counts(),
            "1 matched, 1 changed, 0 not in the table"
        );
        assert_eq!(trial.query("SELECT sku, ean, v FROM two").await, "c|x|7");
    });
}

#[test_on(mysql_family)]
fn c01_a_key_of_unknown_type_does_not_shut_out_the_table(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (b bit(8) PRIMARY KEY, sku varchar(20) NOT NULL UNIQUE, v int)").await;
        trial.run("INSERT INTO t VALUES (b'1', 'a', 1), (b'10', 'c', 2)").await;
        trial.write("f.csv", "sku,v\na,5\nb,6\n");
        for key in [&[][..], &["--key", "sku"]] {
            trial.run("UPDATE t SET v = 1 WHERE sku = 'a'").await;
            let done = trial.apply(["f.csv", "--table", "t"].iter().chain(key)).counts();
            assert_eq!(done, "1 matched, 1 changed, 1 not in the table");
            assert_eq!(trial.query("SELECT sku, v FROM t ORDER BY sku").await, "a|5\nc|2");
        }
    });
}

#[test_on(postgres)]
fn c02_types_of_the_databases_own_are_written_as_text(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TYPE mood AS ENUM ('sad', 'ok')").await;
        trial.run("CREATE TABLE t (id int PRIMARY KEY, m mood, i inet, ms mood[], b bit(3))").await;
        trial.run("INSERT INTO t VALUES (1, 'sad', NULL, NULL, NULL), (2, 'ok', '::1', '{ok}', '111')").await;
        trial.write("f.csv", "id,m,i,ms,b\n1,ok,10.0.0.1,\"{sad,ok}\",101\n2,ok,::1,{ok},111\n3,sad,,,\n");
        let done = trial.apply(["f.csv", "--table", "t", "--diff", "d.csv", "--insert-missing"]).counts();
        assert_eq!(done, "2 matched, 1 changed, 1 not in the table, 1 inserted");
        let rows = trial.query("SELECT id, m::text, host(i), ms::text, b::text FROM t ORDER BY id").await;
        assert_eq!(rows, "1|ok|10.0.0.1|{sad,ok}|101\n2|ok|::1|{ok}|111\n3|sad|NULL|NULL|NULL");
        let diff = trial.read("d.csv");
        assert!(diff.contains("1,m,sad,ok\n") && diff.contains("1,ms,\\N,\"{sad,ok}\"\n"), "{diff}");
    });
}

#[test_on(postgres)]
fn c02_hstore_is_written_as_text(kind: Kind) {
    on_trial(kind, async |trial| {
        let there = "SELECT count(*) FROM pg_available_extensions WHERE name = 'hstore'";
        if trial.number(there).await == 0 {
            return leave_out("PostgreSQL's hstore: the server does not have it");
        }
        trial.run("CREATE EXTENSION hstore").await;
        trial.run("CREATE TABLE t (id int PRIMARY KEY, h hstore)").await;
        trial.run("INSERT INTO t VALUES (1, NULL), (2, 'a=>1')").await;
        trial.write("f.csv", "id,h\n1,\"\"\"k\"\"=>\"\"v, w\"\"\"\n2,a=>1\n3,\n");
        let args = ["f.csv", "--table", "t", "--insert-missing", "--diff", "d.csv"];
        let done = trial.apply(args).counts();
        assert_eq!(done, "2 matched, 1 changed, 1 not in the table, 1 inserted");
        assert_eq!(
            trial.query("SELECT h -> 'k', h -> 'a' FROM t ORDER BY id").await,
            "v, w|NULL\nNULL|1\nNULL|NULL"
        );
        assert!(trial.read("d.csv").contains("1,h,\\N,"), "{}", trial.read("d.csv"));
    });
}

#[test_on(postgres)]
fn c04_a_column_that_the_database_numbers_is_told_like_a_generated_one(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, seq int GENERATED ALWAYS AS IDENTITY, v int)").await;
        trial.run("INSERT INTO t (v) VALUES (1)").await;
        trial.write("f.csv", "id,seq,v\n1,1,5\n7,2,6\n");
        let error = trial.apply(["f.csv", "--table", "t"]).failed(2);
        assert_eq!(
            error,
            "enmasse: f.csv: the column 'seq' is computed by the database in t: --ignore seq\n"
        );
        let done = trial.apply(["f.csv", "--table", "t", "--ignore", "seq", "--insert-missing"]).counts();
        assert_eq!(done, "1 matched, 1 changed, 1 not in the table, 1 inserted");
        assert_eq!(trial.query("SELECT id, v FROM t ORDER BY id").await, "1|5\n7|6");
    });
}

#[test_on(all)]
fn c05_a_table_is_named_as_in_sql(kind: Kind) {
    on_trial(kind, async |trial| {
        let table = trial.quoted("Odd.Order");
        trial.run(&format!("CREATE TABLE {table} (id integer PRIMARY KEY, pk integer)")).await;
        trial.run(&format!("INSERT INTO {table} VALUES (1, 1)")).await;
        for (number, name) in ["Odd.Order", "\"Odd.Order\"", "`Odd.Order`"].into_iter().enumerate() {
            trial.write("f.csv", format!("id,pk\n1,{}\n", number + 5));
            let done = trial.apply(["f.csv", "--table", name]).counts();
            assert_eq!(done, "1 matched, 1 changed, 0 not in the table", "{name}");
        }
        assert_eq!(trial.query(&format!("SELECT pk FROM {table}")).await, "7");
    });
}
