//! Concurrent `apply` and `update` of the same rows, in any order: neither fails.

use std::process::Stdio;

use enmasse_testing::{Kind, test_on};

use crate::program::{Ended, enmasse, on_trial};

const ROWS: i64 = 600;

/// How often they meet: `ENMASSE_TEST_ROUNDS`.
fn rounds() -> i64 {
    std::env::var("ENMASSE_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5)
}

#[test_on(all)]
fn b05_apply_and_update_of_the_same_rows(kind: Kind) {
    on_trial(kind, async |trial| {
        let kind = trial.kind;
        let engine = if kind.in_mysql_family() { " ENGINE=InnoDB" } else { "" };
        trial.run(&format!("CREATE TABLE account (id bigint PRIMARY KEY, balance bigint NOT NULL, note varchar(40)){engine}")).await;
        // in the table in an order that is the opposite of the keys'
        let rows: Vec<_> = (1..=ROWS).rev().map(|id| format!("({id}, 0, 'old')")).collect();
        trial.run(&format!("INSERT INTO account VALUES {}", rows.join(", "))).await;
        let deadlocks = match kind {
            Kind::Sqlite => "SELECT 0",
            Kind::Postgres => "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
            _ => {
                "SELECT CAST(COUNT AS SIGNED) FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'"
            }
        };
        let before = trial.number(deadlocks).await;
        for round in 0..rounds() {
            let lines: String = (1..=ROWS).map(|id| format!("{id},round {round}\n")).collect();
            trial.write("f.csv", format!("id,note\n{lines}"));
            let apply = trial
                .command(["f.csv", "--table", "account"])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            let update = enmasse()
                .args(["update", "--table", "account", "--all", "--set", "balance=F(balance)+1"])
                .env("DATABASE_URL", trial.url)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn();
            let [apply, update] =
                [apply, update].map(|child| Ended::of(child.unwrap().wait_with_output().unwrap()));
            assert_eq!((apply.code, update.code), (0, 0), "{kind:?}, round {round}: {apply:?} {update:?}");
        }
        if kind == Kind::Postgres {
            tokio::time::sleep(std::time::Duration::from_millis(1_200)).await;
        }
        let met = trial.number(deadlocks).await - before;
        eprintln!("{kind:?}: {} rounds, {met} deadlocks, none of which anybody heard of", rounds());
        let wrong = format!(
            "SELECT COUNT(*) FROM account WHERE balance <> {} OR note <> 'round {}'",
            rounds(),
            rounds() - 1
        );
        assert_eq!(trial.number(&wrong).await, 0);
    });
}
