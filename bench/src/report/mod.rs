//! Puts figures into `docs/BENCHMARKS.md`: between two lines there, the rest is written by hand.

mod chart;
mod tables;
mod versions;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::figures::Figure;

const BEGIN: &str = "<!-- figures: written by scripts/bench --report -->";
const END: &str = "<!-- end of figures -->";

pub fn write(file: &Path) -> Result<()> {
    let figures = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let figures: Vec<Figure> = serde_json::from_str(&figures).with_context(|| file.display().to_string())?;
    ensure!(!figures.is_empty(), "{} has no figures", file.display());

    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    std::fs::write(docs.join("benchmarks.svg"), chart::draw(&figures))?;
    let page = docs.join("BENCHMARKS.md");
    let text = std::fs::read_to_string(&page).with_context(|| page.display().to_string())?;
    let (before, rest) = text.split_once(BEGIN).context("docs/BENCHMARKS.md has no line for figures")?;
    let (_, after) = rest.split_once(END).context("docs/BENCHMARKS.md has no line for the end of figures")?;
    let written = [
        "![Microseconds a row by the number of rows, on each database](benchmarks.svg)".to_owned(),
        tables::tables(&figures),
        made(&figures)?,
    ];
    std::fs::write(&page, format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", written.join("\n\n")))?;
    println!("docs/BENCHMARKS.md and docs/benchmarks.svg are written");
    Ok(())
}

/// How the figures were made.
fn made(figures: &[Figure]) -> Result<String> {
    let mut lines = vec!["### This run".to_owned(), String::new()];
    let runs: BTreeSet<_> = figures.iter().map(|figure| &figure.run).collect();
    for run in runs {
        lines.push(format!("- `{}` on {}: {}", run.command, run.date, run.machine));
    }
    let servers: BTreeSet<_> = figures.iter().map(|figure| figure.server.as_str()).collect();
    let servers: Vec<_> = servers.into_iter().collect();
    lines.push(format!("- Databases: {}", servers.join(", ")));
    lines.push(format!("- In Rust: {}", versions::rust()?.join(", ")));
    lines.push(format!("- In Python: {}", versions::python()?.join(", ")));
    Ok(lines.join("\n"))
}

/// A number with as many digits as it deserves.
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
        _ => "MariaDB",
    }
}

/// What is in the figures, in its first order.
fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut distinct = Vec::new();
    for item in items {
        if !distinct.contains(&item) {
            distinct.push(item);
        }
    }
    distinct
}
