//! Runs a program from start to end, and measures its time and memory.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;
use tokio::time::timeout;

use crate::peer;

/// Another command than the one built here.
const COMMAND: &str = "ENMASSE_BENCH_COMMAND";

/// The interval between reads of a running program's memory.
const LOOK: Duration = Duration::from_millis(20);

pub struct Program {
    path: PathBuf,
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
    /// The standard input: SQL, as if typed.
    script: Option<PathBuf>,
}

/// The measurements of a run.
pub struct Spent {
    pub seconds: f64,
    /// In bytes; 0 if the system does not report it.
    pub peak_memory: u64,
}

impl Program {
    pub fn new(path: impl Into<PathBuf>, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Program { path: path.into(), arguments, environment: Vec::new(), script: None }
    }

    /// `enmasse apply`
    pub fn apply(enmasse: &Path, url: &str, file: &Path) -> Self {
        let file = file.display().to_string();
        Program::new(enmasse, ["apply", &file, "--db", url, "--table", "item"])
    }

    /// With an environment variable, to hide a password.
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.environment.push((name, value));
        self
    }

    pub fn reading(mut self, script: PathBuf) -> Self {
        self.script = Some(script);
        self
    }

    /// Runs it from start to end. Connecting is included, as for a user.
    pub async fn run(&self) -> Result<Spent> {
        let input = match &self.script {
            Some(script) => std::fs::File::open(script)?.into(),
            None => Stdio::null(),
        };
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(input).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let name = self.path.display().to_string();
        let begun = Instant::now();
        let child = command.spawn().with_context(|| name.clone())?;
        let process = child.id();
        let mut peak_memory = 0;
        let ended = child.wait_with_output();
        tokio::pin!(ended);
        let output = loop {
            match timeout(LOOK, &mut ended).await {
                Ok(output) => break output?,
                Err(_) => peak_memory = peak_of(process).unwrap_or(peak_memory),
            }
        };
        let seconds = begun.elapsed().as_secs_f64();
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{name} failed: {}", errors.trim_end());
        Ok(Spent { seconds, peak_memory })
    }
}

/// The peak memory of a process so far. The system's value for an ended process (`wait4`) includes the parent
/// program, whose memory it shares for a moment, so it is not used.
fn peak_of(process: Option<u32>) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process?)).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1_024)
}

/// The command, built as users build it.
pub async fn enmasse() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(COMMAND) {
        return Ok(path.into());
    }
    eprintln!("Building the command …");
    let target = Path::new(peer::HERE).join("../target");
    let manifest = Path::new(peer::HERE).join("../Cargo.toml");
    peer::build(&manifest, &["--package", "enmasse-cli"], &target).await?;
    Ok(target.join("release/enmasse"))
}
