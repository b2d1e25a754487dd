//! Progress of long work: a bar on a terminal, otherwise a line at intervals.

use std::io::{IsTerminal, stderr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::args::OutputArgs;
use crate::output::grouped;

/// Redraws of the bar per second.
const DRAWN: u8 = 10;

/// The delay before the first line, and between lines.
const LINES: Duration = Duration::from_secs(5);

/// Reports progress on standard error. A cheap handle.
#[derive(Clone)]
pub struct Meter(Option<Arc<Inner>>);

struct Inner {
    /// The name of the input.
    name: String,
    bar: Option<ProgressBar>,
    rows: AtomicU64,
    size: AtomicU64,
    bytes: Mutex<Arc<AtomicU64>>,
    began: Mutex<Instant>,
    last_line: Mutex<Instant>,
    has_read: AtomicBool,
}

impl Meter {
    pub fn new(name: &str, output: OutputArgs) -> Self {
        if output.quiet {
            return Meter(None);
        }
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(DRAWN));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Meter(Some(Arc::new(Inner {
            name: name.to_owned(),
            bar,
            rows: AtomicU64::new(0),
            size: AtomicU64::new(0),
            bytes: Mutex::new(Arc::default()),
            began: Mutex::new(Instant::now()),
            last_line: Mutex::new(Instant::now()),
            has_read: AtomicBool::new(false),
        })))
    }

    /// Starts reading a file of `size` bytes; `bytes` counts those already read.
    pub fn reads(&self, size: u64, bytes: Arc<AtomicU64>) {
        let Some(inner) = &self.0 else { return };
        inner.rows.store(0, Relaxed);
        inner.size.store(size, Relaxed);
        inner.has_read.store(false, Relaxed);
        set(&inner.bytes, bytes);
        set(&inner.began, Instant::now());
        if let Some(bar) = &inner.bar {
            bar.set_style(style(
                "{prefix} [{bar:30}] {percent:>3}%  {msg}  {eta} left",
                ProgressStyle::default_bar(),
            ));
            bar.set_prefix(inner.name.clone());
            bar.set_length(size.max(1));
            bar.set_position(0);
        }
    }

    /// Adds rows that were read.
    pub fn add_rows(&self, rows: u64) {
        let Some(inner) = &self.0 else { return };
        let rows = inner.rows.fetch_add(rows, Relaxed) + rows;
        let bytes = lock(&inner.bytes).load(Relaxed);
        let elapsed = lock(&inner.began).elapsed();
        let rate = rows as f64 / elapsed.as_secs_f64().max(0.001);
        let message = format!("{} rows, {} a second", grouped(rows), grouped(rate as u64));
        match &inner.bar {
            Some(bar) => {
                bar.set_position(bytes);
                bar.set_message(message);
            }
            None => {
                let size = inner.size.load(Relaxed).max(1);
                let left = elapsed.as_secs_f64() * (size.saturating_sub(bytes)) as f64 / bytes.max(1) as f64;
                let percent = (100 * bytes).checked_div(size).unwrap_or(100).min(100);
                inner.line(|| format!("{percent}%, {message}, {left:.0} s left"));
            }
        }
    }

    /// All rows are read; the database is working.
    pub fn has_read(&self, rows: u64) {
        let Some(inner) = &self.0 else { return };
        inner.has_read.store(true, Relaxed);
        match &inner.bar {
            Some(bar) => {
                bar.set_style(style("{prefix} {spinner} {msg}  {elapsed}", ProgressStyle::default_spinner()));
                bar.set_message(format!("{} rows read, writing", grouped(rows)));
            }
            None => inner.line(|| format!("{} rows read, writing", grouped(rows))),
        }
    }

    /// Reports rows that were matched and written.
    pub fn written(&self, rows: u64) {
        let Some(inner) = &self.0 else { return };
        if rows == 0 || !inner.has_read.load(Relaxed) {
            return;
        }
        match &inner.bar {
            Some(bar) => bar.set_message(format!("{} rows matched and written", grouped(rows))),
            None => inner.line(|| format!("{} rows matched and written", grouped(rows))),
        }
    }

    /// Removes the bar.
    pub fn ends(&self) {
        if let Some(Inner { bar: Some(bar), .. }) = self.0.as_deref() {
            bar.finish_and_clear();
        }
    }

    /// Hides the bar while `print` writes lines.
    pub fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        match self.0.as_deref() {
            Some(Inner { bar: Some(bar), .. }) => bar.suspend(print),
            _ => print(),
        }
    }
}

impl Inner {
    /// Writes a line, if the interval since the last one has passed.
    fn line(&self, text: impl FnOnce() -> String) {
        let mut last = lock(&self.last_line);
        if last.elapsed() >= LINES {
            *last = Instant::now();
            tell!("enmasse: {}: {}", self.name, text());
        }
    }
}

fn style(template: &str, otherwise: ProgressStyle) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style.map_or(otherwise, |style| style.progress_chars("=> "))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn set<T>(mutex: &Mutex<T>, value: T) {
    *lock(mutex) = value;
}
