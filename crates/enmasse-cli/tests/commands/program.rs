//! The built program, run as a user does.

#![allow(dead_code)] // each test uses what it needs

use std::path::Path;
use std::process::Command;

use enmasse::serde_json;

/// The result of a run.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs it with these arguments, and with nothing in the environment that could matter.
pub fn enmasse<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Ended {
    enmasse_with(args, &[])
}

/// Runs it with variables in its environment too.
pub fn enmasse_with<S: AsRef<std::ffi::OsStr>>(
    args: impl IntoIterator<Item = S>,
    variables: &[(&str, &str)],
) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_enmasse"));
    command.args(args).env_clear().env("HOME", Path::new(env!("CARGO_TARGET_TMPDIR")));
    command.envs(variables.iter().copied());
    let output = command.output().expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ended {
        code: output.status.code().expect("it was not killed"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

impl Ended {
    /// The standard output of a successful run without complaints.
    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// The one JSON object that it printed.
    #[track_caller]
    pub fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.done()).expect("one JSON object")
    }

    /// The standard error of a run that ended with this code and printed nothing.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        self.err
    }
}
