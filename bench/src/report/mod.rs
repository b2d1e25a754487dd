//! Writes figures into `docs/BENCHMARKS.md` between two marker lines; the rest of the page is written by
//! hand.

mod chart;
mod command;
mod tables;
mod versions;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::figures::Figure;
use crate::run::Run;

/// The places of the figures of updates and of whole commands on the page.
const UPDATES: (&str, &str) =
    ("<!-- figures: written by scripts/bench --report -->", "<!-- end of figures -->");
const COMMANDS: (&str, &str) = (
    "<!-- figures of the command: written by scripts/bench --report -->",
    "<!-- end of the command's figures -->",
);

pub fn write(file: &Path) -> Result<()> {
    let figures = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let figures: Vec<Figure> = serde_json::from_str(&figures).with_context(|| file.display().to_string())?;
    ensure!(!figures.is_empty(), "{} has no figures", file.display());

    let (commands, updates): (Vec<_>, Vec<_>) = figures.into_iter().partition(|figure| figure.case.is_some());

    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = docs.join("BENCHMARKS.md");
    let mut text = std::fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    if !commands.is_empty() {
        let parts = [command::table(&commands), runs(&commands).join("\n")];
        text = replaced(&text, COMMANDS, &parts)?;
    }
    if !updates.is_empty() {
        std::fs::write(docs.join("benchmarks.svg"), chart::draw(&updates))?;
        let parts = [
            "![Microseconds a row by the number of rows, on each database](benchmarks.svg)".to_owned(),
            tables::tables(&updates),
            made(&updates)?,
        ];
        text = replaced(&text, UPDATES, &parts)?;
        println!("docs/benchmarks.svg is written");
    }
    std::fs::write(&page, text)?;
    println!("docs/BENCHMARKS.md is written");
    Ok(())
}

/// Replaces the parts between two marker lines of the page.
fn replaced(page: &str, (begin, end): (&str, &str), parts: &[String]) -> Result<String> {
    let no_line = |line| format!("docs/BENCHMARKS.md has no line {line}");
    let (before, rest) = page.split_once(begin).with_context(|| no_line(begin))?;
    let (_, after) = rest.split_once(end).with_context(|| no_line(end))?;
    Ok(format!("{before}{begin}\n\n{}\n\n{end}{after}", parts.join("\n\n")))
}

/// The commands of the figures, with the machine and the databases.
fn runs(figures: &[Figure]) -> Vec<String> {
    let runs: BTreeSet<_> = figures.iter().map(|figure| &figure.run).collect();
    let run = |run: &Run| format!("- `{}` on {}: {}", run.command, run.date, run.machine);
    let mut lines: Vec<_> = runs.into_iter().map(run).collect();
    let servers: BTreeSet<_> = figures.iter().map(|figure| figure.server.as_str()).collect();
    let servers: Vec<_> = servers.into_iter().collect();
    lines.push(format!("- Databases: {}", servers.join(", ")));
    lines
}

/// How the figures were measured.
fn made(figures: &[Figure]) -> Result<String> {
    let mut lines = vec!["### This run".to_owned(), String::new()];
    lines.extend(runs(figures));
    lines.push(format!("- In Rust: {}", versions::rust()?.join(", ")));
    lines.push(format!("- In Python: {}", versions::python()?.join(", ")));
    Ok(lines.join("\n"))
}

/// A number with a suitable number of digits.
fn number(value: f64) -> String {
    match value {
        _ if value >= 1_000.0 => thousands(value.round() as usize),
        _ if value >= 100.0 => format!("{value:.0}"),
        _ if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let parts = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    parts.collect::<Vec<_>>().join(",")
}

fn title(database: &str) -> &'static str {
    match database {
        "sqlite" => "SQLite",
        "postgres" => "PostgreSQL",
        "mariadb" => "MariaDB",
        _ => "MySQL",
    }
}

/// The distinct values of the figures, in their first order.
fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for item in items {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
    }
    distinct
}
