//! JSON documents that differ in their spelling only are the same, and what counts as changed is shown as changed.

use enmasse_testing::{Kind, test_on};

use crate::program::on_trial;

/// A document in the table, and in the file.
const SAME: [(&str, &str); 9] = [
    (r#"{"a":1}"#, r#"{"a": 1}"#),
    (r#"{"b":[1,2],"a":{"y":null,"x":true}}"#, r#"{"a": {"x": true, "y": null}, "b": [1, 2]}"#),
    (r#"{"a":"é 😀 € \\u00e9"}"#, r#"{"a": "\u00e9 \ud83d\ude00 \u20ac \\u00e9"}"#),
    (r#"{"a":"\u00E9 \" \\ \n \u0001"}"#, r#"{"a": "é \" \\ \n \u0001"}"#),
    (r#"[1.50, 2.0, -0.50, 0]"#, r#"[1.5, 2.0, -0.5, 0]"#),
    (r#""1.50 , {}""#, r#""1.50 , {}""#),
    (r#"[18446744073709551615]"#, r#"[ 18446744073709551615 ]"#),
    (r#"{ }"#, r#"{}"#),
    (r#"null"#, r#"null"#),
];

/// The first two are equal to MySQL, which keeps 1 in place of 1.0.
const OTHER: [(&str, &str); 9] = [
    (r#"{"a":1}"#, r#"{"a":1.0}"#),
    (r#"{"a":[1,2.0]}"#, r#"{"a":[1.0,2]}"#),
    (r#"["1.50"]"#, r#"["1.5"]"#),
    (r#"["a  b"]"#, r#"["a b"]"#),
    (r#"["a"]"#, r#"["A"]"#),
    (r#"["\\u00e9"]"#, r#"["\u00e9"]"#),
    (r#"[1,2]"#, r#"[2,1]"#),
    (r#"{"a":null}"#, r#"{}"#),
    (r#"[18446744073709551615]"#, r#"[18446744073709551614]"#),
];

#[test_on(all)]
fn a12_a_document_in_another_spelling_is_unchanged(kind: Kind) {
    on_trial(kind, async |trial| {
        let column = match trial.kind {
            Kind::Sqlite => "text CHECK (json_valid(doc))",
            Kind::Postgres => "jsonb",
            _ => "json",
        };
        let (alike, other) = OTHER.split_at(if trial.kind == Kind::Mysql { 2 } else { 0 });
        let same = SAME.iter().chain(alike).map(|pair| (pair, false));
        let all: Vec<_> = same.chain(other.iter().map(|pair| (pair, true))).enumerate().collect();
        // few rows travel in another way than many
        for more in [0, 3_000] {
            trial.run("DROP TABLE IF EXISTS t").await;
            trial.run(&format!("CREATE TABLE t (id integer PRIMARY KEY, doc {column})")).await;
            let mut file = String::new();
            let mut expected = Vec::new();
            for (id, ((stored, given), differs)) in &all {
                trial.run(&format!("INSERT INTO t VALUES ({id}, {})", literal(trial.kind, stored))).await;
                file.push_str(&format!("{{\"id\": {id}, \"doc\": {given}}}\n"));
                // JSON's null in a file is NULL
                if *differs || *given == "null" {
                    expected.push(id.to_string());
                }
            }
            (1..=more).for_each(|id| file.push_str(&format!("{{\"id\": {}, \"doc\": 1}}\n", 1_000 + id)));
            trial.write("f.jsonl", &file);
            let args = ["f.jsonl", "--table", "t", "--dry-run", "--json", "--diff", "d.csv"];
            let said = trial.apply(args).json();
            let diff = trial.read("d.csv");
            let told: Vec<&str> = diff.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
            assert_eq!(told, expected, "{:?}: {diff}", trial.kind);
            assert_eq!(said["changed"], expected.len(), "{:?}: {diff}", trial.kind);
            let args = ["f.jsonl", "--table", "t", "--json"];
            assert_eq!(trial.apply(args).json()["changed"], expected.len(), "{:?} {more}", trial.kind);
            assert_eq!(trial.apply(args).json()["changed"], 0, "{:?} {more}", trial.kind);
        }
    });
}

fn literal(kind: Kind, document: &str) -> String {
    let document = document.replace('\'', "''");
    if kind.in_mysql_family() {
        format!("'{}'", document.replace('\\', "\\\\"))
    } else {
        format!("'{document}'")
    }
}
