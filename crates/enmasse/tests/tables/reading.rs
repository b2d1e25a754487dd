//! One table is read, independent of the other tables of the database.

use enmasse::{ErrorKind, Q, QuerySet, Record};
use enmasse_testing::{Kind, on_database, test_on};

use crate::run;

const TABLES: [&str; 6] = [
    "CREATE TABLE city (id integer PRIMARY KEY)",
    "CREATE TABLE person (id integer PRIMARY KEY, name varchar(20), city_id integer, FOREIGN KEY (city_id) REFERENCES city (id))",
    "CREATE TABLE customer (person_ptr_id integer PRIMARY KEY, level varchar(20), FOREIGN KEY (person_ptr_id) REFERENCES person (id))",
    "CREATE TABLE bill (id integer PRIMARY KEY, customer_id integer, shop_id integer, FOREIGN KEY (customer_id) REFERENCES customer (person_ptr_id))",
    "CREATE TABLE other (id integer PRIMARY KEY)",
    "CREATE TABLE more (id integer PRIMARY KEY, other_id integer, FOREIGN KEY (other_id) REFERENCES other (id))",
];

#[test_on(all)]
fn b01_one_table_is_read_with_what_it_extends_and_refers_to(kind: Kind) {
    on_database(kind, async |db| {
        run(&db, &TABLES).await;
        let read = async |table: &str, lookups: &[&str]| {
            let model = db.inspect_table(table, lookups.iter().copied()).await.unwrap();
            let mut tables: Vec<String> = model.schema().models().map(|model| model.name.clone()).collect();
            tables.sort();
            (model, tables)
        };
        let (_, tables) = read("other", &[]).await;
        assert_eq!(tables, ["other"]);
        let (customer, tables) = read("customer", &[]).await;
        assert_eq!(tables, ["city", "customer", "person"]);
        let names: Vec<&str> = customer.fields.iter().map(|field| field.name.as_str()).collect();
        assert_eq!(names, ["id", "name", "city", "person_ptr", "level"]);
        let (person, tables) = read("person", &["customer__bill__id__gte"]).await;
        assert_eq!(tables, ["bill", "city", "customer", "person"]);
        assert_eq!(person.relation("customer").unwrap().model.relation("bill").unwrap().model.name, "bill");
        // the same as in the whole
        let whole = db.inspect().await.unwrap();
        for table in ["city", "person", "customer", "bill", "other", "more"] {
            let alone = db.inspect_table(table, []).await.unwrap();
            let fields = |model: &enmasse::schema::ModelRef| format!("{:?}", model.fields);
            assert_eq!(fields(&alone), fields(&whole.model(table).unwrap()), "{table}");
        }
    });
}

#[test_on(all)]
fn c05_a_table_is_found_by_the_name_that_a_person_writes(kind: Kind) {
    on_database(kind, async |db| {
        let quote = |name: &str| {
            if Kind::of(&db).in_mysql_family() { format!("`{name}`") } else { format!("\"{name}\"") }
        };
        for name in ["Order", "odd.name", "plain"] {
            run(&db, &[&format!("CREATE TABLE {} (id integer PRIMARY KEY, v integer)", quote(name))]).await;
            run(&db, &[&format!("INSERT INTO {} VALUES (1, 5)", quote(name))]).await;
        }
        for (written, name) in [
            ("Order", "Order"),
            ("\"Order\"", "Order"),
            ("`Order`", "Order"),
            ("odd.name", "odd.name"),
            ("\"odd.name\"", "odd.name"),
            ("plain", "plain"),
        ] {
            let model =
                db.inspect_table(written, []).await.unwrap_or_else(|error| panic!("{written}: {error}"));
            assert_eq!((model.name.as_str(), model.table_name().as_str()), (name, name));
            let rows = QuerySet::<Record>::of(&model, &db);
            assert_eq!(rows.clone().update_by([("v", 6)]).await.unwrap(), 1, "{written}");
            let mut records = rows.clone().fetch().await.unwrap();
            records[0].set("v", 7).unwrap();
            assert_eq!(rows.clone().bulk_update(&records, |_| ["v"]).await.unwrap().matched, 1, "{written}");
            assert_eq!(rows.update_by([("v", 5)]).await.unwrap(), 1, "{written}");
        }
        let error = db.inspect_table("plane", []).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let expected = "There is no table 'plane'. Did you mean 'plain'? Choices are: Order, odd.name, plain";
        assert_eq!(error.to_string(), expected);
        let error = db.inspect_table("nowhere.plain", []).await.unwrap_err();
        assert!(
            error.to_string().starts_with("In the schema 'nowhere' there is no table 'plain'."),
            "{error}"
        );
        let in_another_case = db.inspect_table("PLAIN", []).await;
        if Kind::of(&db).in_mysql_family() {
            assert!(in_another_case.is_err());
        } else {
            assert_eq!(in_another_case.unwrap().name, "plain");
        }
    });
}

#[test_on(postgres)]
fn c05_the_whole_search_path_is_searched(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE SCHEMA first",
                "CREATE SCHEMA second",
                "CREATE SCHEMA hidden",
                "CREATE TABLE second.city (id int PRIMARY KEY)",
                "CREATE TABLE first.person (id int PRIMARY KEY, city_id int REFERENCES second.city)",
                "CREATE TABLE first.both (id int PRIMARY KEY, a int)",
                "CREATE TABLE second.both (id int PRIMARY KEY, b int)",
                "CREATE TABLE hidden.secret (id int PRIMARY KEY)",
                "INSERT INTO second.city VALUES (1)",
            ],
        )
        .await;
        let name = db.query_raw("SELECT current_database()::text", []).await.unwrap().remove(0).remove(0);
        let enmasse::Value::Text(name) = name else { panic!("{name:?}") };
        run(&db, &[&format!("ALTER DATABASE {name} SET search_path TO first, second")]).await;
        let url = std::env::var("ENMASSE_TEST_POSTGRES_URL").unwrap();
        let (server, _) = url.rsplit_once('/').unwrap();
        let db = enmasse::Database::connect(&format!("{server}/{name}")).await.unwrap();
        let person = db.inspect_table("person", []).await.unwrap();
        assert_eq!(person.relation("city").unwrap().model.name, "city");
        assert!(db.inspect_table("both", []).await.unwrap().field("a").is_ok());
        assert!(db.inspect_table("second.both", []).await.unwrap().field("b").is_ok());
        assert!(db.inspect_table("Second.Both", []).await.unwrap().field("b").is_ok());
        assert!(db.inspect_table("secret", []).await.is_err());
        assert!(db.inspect_table("hidden.secret", []).await.is_ok());
        let mut tables: Vec<String> =
            db.inspect().await.unwrap().schema.models().map(|model| model.name.clone()).collect();
        tables.sort();
        assert_eq!(tables, ["both", "city", "person"]);
        let city = db.inspect_table("city", []).await.unwrap();
        assert_eq!(QuerySet::<Record>::of(&city, &db).count().await.unwrap(), 1);
        db.close().await;
    });
}

#[test_on(all)]
fn c03_what_is_no_table_is_named_as_what_it_is(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE t (id integer PRIMARY KEY, v integer)",
                "CREATE VIEW shown AS SELECT id, v FROM t",
            ],
        )
        .await;
        let error = db.inspect_table("shown", []).await.unwrap_err();
        let expected = "'shown' is a view, whose rows have no key; name the table that it shows.";
        assert_eq!(error.to_string(), expected);
        if Kind::of(&db) == Kind::Postgres {
            run(&db, &["CREATE MATERIALIZED VIEW kept AS SELECT id FROM t", "CREATE SEQUENCE numbers"]).await;
            let error = db.inspect_table("kept", []).await.unwrap_err();
            assert!(error.to_string().starts_with("'kept' is a materialized view, "), "{error}");
            let error = db.inspect_table("numbers", []).await.unwrap_err();
            assert_eq!(error.to_string(), "'numbers' is a sequence.");
        }
        // neither is listed among the tables
        let catalogue = db.inspect().await.unwrap();
        assert_eq!(catalogue.left_out, []);
        assert_eq!(catalogue.schema.models().count(), 1);
    });
}

/// Sets `v` of the row 1, by each way.
async fn written(db: &enmasse::Database, table: &str) {
    let model = db.inspect_table(table, []).await.unwrap_or_else(|error| panic!("{table}: {error}"));
    let rows = || QuerySet::<Record>::of(&model, db);
    assert_eq!(
        rows().filter_by(enmasse::Q::named("id", 1)).update_by([("v", 5)]).await.unwrap(),
        1,
        "{table}"
    );
    let mut found = rows().filter_by(enmasse::Q::named("id", 1)).fetch().await.unwrap();
    found[0].set("v", 6).unwrap();
    assert_eq!(rows().bulk_update(&found, |_| ["v"]).await.unwrap().matched, 1, "{table}");
    found[0].set("v", 7).unwrap();
    let returned = rows().bulk_update(&found, |_| ["v"]).skip_unchanged().returning_old().await.unwrap();
    assert_eq!(returned.rows[0].old.get("v").unwrap(), &enmasse::Value::Int(6), "{table}");
}

#[test_on(postgres)]
fn c03_partitions_are_tables(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE parts (id int, v int, PRIMARY KEY (id)) PARTITION BY RANGE (id)",
                "CREATE TABLE low PARTITION OF parts FOR VALUES FROM (0) TO (100)",
                "INSERT INTO parts VALUES (1, 1)",
            ],
        )
        .await;
        written(&db, "parts").await;
        written(&db, "low").await;
    });
}

#[test_on(mariadb)]
fn c03_versioned_tables_are_tables(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE plain (id int PRIMARY KEY, v int) WITH SYSTEM VERSIONING",
                "CREATE TABLE spelt (id int PRIMARY KEY, v int, since timestamp(6) GENERATED ALWAYS AS ROW START,
                    till timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, till)) WITH SYSTEM VERSIONING",
                "INSERT INTO plain VALUES (1, 1)",
                "INSERT INTO spelt (id, v) VALUES (1, 1)",
            ],
        )
        .await;
        written(&db, "plain").await;
        written(&db, "spelt").await;
    });
}

#[test_on(sqlite)]
fn e11_a_table_that_refers_to_itself_is_read_once_in_any_case(kind: Kind) {
    on_database(kind, async |db| {
        run(
            &db,
            &[
                "CREATE TABLE emp (id integer PRIMARY KEY, boss_id integer REFERENCES Emp, other_id integer REFERENCES dept)",
                "CREATE TABLE dept (id integer PRIMARY KEY, head_id integer REFERENCES EMP)",
                "INSERT INTO emp VALUES (1, NULL, NULL), (2, 1, NULL)",
            ],
        )
        .await;
        for name in ["emp", "EMP", "Emp"] {
            let model = db.inspect_table(name, ["boss__other__head"]).await.unwrap();
            let fields: Vec<_> = model.fields.iter().map(|field| field.name.as_str()).collect();
            assert_eq!(fields, ["id", "boss", "other"], "{name}");
            let rows = QuerySet::<Record>::of(&model, &db);
            assert_eq!(rows.filter_by(Q::named("boss__id", 1)).count().await.unwrap(), 1);
        }
    });
}
