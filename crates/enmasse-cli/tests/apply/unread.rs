//! Values that cannot be read as their column's type: they are shown as text, and overwritten.

use enmasse_testing::{Kind, test_on};

use crate::program::{Ended, Trial, enmasse, on_trial};

/// The column's type, an unreadable value as SQL and as shown, and a new value.
type Case = (&'static str, &'static str, &'static str, &'static str);

fn cases(kind: Kind) -> &'static [Case] {
    match kind {
        Kind::Sqlite => &[
            ("integer", "'many'", "many", "7"),
            ("integer", "1.5", "1.5", "7"),
            ("decimal(8, 2)", "'dear'", "dear", "7.25"),
            ("date", "'soon'", "soon", "2026-01-02"),
            ("date", "5", "5", "2026-01-02"),
            ("datetime", "'now'", "now", "2026-01-02 03:04:05"),
            ("boolean", "2", "2", "true"),
            ("json", "'{'", "{", r#"{"a":1}"#),
            ("varchar(9)", "CAST(x'ff00' AS text)", r"\xff00", "seven"),
        ],
        Kind::Postgres => &[
            ("date", "'infinity'", "infinity", "2026-01-02"),
            ("date", "'-infinity'", "-infinity", "2026-01-02"),
            ("date", "'4000000-02-29'", "4000000-02-29", "2026-01-02"),
            ("timestamp", "'infinity'", "infinity", "2026-01-02 03:04:05"),
            ("timestamp", "'294276-12-31 23:59:59.5'", "294276-12-31 23:59:59.5", "2026-01-02 03:04:05"),
            ("timestamptz", "'-infinity'", "-infinity", "2026-01-02 03:04:05+00:00"),
            (
                "timestamptz",
                "'294276-12-31 00:00+00'",
                "294276-12-31 00:00:00+00",
                "2026-01-02 03:04:05+00:00",
            ),
            ("time", "'24:00'", "24:00:00", "03:04:05"),
            ("numeric(8, 2)", "'NaN'", "NaN", "7.25"),
            ("numeric", "'-Infinity'", "-Infinity", "7.25"),
            (
                "numeric",
                "-123456789012345678901234567890.0001000",
                "-123456789012345678901234567890.0001000",
                "7.25",
            ),
            ("numeric", "1e-31", "0.0000000000000000000000000000001", "7.25"),
            ("jsonb", "'{\"a\": 1e400}'", "", r#"{"a":1}"#),
            ("numeric[]", "'{1,NaN}'", r#"["1","NaN"]"#, "[2]"),
        ],
        Kind::MariaDb | Kind::Mysql => &[
            ("date", "'0000-00-00'", "0000-00-00", "2026-01-02"),
            ("date", "'2026-00-00'", "2026-00-00", "2026-01-02"),
            ("datetime", "'0000-00-00'", "0000-00-00 00:00:00", "2026-01-02 03:04:05"),
            ("datetime(6)", "'2026-02-00 01:02:03.5'", "2026-02-00 01:02:03.500000", "2026-01-02 03:04:05"),
            ("timestamp NULL", "'0000-00-00'", "0000-00-00 00:00:00", "2026-01-02 03:04:05+00:00"),
            ("time", "'-101:02:03'", "-101:02:03", "03:04:05"),
        ],
    }
}

async fn make(trial: &Trial<'_>, (column, value, ..): &Case) {
    trial.run("DROP TABLE IF EXISTS t").await;
    trial.run(&format!("CREATE TABLE t (id integer PRIMARY KEY, mine {column}, note varchar(9))")).await;
    let insert = format!("INSERT INTO t VALUES (1, {value}, 'a'), (2, NULL, 'b')");
    let done = trial.db.transaction(async |tx| {
        if trial.kind.in_mysql_family() {
            tx.execute_raw("SET @mode = @@sql_mode, sql_mode = ''", []).await?;
            tx.execute_raw(&insert, []).await?;
            return tx.execute_raw("SET sql_mode = @mode", []).await;
        }
        tx.execute_raw(&insert, []).await
    });
    done.await.unwrap_or_else(|error| panic!("{insert}: {error}"));
}

#[test_on(all)]
fn d02_a_value_that_cannot_be_read_is_shown_as_its_text(kind: Kind) {
    on_trial(kind, async |trial| {
        for case in cases(trial.kind) {
            let (column, _, shown, new) = case;
            let what = format!("{:?}: {column} {shown}", trial.kind);
            make(trial, case).await;
            let quoted = format!("\"{}\"", new.replace('"', "\"\""));
            trial.write("f.csv", format!("id,mine,note\n1,{quoted},z\n2,{quoted},b\n"));
            let before = trial.query("SELECT id, note FROM t ORDER BY id").await;

            let dry = trial.apply(["f.csv", "--table", "t", "--dry-run"]).done();
            assert!(dry.contains("\n2 rows would change\n"), "{what}: {dry}");
            assert!(dry.contains("\n  mine  2   id=1: "), "{what}: {dry}");
            let set = format!("mine='{new}'");
            let update =
                ["update", "--db", trial.url, "--table", "t", "--where", "id=1", "--dry-run", "--set"];
            let updated = Ended::of(enmasse().args(update).arg(&set).output().expect("it runs"));
            if !column.ends_with("[]") {
                let updated = updated.done();
                assert!(updated.contains("\n  mine  1   id=1: "), "{what}: {updated}");
                assert!(updated.contains(shown.trim_start_matches(r"\x")), "{what}: {updated}");
            }
            assert_eq!(trial.query("SELECT id, note FROM t ORDER BY id").await, before, "{what}");

            trial.apply(["f.csv", "--table", "t", "--diff", "d.csv"]).done();
            let diff = trial.read("d.csv");
            let line = diff.lines().find(|line| line.starts_with("1,mine,")).unwrap_or_default();
            let cell = if shown.contains('"') {
                format!("\"{}\"", shown.replace('"', "\"\""))
            } else {
                (*shown).to_owned()
            };
            assert!(line.starts_with(&format!("1,mine,{cell}")), "{what}: {diff}");
            assert_eq!(
                trial.apply(["f.csv", "--table", "t"]).counts(),
                "2 matched, 0 changed, 0 not in the table"
            );
        }
    });
}

#[test_on(all)]
fn d02_rows_that_are_read_refuse_such_a_value_still(kind: Kind) {
    on_trial(kind, async |trial| {
        for case in cases(trial.kind) {
            make(trial, case).await;
            let model = trial.db.inspect_table("t", []).await.unwrap();
            let rows = enmasse::QuerySet::<enmasse::Record>::of(&model, &trial.db);
            let error = rows.fetch().await.unwrap_err();
            assert!(error.to_string().contains(".mine of id=1: "), "{:?} {case:?}: {error}", trial.kind);
        }
    });
}
