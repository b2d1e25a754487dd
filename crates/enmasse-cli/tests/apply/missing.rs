//! Rows of the file that are not in the table.

use enmasse::DataType;
use enmasse::schema::{Field, Model, Schema};
use enmasse_testing::{Kind, test_on};

use crate::items;
use crate::program::{Trial, on_trial};

const FILE: &str = "id,name,amount\n1,bolt,11\n7,\"a, \"\"b\"\"\",77\n8,rod,88\n";

#[test_on(all)]
fn they_are_counted_written_inserted_or_told(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", FILE);
        let args = ["f.csv", "--table", "item", "--missing", "missing.csv", "--fail-on-missing"];
        let ended = trial.apply(args);
        assert_eq!((ended.code, ended.err.as_str()), (3, ""));
        assert!(ended.out.starts_with("1 matched, 1 changed, 2 not in the table ("), "{}", ended.out);
        assert_eq!(items::amounts(trial).await, "1|bolt|11\n2|nut|20\n3|gear|30");
        assert_eq!(trial.read("missing.csv"), "id,name,amount\n7,\"a, \"\"b\"\"\",77\n8,rod,88\n");

        let tried = trial.apply(["missing.csv", "--table", "item", "--insert-missing", "--dry-run"]).done();
        let first = "Dry run, nothing was written: 0 matched, 0 changed, 2 not in the table, 2 inserted, 3 untouched\n";
        assert!(tried.starts_with(first), "{tried}");
        assert_eq!(trial.number("SELECT count(*) FROM item").await, 3);
        let counts = trial.apply(["missing.csv", "--table", "item", "--insert-missing"]).counts();
        assert_eq!(counts, "0 matched, 0 changed, 2 not in the table, 2 inserted");
        assert_eq!(items::amounts(trial).await, "1|bolt|11\n2|nut|20\n3|gear|30\n7|a, \"b\"|77\n8|rod|88");

        let all = trial.apply(["f.csv", "--table", "item", "--fail-on-missing"]).counts();
        assert_eq!(all, "3 matched, 0 changed, 0 not in the table");
    });
}

#[test_on(all)]
fn what_cannot_be_inserted_undoes_all(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        let before = items::all(trial).await;
        // the name may not be NULL, and the file has none
        trial.write("f.csv", "id,amount\n1,11\n7,77\n");
        let said = trial.apply(["f.csv", "--table", "item", "--insert-missing"]).failed(1);
        assert!(said.starts_with("enmasse: f.csv:3: ") && said.contains("name"), "{said}");
        assert_eq!(items::all(trial).await, before);
    });
}

/// A table whose database numbers its rows and knows values that a row does not say.
async fn make_users(trial: &Trial<'_>) {
    let text = DataType::Text { max_length: Some(30) };
    let user = Model::new("User", "users")
        .add(Field::new("id", DataType::BigInt).primary_key().identity())
        .add(Field::new("email", text.clone()).unique())
        .add(Field::new("name", text).null());
    let schema = Schema::new(vec![user]).unwrap();
    trial.db.create_tables(schema.models()).await.unwrap();
    trial.run("ALTER TABLE users ADD COLUMN points integer NOT NULL DEFAULT 100").await;
    trial.run("INSERT INTO users (email, name, points) VALUES ('amy@x', 'Amy', 5)").await;
}

#[test_on(all)]
fn the_database_numbers_them_and_fills_in_its_defaults(kind: Kind) {
    on_trial(kind, async |trial| {
        make_users(trial).await;
        trial.write(
            "f.jsonl",
            "{\"email\": \"amy@x\", \"points\": 6}\n{\"email\": \"bob@x\"}\n{\"email\": \"cy@x\", \"points\": 7}\n\
             {\"email\": \"dan@x\", \"name\": \"Dan\"}\n",
        );
        let args = ["f.jsonl", "--table", "users", "--key", "email", "--insert-missing"];
        let counts = trial.apply(args).counts();
        assert_eq!(counts, "1 matched, 1 changed, 3 not in the table, 3 inserted");
        let users = trial.query("SELECT email, name, points FROM users ORDER BY email").await;
        assert_eq!(users, "amy@x|Amy|6\nbob@x|NULL|100\ncy@x|NULL|7\ndan@x|Dan|100");
        assert_eq!(trial.number("SELECT count(DISTINCT id) FROM users").await, 4);

        trial.write("f.csv", "email,name\neve@x,Eve\namy@x,Amelia\n");
        let args = ["f.csv", "--table", "users", "--key", "email", "--insert-missing"];
        assert_eq!(trial.apply(args).counts(), "1 matched, 1 changed, 1 not in the table, 1 inserted");
        let eve = trial.query("SELECT email, name, points FROM users WHERE email = 'eve@x'").await;
        assert_eq!(eve, "eve@x|Eve|100");
    });
}

#[test_on(all)]
fn keys_that_the_file_gives_are_kept_also_where_the_database_numbers(kind: Kind) {
    on_trial(kind, async |trial| {
        make_users(trial).await;
        trial.write("f.csv", "id,email\n1,amy@y\n41,bob@y\n");
        let counts = trial.apply(["f.csv", "--table", "users", "--insert-missing"]).counts();
        assert_eq!(counts, "1 matched, 1 changed, 1 not in the table, 1 inserted");
        let users = trial.query("SELECT id, email FROM users ORDER BY id").await;
        assert_eq!(users, "1|amy@y\n41|bob@y");
        if trial.kind.in_mysql_family() {
            trial.run("INSERT INTO users (email) VALUES ('next')").await;
            assert_eq!(trial.number("SELECT id FROM users WHERE email = 'next'").await, 42);
        }
    });
}
