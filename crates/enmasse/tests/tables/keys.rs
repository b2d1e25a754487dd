//! The keys that identify the rows of a table.

use enmasse::schema::{Field, Model, Schema};
use enmasse::{DataType, Database, Q, QuerySet, Record, Value};
use enmasse_testing::{Kind, on_database, on_scratch, test_on};

use crate::{query, record, run};

#[test_on(all)]
fn c01_unique_columns_that_are_never_null_are_a_key(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE goods (sku varchar(20) NOT NULL UNIQUE, ean bigint NOT NULL UNIQUE, price int)",
                "CREATE TABLE prices (product varchar(20) NOT NULL, country varchar(2) NOT NULL, cents int, UNIQUE (product, country))",
                "CREATE TABLE loose (sku varchar(20) UNIQUE, price int)",
                "INSERT INTO goods VALUES ('a', 1, 10), ('b', 2, 20)",
                "INSERT INTO prices VALUES ('a', 'FR', 10), ('a', 'US', 20)",
            ],
        )
        .await;
        let goods = db.inspect_table("goods", []).await.unwrap();
        assert_eq!(goods.candidate_keys, [["sku"], ["ean"]]);
        assert_eq!(goods.key(), [0]);
        let rows = || QuerySet::<Record>::of(&goods, &db);
        let records = [("b", 21), ("z", 1)]
            .map(|(sku, price)| record(&goods, [("sku", sku.into()), ("price", price.into())]));
        let report = rows().bulk_update(&records, |_| ["price"]).await.unwrap();
        assert_eq!((report.matched, report.missing), (1, vec![vec![Value::from("z")]]));
        assert_eq!(rows().update_by([("price", 5)]).await.unwrap(), 2);

        let by_ean = goods.keyed_by(&["ean".to_owned()]).unwrap();
        let records = [record(&by_ean, [("ean", 2.into()), ("sku", "c".into()), ("price", 7.into())])];
        let report =
            QuerySet::<Record>::of(&by_ean, &db).bulk_update(&records, |_| ["sku", "price"]).await.unwrap();
        assert_eq!(report.matched, 1);
        assert_eq!(query(&db, "SELECT sku, ean, price FROM goods ORDER BY ean").await, ["a|1|5", "c|2|7"]);
        assert!(goods.keyed_by(&["price".to_owned()]).is_err());

        let prices = db.inspect_table("prices", []).await.unwrap();
        assert_eq!(prices.candidate_keys, [["product", "country"]]);
        let records =
            [record(&prices, [("product", "a".into()), ("country", "US".into()), ("cents", 25.into())])];
        let report = QuerySet::<Record>::of(&prices, &db).bulk_update(&records, |_| ["cents"]).await.unwrap();
        assert_eq!(report.matched, 1);
        assert_eq!(query(&db, "SELECT cents FROM prices ORDER BY cents").await, ["10", "25"]);

        let error = db.inspect_table("loose", []).await.unwrap_err();
        let expected = "The table 'loose' is left out: it has no primary key, and no columns that are unique and never NULL.";
        assert_eq!(error.to_string(), expected);

        // a model that is described has such a key as well
        let described = Model::new("Good", "goods")
            .add(Field::new("sku", DataType::Text { max_length: Some(20) }).unique())
            .add(Field::new("price", DataType::Integer).null());
        let described = Schema::new(vec![described]).unwrap().model("Good").unwrap();
        let records = [record(&described, [("sku", "a".into()), ("price", 11.into())])];
        let report =
            QuerySet::<Record>::of(&described, &db).bulk_update(&records, |_| ["price"]).await.unwrap();
        assert_eq!(report.matched, 1);
    });
}

#[test_on(sqlite, postgres)]
fn c01_a_partial_index_is_no_key(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE t (a int NOT NULL, b int NOT NULL)",
                "CREATE UNIQUE INDEX partial_a ON t (a) WHERE b > 0",
            ],
        )
        .await;
        assert!(db.inspect_table("t", []).await.is_err());
        run(&db, &["CREATE UNIQUE INDEX whole_b ON t (b)"]).await;
        assert_eq!(db.inspect_table("t", []).await.unwrap().candidate_keys, [["b"]]);
    });
}

#[test_on(sqlite)]
fn e03_an_index_of_another_collation_is_no_key(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE t (name text COLLATE NOCASE NOT NULL, n int, m int NOT NULL, x text NOT NULL UNIQUE COLLATE RTRIM)",
                "CREATE UNIQUE INDEX t_name ON t (name COLLATE BINARY)",
                "CREATE TABLE keyed (name text COLLATE NOCASE, n int, PRIMARY KEY (name COLLATE BINARY)) WITHOUT ROWID",
                "CREATE TABLE same (name text COLLATE NOCASE PRIMARY KEY, x text NOT NULL)",
                "CREATE UNIQUE INDEX same_x ON same (x COLLATE NOCASE)",
                "INSERT INTO t VALUES ('a', 1, 1, 'x'), ('A', 2, 2, 'y')",
                "INSERT INTO keyed VALUES ('a', 1), ('A', 2)",
            ],
        )
        .await;
        assert_eq!(db.inspect_table("t", []).await.unwrap().candidate_keys, [["x"]]);
        let error = db.inspect_table("keyed", []).await.unwrap_err();
        assert!(error.to_string().contains("it has no primary key"), "{error}");
        let same = db.inspect_table("same", []).await.unwrap();
        assert!(same.field("name").unwrap().primary_key && same.field("x").unwrap().unique);

        // a model may say what is not so
        let described = Model::new("T", "t")
            .add(Field::new("name", DataType::Text { max_length: Some(20) }).primary_key())
            .add(Field::new("n", DataType::Integer).null());
        let described = Schema::new(vec![described]).unwrap().model("T").unwrap();
        let rows = || QuerySet::<Record>::of(&described, &db);
        let records = [record(&described, [("name", "A".into()), ("n", 7.into())])];
        let errors = [
            rows().bulk_update(&records, |_| ["n"]).await.unwrap_err(),
            rows().bulk_update(&records, |_| ["n"]).skip_unchanged().await.unwrap_err(),
            rows().bulk_update(&records, |_| ["n"]).returning().await.unwrap_err(),
            rows().bulk_update(&records, |_| ["n"]).returning_old().await.unwrap_err(),
        ];
        for error in errors {
            assert!(error.to_string().contains("A key of the batch matches 2 rows"), "{error}");
        }
        assert_eq!(query(&db, "SELECT n FROM t ORDER BY n").await, ["1", "2"]);
    });
}

#[test_on(postgres)]
fn e03_an_index_of_another_collation_is_no_key_of_postgresql(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                "CREATE TABLE t (name text COLLATE nocase NOT NULL, n int NOT NULL UNIQUE, same text COLLATE nocase NOT NULL UNIQUE)",
                "CREATE UNIQUE INDEX t_name ON t (name COLLATE \"C\")",
            ],
        )
        .await;
        let model = db.inspect_table("t", []).await.unwrap();
        assert!(!model.field("name").unwrap().unique && model.field("same").unwrap().unique);
        assert_eq!(model.candidate_keys, [["n"], ["same"]]);
    });
}

#[test_on(postgres)]
fn c04_what_only_the_database_numbers_is_inserted_over_it(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, seq int GENERATED ALWAYS AS IDENTITY, v int)",
                "INSERT INTO t (v) VALUES (1)",
            ],
        )
        .await;
        let model = db.inspect_table("t", []).await.unwrap();
        assert!(model.field("id").unwrap().is_writable() && !model.field("seq").unwrap().is_writable());
        let rows = || QuerySet::<Record>::of(&model, &db);
        assert_eq!(rows().update_by([("v", 2)]).await.unwrap(), 1);
        rows().create(record(&model, [("id", 7.into()), ("v", 3.into())])).await.unwrap();
        rows()
            .bulk_create([8, 9].map(|id| record(&model, [("id", id.into()), ("v", 4.into())])))
            .await
            .unwrap();
        let mut made = rows().create(record(&model, [("v", 5.into())])).await.unwrap();
        made.set("v", 6).unwrap();
        rows().bulk_update([made], |_| ["v"]).await.unwrap();
        assert_eq!(query(&db, "SELECT id, v FROM t ORDER BY id").await, ["1|2", "2|6", "7|3", "8|4", "9|4"]);
    });
}

#[test_on(postgres)]
fn e04_a_key_that_child_tables_have_too_is_refused(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE p (id bigint PRIMARY KEY, n int NOT NULL, code text NOT NULL UNIQUE)",
                "CREATE TABLE ch () INHERITS (p)",
                "INSERT INTO p SELECT i, 0, 'p' || i FROM generate_series(1, 6000) i",
                "INSERT INTO ch VALUES (1, 0, 'c'), (2, 0, 'p2'), (7001, 0, 'c7001')",
                "CREATE TABLE made (id bigint PRIMARY KEY, n int NOT NULL) PARTITION BY RANGE (id)",
                "CREATE TABLE made_1 PARTITION OF made FOR VALUES FROM (0) TO (10)",
                "INSERT INTO made VALUES (1, 0)",
            ],
        )
        .await;
        let model = db.inspect_table("p", []).await.unwrap();
        let rows = || QuerySet::<Record>::of(&model, &db);
        let batch = |ids: &[i64]| {
            let made = ids.iter().map(|id| {
                let code = format!("p{id}");
                record(&model, [("id", (*id).into()), ("n", 5.into()), ("code", code.into())])
            });
            made.collect::<Vec<_>>()
        };
        // with as many missing keys, the numbers alone would say nothing
        let (few, some): (Vec<i64>, Vec<i64>) = (vec![1, 9_999], (1..=100).chain([9_999]).collect());
        let many: Vec<i64> = (1..=6_000).chain([9_999]).collect();
        for ids in [&few, &some, &many] {
            let objects = batch(ids);
            let stream = || objects.clone().into_iter();
            let errors = [
                rows().bulk_update(&objects, |_| ["n"]).await.unwrap_err(),
                rows().bulk_update(stream(), |_| ["n"]).await.unwrap_err(),
                rows().bulk_update(&objects, |_| ["n"]).skip_unchanged().await.unwrap_err(),
                rows().bulk_update(&objects, |_| ["n"]).count_missing().await.unwrap_err(),
                rows().filter_by(Q::named("n", 0)).bulk_update(&objects, |_| ["n"]).await.unwrap_err(),
                rows().bulk_update(&objects, |_| ["n"]).returning().await.unwrap_err(),
                rows().bulk_update(&objects, |_| ["n"]).returning_old().await.unwrap_err(),
                rows().bulk_update(&objects, |_| ["n"]).each_change(|_| Ok(())).await.unwrap_err(),
                rows().bulk_update(&objects, |_| ["n"]).each_missing(|_| Ok(())).await.unwrap_err(),
                db.transaction(async |tx| {
                    QuerySet::<Record>::of(&model, &tx).bulk_update(&objects, |_| ["n"]).await
                })
                .await
                .unwrap_err(),
            ];
            for error in errors {
                assert_eq!(error.kind(), enmasse::ErrorKind::DuplicateKey, "{error}");
                assert!(error.to_string().contains("its child tables have rows of the same keys"), "{error}");
                assert!(error.to_string().contains("id=1"), "{error}");
            }
        }
        let twice = rows().bulk_update(&batch(&[2]), |_| ["n"]).matching_on(|_| ["code"]).await.unwrap_err();
        assert!(twice.to_string().contains("code='p2'"), "{twice}");
        assert_eq!(query(&db, "SELECT count(*) FROM p WHERE n <> 0").await, ["0"]);

        // the rows of child tables are the table's
        let report = rows().bulk_update(&batch(&[3, 7_001, 9_999]), |_| ["n"]).await.unwrap();
        assert_eq!((report.matched, report.changed), (2, 2));
        assert_eq!(report.missing, [[Value::Int(9_999)]]);
        assert_eq!(query(&db, "SELECT id FROM p WHERE n = 5 ORDER BY id").await, ["3", "7001"]);

        // whose partitions have its keys
        let made = db.inspect_table("made", []).await.unwrap();
        let objects = [record(&made, [("id", 1.into()), ("n", 5.into())])];
        let report = QuerySet::<Record>::of(&made, &db).bulk_update(&objects, |_| ["n"]).await.unwrap();
        assert_eq!(report.matched, 1);
    });
}

#[test_on(postgres)]
fn e05_the_counter_is_moved_in_the_transaction_and_within_its_bounds(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        let user = format!("enmasse_e05_{}", std::process::id());
        run(
            &db,
            &[
                "CREATE TABLE t (id serial PRIMARY KEY, v int NOT NULL)",
                "ALTER TABLE t ALTER id TYPE bigint", // the sequence counts as an int all the same
                &format!("CREATE ROLE {user} LOGIN PASSWORD 'secret'"),
                &format!("GRANT INSERT ON t TO {user}"),
            ],
        )
        .await;
        let model = db.inspect_table("t", []).await.unwrap();
        let rows = || QuerySet::<Record>::of(&model, &db);
        let new = |id: i64| record(&model, [("id", id.into()), ("v", 1.into())]);
        let made = rows().bulk_create([new(7)]).advance_identity().await.unwrap();
        assert_eq!(made.len(), 1);
        let next = async || query(&db, "SELECT nextval('t_id_seq')").await.remove(0);
        assert_eq!(next().await, "8");
        assert_eq!(rows().bulk_create([new(20)]).advance_identity().count_inserted().await.unwrap(), 1);
        assert_eq!(next().await, "21");
        // more than the sequence counts to
        let many = [new(3_000_000_000), new(30)];
        assert_eq!(rows().bulk_create(many).advance_identity().count_inserted().await.unwrap(), 2);
        assert_eq!(rows().bulk_create([new(3_000_000_001)]).advance_identity().await.unwrap().len(), 1);
        assert_eq!(next().await, "22");

        // A user who may neither read the table nor move the sequence.
        let mut url = url::Url::parse(&scratch.url).unwrap();
        url.set_username(&user).unwrap();
        url.set_password(Some("secret")).unwrap();
        let limited = Database::connect(url.as_str()).await.unwrap();
        let inserts = QuerySet::<Record>::of(&model, &limited);
        assert_eq!(inserts.bulk_create([new(40)]).advance_identity().count_inserted().await.unwrap(), 1);
        limited.close().await;
        assert_eq!(next().await, "23");
        run(&db, &[&format!("REVOKE ALL ON t FROM {user}"), &format!("DROP ROLE {user}")]).await;

        // what fails takes the rows with it
        run(&db, &["ALTER SEQUENCE t_id_seq MAXVALUE 100", "ALTER TABLE t ALTER id TYPE numeric"]).await;
        run(&db, &["INSERT INTO t VALUES (1e30, 1)"]).await;
        let error = rows().bulk_create([new(50)]).advance_identity().await.unwrap_err();
        assert!(error.to_string().contains("out of range"), "{error}");
        assert_eq!(query(&db, "SELECT count(*) FROM t WHERE id = 50").await, ["0"]);
    });
}

#[test_on(mariadb)]
fn e12_the_period_of_a_versioned_table_is_no_part_of_its_keys(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE t (id int PRIMARY KEY, code int NOT NULL UNIQUE, v int,
                    s timestamp(6) GENERATED ALWAYS AS ROW START, e timestamp(6) GENERATED ALWAYS AS ROW END,
                    PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING",
                "INSERT INTO t (id, code, v) VALUES (1, 11, 0), (2, 12, 0)",
                "UPDATE t SET v = 1",
            ],
        )
        .await;
        let model = db.inspect_table("t", []).await.unwrap();
        assert_eq!(model.key(), [0]);
        assert!(model.field("code").unwrap().unique && !model.field("e").unwrap().is_writable());
        let rows = || QuerySet::<Record>::of(&model, &db);
        let records = [record(&model, [("id", 1.into()), ("v", 5.into())])];
        let report = rows().bulk_update(&records, |_| ["v"]).await.unwrap();
        assert_eq!((report.matched, report.changed), (1, 1));
        let records = [record(&model, [("code", 12.into()), ("v", 6.into())])];
        let report = rows().bulk_update(&records, |_| ["v"]).matching_on(|_| ["code"]).await.unwrap();
        assert_eq!(report.matched, 1);
        assert_eq!(query(&db, "SELECT id, v FROM t ORDER BY id").await, ["1|5", "2|6"]);
        assert_eq!(query(&db, "SELECT count(*) FROM t FOR SYSTEM_TIME ALL").await, ["6"]);
    });
}
