//! Tables of a Django project that inherit: a child's primary key is a link to its parent's row.

use enmasse::DataType;
use enmasse::schema::{Field, Model, Schema};
use enmasse_testing::{Kind, test_on};

use crate::program::{Trial, on_trial};

async fn make(trial: &Trial<'_>) {
    let text = DataType::Text { max_length: Some(20) };
    let base = Model::new("BaseUser", "base_user")
        .add(Field::new("id", DataType::BigInt).primary_key().identity())
        .add(Field::new("name", text.clone()))
        .add(Field::new("is_active", DataType::Bool));
    let customer = Model::new("Customer", "customer")
        .extends("BaseUser")
        .add(Field::new("level", text))
        .add(Field::new("points", DataType::Integer));
    let schema = Schema::new(vec![base, customer]).unwrap();
    trial.db.create_tables(schema.models()).await.unwrap();
    trial
        .run(
            "INSERT INTO base_user (name, is_active)
             VALUES ('amy', true), ('bob', true), ('cy', true), ('staff', true)",
        )
        .await;
    trial
        .run("INSERT INTO customer (baseuser_ptr_id, level, points) VALUES (1, 'Free', 1), (2, 'Free', 2), (3, 'Gold', 3)")
        .await;
}

async fn both(trial: &Trial<'_>) -> String {
    trial
        .query(
            "SELECT id, name, level, points FROM base_user
             LEFT JOIN customer ON baseuser_ptr_id = id ORDER BY id",
        )
        .await
}

const BEFORE: &str = "1|amy|Free|1\n2|bob|Free|2\n3|cy|Gold|3\n4|staff|NULL|NULL";

#[test_on(all)]
fn a_file_has_columns_of_both_tables(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        assert_eq!(both(trial).await, BEFORE);
        for key in ["id", "baseuser_ptr_id", "baseuser_ptr"] {
            let (name, level) = (format!("by {key}"), format!("L{}", key.len()));
            // 4 is a base user, but no customer
            trial.write(
                "f.csv",
                format!("{key},name,level\n1,{name},{level}\n3,cy,{level}\n4,no,no\n9,no,no\n"),
            );
            let tried = trial.apply(["f.csv", "--table", "customer", "--dry-run", "--json"]).json();
            assert_eq!(
                (&tried["matched"], &tried["changed"], &tried["missing"], &tried["untouched"]),
                (&2.into(), &2.into(), &2.into(), &1.into()),
                "{key}"
            );
            assert_eq!(tried["changes"]["columns"][0]["changed"], 1, "{tried}");
            assert_eq!(tried["changes"]["columns"][1]["changed"], 2, "{tried}");
            let counts = trial.apply(["f.csv", "--table", "customer"]).counts();
            assert_eq!(counts, "2 matched, 2 changed, 2 not in the table", "{key}");
            let expected = format!("1|{name}|{level}|1\n2|bob|Free|2\n3|cy|{level}|3\n4|staff|NULL|NULL");
            assert_eq!(both(trial).await, expected);
        }
    });
}

#[test_on(all)]
fn a_dry_run_changes_neither_table(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.write("f.csv", "id,name,level\n1,x,y\n2,x,y\n");
        let shown = trial.apply(["f.csv", "--table", "customer", "--dry-run"]).done();
        assert!(
            shown.contains("id=1: 'amy' → 'x'") || shown.contains("baseuser_ptr_id=1: 'amy' → 'x'"),
            "{shown}"
        );
        assert_eq!(both(trial).await, BEFORE);
    });
}

#[test_on(all)]
fn rows_are_inserted_in_both_tables(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.write(
            "f.csv",
            "id,name,is_active,level,points\n2,bo,true,Silver,22\n7,dan,true,Free,70\n8,eve,false,Gold,80\n",
        );
        let counts = trial.apply(["f.csv", "--table", "customer", "--insert-missing"]).counts();
        assert_eq!(counts, "1 matched, 1 changed, 2 not in the table, 2 inserted");
        let expected =
            "1|amy|Free|1\n2|bo|Silver|22\n3|cy|Gold|3\n4|staff|NULL|NULL\n7|dan|Free|70\n8|eve|Gold|80";
        assert_eq!(both(trial).await, expected);
    });
}

#[test_on(all)]
fn columns_of_one_table_only(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        trial.write("f.csv", "id,name\n1,a\n2,b\n");
        trial.apply(["f.csv", "--table", "customer"]).done();
        trial.write("f.csv", "id,points\n2,20\n3,30\n");
        trial.apply(["f.csv", "--table", "customer"]).done();
        assert_eq!(both(trial).await, "1|a|Free|1\n2|b|Free|20\n3|cy|Gold|30\n4|staff|NULL|NULL");
        trial.write("f.csv", "id,name,level\n1,z,x\n2,z,a level that is far too long\n");
        let said = trial.apply(["f.csv", "--table", "customer"]).failed(1);
        assert!(said.starts_with("enmasse: f.csv:3: column 'level': "), "{said}");
        assert_eq!(both(trial).await, "1|a|Free|1\n2|b|Free|20\n3|cy|Gold|30\n4|staff|NULL|NULL");
    });
}

/// A trigger keeps the customer's part of a row, and not the user's.
#[test_on(sqlite, postgres)]
fn a07_a_row_that_would_be_half_written_is_named(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial).await;
        if trial.kind == Kind::Sqlite {
            let skips = "WHEN NEW.baseuser_ptr_id = 2 BEGIN SELECT RAISE(IGNORE); END";
            trial.run(&format!("CREATE TRIGGER keeps BEFORE UPDATE ON customer {skips}")).await;
        } else {
            let body = "BEGIN IF NEW.baseuser_ptr_id = 2 THEN RETURN NULL; END IF; RETURN NEW; END";
            trial.run(&format!("CREATE FUNCTION keeps() RETURNS trigger LANGUAGE plpgsql AS '{body}'")).await;
            let each = "FOR EACH ROW EXECUTE FUNCTION keeps()";
            trial.run(&format!("CREATE TRIGGER keeps BEFORE UPDATE ON customer {each}")).await;
        }
        trial.write("f.csv", "id,name,level\n1,ann,Gold\n2,ben,Gold\n3,cid,Free\n");
        for more in [&[][..], &["--dry-run"], &["--diff", "d.csv"]] {
            let args = ["f.csv", "--table", "customer"].into_iter().chain(more.iter().copied());
            let said = trial.apply(args).failed(1);
            assert!(said.contains("f.csv:3: ") && said.contains("in some of its tables only"), "{said}");
            assert!(said.contains("=2 "), "{said}");
            assert_eq!(both(trial).await, BEFORE);
        }
        let args = ["f.csv", "--table", "customer", "--skip-bad", "--rejects", "bad.csv", "--json"];
        let ended = trial.apply(args);
        let said: enmasse::serde_json::Value =
            enmasse::serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:?}"));
        assert_eq!(
            (&said["matched"], &said["changed"], &said["bad"]),
            (&2.into(), &2.into(), &1.into()),
            "{said}"
        );
        assert_eq!(both(trial).await, "1|ann|Gold|1\n2|bob|Free|2\n3|cid|Free|3\n4|staff|NULL|NULL");
        // the part that the trigger keeps is the only one that changes: the row is skipped as a whole
        trial.write("f.csv", "id,name,level\n1,ann,x\n2,bob,x\n");
        let counts = "2 matched, 1 changed, 0 not in the table, 1 skipped by the database";
        assert_eq!(trial.apply(["f.csv", "--table", "customer"]).counts(), counts);
    });
}
