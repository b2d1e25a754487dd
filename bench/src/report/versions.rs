//! The versions of the measured software.

use std::path::Path;

use anyhow::{Context, Result};

const CRATES: [(&str, &str); 7] = [
    ("Cargo.lock", "rusqlite"),
    ("Cargo.lock", "tokio-postgres"),
    ("Cargo.lock", "mysql_async"),
    ("peers-rs/Cargo.lock", "sqlx"),
    ("peers-rs/Cargo.lock", "sea-orm"),
    ("peers-rs/Cargo.lock", "rustango"),
    ("Cargo.lock", "enmasse"),
];

fn read(file: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

pub fn rust() -> Result<Vec<String>> {
    CRATES.iter().map(|(file, name)| Ok(format!("{name} {}", newest(&read(file)?, name)))).collect()
}

/// The last version of a package in a lock file; the others are indirect dependencies.
fn newest(lock: &str, name: &str) -> String {
    let entry = format!("name = \"{name}\"\nversion = \"");
    let last = lock.rsplit_once(&entry).and_then(|(_, rest)| rest.split_once('"'));
    last.map_or("?", |(version, _)| version).to_owned()
}

pub fn python() -> Result<Vec<String>> {
    let requirements = read("requirements.txt")?;
    Ok(requirements.lines().filter(|line| line.contains("==")).map(|line| line.replace("==", " ")).collect())
}
