//! The forms in which a file may come.

use enmasse_testing::{Kind, test_on};

use crate::bad_input::gzip;
use crate::items;
use crate::program::on_trial;

const ALL_THREE: &str = "3 matched, 3 changed, 0 not in the table";
const AFTER: &str = "1|bolt|11\n2|nut|22\n3|gear|33";

#[test_on(all)]
fn each_form_is_read(kind: Kind) {
    let csv = "id,amount\n1,11\n2,22\n3,33\n";
    let jsonl =
        "{\"id\": 1, \"amount\": 11}\n{\"id\": 2, \"amount\": 22}\n\n{\"amount\": \"33\", \"id\": 3.0}\n";
    let utf16: Vec<u8> = csv.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&str, Vec<u8>, &[&str]); 13] = [
        ("f.csv", csv.into(), &[]),
        ("f.csv", format!("\u{feff}{}", csv.replace('\n', "\r\n")).into(), &[]),
        ("f.csv.gz", gzip(csv.as_bytes()), &[]),
        ("f.jsonl.zst", zstd::encode_all(jsonl.as_bytes(), 0).unwrap(), &[]),
        ("f.tsv", csv.replace(',', "\t").into(), &[]),
        ("f.csv", csv.replace(',', ";").into(), &["--delimiter", ";"]),
        ("f.txt", csv.replace(',', "\t").into(), &["--delimiter", "tab"]),
        ("f.csv", utf16, &["--encoding", "utf-16le"]),
        ("f.ndjson", jsonl.into(), &[]),
        ("no-ending", jsonl.into(), &[]),
        ("no-ending", csv.into(), &[]),
        ("f.dat", jsonl.into(), &["--format", "jsonl"]),
        ("name with spaces.csv", csv.trim_end().into(), &[]),
    ];
    on_trial(kind, async |trial| {
        items::make(trial).await;
        for (name, content, options) in &cases {
            items::fill(trial).await;
            trial.write(name, content);
            let args = [name, "--table", "item"].into_iter().chain(options.iter().copied());
            assert_eq!(trial.apply(args).counts(), ALL_THREE, "{name} {options:?}");
            assert_eq!(items::amounts(trial).await, AFTER, "{name} {options:?}");
        }
        for (_, content, options) in &cases[..4] {
            items::fill(trial).await;
            let args = ["-", "--table", "item"].into_iter().chain(options.iter().copied());
            assert_eq!(trial.apply_from(content, args).counts(), ALL_THREE);
            assert_eq!(items::amounts(trial).await, AFTER);
        }
    });
}

#[test_on(all)]
fn a_header_without_rows_changes_nothing(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", "id,amount\n");
        let nothing = "0 matched, 0 changed, 0 not in the table";
        assert_eq!(trial.apply(["f.csv", "--table", "item"]).counts(), nothing);
    });
}

#[test_on(all)]
fn null_is_what_the_file_says(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        let texts = "SELECT id, note, code FROM item ORDER BY id";
        trial.write("f.csv", "id,note,code\n1,,A1\n2,\"\",\n");
        trial.apply(["f.csv", "--table", "item"]).done();
        assert_eq!(trial.query(texts).await, "1|NULL|A1\n2|NULL|NULL\n3|a note|C3");

        trial.write("f.csv", "id,note,code\n1,,\\N\n2,NULL,B2\n");
        trial.apply(["f.csv", "--table", "item", "--null", "\\N"]).done();
        assert_eq!(trial.query(texts).await, "1||NULL\n2|NULL|B2\n3|a note|C3");
        let is_null = "SELECT count(*) FROM item WHERE note IS NULL";
        assert_eq!(
            trial.number(is_null).await,
            0,
            "the word NULL is a text, and the empty cell is an empty one"
        );
    });
}

#[test_on(all)]
fn latin1_is_read_as_such(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", b"id,name\n1,caf\xe9 \xfc\xdf\n");
        trial.apply(["f.csv", "--table", "item", "--encoding", "latin1"]).done();
        assert_eq!(trial.query("SELECT name FROM item WHERE id = 1").await, "café üß");
    });
}

#[test_on(all)]
fn a_key_that_a_json_row_lacks_leaves_its_column_alone(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write(
            "f.jsonl",
            "{\"id\": 1, \"amount\": 11}\n{\"id\": 2, \"note\": \"new\"}\n{\"id\": 3, \"note\": null, \"price\": 1.125e1}\n",
        );
        let counts = trial.apply(["f.jsonl", "--table", "item"]).counts();
        assert_eq!(counts, ALL_THREE);
        let values = trial.query("SELECT id, amount, note, price FROM item WHERE id > 1 ORDER BY id").await;
        assert_eq!(values, "2|20|new|0.25\n3|30|NULL|11.25");
        assert_eq!(trial.query("SELECT amount, note FROM item WHERE id = 1").await, "11|old");
    });
}

#[test_on(all)]
fn every_type_arrives_as_it_was_written(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write(
            "f.csv",
            "id,price,small,ratio,made,seen,active,token,owner_id\n\
             1,12.25,-5,1e-3,2025-02-28,2025-02-28T10:00:00+02:00,yes,0b0c1e8a7a0f4b6f8d5f0123456789ab,3\n",
        );
        trial.apply(["f.csv", "--table", "item"]).done();
        let values = trial
            .query("SELECT price, small, ratio, made, seen, active, owner_id FROM item WHERE id = 1")
            .await;
        assert!(values.starts_with("12.25|-5|0.001|2025-02-28|2025-02-28 08:00:00"), "{values}");
        assert!(values.ends_with("|1|3"), "{values}");
        let again = trial.apply(["f.csv", "--table", "item"]).counts();
        assert_eq!(again, "1 matched, 0 changed, 0 not in the table");
    });
}

#[test_on(all)]
fn json_lines_without_rows_change_nothing(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        for content in ["", "\n \n"] {
            trial.write("f.jsonl", content);
            let options = ["--map", "cost=price", "--missing", "missing.jsonl", "--diff", "diff.csv"];
            let ended = trial.apply(["f.jsonl", "--table", "item"].into_iter().chain(options));
            assert_eq!(ended.counts(), "0 matched, 0 changed, 0 not in the table");
            assert_eq!(trial.read("missing.jsonl"), "");
            assert_eq!(trial.read("diff.csv"), "id,column,before,after\n");
        }
        let ended = trial.apply(["f.jsonl", "--table", "item", "--key", "nothing"]);
        assert_eq!(ended.code, 2, "{}", ended.err);
        assert_eq!(items::amounts(trial).await, "1|bolt|10\n2|nut|20\n3|gear|30");
    });
}
