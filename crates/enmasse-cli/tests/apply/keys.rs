//! What rows are found by, and which columns are written.

use enmasse::DataType;
use enmasse::schema::{Field, Model, Schema};
use enmasse_testing::{Kind, test_on};

use crate::items;
use crate::program::{Trial, on_trial};

#[test_on(all)]
fn a_unique_column_is_a_key(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", "code,amount\nA1,11\nC3,33\nZ9,99\n");
        let args = ["f.csv", "--table", "item", "--key", "code"];
        assert_eq!(trial.apply(args).counts(), "2 matched, 2 changed, 1 not in the table");
        assert_eq!(items::amounts(trial).await, "1|bolt|11\n2|nut|20\n3|gear|33");
    });
}

/// Prices of a product in a country, of which the two together are unique.
async fn make_prices(trial: &Trial<'_>) {
    let text = DataType::Text { max_length: Some(20) };
    let price = Model::new("Price", "price")
        .add(Field::new("id", DataType::BigInt).primary_key().identity())
        .add(Field::new("product", text.clone()))
        .add(Field::new("country", text.clone()))
        .add(Field::new("cents", DataType::Integer).null())
        .unique_together(["product", "country"]);
    // both fields are the key
    let stock = Model::new("Stock", "stock")
        .add(Field::new("product", text.clone()).primary_key())
        .add(Field::new("country", text).primary_key())
        .add(Field::new("cents", DataType::Integer).null());
    let schema = Schema::new(vec![price, stock]).unwrap();
    trial.db.create_tables(schema.models()).await.unwrap();
    for table in ["price", "stock"] {
        trial
            .run(&format!(
                "INSERT INTO {table} (product, country, cents)
                 VALUES ('nut', 'FR', 1), ('nut', 'US', 2), ('bolt', 'FR', 3)"
            ))
            .await;
    }
}

#[test_on(all)]
fn several_columns_are_a_key(kind: Kind) {
    on_trial(kind, async |trial| {
        make_prices(trial).await;
        trial.write("f.csv", "country,product,cents\nFR,nut,10\nFR,bolt,30\nUS,bolt,40\n");
        for table in ["price", "stock"] {
            let mut args = vec!["f.csv", "--table", table];
            if table == "price" {
                args.extend(["--key", "product,country"]);
            }
            let counts = trial.apply(&args).counts();
            assert_eq!(counts, "2 matched, 2 changed, 1 not in the table", "{table}");
            let sql = format!("SELECT product, country, cents FROM {table} ORDER BY cents");
            assert_eq!(trial.query(&sql).await, "nut|US|2\nnut|FR|10\nbolt|FR|30");

            trial.write("twice.csv", "country,product,cents\nFR,nut,1\nUS,nut,2\nFR,nut,3\n");
            args[0] = "twice.csv";
            let said = trial.apply(&args).failed(1);
            let (one, other) = match table {
                "price" => ("product='nut'", "country='FR'"),
                _ => ("product='nut'", "country='FR'"),
            };
            assert_eq!(
                said,
                format!(
                    "enmasse: twice.csv: duplicate key {one}, {other}: line 2, line 4\nNothing was written.\n"
                )
            );
        }
    });
}

#[test_on(all)]
fn d04_keys_that_are_the_same_to_a_collation_are_named_both(kind: Kind) {
    on_trial(kind, async |trial| {
        let (text, one, other) = match trial.kind {
            Kind::Sqlite => ("varchar(20) COLLATE NOCASE", "abc", "ABC"),
            Kind::Postgres => ("varchar(20) COLLATE nocase", "abc", "ABC"),
            _ => ("varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", "abc", "ábc"),
        };
        if trial.kind == Kind::Postgres {
            let level = "locale = 'und-u-ks-level2', deterministic = false";
            trial.run(&format!("CREATE COLLATION nocase (provider = icu, {level})")).await;
        }
        trial.run(&format!("CREATE TABLE c (code {text} PRIMARY KEY, n integer)")).await;
        trial.run("INSERT INTO c VALUES ('abc', 1), ('x', 2)").await;
        for rows in [0, 3_000] {
            let mut file = format!("code,n\n{one},5\n{other},6\n");
            (0..rows).for_each(|row| file.push_str(&format!("k{row},1\n")));
            trial.write("f.csv", file);
            let said = trial.apply(["f.csv", "--table", "c"]).failed(1);
            let expected = format!(
                "enmasse: f.csv: duplicate key code='{one}': line 2; code='{other}': line 3 (the same to the database)\n\
                 Nothing was written.\n"
            );
            assert_eq!(said, expected);
        }
        // what is the same in the file is named alone
        trial.write("f.csv", "code,n\nx,5\nx,6\n");
        let said = trial.apply(["f.csv", "--table", "c"]).failed(1);
        assert!(said.contains("duplicate key code='x': line 2, line 3\n"), "{said}");
    });
}

#[test_on(all)]
fn map_only_and_ignore_choose_columns(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", "number,new amount,name,remark\n1,11,BOLT,x\n2,22,NUT,y\n");
        let base = ["f.csv", "--table", "item", "--map", "number=id", "--map", "new amount=amount"];
        let with = |more: &[&'static str]| [&base[..], more].concat();

        trial.apply(with(&["--only", "amount"])).done();
        assert_eq!(items::amounts(trial).await, "1|bolt|11\n2|nut|22\n3|gear|30");
        items::fill(trial).await;
        trial.apply(with(&["--ignore", "remark,new amount"])).done();
        assert_eq!(items::amounts(trial).await, "1|BOLT|10\n2|NUT|20\n3|gear|30");
        items::fill(trial).await;
        trial.apply(with(&["--map", "remark=note"])).done();
        assert_eq!(items::amounts(trial).await, "1|BOLT|11\n2|NUT|22\n3|gear|30");
        assert_eq!(trial.query("SELECT note FROM item ORDER BY id").await, "x\ny\na note");
    });
}

#[test_on(all)]
fn django_s_name_of_a_foreign_key_will_do(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", "ID,owner\n1,3\n2,\n");
        trial.apply(["f.csv", "--table", "item"]).done();
        assert_eq!(trial.query("SELECT owner_id FROM item ORDER BY id").await, "3\nNULL\nNULL");
    });
}

#[test_on(all)]
fn keys_that_differ_in_their_case_are_named_with_their_own_lines(kind: Kind) {
    on_trial(kind, async |trial| {
        let collation = if trial.kind.in_mysql_family() { "COLLATE utf8mb4_bin" } else { "" };
        trial.run(&format!("CREATE TABLE t (code varchar(10) {collation} PRIMARY KEY, n integer)")).await;
        trial.run("INSERT INTO t VALUES ('x', 1), ('X', 2), ('y', 3)").await;
        trial.write("f.csv", "code,n\nx,1\nX,2\ny,3\nx,4\nX,5\n");
        let said = trial.apply(["f.csv", "--table", "t"]).failed(1);
        let mut lines: Vec<&str> = said.strip_prefix("enmasse: ").unwrap().lines().collect();
        lines.sort();
        let expected = [
            "Nothing was written.",
            "f.csv: duplicate key code='X': line 3, line 6",
            "f.csv: duplicate key code='x': line 2, line 5",
        ];
        assert_eq!(lines, expected, "{:?}", trial.kind);
    });
}
