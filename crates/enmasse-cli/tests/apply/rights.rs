//! Users with few privileges.

use enmasse_testing::{Clerk, Kind, test_on};

use crate::program::{Ended, Trial, on_trial};

/// A user who may read and write the table, but not create temporary tables.
async fn without_temporary_tables(trial: &Trial<'_>) -> Clerk {
    let rights: &[&str] = match trial.kind {
        Kind::Postgres => {
            &["REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC", "GRANT ALL ON t TO {clerk}"]
        }
        _ => &["GRANT SELECT, INSERT, UPDATE ON {database}.t TO {clerk}"],
    };
    Clerk::new(trial.scratch, &trial.db, rights).await
}

#[test_on(servers)]
fn c08_who_may_make_no_temporary_tables_is_told_the_right_and_small_files_need_none(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL)").await;
        trial.run(&format!("INSERT INTO t SELECT id, 0 FROM {}", trial.kind.numbers(3_000))).await;
        let file = |rows: u32| {
            let rows = (1..=rows).map(|id| format!("{id},1\n"));
            format!("id,n\n{}", rows.collect::<String>())
        };
        trial.write("small.csv", file(20));
        trial.write("large.csv", file(3_000));
        let clerk = without_temporary_tables(trial).await;
        let run = |file: &str, more: &[&str]| {
            let args = [file, "--table", "t"].into_iter().chain(more.iter().copied());
            Ended::of(trial.command(args).env("DATABASE_URL", &clerk.url).output().expect("it runs"))
        };
        let small = run("small.csv", &[]);
        let large = run("large.csv", &[]);
        let options: [&[&str]; 4] =
            [&["--dry-run"], &["--diff", "d.csv"], &["--missing", "m.csv"], &["--insert-missing"]];
        let refused = options.map(|more| (more, run("small.csv", more)));
        let update = std::process::Command::new(env!("CARGO_BIN_EXE_enmasse"))
            .args([
                "update",
                "--db",
                &clerk.url,
                "--table",
                "t",
                "--where",
                "id=1",
                "--set",
                "n=5",
                "--dry-run",
            ])
            .output()
            .map(Ended::of);
        clerk.drop(&trial.db).await;

        assert_eq!(small.counts(), "20 matched, 20 changed, 0 not in the table", "{:?}", trial.kind);
        assert_eq!(large.counts(), "3,000 matched, 2,980 changed, 0 not in the table", "{:?}", trial.kind);
        assert_eq!(trial.number("SELECT count(*) FROM t WHERE n = 1").await, 3_000);
        let right = match trial.kind {
            Kind::Postgres => "GRANT TEMPORARY ON DATABASE … TO …",
            _ => "GRANT CREATE TEMPORARY TABLES ON …",
        };
        for (more, ended) in refused {
            let said = ended.failed(1);
            assert!(said.contains(right), "{:?} {more:?}: {said}", trial.kind);
        }
        // the dry run of an update keeps no rows
        let said = update.expect("it runs").done();
        assert!(said.starts_with("1 row of t matches; nothing was written\n1 row would change\n"), "{said}");
        assert_eq!(trial.files(), ["large.csv", "small.csv"], "{:?}", trial.kind);
    });
}
