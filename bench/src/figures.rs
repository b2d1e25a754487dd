//! The measurements, as printed and as stored in JSON.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::batch::Size;
use crate::options::Database;
use crate::run::Run;

#[derive(Serialize, Deserialize, Debug, Clone)]
pub struct Figure {
    pub database: String,
    pub way: String,
    pub rows: usize,
    /// The median of the runs; `None` if `stopped` has a reason.
    pub us_per_row: Option<f64>,
    pub ratio_to_floor: Option<f64>,
    /// The quartiles, which contain half of the runs.
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub runs: usize,
    pub stopped: Option<String>,
    /// The floor's forms with their medians, and the form that is the floor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub forms: BTreeMap<String, f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// For whole commands: which of the file's rows have changed, and the process's peak memory in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
    /// The rows of the updated table.
    pub table_rows: usize,
    pub server: String,
    pub run: Run,
}

/// All figures and their file.
pub struct Record {
    figures: Vec<Figure>,
    file: Option<PathBuf>,
}

impl Record {
    pub fn new(file: Option<PathBuf>) -> Self {
        Record { figures: Vec::new(), file }
    }

    /// Writes the file each time, because a run is long and may be stopped.
    pub fn add(&mut self, figures: Vec<Figure>) -> Result<()> {
        self.figures.extend(figures);
        if let Some(file) = &self.file {
            let json = serde_json::to_string_pretty(&self.figures)? + "\n";
            std::fs::write(file, json).with_context(|| format!("{} cannot be written", file.display()))?;
        }
        Ok(())
    }
}

impl Figure {
    pub fn new(database: Database, way: &str, size: Size, server: &str) -> Self {
        Figure {
            database: database.name().to_owned(),
            way: way.to_owned(),
            rows: size.rows,
            us_per_row: None,
            ratio_to_floor: None,
            low: None,
            high: None,
            runs: 0,
            stopped: None,
            forms: BTreeMap::new(),
            form: None,
            case: None,
            peak_memory: None,
            table_rows: size.table,
            server: server.to_owned(),
            run: Run::this(),
        }
    }

    /// Adds the runs of a way, or of another form of it: the fastest complete form counts.
    pub fn add(&mut self, form: Option<&str>, seconds: &[f64], given_up: bool) {
        if seconds.is_empty() {
            return;
        }
        let mut each: Vec<f64> = seconds.iter().map(|seconds| seconds * 1e6 / self.rows as f64).collect();
        each.sort_unstable_by(f64::total_cmp);
        let median = quantile(&each, 0.5);
        if let Some(form) = form {
            self.forms.insert(form.to_owned(), median);
        }
        if !given_up && self.us_per_row.is_none_or(|fastest| median < fastest) {
            self.form = form.map(str::to_owned);
            self.us_per_row = Some(median);
            self.low = Some(quantile(&each, 0.25));
            self.high = Some(quantile(&each, 0.75));
            self.runs = each.len();
        }
    }

    /// A run of a whole command, which reads as many rows as the table has, changed or not.
    pub fn of_command(&mut self, case: &str, peak_memory: u64) {
        self.rows = self.table_rows;
        self.case = Some(case.to_owned());
        self.peak_memory = Some(peak_memory).filter(|&bytes| bytes > 0);
    }

    /// The way has no figure.
    pub fn stop(&mut self, reason: &str) {
        (self.us_per_row, self.low, self.high, self.runs) = (None, None, None, 0);
        self.stopped = Some(reason.to_owned());
    }

    pub fn compare(&mut self, floor: Option<f64>) {
        self.ratio_to_floor = self.us_per_row.zip(floor).map(|(own, floor)| own / floor);
    }
}

/// Interpolates linearly between two runs.
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<22}", self.way)?;
        if let Some(reason) = &self.stopped {
            return write!(f, " {reason}");
        }
        let (Some(median), Some(low), Some(high)) = (self.us_per_row, self.low, self.high) else {
            return write!(f, " not measured");
        };
        write!(f, " {median:>9.2} µs/row ({low:.2}–{high:.2}, {} runs)", self.runs)?;
        if let Some(ratio) = self.ratio_to_floor {
            write!(f, "  × {ratio:.2}")?;
        }
        if self.case.is_some() {
            write!(f, "  {:.0} rows/s", 1e6 / median)?;
        }
        if let Some(bytes) = self.peak_memory {
            write!(f, "  at most {:.0} MB", bytes as f64 / 1e6)?;
        }
        match self.form {
            Some(_) => {
                let forms: Vec<_> =
                    self.forms.iter().map(|(form, each)| format!("{form} {each:.2}")).collect();
                write!(f, "  [{}]", forms.join("; "))
            }
            None => Ok(()),
        }
    }
}
