//! What may never come to an end: files that are pipes, and readers that do not read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use enmasse_testing::{Kind, test_on};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};

use crate::items;
use crate::program::{Trial, enmasse, on_trial};

/// Makes a pipe that has a name.
fn fifo(path: &std::path::Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// Waits a short time for a program; returns its exit code.
fn ended(mut child: std::process::Child) -> Option<i32> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(15) {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.code().unwrap_or(-1));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

#[test]
fn b07_a_file_of_passwords_that_is_a_pipe_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    for name in [".pgpass", ".my.cnf"] {
        fifo(&folder.path().join(name));
        fs::set_permissions(folder.path().join(name), PermissionsExt::from_mode(0o600)).unwrap();
    }
    fs::write(folder.path().join("f.csv"), "id\n1\n").unwrap();
    for (url, name) in [("postgres://me@127.0.0.1:1/db", ".pgpass"), ("mysql://me@127.0.0.1:1/db", ".my.cnf")]
    {
        let mut command = enmasse();
        command.env("HOME", folder.path()).args(["apply", "f.csv", "--table", "t", "--db", url]);
        let mut child = command.current_dir(folder.path()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        assert_eq!(ended(child), Some(1), "{name}");
        let mut said = String::new();
        std::io::Read::read_to_string(&mut stderr, &mut said).unwrap();
        assert!(said.contains(&format!("{name} is ignored: it is not a regular file")), "{said}");
    }
}

#[test_on(all)]
fn b07_a_long_name_is_cut(kind: Kind) {
    on_trial(kind, async |trial| {
        items::make(trial).await;
        let name = "x".repeat(3 << 20);
        trial.write("f.csv", format!("id,{name}\n1,2\n"));
        trial.write("f.jsonl", format!("{{\"id\":1,\"{name}\":2}}\n"));
        for args in [
            &["f.csv", "--table", "item"][..],
            &["f.jsonl", "--table", "item"],
            &["f.csv", "--table", "item", "--json"],
            &["f.csv", "--table", "item", "--ignore", "y"],
            &["f.csv", "--table", "item", "--key", "name"],
        ] {
            let ended = trial.apply(args);
            assert!(ended.code > 0 && !ended.err.is_empty(), "{args:?}");
            assert!(ended.err.len() + ended.out.len() < 20_000, "{args:?}: {} bytes", ended.err.len());
        }
        let long = "y".repeat(100_000);
        let set = format!("{long}=1");
        for args in [["--where", set.as_str(), "--set", "amount=1"], ["--where", "id=1", "--set", &set]] {
            let mut command = enmasse();
            let output = command
                .args(["update", "--table", "item"])
                .args(args)
                .env("DATABASE_URL", trial.url)
                .output();
            let output = output.unwrap();
            assert!(
                !output.status.success() && output.stderr.len() < 20_000,
                "{} bytes",
                output.stderr.len()
            );
        }
    });
}

/// A full pipe without a reader.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, writer) = std::io::pipe().unwrap();
    let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
    rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    use std::io::Write;
    while (&writer).write(&[b'x'; 512]).is_ok() {}
    rustix::fs::fcntl_setfl(&writer, flags).unwrap();
    (reader, writer)
}

fn stuck(command: &mut Command, output: &str) {
    let (reader, writer) = full_pipe();
    let writer = Stdio::from(writer);
    let (out, err) = if output == "stdout" { (writer, Stdio::null()) } else { (Stdio::null(), writer) };
    let mut child = command.stdout(out).stderr(err).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    assert!(child.try_wait().unwrap().is_none(), "{output}: it waits for nobody");
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let code = ended(child);
    // what was to be said on standard output is that all is done
    assert_eq!(code, Some(if output == "stdout" { 0 } else { 143 }), "{output}");
    drop(reader);
}

#[test_on(sqlite)]
fn b07_a_signal_ends_a_program_whose_output_nobody_reads(kind: Kind) {
    on_trial(kind, async |trial: &Trial<'_>| {
        items::make(trial).await;
        trial.write("f.csv", "id,amount\n1,11\n");
        stuck(&mut trial.command(["f.csv", "--table", "item"]), "stdout");
        trial.write("bad.csv", "id,amount\n1,x\n");
        stuck(&mut trial.command(["bad.csv", "--table", "item"]), "stderr");
    });
}
