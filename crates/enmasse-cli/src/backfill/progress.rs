//! How far a run is: one line that changes on a terminal, lines now and then elsewhere.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use enmasse::backfill::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::args::OutputArgs;
use crate::output::grouped;

/// How often a line is written where no terminal shows it, and how often JSON is.
const LINES: Duration = Duration::from_secs(5);
const JSON_LINES: Duration = Duration::from_secs(1);

/// Shows the progress.
#[derive(Clone)]
pub struct Line {
    name: String,
    output: OutputArgs,
    bar: Option<ProgressBar>,
    began: Instant,
    /// The keys that were gone through before this session, once they are known.
    before: Option<u64>,
    last: Instant,
}

impl Line {
    pub fn new(name: &str, output: OutputArgs) -> Line {
        let is_shown = !output.quiet && !output.json && stderr().is_terminal();
        let bar = is_shown.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
            let style = ProgressStyle::with_template("{msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar
        });
        let now = Instant::now();
        Line { name: name.to_owned(), output, bar, began: now, before: None, last: now }
    }

    pub fn show(&mut self, progress: &Progress) {
        let before = *self.before.get_or_insert(progress.scanned);
        let every = if self.output.json { JSON_LINES } else { LINES };
        if self.output.quiet || self.bar.is_none() && self.last.elapsed() < every {
            return;
        }
        self.last = Instant::now();
        let rate = (progress.scanned - before.min(progress.scanned)) as f64
            / self.began.elapsed().as_secs_f64().max(0.001);
        if self.output.json {
            say!(
                "{}",
                json!({
                    "run": self.name, "state": if progress.held.is_some() { "held" } else { "running" }, "reason": progress.held,
                    "scanned": progress.scanned, "changed": progress.changed, "estimate": progress.estimate, "chunk": progress.size,
                    "chunk_seconds": progress.elapsed.as_secs_f64(), "keys_a_second": rate, "last_key": progress.last_key,
                })
            );
            return;
        }
        let text = self.text(progress, rate);
        match &self.bar {
            Some(bar) => bar.set_message(text),
            None => tell!("enmasse: {text}"),
        }
    }

    fn text(&self, progress: &Progress, rate: f64) -> String {
        let name = &self.name;
        if let Some(why) = &progress.held {
            return format!("{name}  held: {why}");
        }
        let share = progress.share().map_or(String::new(), |share| format!("~{:.1} %  ", share * 100.0));
        let of = progress.estimate.map_or(String::new(), |estimate| format!(" of ~{}", grouped(estimate)));
        let left =
            progress.estimate.map_or(0.0, |all| all.saturating_sub(progress.scanned) as f64 / rate.max(1.0));
        format!(
            "{name}  {share}{}{of} keys, {} rows changed · {} keys a second · chunks of {} in {:.2} s · about {left:.0} s left",
            grouped(progress.scanned),
            grouped(progress.changed),
            grouped(rate as u64),
            grouped(progress.size),
            progress.elapsed.as_secs_f64(),
        )
    }

    /// Takes the line away.
    pub fn ends(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
