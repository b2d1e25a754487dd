//! What is refused, with a message that says why.

use enmasse::Value;
use enmasse_testing::{Kind, test_on};

use super::shop::values;
use super::{on_shop, update};
use crate::program::enmasse;

#[test_on(all)]
fn what_is_wrong_is_said_and_nothing_is_written(kind: Kind) {
    on_shop(kind, async |scratch, db| {
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
