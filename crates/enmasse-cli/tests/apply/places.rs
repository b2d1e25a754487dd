//! The allowed places of output files, and readers of the output.

use enmasse_testing::{Kind, test_on};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use crate::items;
use crate::program::{Ended, Trial, on_trial};

const FILE: &str = "id,amount\n1,11\n7,77\n";

/// Runs it on SQLite with a file of one existing and one missing row; returns the code and the first line of
/// the error.
fn tried(trial: &Trial<'_>, args: &[&str]) -> (i32, String) {
    trial.write("f.csv", FILE);
    let ended = trial.apply(["f.csv", "--table", "item"].iter().chain(args));
    (ended.code, ended.err.lines().next().unwrap_or_default().to_owned())
}

#[test_on(sqlite)]
fn no_file_is_written_over_another(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        let before = items::all(trial).await;
        fs::create_dir(trial.path("d")).unwrap();
        symlink("f.csv", trial.path("link.csv")).unwrap();
        let refused = [
            (["--missing", "f.csv"].as_slice(), 2, "--missing f.csv is the same file as that of the input"),
            (&["--diff", "link.csv"], 2, "--diff link.csv is the same file as that of the input"),
            (
                &["--missing", "o.csv", "--diff", "./o.csv"],
                2,
                "--diff ./o.csv is the same file as that of --missing",
            ),
            (&["--missing", "d"], 1, "cannot write d: it is a directory."),
        ];
        for (args, code, message) in refused {
            assert_eq!(tried(trial, args), (code, format!("enmasse: {message}")), "{args:?}");
            assert_eq!(items::all(trial).await, before, "{args:?}");
            assert_eq!(trial.read("f.csv"), FILE);
        }
        assert_eq!(trial.files(), ["d", "f.csv", "link.csv"]);
    });
}

#[test_on(sqlite)]
fn a13_the_database_is_never_written_over(kind: Kind) {
    on_trial(kind, async |trial| {
        let file = trial.path("my app.db");
        let url = format!("sqlite://{}", file.display().to_string().replace(' ', "%20"));
        let db = enmasse::Database::connect(&url).await.unwrap();
        db.execute_raw("CREATE TABLE item (id integer PRIMARY KEY, amount integer)", []).await.unwrap();
        db.execute_raw("INSERT INTO item VALUES (1, 2)", []).await.unwrap();
        db.close().await;
        trial.write("f.csv", FILE);
        fs::hard_link(&file, trial.path("hard")).unwrap();
        symlink(&file, trial.path("soft")).unwrap();
        let before = fs::read(&file).unwrap();
        let folder = trial.folder().display().to_string();
        let written = [
            "my app.db".to_owned(),
            "./my app.db-wal".to_owned(),
            "my app.db-journal".to_owned(),
            format!("{folder}/my app.db-shm"),
            "hard".to_owned(),
            "soft".to_owned(),
            "/proc/self/cwd/my app.db".to_owned(),
            "/proc/self/fd/0".to_owned(),
        ];
        for given in [url.as_str(), "my app.db", "soft", "sqlite:my%20app.db?journal_mode=keep"] {
            let url = if given == "soft" { format!("sqlite://{folder}/soft") } else { given.to_owned() };
            for path in &written {
                for option in ["--diff", "--missing"] {
                    let mut command = trial.command(["f.csv", "--table", "item", option, path]);
                    command.env("DATABASE_URL", &url).stdin(fs::File::open(&file).unwrap());
                    let said = Ended::of(command.output().unwrap()).failed(2);
                    let expected =
                        format!("enmasse: {option} {path} is the same file as that of the database\n");
                    assert_eq!(said, expected, "{url}");
                    assert_eq!(fs::read(&file).unwrap(), before, "{url} {path}");
                }
            }
        }
    });
}

#[test_on(sqlite)]
fn a_file_that_is_there_keeps_its_mode_and_a_link_its_place(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("old.csv", "old");
        fs::set_permissions(trial.path("old.csv"), PermissionsExt::from_mode(0o640)).unwrap();
        symlink("old.csv", trial.path("link.csv")).unwrap();
        assert_eq!(tried(trial, &["--missing", "link.csv", "--diff", "new.csv"]), (0, String::new()));
        assert_eq!(trial.read("old.csv"), "id,amount\n7,77\n");
        assert!(fs::symlink_metadata(trial.path("link.csv")).unwrap().is_symlink());
        let mode = |name: &str| fs::metadata(trial.path(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode("old.csv"), 0o640);
        assert_ne!(mode("new.csv") & 0o044, 0, "others may read it, as the umask says");
    });
}

#[test_on(sqlite)]
fn a_pipe_is_written_itself(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", FILE);
        let args = ["f.csv", "--table", "item", "--missing", "/dev/stdout", "--quiet"];
        let mut command = trial.command(args);
        let ended = Ended::of(command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap());
        assert_eq!((ended.code, ended.out.as_str()), (0, "id,amount\n7,77\n"), "{}", ended.err);
    });
}

#[test_on(all)]
fn an_open_file_is_written_on_where_it_stands(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", FILE);
        std::os::unix::fs::symlink("/dev/stdout", trial.path("link.csv")).unwrap();
        let bad = "id,amount\n1,11\n7,77\n2,x\n";
        trial.write("bad.csv", bad);
        for (name, opens) in [
            ("/dev/stdout", "> out"),
            ("/dev/fd/1", "> out"),
            ("/proc/self/fd/1", "> out"),
            ("link.csv", "> out"),
            ("/dev/stdout", ">> out"),
            ("/dev/stdout", "1<> out"),
        ] {
            trial.write("out", "");
            let ends = |file: &str, more: &str| {
                let program = env!("CARGO_BIN_EXE_enmasse");
                let line = format!(
                    "{{ echo head; {program} apply {file} --table item --dry-run --missing {name} {more}; echo \"tail $?\"; }} {opens}"
                );
                let mut shell = Command::new("sh");
                shell.args(["-c", &line]).env("DATABASE_URL", trial.url).current_dir(trial.folder());
                let ended = Ended::of(shell.output().unwrap());
                (trial.read("out"), ended.err)
            };
            let (out, err) = ends("f.csv", "--quiet");
            assert_eq!(out, "head\nid,amount\n7,77\ntail 0\n", "{name} {opens}: {err}");
            trial.write("out", "");
            let (out, _) = ends("f.csv", "--quiet --diff /dev/stdout");
            let diff = "id,column,before,after\n1,amount,10,11\n";
            assert!(
                [format!("{diff}id,amount\n7,77\n"), format!("id,amount\n7,77\n{diff}")]
                    .contains(&out.replace("head\n", "").replace("tail 0\n", "")),
                "{out}"
            );
            trial.write("out", "");
            let (out, _) = ends("bad.csv", "");
            assert_eq!(out, "head\ntail 1\n", "{name} {opens}");
        }
        assert_eq!(trial.files(), ["bad.csv", "f.csv", "link.csv", "out"]);
    });
}

#[test_on(sqlite)]
fn other_descriptors_of_files_are_refused_and_so_is_the_file_of_the_output(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", FILE);
        for (name, opens, reason) in [
            (
                "/dev/fd/7",
                "7> out",
                "it is a descriptor of a file, and only /dev/stdout and /dev/stderr can be that",
            ),
            (
                "out",
                "> out",
                "standard output or standard error goes there; name it /dev/stdout or /dev/stderr",
            ),
        ] {
            trial.write("out", "");
            let program = env!("CARGO_BIN_EXE_enmasse");
            let line = format!("{program} apply f.csv --table item --missing {name} {opens}");
            let mut shell = Command::new("sh");
            shell.args(["-c", &line]).env("DATABASE_URL", trial.url).current_dir(trial.folder());
            let said = Ended::of(shell.output().unwrap()).failed(1);
            assert_eq!(said, format!("enmasse: cannot write {name}: {reason}.\n"));
            assert_eq!(trial.read("out"), "");
        }
        assert_eq!(items::amounts(trial).await, "1|bolt|10\n2|nut|20\n3|gear|30");
    });
}

/// Makes a named pipe, and reads it to its end meanwhile.
fn read_pipe(trial: &Trial<'_>, name: &str) -> std::thread::JoinHandle<String> {
    let path = trial.path(name);
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    std::thread::spawn(move || fs::read_to_string(path).unwrap())
}

#[test_on(all)]
fn d01_a_pipe_is_written_once_although_refused_rows_have_all_tried_again(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (id integer PRIMARY KEY, n integer NOT NULL CHECK (n < 100))").await;
        trial.run("INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)").await;
        trial.write("f.csv", "id,n\n1,10\n2,200\n3,30\n4,40\n");
        let pipes = ["m.csv", "d.csv", "r.csv"];
        let read = pipes.map(|name| read_pipe(trial, name));
        let args = ["--missing", "m.csv", "--diff", "d.csv", "--skip-bad", "--rejects", "r.csv"];
        let ended = trial.apply(["f.csv", "--table", "t"].iter().chain(&args));
        assert_eq!(ended.code, 0, "{}", ended.err);
        let [missing, diff, rejects] = read.map(|read| read.join().unwrap());
        assert_eq!(missing, "id,n\n4,40\n");
        assert_eq!(diff, "id,column,before,after\n1,n,1,10\n3,n,3,30\n");
        assert!(rejects.starts_with("id,n") && rejects.matches("2,200").count() == 1, "{rejects}");
        assert_eq!(trial.query("SELECT n FROM t ORDER BY id").await, "10\n2\n30");
        assert_eq!(trial.files().iter().filter(|name| name.starts_with('.')).count(), 0);
    });
}

#[test_on(all)]
fn b07_a_pipe_that_nobody_reads_holds_no_lock_and_a_signal_ends_it(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (id integer PRIMARY KEY, n integer)").await;
        trial.run("INSERT INTO t VALUES (1, 1)").await;
        trial.write("f.csv", "id,n\n1,10\n4,40\n");
        let made = Command::new("mkfifo").arg(trial.path("m.csv")).status().unwrap();
        assert!(made.success());
        let mut command = trial.command(["f.csv", "--table", "t", "--missing", "m.csv"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let began = std::time::Instant::now();
        while trial.query("SELECT n FROM t").await != "10" {
            assert!(child.try_wait().unwrap().is_none() && began.elapsed().as_secs() < 30);
        }
        // it is committed, and another may write
        trial.run("UPDATE t SET n = 11").await;
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(child.try_wait().unwrap().is_none());
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&child),
            rustix::process::Signal::TERM,
        )
        .unwrap();
        let ended = Ended::of(child.wait_with_output().unwrap());
        let said = ended.failed(4);
        let start = "enmasse: cannot write m.csv: it was interrupted; it is ";
        let kept =
            said.strip_prefix(start).and_then(|rest| rest.lines().next()).unwrap_or_else(|| panic!("{said}"));
        assert_eq!(fs::read_to_string(kept).unwrap(), "id,n\n4,40\n");
        fs::remove_file(kept).unwrap();
        let end = "\nthe table is written: 1 matched, 1 changed, 1 not in the table\n";
        assert!(said.ends_with(end), "{said}");
    });
}

#[test_on(sqlite)]
fn who_does_not_read_the_output_changes_nothing(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write("f.csv", FILE);
        let mut command = trial.command(["f.csv", "--table", "item"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = Ended::of(child.wait_with_output().unwrap());
        assert_eq!((ended.code, ended.err.as_str()), (0, ""));
        assert_eq!(items::amounts(trial).await, "1|bolt|11\n2|nut|20\n3|gear|30");
    });
}

#[test_on(sqlite)]
fn changes_tell_null_from_the_empty_text(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        trial.write(
            "f.jsonl",
            "{\"id\":1,\"note\":\"\"}\n{\"id\":2,\"note\":\"\"}\n{\"id\":3,\"note\":null}\n",
        );
        trial.apply(["f.jsonl", "--table", "item", "--diff", "d.csv"]).done();
        let lines = "id,column,before,after\n1,note,old,\n2,note,\\N,\n3,note,a note,\\N\n";
        assert_eq!(trial.read("d.csv"), lines);
    });
}

#[test_on(sqlite)]
fn a_sqlite_file_keeps_its_journal(kind: Kind) {
    on_trial(kind, async |trial| {
        let file = trial.path("own.db");
        let own = format!("sqlite://{}", file.display());
        let db = enmasse::Database::connect(&format!("{own}?journal_mode=keep")).await.unwrap();
        db.execute_raw("CREATE TABLE item (id integer PRIMARY KEY, amount integer)", []).await.unwrap();
        db.execute_raw("INSERT INTO item VALUES (1, 2)", []).await.unwrap();
        db.close().await;
        let before = fs::read(&file).unwrap();
        trial.write("f.csv", FILE);
        let dry = trial.command(["f.csv", "--table", "item", "--dry-run"]).env("DATABASE_URL", &own).output();
        assert_eq!(Ended::of(dry.unwrap()).code, 0);
        assert_eq!(fs::read(&file).unwrap(), before, "a dry run leaves the file as it is");
        let real = trial.command(["f.csv", "--table", "item"]).env("DATABASE_URL", &own).output();
        assert_eq!(Ended::of(real.unwrap()).code, 0);
        assert_eq!(fs::read(&file).unwrap()[18..20], [1, 1], "no WAL");
    });
}

#[test_on(sqlite)]
fn a_value_that_only_the_database_s_form_refuses_has_its_line(kind: Kind) {
    on_trial(kind, async |trial| {
        trial.run("CREATE TABLE t (id integer PRIMARY KEY, q decimal)").await;
        trial.run("INSERT INTO t VALUES (1, 1), (2, 2)").await;
        trial.write("q.csv", "id,q\n1,2.5\n2,1.2345678901234567890\n");
        let said = trial.apply(["q.csv", "--table", "t"]).failed(1);
        assert!(said.starts_with("enmasse: q.csv: line 3: id=2: t.q: "), "{said}");
        assert!(said.ends_with("\nNothing was written.\n"), "{said}");
        assert_eq!(trial.query("SELECT q FROM t ORDER BY id").await, "1\n2");
    });
}
