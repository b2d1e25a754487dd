//! `enmasse update`, on every database.

use enmasse_testing as common;
#[path = "update/kept.rs"]
mod kept;
mod program;
#[path = "update/shop.rs"]
mod shop;

use common::{Kind, Scratch, on_each_scratch};
use enmasse::{Database, Value};
use program::{Ended, enmasse};
use shop::{fill, first, put_back, values};

/// Each update is tried on every database, with the table `users` as it was at the start.
fn on_each_shop(scenario: impl AsyncFn(&Scratch, &Database)) {
    on_each_scratch(&Kind::ALL, async |scratch| {
        let db = scratch.connect().await;
        fill(&db).await;
        scenario(scratch, &db).await;
        db.close().await;
    });
}

fn update(scratch: &Scratch, args: &[&str]) -> Ended {
    enmasse([&["update", "--db", &scratch.url, "--table", "users"], args].concat())
}

/// The ids of the users that a condition finds, by what an update with it changes.
async fn found(scratch: &Scratch, db: &Database, option: &str, condition: &str) -> Vec<i64> {
    db.execute_raw("UPDATE users SET mark = 0", []).await.unwrap();
    let out = update(scratch, &[option, condition, "--set", "mark=1"]).done();
    let ids = common_ids(db, "SELECT id FROM users WHERE mark = 1 ORDER BY id").await;
    let noun = if ids.len() == 1 { "row" } else { "rows" };
    assert!(out.starts_with(&format!("{} {noun} updated in users (", ids.len())), "{condition}: {out}");
    ids
}

async fn common_ids(db: &Database, sql: &str) -> Vec<i64> {
    db.query_raw(sql, []).await.unwrap().iter().map(|row| common::number(row)).collect()
}

#[test]
fn each_lookup_finds_its_rows() {
    on_each_shop(async |scratch, db| {
        for (condition, expected) in [
            ("name=Ada", &[1][..]),
            ("name='Ada'", &[1]),
            ("name__exact=Ada", &[1]),
            ("name__iexact=aDA", &[1]),
            ("name__contains=O'", &[3]),
            ("name__icontains=O'h", &[3]),
            ("name__startswith=A", &[1]),
            ("name__istartswith=b", &[2]),
            ("name__endswith=b", &[2]),
            ("name__iendswith=B", &[2]),
            ("name__regex=^[AB]", &[1, 2]),
            ("name__iregex=^[ab]", &[1, 2]),
            ("name=NULL", &[]),
            ("name='NULL'", &[4]),
            ("name__in=Ada,Bob", &[1, 2]),
            ("name__in=\"x; DROP TABLE users, 'é'\",Bob", &[2, 5]),
            ("name__in='Ada','NULL'", &[1, 4]),
            ("note=", &[2]),
            ("note=NULL", &[1, 4, 5]),
            ("note__isnull=false", &[2, 3]),
            ("points=100", &[1, 2]),
            ("points__gt=100", &[3]),
            ("points__gte=100", &[1, 2, 3]),
            ("points__lt=100", &[4, 5]),
            ("points__lte=99999999999999999999999", &[1, 2, 3, 4, 5]),
            ("points__range=-10,100", &[1, 2, 4, 5]),
            ("points__in=0,-5", &[4, 5]),
            ("points__gt=F(limit) - 1", &[1, 2, 3]),
            ("price__lt=1.6", &[1, 2]),
            ("price=1.50", &[1]),
            ("ratio__gte=0.5", &[2]),
            ("is_active=true", &[1, 2, 3]),
            ("is_active=False", &[4, 5]),
            ("last_login__lte=2026-10-22", &[1, 2]),
            ("last_login__gt=2026-10-22 02:00:00.5+02:00", &[3]),
            ("last_login__year=2026", &[2, 3]),
            ("last_login__year__lt=2026", &[1]),
            ("last_login__month__in=2,12", &[1]),
            ("last_login__date=2026-10-21", &[2]),
            ("last_login__hour=23", &[2]),
            ("born__range=1815-12-10,1900-01-01", &[1]),
            ("born__week_day=1", &[1]),
            ("starts__gte=09:30", &[2]),
            ("secret=\\x00ff", &[1]),
            ("data__owner=Ada", &[1]),
            ("data__owner__age__gt=30", &[2]),
            ("data__0=1", &[3]),
            ("data__has_key=owner", &[1, 2]),
            ("data__has_keys=owner,zip", &[1]),
            ("data__has_any_keys=zip,other", &[1]),
            ("data__zip='00501'", &[1]),
            ("data__zip=00501", &[1]),
            ("data={\"owner\": {\"age\": 36}}", &[2]),
            ("data__isnull=true", &[4, 5]),
            ("data__owner__icontains=AD", &[1]),
            ("country=US", &[1, 3]),
            ("country__name__startswith=Uni", &[1, 3]),
            ("country_id__in=CA,US", &[1, 2, 3]),
            ("profile__points__gte=100", &[1]),
            ("profile__isnull=true", &[3, 4, 5]),
            ("pk=3", &[3]),
            ("boss__boss__name=Ada", &[3, 4]),
            ("users__name=Bob", &[1]),
            ("users=2", &[1]),
            ("odd name; --__lte=2", &[1, 2]),
        ] {
            if !scratch.kind.in_mysql_family()
                && condition.starts_with("data={")
                && scratch.kind == Kind::Sqlite
            {
                continue; // the text of the document would have to be the same
            }
            assert_eq!(
                found(scratch, db, "--where", condition).await,
                expected,
                "{:?} {condition}",
                scratch.kind
            );
        }
        for (condition, expected) in [
            ("name__in=Ada,Bob", &[3, 4, 5][..]),
            ("last_login__lte=2026-10-22", &[3, 4, 5]),
            ("profile__points__gte=100", &[2, 3, 4, 5]),
        ] {
            assert_eq!(
                found(scratch, db, "--exclude", condition).await,
                expected,
                "{:?} {condition}",
                scratch.kind
            );
        }
        if scratch.kind != Kind::Sqlite {
            assert_eq!(found(scratch, db, "--where", "data__contains={\"zip\": \"00501\"}").await, [1]);
        }
        let out = update(
            scratch,
            &[
                "--where",
                "country=US",
                "--where",
                "points__lt=200",
                "--exclude",
                "name=Bob",
                "--set",
                "mark=7",
            ],
        );
        assert!(out.done().starts_with("1 row updated in users ("));
    });
}

#[test]
fn values_are_set() {
    on_each_shop(async |scratch, db| {
        let ada = first(db).await;
        let long = "it's; DROP TABLE \"users\" -- \u{1f600}";
        for (setting, column, expected) in [
            ("note=plain, with = signs", "note", Value::from("plain, with = signs")),
            ("note='O''Hara'", "note", "O'Hara".into()),
            ("note=O'Hara", "note", "O'Hara".into()),
            ("note=", "note", "".into()),
            ("note=NULL", "note", Value::Null),
            ("note='NULL'", "note", "NULL".into()),
            ("note='F(points)'", "note", "F(points)".into()),
            (&format!("note={long}"), "note", long.into()),
            ("points=F(points)+100", "points", 200.into()),
            ("points=(F(points) - 1) * 2 % 7", "points", 2.into()),
            ("points=-F(points)", "points", (-100).into()),
            ("points= 5 ", "points", 5.into()),
            ("points=Greatest(F(points), F(limit), 150)", "points", 150.into()),
            ("points=Length(F(name)) + Abs(-2)", "points", 5.into()),
            ("price=F(price) * 1.1", "price", Value::Decimal("1.65".parse().unwrap())),
            ("price=1e2", "price", Value::Decimal(100.into())),
            ("ratio=0.25", "ratio", 0.25.into()),
            ("is_active=false", "is_active", false.into()),
            ("name=Upper(F(name))", "name", "ADA".into()),
            ("name=Concat(F(name), ' ', F(country), '''s')", "name", "Ada US's".into()),
            ("note=Coalesce(F(note), Replace(F(name), 'A', 'a'))", "note", "ada".into()),
            ("country=CA", "country", "CA".into()),
            ("country_id=NULL", "country", Value::Null),
            ("boss=F(id)", "boss", 1.into()),
            ("last_login=2024-02-29T10:00:00+02:00", "last_login", moment("2024-02-29T08:00:00Z")),
            (
                "last_login=F(last_login) + Duration('1 00:00:00')",
                "last_login",
                moment("2025-12-02T09:00:00Z"),
            ),
            ("born=2024-2-29", "born", "2024-02-29".parse::<enmasse::chrono::NaiveDate>().unwrap().into()),
            ("starts=9:05", "starts", "09:05:00".parse::<enmasse::chrono::NaiveTime>().unwrap().into()),
            ("secret=0x0102", "secret", vec![1_u8, 2].into()),
            ("data={\"a\": [1, null]}", "data", enmasse::serde_json::json!({ "a": [1, null] }).into()),
            ("data=null", "data", enmasse::serde_json::Value::Null.into()),
            ("data='text'", "data", enmasse::serde_json::json!("text").into()),
            ("data=NULL", "data", Value::Null),
            ("odd name; --=9", "odd name; --", 9.into()),
        ] {
            let out = update(scratch, &["--where", "id=1", "--set", setting]).done();
            assert!(out.starts_with("1 row updated in users (") && out.ends_with(" s)\n"), "{out}");
            assert_eq!(values(db, column).await[0], expected, "{:?} {setting}", scratch.kind);
            put_back(db, &ada).await;
        }
        let out = update(scratch, &["--all", "--set", "points=F(limit)", "--set", "limit=F(points)"]).done();
        assert!(out.starts_with("5 rows updated in users ("), "{out}");
        assert_eq!(
            values(db, "limit").await,
            [100, 100, 5000, 0, -5].map(Value::from),
            "from the row as it was"
        );
    });
}

fn moment(text: &str) -> Value {
    text.parse::<enmasse::chrono::DateTime<enmasse::chrono::Utc>>().unwrap().into()
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_written() {
    on_each_shop(async |scratch, db| {
        let before = values(db, "name").await;
        let ok = ["--where", "id=1", "--set", "note=x"];
        for (args, message) in [
            (
                &["--set", "note=x"][..],
                "this would update all rows of the table: select rows with --where or --exclude, or use --all",
            ),
            (
                &["--all", "--where", "id=1", "--set", "note=x"],
                "--all selects all rows and cannot be used with --where or --exclude",
            ),
            (
                &["--all", "--exclude", "id=1", "--set", "note=x"],
                "--all selects all rows and cannot be used with --where or --exclude",
            ),
            (&["--where", "id", "--set", "note=x"], "--where id: expected LOOKUP=VALUE, but got no '='"),
            (
                &["--where", "=1", "--set", "note=x"],
                "--where =1: expected LOOKUP=VALUE, but the name before the '=' is empty",
            ),
            (
                &["--where", "points>=5", "--set", "note=x"],
                "--where points>=5: write a comparison as a lookup: points__gte=5",
            ),
            (
                &["--where", "points<=5", "--set", "note=x"],
                "--where points<=5: write a comparison as a lookup: points__lte=5",
            ),
            (
                &["--exclude", "name!=x", "--set", "note=x"],
                "--exclude name!=x: use --exclude name=x to leave rows out",
            ),
            (&["--all", "--set", "points+=5"], "--set points+=5: write it as points=F(points)+5"),
            (&["--all", "--set", "points"], "--set points: expected FIELD=VALUE, but got no '='"),
            (&["--where", "nmae=x", "--set", "note=x"], "users has no field 'nmae'. Did you mean 'name'?"),
            (
                &["--where", "profile__pionts=1", "--set", "note=x"],
                "profile has no field 'pionts'. Did you mean 'points'?",
            ),
            (
                &["--where", "points__lke=1", "--set", "note=x"],
                "users.points: a whole number has no lookup or transform 'lke'.",
            ),
            (
                &["--where", "points=many", "--set", "note=x"],
                "users.points: expected a whole number but got 'many'.",
            ),
            (
                &["--where", "points__in=1,x", "--set", "note=x"],
                "users.points: expected a whole number but got 'x'.",
            ),
            (
                &["--where", "points__in=", "--set", "note=x"],
                "--where points__in=: expected a list of values but got nothing; an empty text in a list is written \"\"",
            ),
            (
                &["--exclude", "name__in=", "--set", "note=x"],
                "--exclude name__in=: expected a list of values but got nothing",
            ),
            (
                &["--where", "name__in=a,NULL", "--set", "note=x"],
                "--where name__in=a,NULL: a list cannot contain NULL; use __isnull=true",
            ),
            (
                &["--where", "name__in=\"a", "--set", "note=x"],
                "--where name__in=\"a: a \" is not closed in the list \"a",
            ),
            (
                &["--where", "points__range=1", "--set", "note=x"],
                "--where points__range=1: expected two values, the first and the last, separated by a comma, but got 1",
            ),
            (
                &["--where", "note__isnull=maybe", "--set", "note=x"],
                "--where note__isnull=maybe: expected true or false but got 'maybe'",
            ),
            (
                &["--where", "last_login__lte=yesterday", "--set", "note=x"],
                "users.last_login: expected a date and time in UTC but got 'yesterday'.",
            ),
            (
                &["--where", "points__gt=NULL", "--set", "note=x"],
                "users.points: 'gt' cannot compare with NULL; use isnull.",
            ),
            (
                &["--where", "secret=xyz", "--set", "note=x"],
                "--where secret=xyz: expected bytes as hexadecimal digits, as \\x00ff, but got 'xyz'",
            ),
            (
                &["--where", "points=F(pionts)", "--set", "note=x"],
                "users has no field 'pionts'. Did you mean 'points'?",
            ),
            (
                &["--where", "points=F(", "--set", "note=x"],
                "--where: expected the name of a field in F(…) at character 3\n  F(\n    ^\n",
            ),
            (&["--all", "--set", "nmae=x"], "users has no field 'nmae'. Did you mean 'name'?"),
            (&["--all", "--set", "profile=1"], "users has no field 'profile'."),
            (&["--all", "--set", "country__name=x"], "users has no field 'country__name'."),
            (&["--all", "--set", "points=1", "--set", "points=2"], "users.points is set twice."),
            (&["--all", "--set", "points=100+5"], "users.points: expected a whole number but got '100+5'."),
            (&["--all", "--set", "points="], "users.points: expected a whole number but got ''."),
            (&["--all", "--set", "points=NULL"], "users.points: NULL is not allowed."),
            (
                &["--all", "--set", "name=a name that is far too long for it"],
                "users.name: 'a name that is far too long for it' has 34 characters, and at most 25 fit.",
            ),
            (
                &["--all", "--set", "price=1.234"],
                "users.price: 1.234 has 3 decimal places, and at most 2 fit.",
            ),
            (
                &["--all", "--set", "points=F(points) +"],
                "--set: expected a number, a 'text', F(field), a function or '(' but got the end at character 12\n  F(points) +\n             ^\n",
            ),
            (
                &["--all", "--set", "points=F(profile__points)"],
                "users.points: Joined field references are not permitted",
            ),
            (&["--all", "--set", "name='it's'"], "--set name='it's': 'it's': double a quote inside quotes"),
            (
                &["--all", "--set", "data={"],
                "--set data={: expected a JSON document but got '{': EOF while parsing",
            ),
            (&["--all", "--set", "doubled=1"], "users.doubled is a generated column, which is never written"),
        ] {
            for more in [&[][..], &["--dry-run"]] {
                let err = update(scratch, &[args, more].concat()).failed(2);
                assert!(
                    err.starts_with(&format!("enmasse: {message}")),
                    "{:?} {args:?}: {err}",
                    scratch.kind
                );
            }
        }
        let err =
            enmasse([&["update", "--db", &scratch.url, "--table", "usres"], &ok[..]].concat()).failed(2);
        assert!(
            err.starts_with("enmasse: There is no table 'usres'. Did you mean 'users'? Choices are: "),
            "{err}"
        );
        // what only the database knows
        let err = update(scratch, &["--all", "--set", "country=XX"]).failed(1);
        assert!(err.starts_with("enmasse: ") && !err.contains("panicked"), "{err}");
        let err = update(scratch, &["--all", "--set", "country=XX", "--dry-run"]).failed(1);
        assert!(err.starts_with("enmasse: "), "{err}");
        let json = update(scratch, &["--all", "--set", "country=XX", "--json"]);
        let object: enmasse::serde_json::Value = enmasse::serde_json::from_str(&json.out).unwrap();
        assert_eq!((json.code, &object["exit_code"]), (1, &1.into()));
        assert_eq!(values(db, "name").await, before);
        assert_eq!(values(db, "country").await[0], Value::from("US"));
    });
}

#[test]
fn a_dry_run_shows_and_changes_nothing() {
    on_each_shop(async |scratch, db| {
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

#[test]
fn a_row_of_several_tables_is_updated_in_all_of_them() {
    on_each_shop(async |scratch, db| {
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

#[test]
fn a04_what_is_not_rolled_back_is_told_and_not_tried_again() {
    on_each_scratch(&Kind::MYSQL_FAMILY, async |scratch| {
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
