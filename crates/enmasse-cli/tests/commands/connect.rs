//! The database, and the source of the password, which is never shown.

use std::path::Path;

use crate::program::{Ended, enmasse, enmasse_with};
use enmasse_testing::{Kind, Scratch, on_scratch, test_on};

fn inspect(url: &str, variables: &[(&str, &str)]) -> Ended {
    enmasse_with(["inspect", "--db", url, "--json"], variables)
}

#[test]
fn a_database_must_be_named() {
    let expected = "enmasse: no database given: use --db URL or the environment variable DATABASE_URL\n";
    assert_eq!(enmasse(["inspect"]).failed(2), expected);
    assert_eq!(enmasse(["inspect", "--db", ""]).failed(2), expected);
    assert_eq!(enmasse_with(["inspect"], &[("DATABASE_URL", "")]).failed(2), expected);
    for (url, message) in [
        ("app", "enmasse: A database's URL begins with sqlite:"),
        ("oracle://me:hunter2@h/d", "enmasse: "),
        ("postgres://me:hun/ter2@h:x/d", "enmasse: The URL's port is not a number"),
        ("sqlite://", "enmasse: The URL names no file"),
    ] {
        let err = enmasse(["inspect", "--db", url]).failed(2);
        assert!(err.starts_with(message) && !err.contains("hunter2"), "{url}: {err}");
    }
}

#[test]
fn a_sqlite_file_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("50% ?.db");
    let path = path.to_str().unwrap();
    let url = format!("sqlite://{}", path.replace('%', "%25").replace('?', "%3F"));
    for given in [path, &url] {
        let err = enmasse(["inspect", "--db", given]).failed(1);
        assert!(err.starts_with(&format!("enmasse: no such file: {path} (")), "{err}");
        let update = ["update", "--db", given, "--table", "t", "--all", "--set", "a=1"];
        assert!(enmasse(update).failed(1).starts_with("enmasse: no such file: "));
        assert!(!Path::new(path).exists());
    }
    let made = enmasse(["inspect", "--db", &format!("{url}?mode=rwc"), "--json"]).json();
    assert_eq!(made["tables"], enmasse::serde_json::json!([]));
    assert!(Path::new(path).exists());
    assert!(enmasse_with(["inspect", "--json"], &[("DATABASE_URL", path)]).json()["database"].is_string());
}

/// The URL in its parts: without its password, and the password.
fn without_password(scratch: &Scratch) -> Option<(String, String)> {
    let (scheme, rest) = scratch.url.split_once("://")?;
    let (user, rest) = rest.split_once(':')?;
    let (password, place) = rest.split_once('@')?;
    Some((format!("{scheme}://{user}@{place}"), password.to_owned()))
}

#[test_on(servers)]
#[cfg(unix)]
fn the_password_is_found_and_never_shown(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let Some((url, password)) = without_password(scratch) else { return };
        let home = tempfile::tempdir().unwrap();
        let home_name = home.path().to_str().unwrap();
        let no_home = [("HOME", home_name)];
        let user = url.split_once("://").and_then(|(_, rest)| rest.split_once('@')).unwrap().0;
        let place = url.rsplit_once('@').unwrap().1;
        let (host, port) = place.split_once('/').unwrap().0.split_once(':').unwrap();
        let refused = inspect(&url, &no_home);
        assert_eq!(refused.code, 1, "without one it is refused: {refused:?}");

        let (variable, file, text) = match scratch.kind {
            Kind::Postgres => {
                ("PGPASSWORD", ".pgpass", format!("*:1:*:*:no\n{host}:{port}:*:{user}:{password}\n"))
            }
            _ => (
                "MYSQL_PWD",
                ".my.cnf",
                format!("[client]\nuser = nobody\npassword = \"{password}\" # mine\n"),
            ),
        };
        inspect(&url, &[no_home[0], (variable, &password)]).json();
        assert_eq!(inspect(&url, &[no_home[0], (variable, "wr0ng")]).code, 1);
        inspect(&scratch.url, &[no_home[0], (variable, "wr0ng")]).json();

        let file = home.path().join(file);
        std::fs::write(&file, &text).unwrap();
        set_mode(&file, 0o600);
        inspect(&url, &no_home).json();
        if scratch.kind == Kind::Postgres {
            let other = home.path().join("other");
            std::fs::write(&other, &text).unwrap();
            set_mode(&other, 0o600);
            let empty = tempfile::tempdir().unwrap();
            let variables =
                [("HOME", empty.path().to_str().unwrap()), ("PGPASSFILE", other.to_str().unwrap())];
            inspect(&url, &variables).json();
        } else {
            // the user too is in the file
            let anonymous = format!("mysql://{place}");
            std::fs::write(&file, text.replace("nobody", user)).unwrap();
            inspect(&anonymous, &no_home).json();
        }
        set_mode(&file, 0o666);
        let open = inspect(&url, &no_home);
        assert_eq!(open.code, 1);
        let warning = format!("enmasse: warning: {} is ignored: ", file.display());
        assert!(open.err.starts_with(&warning), "{}", open.err);

        // In any place of the URL, and for any error.
        let bad = scratch.url.replace(&format!("/{}", place.split_once('/').unwrap().1), "/no_such_database");
        for args in [
            &["inspect", "--db", &scratch.url, "no_such_table"][..],
            &["inspect", "--db", &scratch.url, &scratch.url],
            &["inspect", "--db", &bad],
            &["inspect", "--bd", &scratch.url],
            &["update", &scratch.url],
            &["update", "--db", &scratch.url, "--table", &scratch.url, "--all", "--set", "a=1", "--json"],
            &["update", "--db", &scratch.url, "--db", &scratch.url],
            &["inspect", "--help"],
            &["update", "-h"],
            &[&scratch.url],
        ] {
            let ended = enmasse_with(args, &[("DATABASE_URL", &scratch.url), (variable, &password)]);
            let all = format!("{}{}", ended.out, ended.err);
            assert!(!all.contains(&password), "{args:?}: {all}");
        }
        let quiet = ["update", "--db", &scratch.url, "--table", "t", "--all", "--set", "a=1", "--quiet"];
        assert!(enmasse(quiet).failed(2).starts_with("enmasse: There is no table 't'."));
    });
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
