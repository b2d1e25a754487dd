//! `enmasse backfill` and `enmasse runs`, on every database; killed inside of its chunks.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::program::{Ended, enmasse};
use enmasse::{Database, serde_json};
use enmasse_testing::{Kind, Scratch, number, on_scratch, test_on};

const ROWS: i64 = 2_000;

/// A table of accounts with points 0; every second id is missing.
async fn fill(db: &Database) {
    let kind = Kind::of(db);
    let engine = if kind.in_mysql_family() { " ENGINE=InnoDB" } else { "" };
    let sql = format!("CREATE TABLE account (id bigint PRIMARY KEY, points integer NOT NULL){engine}");
    db.execute_raw(&sql, []).await.unwrap();
    let sql = format!("INSERT INTO account SELECT id * 2, 0 FROM {}", kind.numbers(ROWS));
    db.execute_raw(&sql, []).await.unwrap();
}

const GIFT: [&str; 7] = ["--table", "account", "--all", "--set", "points=F(points)+1", "--name", "gift"];

fn backfill(scratch: &Scratch, args: &[&str]) -> Ended {
    enmasse([&["backfill", "--db", &scratch.url], args].concat())
}

fn runs(scratch: &Scratch, action: &[&str]) -> Ended {
    enmasse([&["runs", action[0], "--db", &scratch.url], &action[1..]].concat())
}

/// Runs it with a place and a time of coming by at which it dies; whether it did.
fn dies(scratch: &Scratch, args: &[&str], at: &str) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enmasse"));
    command.args([&["backfill", "--db", &scratch.url, "--quiet"], args].concat());
    command.env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR")).env("ENMASSE_BACKFILL_DIE", at);
    command.stderr(Stdio::null());
    let status = command.status().expect("the program runs");
    assert!(status.success() || status.code().is_none(), "{at}: {status}");
    status.code().is_none()
}

async fn count(db: &Database, condition: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM account WHERE {condition}");
    number(&db.query_raw(&sql, []).await.unwrap()[0])
}

/// How often it is killed on each database: `ENMASSE_TEST_KILLS`, or a few.
fn kills() -> u32 {
    std::env::var("ENMASSE_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(12)
}

#[test_on(all)]
fn killed_inside_of_its_chunks_it_writes_each_row_once(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        fill(&db).await;
        let places = ["before_update", "after_update", "before_commit", "after_commit"];
        let (mut killed, mut round) = (0, 0);
        while killed < kills() {
            round += 1;
            // small chunks, and one more in each session: a run has some four of them
            let mut args = GIFT.to_vec();
            for n in 0.. {
                let at = format!("{}:{}", places[(killed as usize + n) % 4], n % 2 + 1);
                if !dies(scratch, &args, &at) {
                    break;
                }
                killed += 1;
                args = vec!["--resume", "gift"];
                let run = db.runs().get("gift").await.unwrap();
                assert_eq!(run.scanned, run.changed);
            }
            let run = db.runs().get("gift").await.unwrap();
            assert_eq!((run.state.name(), run.changed as i64), ("done", ROWS));
            let wrong = count(&db, &format!("points <> {round}")).await;
            assert_eq!(wrong, 0, "{:?}, round {round}", scratch.kind);
            runs(scratch, &["forget", "gift"]).done();
        }
        eprintln!("{:?}: killed {killed} times in {round} runs", scratch.kind);
        db.close().await;
    });
}

#[test_on(all)]
fn a_run_is_shown_and_done_once(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        fill(&db).await;
        assert_eq!(runs(scratch, &["list"]).done(), "");
        let plan = backfill(scratch, &[&GIFT[..], &["--dry-run"]].concat()).done();
        assert!(plan.contains("UPDATE") && plan.ends_with("Nothing was written.\n"), "{plan}");
        assert_eq!(count(&db, "points <> 0").await, 0);
        let out = backfill(scratch, &GIFT).done();
        assert!(
            out.starts_with("gift done: 2,000 keys of account gone through, 2,000 rows changed ("),
            "{out}"
        );
        assert_eq!(count(&db, "points <> 1").await, 0);
        let again = backfill(scratch, &GIFT).failed(2);
        assert!(again.contains("there is a run 'gift'"), "{again}");
        let out = backfill(scratch, &["--resume", "gift", "--json"]).done();
        let last: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        assert_eq!((last["state"].as_str(), last["changed"].as_i64()), (Some("done"), Some(ROWS)));
        assert_eq!(count(&db, "points <> 1").await, 0);
        let listed = runs(scratch, &["list", "--json"]).json();
        assert_eq!((listed["run"].as_str(), listed["state"].as_str()), (Some("gift"), Some("done")));
        runs(scratch, &["forget", "gift"]).done();
        assert!(runs(scratch, &["forget", "gift"]).failed(1).contains("There is no run 'gift'"));
        assert!(backfill(scratch, &["--resume", "gift"]).failed(1).contains("There is no run 'gift'"));
        db.close().await;
    });
}

#[test_on(sqlite)]
fn all_rows_are_meant_only_where_that_is_said(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        fill(&db).await;
        let args = ["--table", "account", "--set", "points=1", "--name", "x"];
        assert!(backfill(scratch, &args).failed(2).contains("--all"));
        let args = ["--table", "account", "--all", "--set", "id=1", "--name", "x"];
        assert!(backfill(scratch, &args).failed(2).contains("is the key by which the chunks go"));
        let args = ["--table", "account", "--all", "--set", "points=1", "--name", "X y"];
        assert!(backfill(scratch, &args).failed(2).contains("cannot be the name of a run"));
        db.close().await;
    });
}

/// A run that cannot end soon, once it has begun.
async fn begun(scratch: &Scratch, db: &Database) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enmasse"));
    command.args(["backfill", "--db", &scratch.url, "--max-rate", "200"]).args(GIFT);
    command.env_clear().env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
    for _ in 0..200 {
        if db.runs().list().await.unwrap().iter().any(|run| run.chunks > 0) {
            return child;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("it never began");
}

#[cfg(unix)]
#[test_on(all)]
fn a_signal_ends_it_after_the_chunk_and_it_goes_on_from_there(kind: Kind) {
    use rustix::process::{Pid, Signal, kill_process};
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        fill(&db).await;
        let child = begun(scratch, &db).await;
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(6), "{said}");
        assert!(said.contains("Go on with: enmasse backfill --resume gift"), "{said}");
        let run = db.runs().get("gift").await.unwrap();
        assert!(run.changed > 0 && (run.changed as i64) < ROWS && run.state.name() == "paused");
        assert_eq!(count(&db, "points = 1").await as u64, run.changed);
        backfill(scratch, &["--resume", "gift", "--max-rate", "1000000"]).done();
        assert_eq!(count(&db, "points <> 1").await, 0);
        db.close().await;
    });
}

#[test_on(all)]
fn a_run_is_stopped_and_taken_over(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let db = scratch.connect().await;
        fill(&db).await;
        let child = begun(scratch, &db).await;
        runs(scratch, &["stop", "gift"]).done();
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(6));
        runs(scratch, &["forget", "gift"]).done();
        db.execute_raw("UPDATE account SET points = 0", []).await.unwrap();
        let child = begun(scratch, &db).await;
        backfill(scratch, &["--resume", "gift", "--max-rate", "1000000"]).done();
        let fenced = child.wait_with_output().unwrap();
        assert_eq!(fenced.status.code(), Some(7), "{}", String::from_utf8_lossy(&fenced.stderr));
        assert_eq!(count(&db, "points <> 1").await, 0);
        db.close().await;
    });
}
