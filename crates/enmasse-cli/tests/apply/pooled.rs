//! Behind PgBouncer in transaction mode.

use enmasse_testing::{Bouncer, Kind, test_on};

use crate::items;
use crate::program::{Ended, enmasse, on_trial};

const FILE: &str = "id,name,amount\n1,bolt,11\n2,nut,20\n7,new,70\n";

#[test_on(postgres)]
fn b04_the_command_behind_pgbouncer(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        let Some(bouncer) = Bouncer::before(trial.url, "") else { return };
        let apply = |args: &[&str]| {
            let mut command = trial.command(args);
            Ended::of(command.env("DATABASE_URL", &bouncer.url).output().unwrap())
        };
        trial.write("f.csv", FILE);
        let before = items::all(trial).await;
        // each run is another program, whose statements would have the names that the last one has left there
        for _ in 0..3 {
            let dry = apply(&["f.csv", "--table", "item", "--dry-run"]);
            assert_eq!(dry.code, 0, "{}", dry.err);
            assert_eq!(items::all(trial).await, before);
        }
        for _ in 0..2 {
            let done = apply(&["f.csv", "--table", "item", "--diff", "d.csv", "--missing", "m.csv"]);
            assert_eq!(done.code, 0, "{}", done.err);
        }
        assert_eq!(items::amounts(trial).await, "1|bolt|11\n2|nut|20\n3|gear|30");
        assert!(trial.read("m.csv").contains("7,new,70"), "{}", trial.read("m.csv"));
        let inserted = apply(&["f.csv", "--table", "item", "--insert-missing"]);
        assert_eq!(inserted.code, 0, "{}", inserted.err);
        assert_eq!(trial.number("SELECT amount FROM item WHERE id = 7").await, 70);
        // thousands of rows, which would else be copied
        trial.run("DELETE FROM item").await;
        trial
            .run("INSERT INTO item (id, name, amount) SELECT g, 'old', 0 FROM generate_series(1, 8000) g")
            .await;
        let lines: String = (1..=8_000).map(|id| format!("{id},{id}\n")).collect();
        trial.write("many.csv", format!("id,amount\n{lines}"));
        for more in [&["--dry-run"][..], &["--diff", "d2.csv"], &[]] {
            let ended = apply(&[&["many.csv", "--table", "item"], more].concat());
            assert_eq!(ended.code, 0, "{more:?}: {}", ended.err);
        }
        assert_eq!(trial.number("SELECT COUNT(*) FROM item WHERE amount = id").await, 8_000);
        let update = |args: &[&str]| {
            let mut command = enmasse();
            command.args(["update", "--table", "item"]).args(args).env("DATABASE_URL", &bouncer.url);
            Ended::of(command.output().unwrap())
        };
        for args in [
            &["--all", "--set", "amount=F(amount)+1", "--dry-run"][..],
            &["--all", "--set", "amount=F(amount)+1"],
        ] {
            let ended = update(args);
            assert_eq!(ended.code, 0, "{}", ended.err);
        }
        assert_eq!(trial.number("SELECT COUNT(*) FROM item WHERE amount = id + 1").await, 8_000);
    });
}
