//! Bad rows that are skipped on request: kept unchanged, to be repaired and applied.

use enmasse_testing::{Kind, test_on};

use crate::items;
use crate::program::on_trial;

const FILE: &str =
    "id,name,amount\r\n1,bolt,11\r\n2,nut,many\r\n\"3\",\"a \"\"gear\"\"\",33,x\r\n3,\"two\r\nlines\",?\r\n";

#[test_on(all)]
fn rejects_can_be_repaired_and_applied(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", FILE);
        let ended = trial.apply([
            "f.csv",
            "--table",
            "item",
            "--skip-bad",
            "--rejects",
            "bad.csv",
            "--max-errors",
            "2",
        ]);
        assert_eq!(ended.code, 0);
        let said: Vec<&str> = ended.err.lines().collect();
        assert_eq!(
            said,
            [
                "enmasse: skipped: f.csv:3: column 'amount': expected a whole number but got 'many'.",
                "enmasse: skipped: f.csv:4: has 4 cells, and the header has 3.",
            ]
        );
        assert!(
            ended.out.starts_with("1 matched, 1 changed, 0 not in the table, 3 bad and skipped ("),
            "{}",
            ended.out
        );
        assert_eq!(items::amounts(trial).await, "1|bolt|11\n2|nut|20\n3|gear|30");

        let bad = trial.read("bad.csv");
        let wrong = |text: &str| format!("\"column 'amount': expected a whole number but got '{text}'.\"");
        let header = "id,name,amount,enmasse_error\n";
        let [one, other] =
            [format!("2,nut,many,{}\n", wrong("many")), format!("3,\"two\r\nlines\",?,{}\n", wrong("?"))];
        let cells = "\"3\",\"a \"\"gear\"\"\",33,x,\"has 4 cells, and the header has 3.\"\n";
        assert_eq!(bad, format!("{header}{one}{cells}{other}"));
        // rejected once more they have one reason, the last
        let again = ["bad.csv", "--table", "item", "--skip-bad", "--rejects", "again.csv"];
        assert_eq!(trial.apply(again).code, 0);
        let cells = cells.replace("has 4 cells, and the header has 3.", "has 5 cells, and the header has 4.");
        assert_eq!(trial.read("again.csv"), format!("{header}{one}{cells}{other}"));
        let repaired = bad.replace("nut,many", "nut,22").replace(",33,x,", ",33,").replace(&other, "");
        trial.write("repaired.csv", repaired);
        let counts = trial.apply(["repaired.csv", "--table", "item"]).counts();
        assert_eq!(counts, "2 matched, 2 changed, 0 not in the table");
        assert_eq!(items::amounts(trial).await, "1|bolt|11\n2|nut|22\n3|a \"gear\"|33");
    });
}

#[test_on(all)]
fn short_rows_of_a_file_of_rejects_keep_their_cells(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        // two rows without a reason, one with it, and one that is mended
        let file = "id,name,amount,enmasse_error\n1,bolt\n2,nut,20\n3,\"gear, small\",\"has 2 cells, and the header has 3.\"\n1,bolt,11,old\n";
        trial.write("f.csv", file);
        let ended = trial.apply(["f.csv", "--table", "item", "--skip-bad", "--rejects", "bad.csv"]);
        assert!(ended.out.starts_with("1 matched, 1 changed, 0 not in the table, 3 bad"), "{}", ended.out);
        let reason = |cells| format!("\"has {cells} cells, and the header has 4.\"");
        let [two, three] = [reason(2), reason(3)];
        assert_eq!(
            trial.read("bad.csv"),
            format!(
                "id,name,amount,enmasse_error\n1,bolt,{two}\n2,nut,20,{three}\n3,\"gear, small\",{three}\n"
            )
        );
    });
}

#[test_on(all)]
fn a_dry_run_skips_them_too_and_tells(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        let lines = "{\"id\": 1, \"amount\": 11}\n{\"id\": 2, \"amount\": \"many\"}\n";
        trial.write("f.jsonl", lines);
        let options = ["--table", "item", "--skip-bad", "--rejects", "bad.jsonl", "--dry-run", "--json"];
        let ended = trial.apply(["f.jsonl"].into_iter().chain(options));
        assert_eq!(ended.code, 0);
        let said: enmasse::serde_json::Value = enmasse::serde_json::from_str(&ended.out).unwrap();
        assert_eq!((&said["rows"], &said["bad"], &said["changed"]), (&1.into(), &1.into(), &1.into()));
        let bad = r#"{"id": 2, "amount": "many","enmasse_error":"column 'amount': expected a whole number but got 'many'."}"#;
        assert_eq!(trial.read("bad.jsonl"), format!("{bad}\n"));
        trial.write("repaired.jsonl", bad.replace("\"many\",", "22,"));
        let counts = trial.apply(["repaired.jsonl", "--table", "item"]).counts();
        assert_eq!(counts, "1 matched, 1 changed, 0 not in the table");
        items::fill(trial).await;
        assert_eq!(items::amounts(trial).await, "1|bolt|10\n2|nut|20\n3|gear|30");
    });
}
