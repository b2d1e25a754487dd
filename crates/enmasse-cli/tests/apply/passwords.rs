//! The password of a URL is never printed, even after a failure.

use enmasse_testing::{Kind, test_on};

use crate::items;
use crate::program::{Ended, enmasse, on_trial};

const SECRET: &str = "hunter2%2Fx";

#[track_caller]
fn assert_hidden(ended: &Ended) {
    let all = format!("{}{}", ended.out, ended.err);
    assert_ne!(ended.code, 0, "{all}");
    assert!(!all.is_empty());
    assert!(!all.contains("hunter2"), "{all}");
}

#[test]
fn no_failure_to_connect_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("f.csv"), "id\n1\n").unwrap();
    for url in [
        "postgres://me:SECRET@127.0.0.1:1/db",
        "postgres://me:SECRET@127.0.0.1:1/db?sslmode=nonsense",
        "postgres://me:SECRET@127.0.0.1:notaport/db",
        "postgres://127.0.0.1:1/db?user=me&password=SECRET",
        "postgresql://me:SECRET@no.such.host.invalid/db",
        "mysql://me:SECRET@127.0.0.1:1/db",
        "mysql://me:SECRET@127.0.0.1:1/db?no_such_parameter=1",
        "mariadb://me:SECRET@/db",
        "mysql://me:SECRET@127.0.0.1:99999/db",
        "oracle://me:SECRET@localhost/db",
        "postgres:me:SECRET@localhost/db",
        "me:SECRET@localhost/db",
    ] {
        let url = url.replace("SECRET", SECRET);
        for (line, place) in [(true, "--db"), (false, "DATABASE_URL")] {
            for json in [&[][..], &["--json"]] {
                let mut command = enmasse();
                command.current_dir(folder.path()).args(["apply", "f.csv", "--table", "t"]).args(json);
                if line {
                    command.args(["--db", &url])
                } else {
                    command.env("DATABASE_URL", &url)
                };
                let ended = Ended::of(command.output().unwrap());
                assert!(
                    !ended.out.contains("hunter2") && !ended.err.contains("hunter2"),
                    "{place} {url}: {ended:?}"
                );
                assert_hidden(&ended);
            }
        }
    }
}

#[test]
fn no_wrong_line_shows_it() {
    let url = format!("postgres://me:{SECRET}@localhost/db");
    for args in [
        &["apply", &url, "--table", "t", "--nonsense"][..],
        &["apply", "f.csv", &url, "--table", "t"],
        &["apply", "--db", &url],
        &["apply", "f.csv", "--db", &url, "--table", "t", "--max-errors", &url],
        &["apply", &url, "--table", "t", "--db", "none.db"],
        &["apply", "f.csv", "--table", &url, "--db", "sqlite::memory:"],
        &[&url],
    ] {
        assert_hidden(&Ended::of(enmasse().args(args).output().unwrap()));
    }
    let help = enmasse().args(["apply", "--help"]).env("DATABASE_URL", &url).output().unwrap();
    assert!(!Ended::of(help).done().contains("hunter2"));
}

#[test]
fn d08_a_mistyped_url_in_a_wrong_place_does_not_show_it() {
    for url in [
        "postgres:/me:SECRET@h",
        "postgres:me:SECRET@h/db",
        "MySQL:/me:SECRET@h",
        "mariadb:///me:SECRET@h",
        "password=SECRET",
    ] {
        let url = url.replace("SECRET", SECRET);
        for args in [
            &["apply", &url, "--table", "t", "--db", "sqlite::memory:"][..],
            &["apply", "f.csv", &url, "--table", "t"],
            &["apply", "f.csv", "--table", &url, "--db", "sqlite::memory:"],
            &["apply", "f.csv", "--table", "t", "--db", "none.db", "--max-errors", &url],
            &["inspect", &url, "--db", "sqlite::memory:"],
            &["update", "--db", "sqlite::memory:", "--table", &url, "--set", "a=1", "--all"],
            &[&url],
        ] {
            assert_hidden(&Ended::of(enmasse().args(args).output().unwrap()));
        }
    }
}

#[test_on(servers)]
fn the_server_s_own_refusals_do_not_show_it(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", "id,amount\n1,5\n");
        let (scheme, rest) = trial.url.split_once("://").unwrap();
        let (login, place) = rest.rsplit_once('@').unwrap();
        let (user, password) = login.split_once(':').unwrap();
        let (host, database) = place.split_once('/').unwrap();
        for url in
            [format!("{scheme}://{user}:{SECRET}@{place}"), format!("{scheme}://nobody:{SECRET}@{place}")]
        {
            assert_hidden(&trial.apply(["f.csv", "--table", "item", "--db", &url]));
        }
        let url = format!("{scheme}://{login}@{host}/no_such_{database}");
        let ended = trial.apply(["f.csv", "--table", "item", "--db", &url]);
        assert_eq!(ended.code, 1);
        assert!(!ended.err.contains(password), "{}", ended.err);
    });
}
