//! Other libraries. A separate program in Rust or Python runs and measures each of them: see
//! `peers-rs/src/main.rs` for its protocol.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use async_trait::async_trait;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex, OnceCell};

use crate::batch::Batch;
use crate::way::Way;

pub const HERE: &str = env!("CARGO_MANIFEST_DIR");

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Language {
    Rust,
    Python,
}

/// The program of a language, on one database, started on demand.
pub struct Program {
    language: Language,
    url: String,
    running: Mutex<Option<Running>>,
}

struct Running {
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

/// One way of a program.
pub struct Peer {
    program: Arc<Program>,
    way: &'static str,
}

impl Program {
    pub fn new(language: Language, url: &str) -> Arc<Self> {
        Arc::new(Program { language, url: url.to_owned(), running: Mutex::new(None) })
    }

    async fn start(&self) -> Result<Running> {
        let mut command = self.language.command().await?;
        command.arg(&self.url).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let to = child.stdin.take().context("no standard input")?;
        let from = child.stdout.take().context("no standard output")?;
        Ok(Running { to, from: BufReader::new(from).lines(), _child: child })
    }

    /// Sends a line and returns the answer. If the call is dropped before that, the program is killed.
    async fn ask(&self, line: &str) -> Result<String> {
        let mut slot = self.running.lock().await;
        let mut running = match slot.take() {
            Some(running) => running,
            None => self.start().await?,
        };
        running.to.write_all(format!("{line}\n").as_bytes()).await?;
        let answer = running.from.next_line().await?.context("its program has ended")?;
        *slot = Some(running);
        match answer.strip_prefix("error ") {
            Some(message) => bail!("{}", message.chars().take(300).collect::<String>()),
            None => Ok(answer),
        }
    }
}

impl Peer {
    pub fn new(program: Arc<Program>, way: &'static str) -> Self {
        Peer { program, way }
    }
}

#[async_trait]
impl Way for Peer {
    async fn prepare(&mut self, batch: &Arc<Batch>) -> Result<()> {
        let line =
            format!("prepare {} {} {} {}", self.way, batch.size.rows, batch.size.stride, batch.version);
        let answer = self.program.ask(&line).await?;
        ensure!(answer == "ready", "its program answered: {answer}");
        Ok(())
    }

    async fn run(&mut self, _: &Arc<Batch>) -> Result<Duration> {
        let answer = self.program.ask("run").await?;
        let seconds =
            answer.strip_prefix("took ").with_context(|| format!("its program answered: {answer}"))?;
        Ok(Duration::from_secs_f64(seconds.parse()?))
    }
}

impl Language {
    /// The program, built on first use.
    async fn command(self) -> Result<Command> {
        static RUST: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
        static PYTHON: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
        let built = match self {
            Language::Rust => RUST.get_or_init(|| async { build_rust().await.map_err(in_words) }).await,
            Language::Python => PYTHON.get_or_init(|| async { build_python().await.map_err(in_words) }).await,
        };
        let program = built.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?;
        let mut command = Command::new(program);
        if self == Language::Python {
            command.arg(Path::new(HERE).join("peers.py"));
        }
        Ok(command)
    }
}

fn in_words(error: anyhow::Error) -> String {
    format!("cannot be built: {error:#}")
}

async fn build_rust() -> Result<PathBuf> {
    eprintln!("Building the peers in Rust …");
    let target = Path::new(HERE).join("peers-rs/target");
    build(&Path::new(HERE).join("peers-rs/Cargo.toml"), &[], &target).await?;
    Ok(target.join("release/enmasse-bench-peers"))
}

/// Builds a program of a manifest into a folder.
pub async fn build(manifest: &Path, arguments: &[&str], target: &Path) -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--release", "--locked", "--manifest-path"]).arg(manifest);
    build.args(arguments).arg("--target-dir").arg(target);
    succeed(build).await
}

/// A virtual environment with the packages of `requirements.txt`.
async fn build_python() -> Result<PathBuf> {
    eprintln!("Installing the peers in Python …");
    let venv = Path::new(HERE).join("target/venv");
    let python = venv.join("bin/python");
    if !python.exists() {
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(&venv);
        succeed(make).await.context("python3 -m venv")?;
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    install.arg(Path::new(HERE).join("requirements.txt"));
    succeed(install)
        .await
        .context("pip install (mysqlclient needs the packages libmariadb-dev and pkg-config)")?;
    Ok(python)
}

/// Runs a command; its last lines are the error if it fails.
async fn succeed(mut command: Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output().await?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    bail!("{}", lines[lines.len().saturating_sub(5)..].join("\n"))
}
