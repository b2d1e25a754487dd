//! Damaged files and expressions, made from right ones: no panic, nothing that hangs, and all rows of a file or none.
//!
//! `scripts/fuzz-apply` runs it for longer. What fails is kept with the seed that makes it again.

mod expressions;
mod files;
mod random;
mod rows;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How many damaged files of each kind, or expressions, are tried.
fn runs() -> u64 {
    setting("ENMASSE_FUZZ_RUNS").unwrap_or(25)
}

/// Where the random numbers begin.
fn seed() -> u64 {
    setting("ENMASSE_FUZZ_SEED").unwrap_or(1)
}

fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
    Some(text.parse().unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// The result of a run.
struct Ran {
    /// `None` if a signal ended it, or if it was killed.
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    /// Runs a program, but not longer than that.
    fn of(mut command: Command) -> Ran {
        let (out, err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        command.stdout(Stdio::from(out.try_clone().unwrap())).stderr(Stdio::from(err.try_clone().unwrap()));
        let mut child = command.spawn().expect("the program runs");
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("its status") {
                break Some(status);
            }
            if began.elapsed() > PATIENCE {
                child.kill().expect("it can be ended");
                child.wait().expect("it has ended");
                break None;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let text = |mut file: std::fs::File| {
            use std::io::{Read, Seek};
            let mut bytes = Vec::new();
            file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("what it printed");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Ran { code: status.and_then(|status| status.code()), out: text(out), err: text(err) }
    }

    /// The fault in its end, for any input.
    fn fault(&self) -> Option<String> {
        let said = |text: &str| self.err.contains(text);
        if self.code.is_none() {
            Some(format!("it was ended by a signal, or took longer than {} s", PATIENCE.as_secs()))
        } else if !matches!(self.code, Some(0..=2)) || said("panicked") || said("enmasse has a fault, please")
        {
            Some("it panicked".to_owned())
        } else if self.err.len() > 20_000 {
            Some(format!("it said {} bytes", self.err.len()))
        } else {
            None
        }
    }
}

/// Keeps the failing input, and returns its path.
fn kept(name: &str, content: &[u8]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join(name);
    std::fs::write(&path, content).expect("the file is kept");
    path
}
