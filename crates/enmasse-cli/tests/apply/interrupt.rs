//! Ctrl-C in the middle: all is rolled back, that is said, and no lock is left.

use std::fmt::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use enmasse::Transaction;
use enmasse_testing::{Kind, test_on, with_parameter};
use rustix::process::{Pid, Signal, kill_process};

use crate::program::{Ended, Trial, on_trial};

/// Enough that it takes a while, on a fast machine too.
const ROWS: i64 = 120_000;

/// A test waits so long for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// InnoDB refreshes its list of transactions only if nobody has queried it for a tenth of a second.
const PAUSE: Duration = Duration::from_millis(150);

const SAID: &str = "enmasse: interrupted: everything was rolled back, nothing was written\n";

/// A table of `rows` rows, and a file that changes each of them.
async fn make(trial: &Trial<'_>, rows: i64) {
    trial.run("CREATE TABLE t (id bigint PRIMARY KEY, n bigint NOT NULL, word varchar(40) NOT NULL)").await;
    trial.run(&format!("INSERT INTO t SELECT id, 0, 'before' FROM {}", trial.kind.numbers(rows))).await;
    let mut file = String::from("id,n,word\n");
    for id in 1..=rows {
        writeln!(file, "{id},1,a word that makes the row longer").unwrap();
    }
    trial.write("f.csv", file);
}

async fn changed(trial: &Trial<'_>) -> i64 {
    trial.number("SELECT count(*) FROM t WHERE n <> 0 OR word <> 'before'").await
}

/// Whether rows are on their way, or written and not yet committed.
async fn is_under_way(trial: &Trial<'_>) -> bool {
    let sql = match trial.kind {
        Kind::Sqlite => {
            // the last file that it begins before it reads the first row; pages stay in memory until the end
            return trial.files().iter().any(|file| file.starts_with('.') && file.ends_with("-m.csv"));
        }
        Kind::Postgres => {
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'"
        }
        Kind::MariaDb | Kind::Mysql => {
            "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND info LIKE 'LOAD DATA%'"
        }
    };
    trial.number(sql).await > 0
}

async fn wait_until(what: &str, child: &mut Child, pause: Duration, is_so: impl AsyncFn() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(child.try_wait().expect("a child").is_none(), "it ended before {what}");
        assert!(began.elapsed() < PATIENCE, "{what} never came");
        tokio::time::sleep(pause).await;
    }
}

fn start(trial: &Trial<'_>, args: &[&str]) -> Child {
    let mut command = trial.command(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program runs")
}

/// As `nohup` starts it: signals are ignored.
fn start_ignoring(trial: &Trial<'_>, args: &[&str]) -> Child {
    let command = trial.command(args);
    let mut ignoring = Command::new("sh");
    ignoring.args(["-c", "trap '' HUP INT TERM; exec \"$@\"", "sh"]);
    ignoring.arg(command.get_program()).args(command.get_args());
    command.get_current_dir().map(|folder| ignoring.current_dir(folder));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => ignoring.env(name, value),
            None => ignoring.env_remove(name),
        };
    }
    ignoring.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    ignoring.spawn().expect("the program runs")
}

fn interrupt(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("a signal");
}

/// Waits for its end, which comes soon.
fn until_its_end(mut child: Child) -> Ended {
    drop(child.stdin.take());
    let began = Instant::now();
    let ended = Ended::of(child.wait_with_output().expect("it ends"));
    assert!(began.elapsed() < Duration::from_secs(8), "it took {:?} to end", began.elapsed());
    ended
}

/// It says that nothing was written, and so it is.
async fn assert_rolled_back(trial: &Trial<'_>, ended: Ended, code: i32) {
    assert_eq!(ended.without_progress().failed(code), SAID);
    assert_eq!(changed(trial).await, 0);
}

#[test_on(all)]
fn in_the_middle_of_a_long_file(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial, ROWS).await;
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let files = trial.files();
            // If the disk is slow, the signal may come during the commit, which is awaited.
            for tries in 1.. {
                let args = ["f.csv", "--table", "t", "--diff", "d.csv", "--missing", "m.csv"];
                let args = [&args[..], &["--skip-bad", "--rejects", "r.csv"]].concat();
                let mut child = start(trial, &args);
                let began = async || is_under_way(trial).await;
                wait_until("the rows", &mut child, Duration::from_millis(5), began).await;
                interrupt(&child, signal);
                let ended = until_its_end(child);
                if tries < 5 && ended.code == 0 {
                    assert_eq!(changed(trial).await, ROWS);
                    trial.run("UPDATE t SET n = 0, word = 'before'").await;
                    for name in ["d.csv", "m.csv", "r.csv"] {
                        std::fs::remove_file(trial.path(name)).expect("a file");
                    }
                    continue;
                }
                assert_rolled_back(trial, ended, code).await;
                break;
            }
            assert_eq!(trial.files(), files, "files were left behind");
        }
        // at once: no lock is left
        trial.write("one.csv", "id,n\n1,1\n");
        let began = Instant::now();
        let counts = trial.apply(["one.csv", "--table", "t"]).counts();
        assert_eq!(counts, "1 matched, 1 changed, 0 not in the table");
        assert!(began.elapsed() < Duration::from_secs(3), "a lock was left for {:?}", began.elapsed());
        assert_eq!(changed(trial).await, 1);
    });
}

/// Holds the lock of a row, in SQLite that of the database, while a scenario runs.
async fn with_row_locked<T>(trial: &Trial<'_>, id: i64, scenario: impl AsyncFn() -> T) -> T {
    let other = trial.scratch.connect().await;
    let locked = other.transaction(async |tx: Transaction| {
        tx.execute_raw(&format!("UPDATE t SET n = n WHERE id = {id}"), []).await?;
        Ok(scenario().await)
    });
    let given = locked.await.expect("the lock");
    other.close().await;
    given
}

#[test_on(servers)]
fn while_the_database_writes(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial, 2_000).await;
        let waits = match trial.kind {
            Kind::Postgres => {
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            }
            _ => "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
        };
        with_row_locked(trial, 1_900, async || {
            let mut child = start(trial, &["f.csv", "--table", "t"]);
            wait_until("the wait", &mut child, PAUSE, async || trial.number(waits).await > 0).await;
            interrupt(&child, Signal::INT);
            assert_rolled_back(trial, until_its_end(child), 130).await;
            // the server has stopped too, although the row is still locked
            let began = Instant::now();
            while trial.number(waits).await > 0 {
                assert!(began.elapsed() < Duration::from_secs(5), "the server still waits for the lock");
                tokio::time::sleep(PAUSE).await;
            }
            // and holds none of the other rows
            trial.write("one.csv", "id,n\n1,1\n");
            trial.apply(["one.csv", "--table", "t"]).done();
        })
        .await;
        assert_eq!(changed(trial).await, 1);
        let counts = trial.apply(["f.csv", "--table", "t"]).counts();
        assert_eq!(counts, "2,000 matched, 2,000 changed, 0 not in the table");
    });
}

#[test_on(sqlite)]
fn while_another_writes_to_sqlite(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial, 100).await;
        let url = with_parameter(trial.url, "busy_timeout=20000");
        with_row_locked(trial, 1, async || {
            let mut child = start(trial, &["f.csv", "--table", "t", "--db", &url]);
            // it has nothing to show while it waits: it may be anywhere on its way there
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert!(child.try_wait().expect("a child").is_none());
            interrupt(&child, Signal::INT);
            assert_rolled_back(trial, until_its_end(child), 130).await;
        })
        .await;
    });
}

#[test_on(sqlite)]
fn what_is_ignored_stays_ignored(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial, 100).await;
        let url = with_parameter(trial.url, "busy_timeout=20000");
        let child = with_row_locked(trial, 1, async || {
            let mut child = start_ignoring(trial, &["f.csv", "--table", "t", "--db", &url]);
            for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
                tokio::time::sleep(Duration::from_millis(200)).await;
                interrupt(&child, signal);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert!(child.try_wait().expect("a child").is_none(), "a signal ended it");
            child
        })
        .await;
        let ended = Ended::of(child.wait_with_output().expect("it ends"));
        assert_eq!(ended.counts(), "100 matched, 100 changed, 0 not in the table");
        assert_eq!(changed(trial).await, 100);
    });
}

#[test_on(sqlite)]
fn while_standard_input_is_read(kind: Kind) {
    on_trial(kind, async |trial| {
        make(trial, 10).await;
        let mut child = start(trial, &["-", "--table", "t"]);
        let mut input = child.stdin.take().expect("its input");
        // more than a pipe holds: when this is done, it reads
        std::io::Write::write_all(&mut input, &[&b"id,n\n"[..], &b"1,1\n".repeat(100_000)].concat()).unwrap();
        interrupt(&child, Signal::INT);
        let ended = Ended::of(child.wait_with_output().expect("it ends while its input is open"));
        assert_eq!(ended.failed(130), SAID);
        drop(input);
        assert_eq!(changed(trial).await, 0);
    });
}
