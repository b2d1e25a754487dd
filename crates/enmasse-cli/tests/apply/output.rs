//! What is printed, and for whom.

use enmasse_testing::{Kind, test_on};

use crate::items;
use crate::program::on_trial;

const FILE: &str = "id,name,amount\n1,bolt,11\n2,nut,20\n7,rod,77\n";

#[test_on(all)]
fn json_is_one_object(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", FILE);
        let tried = trial.apply(["f.csv", "--table", "item", "--dry-run", "--json"]).json();
        for (name, number) in [
            ("rows", 3),
            ("matched", 2),
            ("changed", 1),
            ("missing", 1),
            ("inserted", 0),
            ("bad", 0),
            ("untouched", 1),
        ] {
            assert_eq!(tried[name], number, "{name}");
        }
        assert_eq!(tried["file"], "f.csv");
        assert_eq!(tried["table"], "item");
        assert_eq!(tried["dry_run"], true);
        assert!(tried["sql"].as_str().unwrap().contains("UPDATE"), "{tried}");
        assert_eq!(
            tried["changes"],
            enmasse::serde_json::json!({ "rows": 1, "columns": [
                { "column": "name", "changed": 0, "examples": [] },
                { "column": "amount", "changed": 1, "examples": [{ "key": "id=1", "before": 10, "after": 11 }] },
            ]})
        );
        let done = trial.apply(["f.csv", "--table", "item", "--json", "--insert-missing"]).json();
        assert_eq!((&done["inserted"], &done["dry_run"]), (&1.into(), &false.into()));
        assert!(done["seconds"].is_number());

        // a failure too, and people still read it on standard error
        trial.write("f.csv", "id,amount\n1,x\n");
        let ended = trial.apply(["f.csv", "--table", "item", "--json"]);
        let said: enmasse::serde_json::Value = enmasse::serde_json::from_str(&ended.out).unwrap();
        assert_eq!((ended.code, &said["exit_code"]), (1, &1.into()));
        assert_eq!(format!("enmasse: {}\n", said["error"].as_str().unwrap()), ended.err);
    });
}

#[test_on(all)]
fn quiet_prints_nothing_but_errors(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", FILE);
        for dry in [&[][..], &["--dry-run"]] {
            let args = ["f.csv", "--table", "item", "--quiet"].iter().chain(dry);
            assert_eq!(trial.apply(args).done(), "");
        }
        assert_eq!(items::amounts(trial).await, "1|bolt|11\n2|nut|20\n3|gear|30");
        trial.write("f.csv", "id,amount\n1,x\n");
        let said = trial.apply(["f.csv", "--table", "item", "--quiet"]).failed(1);
        assert!(said.contains("expected a whole number"), "{said}");
    });
}

#[test_on(all)]
fn a_dry_run_shows_each_column_with_examples_and_the_sql(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", "id,amount,note,price\n1,11,old,1.50\n2,22,new,0.25\n3,33,,1.00\n8,88,,\n");
        let before = items::all(trial).await;
        let shown = trial.apply(["f.csv", "--table", "item", "--dry-run", "--diff", "d.jsonl"]).done();
        let start = "Dry run, nothing was written: 3 matched, 3 changed, 1 not in the table, 0 untouched\n\
                     \n\
                     3 rows would change\n  \
                       amount  3   id=1: 10 → 11   id=2: 20 → 22   id=3: 30 → 33\n  \
                       note    2   id=2: NULL → 'new'   id=3: 'a note' → NULL\n  \
                       price   1   id=3: 99.00 → 1.00\n\n";
        let sql = shown.strip_prefix(start).unwrap_or_else(|| panic!("{shown}"));
        assert!(sql.contains("UPDATE"), "{sql}");
        assert_eq!(items::all(trial).await, before);
        // each file is written by a dry run too: it is what one looks at
        let mut lines: Vec<String> = trial.read("d.jsonl").lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(
            lines,
            [
                r#"{"id":1,"column":"amount","before":10,"after":11}"#,
                r#"{"id":2,"column":"amount","before":20,"after":22}"#,
                r#"{"id":2,"column":"note","before":null,"after":"new"}"#,
                r#"{"id":3,"column":"amount","before":30,"after":33}"#,
                r#"{"id":3,"column":"note","before":"a note","after":null}"#,
                r#"{"id":3,"column":"price","before":"99.00","after":"1.00"}"#,
            ]
        );
    });
}

#[test_on(all)]
fn a_failure_leaves_the_files_that_stand_there(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        for name in ["diff.csv", "missing.csv"] {
            trial.write(name, "precious");
        }
        trial.write("f.csv", "id,amount\n1,11\n7,77\n2,x\n");
        let args = ["f.csv", "--table", "item", "--diff", "diff.csv", "--missing", "missing.csv"];
        trial.apply(args).failed(1);
        assert_eq!(trial.files(), ["diff.csv", "f.csv", "missing.csv"]);
        assert_eq!(
            (trial.read("diff.csv"), trial.read("missing.csv")),
            ("precious".into(), "precious".into())
        );
    });
}
