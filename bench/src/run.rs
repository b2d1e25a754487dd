//! The environment of a run, needed to interpret its figures.

use enmasse::chrono::Utc;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    pub date: String,
    pub machine: String,
    pub command: String,
}

impl Run {
    pub fn this() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        Run {
            date: Utc::now().format("%Y-%m-%d").to_string(),
            machine: machine(),
            command: format!("scripts/bench {}", arguments.join(" ")).trim_end().to_owned(),
        }
    }
}

/// The processor and the memory as Linux reports them.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, |cores| cores.get());
    let processor = line_of("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = line_of("/proc/meminfo", "MemTotal");
    let kilobytes = memory.and_then(|memory| memory.trim_end_matches(" kB").parse::<f64>().ok());
    let gigabytes =
        kilobytes.map_or(String::new(), |kilobytes| format!(", {:.0} GiB", kilobytes / 1_048_576.0));
    format!("{processor}, {cores} cores{gigabytes}")
}

fn line_of(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}
