//! How far long work is: a bar on a terminal, lines elsewhere.

use std::fmt::Write;
use std::time::Duration;

use enmasse_testing::{Kind, test_on};

use crate::program::{Trial, on_trial};
use crate::terminal;

/// So many rows take long enough for a bar to be seen.
const ROWS: i64 = 60_000;

async fn make(trial: &Trial<'_>, rows: i64) {
    trial.run("CREATE TABLE t (id bigint PRIMARY KEY, n bigint NOT NULL)").await;
    trial.run("INSERT INTO t VALUES (1, 0), (2, 0)").await;
    let mut file = String::from("id,n\n");
    for id in 1..=rows {
        writeln!(file, "{id},{id}").unwrap();
    }
    trial.write("f.csv", file);
}

#[test_on(all)]
fn a_terminal_has_a_bar_while_it_lasts(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial, ROWS).await;
        let session = terminal::run(trial.command(["f.csv", "--table", "t"]));
        assert!(session.status.success(), "{}", session.last());
        let is_bar = |screen: &&String| {
            let line = screen.trim_end();
            line.starts_with("f.csv [")
                && line.contains('%')
                && line.contains(" rows, ")
                && line.contains(" a second  ")
                && line.ends_with(" left")
        };
        assert!(session.screens.iter().any(|screen| is_bar(&screen)), "{:#?}", session.screens);
        assert!(
            session.screens.iter().all(|screen| screen.trim_end().lines().count() <= 1),
            "one line is enough"
        );
        let last = session.last().trim_end();
        assert!(last.starts_with("2 matched, 2 changed, 59,998 not in the table ("), "{last}");
    });
}

#[test_on(sqlite)]
fn quiet_shows_nothing_on_a_terminal(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial, ROWS).await;
        let session = terminal::run(trial.command(["f.csv", "--table", "t", "--quiet"]));
        assert!(session.status.success());
        assert_eq!(String::from_utf8_lossy(&session.bytes), "");
    });
}

#[test_on(sqlite)]
fn a_failure_on_a_terminal_takes_the_bar_away(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial, ROWS).await;
        let mut file = trial.read("f.csv");
        file.push_str("one,more\n");
        trial.write("f.csv", file);
        let session = terminal::run(trial.command(["f.csv", "--table", "t"]));
        assert_eq!(session.status.code(), Some(1));
        assert_eq!(
            session.last().trim_end(),
            "enmasse: f.csv:60002: column 'id': expected a whole number but got 'one'.\nNothing was written."
        );
    });
}

#[test_on(sqlite)]
fn the_bar_makes_room_for_rows_that_are_skipped(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial, ROWS).await;
        let mut file = trial.read("f.csv").replace("\n30000,30000\n", "\n30000,many\n");
        file.push_str("one,more\n");
        trial.write("f.csv", file);
        let options = ["--table", "t", "--skip-bad", "--rejects", "bad.csv", "--max-errors", "5"];
        let session = terminal::run(trial.command(["f.csv"].into_iter().chain(options)));
        let lines: Vec<&str> = session.last().trim_end().lines().collect();
        assert_eq!(
            lines[..2],
            [
                "enmasse: skipped: f.csv:30001: column 'n': expected a whole number but got 'many'.",
                "enmasse: skipped: f.csv:60002: column 'id': expected a whole number but got 'one'.",
            ]
        );
        assert!(lines[2].starts_with("2 matched, 2 changed, 59,997 not in the table, 2 bad and skipped ("));
        assert_eq!(lines.len(), 3, "{lines:?}");
    });
}

/// A transaction that waits for another one's lock makes the work long, on any machine.
#[test_on(sqlite)]
fn elsewhere_long_work_has_plain_lines(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial, 5_000).await;
        let holder = trial.db.clone();
        let (locked, is_locked) = tokio::sync::oneshot::channel();
        let locked = std::sync::Mutex::new(Some(locked));
        let held = async {
            let held = holder.transaction(async |tx| {
                tx.execute_raw("UPDATE t SET n = 5 WHERE id = 2", []).await?;
                locked.lock().expect("a lock").take().expect("once").send(()).expect("somebody waits");
                // longer than the time between two lines
                tokio::time::sleep(Duration::from_millis(5_300)).await;
                Ok(())
            });
            held.await.expect("the lock");
        };
        let url = format!("{}?busy_timeout=20000", trial.url);
        let command = trial.command(["f.csv", "--table", "t", "--db", &url]);
        let applied = async {
            is_locked.await.expect("the lock");
            let mut command = command;
            tokio::task::spawn_blocking(move || command.output()).await.expect("a thread").expect("it runs")
        };
        let ((), output) = futures_util::join!(held, applied);
        let ended = crate::program::Ended::of(output);
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(ended.out.starts_with("2 matched, 2 changed, 4,998 not in the table ("), "{}", ended.out);
        let lines: Vec<&str> = ended.err.lines().collect();
        assert!(!lines.is_empty(), "no line told how far it was");
        for line in lines {
            let told = line.strip_prefix("enmasse: f.csv: ").unwrap_or_else(|| panic!("{line}"));
            assert!(told.contains("%, ") && told.contains(" rows, ") && told.ends_with(" s left"), "{line}");
        }
        assert!(!ended.err.contains('\u{1b}') && !ended.err.contains('\r'), "{:?}", ended.err);
    });
}
