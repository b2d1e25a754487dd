//! Dry runs, several tables, and tables that cannot roll back.

use enmasse::Value;
use enmasse_testing::{Kind, on_scratch, test_on};

use super::shop::values;
use super::{common_ids, on_shop, update};
use crate::program::enmasse;

#[test_on(all)]
fn a_dry_run_shows_and_changes_nothing(kind: Kind) {
    on_shop(kind, async |scratch, db| {
        let columns = ["name", "points", "price", "country", "note", "is_active"];
        let mut before = Vec::new();
        for column in columns {
            before.push(values(db, column).await);
        }
        let args = [
            "--where",
            "points__gte=0",
            "--set",
            "points=100",
            "--set",
            "name=Upper(F(name))",
            "--set",
            "note=NULL",
            "--dry-run",
        ];
        let out = update(scratch, &args).done();
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(
            lines[..6],
            [
                "4 rows of users match; nothing was written",
                "4 rows would change",
                "  points  2   id=3: 5000 → 100   id=4: 0 → 100",
                "  name    3   id=1: 'Ada' → 'ADA'   id=2: 'Bob' → 'BOB'   id=3: 'Zoe O''Hara' → 'ZOE O''HARA'"
                    .replace("''", "'")
                    .as_str(),
                "  note    2   id=2: '' → NULL   id=3: 'see' → NULL",
                "",
            ],
            "{:?} {out}",
            scratch.kind
        );
        assert!(lines[6].starts_with("UPDATE ") && lines[7].starts_with("-- params: "), "{out}");

        let json = update(scratch, &[&args[..], &["--json"]].concat()).json();
        assert_eq!(
            (&json["table"], &json["dry_run"], &json["matched"]),
            (&"users".into(), &true.into(), &4.into())
        );
        assert_eq!(json["would_change"]["rows"], 4);
        assert_eq!(json["would_change"]["columns"][0]["examples"][0]["before"], 5000);
        assert!(json["sql"].as_str().unwrap().starts_with("UPDATE "));

        // what is set already is no change, however it is written
        let out = update(
            scratch,
            &[
                "--where",
                "id=1",
                "--set",
                "price=1.5",
                "--set",
                "is_active=1",
                "--set",
                "points=F(points) * 1.001",
                "-n",
            ],
        )
        .done();
        assert!(
            out.contains("\n0 rows would change\n  price      0\n  is_active  0\n  points     0\n"),
            "{:?} {out}",
            scratch.kind
        );
        // A row that a join returns several times counts once, and rows of the other table do not count.
        let out =
            update(scratch, &["--where", "users__points__gte=-5", "--set", "points=F(points) + 1", "-n"])
                .done();
        assert!(
            out.starts_with("2 rows of users match; nothing was written\n2 rows would change\n"),
            "{out}"
        );
        let out = update(scratch, &["--where", "id=77", "--set", "points=1", "-n"]).done();
        assert!(
            out.starts_with("0 rows of users match; nothing was written\n0 rows would change\n"),
            "{out}"
        );
        assert_eq!(update(scratch, &["--all", "--set", "points=1", "-n", "--quiet"]).done(), "");

        for (column, before) in columns.iter().zip(before) {
            assert_eq!(values(db, column).await, before, "{column}");
        }
    });
}

#[test_on(all)]
fn a_row_of_several_tables_is_updated_in_all_of_them(kind: Kind) {
    on_shop(kind, async |scratch, db| {
        let customer = |args: &[&str]| {
            enmasse(
                [
                    &["update", "--db", &scratch.url, "--table", "customer", "--where", "title__contains=a"],
                    args,
                ]
                .concat(),
            )
        };
        let out =
            customer(&["--set", "title=Upper(F(title))", "--set", "level=F(level) + F(id)", "-n"]).done();
        assert!(
            out.starts_with(
                "2 rows of customer match; nothing was written\n2 rows would change\n  \
                 title  2   baseuser_ptr=1: 'Dame' → 'DAME'   baseuser_ptr=2: 'Madam' → 'MADAM'\n  \
                 level  2   baseuser_ptr=1: 1 → 2   baseuser_ptr=2: 1 → 3\n"
            ),
            "{out}"
        );
        let out = customer(&["--set", "title=Upper(F(title))", "--set", "level=F(level) + F(id)"]).done();
        let (first, rest) = out.split_once('\n').unwrap();
        assert!(first.starts_with("2 rows updated in customer ("), "{out}");
        assert_eq!(rest, "  baseuser  2\n  customer  2\n");
        assert_eq!(common_ids(db, "SELECT level FROM customer ORDER BY baseuser_ptr_id").await, [2, 3, 1]);
        let json = enmasse([
            "update",
            "--db",
            &scratch.url,
            "--table",
            "customer",
            "--all",
            "--set",
            "level=0",
            "--json",
        ])
        .json();
        assert_eq!(json["updated"], 3);
        assert_eq!(json["tables"], enmasse::serde_json::json!([{ "table": "customer", "rows": 3 }]));
        assert!(json["seconds"].is_number());
    });
}

#[test_on(mysql_family)]
fn a04_what_is_not_rolled_back_is_told_and_not_tried_again(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        for sql in [
            "CREATE TABLE t (id int PRIMARY KEY, v int) ENGINE=MyISAM",
            "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)",
            // as after a deadlock, but for each try
            "CREATE TRIGGER w BEFORE UPDATE ON t FOR EACH ROW \
             BEGIN IF NEW.id = 2 THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END IF; END",
        ] {
            db.execute_raw(sql, []).await.unwrap();
        }
        let set = |more: &[&str]| {
            let args = ["update", "--db", &scratch.url, "--table", "t", "--set", "v=F(v)+1"];
            enmasse(args.iter().chain(more))
        };
        let flag = "--allow-non-transactional";
        for options in [&["--all"][..], &["--all", "--dry-run", flag]] {
            let said = set(options).failed(1);
            assert!(said.contains("which cannot roll back"), "{said}");
        }
        let rows = async || db.query_raw("SELECT v FROM t ORDER BY id", []).await.unwrap().concat();
        assert_eq!(rows().await, [1, 2, 3].map(Value::Int));
        let said = set(&["--all", flag]).failed(5);
        assert!(!said.contains("othing was written"), "{said}");
        assert_eq!(rows().await, [2, 2, 3].map(Value::Int));
        assert!(set(&["--where", "id=3", flag]).done().starts_with("1 row updated in t"));
        assert_eq!(rows().await, [2, 2, 4].map(Value::Int));
        db.close().await;
    });
}
