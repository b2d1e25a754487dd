//! The connection is lost while the transaction is committed.

use std::process::Output;

use enmasse_testing::{Kind, Proxy, test_on};

use crate::program::{Trial, on_trial};

/// How many bytes before the end of what the server says its answer to the commit is looked for.
const END: i64 = 60;

/// Applies a file through the proxy, to a table as it was.
async fn apply(trial: &Trial<'_>, proxy: &Proxy) -> Output {
    let url = proxy.url();
    trial.run("UPDATE t SET n = 0").await;
    // while it runs, what it says passes through here
    let mut command = trial.command(["f.csv", "--table", "t", "--diff", "d.csv", "--db", &url]);
    tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").expect("it runs")
}

#[test_on(servers)]
fn of_which_nobody_knows_whether_it_was(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (id bigint PRIMARY KEY, n bigint NOT NULL)").await;
        trial.run("INSERT INTO t VALUES (1, 0), (2, 0)").await;
        trial.write("f.csv", "id,n\n1,7\n2,8\n");
        let proxy = Proxy::before(trial.scratch).await;
        let before = proxy.passed()[1];
        assert!(apply(trial, &proxy).await.status.success());
        let bytes = proxy.passed()[1] - before;

        let mut unknown = 0;
        for from_end in 1..=END {
            proxy.from_server.cut_after(bytes - from_end);
            let output = apply(trial, &proxy).await;
            proxy.from_server.spare();
            let changed = trial.number("SELECT count(*) FROM t WHERE n <> 0").await;
            let said = String::from_utf8(output.stderr).expect("UTF-8");
            match output.status.code() {
                Some(0) => assert_eq!(changed, 2),
                Some(1) => assert_eq!(changed, 0, "{from_end}: {said}"),
                Some(5) => {
                    unknown += 1;
                    assert!(changed == 0 || changed == 2, "{changed}: {said}");
                    let error = "enmasse: f.csv: The connection was lost during the commit, and it is unknown whether everything or nothing was written: ";
                    assert!(said.contains(error), "{said}");
                    assert!(said.contains("\nIf it was: 2 matched, 2 changed, 0 not in the table\nd.csv is not there: it is "), "{said}");
                    let place = said.trim_end().rsplit(" it is ").next().expect("a place");
                    assert_eq!(trial.read(place), "id,column,before,after\n1,n,0,7\n2,n,0,8\n");
                    std::fs::remove_file(trial.path(place)).expect("it is there");
                }
                other => panic!("{other:?}: {said}"),
            }
        }
        assert_ne!(unknown, 0);
    });
}
