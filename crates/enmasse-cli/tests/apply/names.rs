//! Names and values that a careless program would stumble over.

use enmasse::DataType;
use enmasse::schema::{Field, Model, Schema};
use enmasse_testing::{Kind, test_on};

use crate::items;
use crate::program::on_trial;

#[test_on(all)]
fn a_table_of_odd_names(kind: Kind) {
    const TABLE: &str = "Ord\"er `items`; é";
    const COLUMN: &str = "sel'ect \"x\" `y`";
    on_trial(kind, async |trial| {
        let model = Model::new("Odd", TABLE)
            .add(Field::new("id", DataType::BigInt).column("key").primary_key())
            .add(Field::new("value", DataType::Integer).column(COLUMN).null());
        let schema = Schema::new(vec![model]).unwrap();
        trial.db.create_tables(schema.models()).await.unwrap();
        let (table, column) = (trial.quoted(TABLE), trial.quoted(COLUMN));
        let key = trial.quoted("key");
        trial.run(&format!("INSERT INTO {table} ({key}, {column}) VALUES (1, 1), (2, 2)")).await;
        trial.write("f.csv", format!("key,\"{}\"\n1,11\n3,33\n", COLUMN.replace('"', "\"\"")));
        let args = ["f.csv", "--table", TABLE, "--insert-missing"];
        assert_eq!(trial.apply(args).counts(), "1 matched, 1 changed, 1 not in the table, 1 inserted");
        let sql = format!("SELECT {key}, {column} FROM {table} ORDER BY 1");
        assert_eq!(trial.query(&sql).await, "1|11\n2|2\n3|33");
    });
}

#[test_on(all)]
fn hostile_values_are_values(kind: Kind) {
    const VALUES: [&str; 12] = [
        "'); DROP TABLE item; --",
        "\"quoted\" and 'quoted'",
        "back\\slash \\n \\N \\' \\",
        "\\.",
        "two\nlines\r\nand\tmore",
        "😀 é ß 日本語 \u{202e}right to left",
        "$1 ? :name %s {0} ${HOME} `id`",
        "  spaces around  ",
        "NULL",
        "\u{1}\u{1b}[2J\u{7f}",
        "=cmd|' /C calc'!A0",
        "e\u{301} is not é",
    ];
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.run("DELETE FROM item").await;
        for id in 1..=VALUES.len() {
            trial.run(&format!("INSERT INTO item (id, name, amount) VALUES ({id}, 'x', 0)")).await;
        }
        let check = async || {
            let rows = trial.db.query_raw("SELECT note FROM item ORDER BY id", []).await.unwrap();
            for (row, value) in rows.iter().zip(VALUES) {
                assert_eq!(row[0], value.into());
            }
        };
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(["id", "note"]).unwrap();
        let mut jsonl = String::new();
        for (value, id) in VALUES.iter().zip(1..) {
            csv.write_record([&id.to_string(), *value]).unwrap();
            jsonl += &format!("{}\n", enmasse::serde_json::json!({ "id": id, "note": value }));
        }
        trial.write("f.csv", csv.into_inner().unwrap());
        trial.write("f.jsonl", jsonl);
        for file in ["f.csv", "f.jsonl"] {
            trial.run("UPDATE item SET note = NULL").await;
            let counts = trial.apply([file, "--table", "item"]).counts();
            assert_eq!(counts, "12 matched, 12 changed, 0 not in the table");
            check().await;
        }

        // what a dry run shows of them does nothing to a terminal
        trial.run("UPDATE item SET note = NULL").await;
        let shown = trial.apply(["f.csv", "--table", "item", "--dry-run"]).done();
        let moves = |c: char| c.is_control() && c != '\n';
        assert!(!shown.contains(moves), "{shown:?}");

        // and they come through the file of missing rows
        trial.run("DELETE FROM item").await;
        trial.apply(["f.csv", "--table", "item", "--missing", "m.csv", "--diff", "d.csv"]).done();
        for id in 1..=VALUES.len() {
            trial.run(&format!("INSERT INTO item (id, name, amount) VALUES ({id}, 'x', 0)")).await;
        }
        trial.apply(["m.csv", "--table", "item"]).done();
        check().await;
    });
}

#[test_on(postgres)]
fn a_table_of_another_schema(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.run("CREATE SCHEMA \"the shop\"").await;
        trial.run("CREATE TABLE \"the shop\".item (id bigint PRIMARY KEY, amount integer)").await;
        trial.run("INSERT INTO \"the shop\".item VALUES (1, 1), (2, 2)").await;
        trial.write("f.csv", "id,amount\n1,11\n4,44\n");
        let counts = trial.apply(["f.csv", "--table", "the shop.item", "--insert-missing"]).counts();
        assert_eq!(counts, "1 matched, 1 changed, 1 not in the table, 1 inserted");
        let there = trial.query("SELECT * FROM \"the shop\".item ORDER BY id").await;
        assert_eq!(there, "1|11\n2|2\n4|44");
        assert_eq!(items::amounts(trial).await, "1|bolt|10\n2|nut|20\n3|gear|30");
    });
}
