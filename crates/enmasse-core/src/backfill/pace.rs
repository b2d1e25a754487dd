//! How many keys the next chunk has, and how long it is waited for.

use std::time::Duration;

/// The fewest keys of a chunk that a time target asks for; conflicts go below it.
const LEAST: u64 = 100;

/// The most keys of a chunk.
const MOST: u64 = 50_000;

/// How many times more keys a chunk may have than it could change rows in the time.
const SPARSE: f64 = 4.0;

/// What the user asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How long a chunk should take.
    pub chunk_time: Duration,
    /// The most keys that are gone through in a second.
    pub max_rate: Option<f64>,
    /// The pause after a chunk, as a multiple of the time that the chunk took.
    pub nice: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { chunk_time: Duration::from_millis(500), max_rate: None, nice: 0.0 }
    }
}

/// What a chunk was.
#[derive(Clone, Copy, Debug)]
pub struct Observed {
    /// The keys that it went through.
    pub keys: u64,
    /// The rows that it changed.
    pub changed: u64,
    /// How long its transaction took.
    pub elapsed: Duration,
}

/// The pace of a run: smaller chunks at once where they take too long, larger ones little by little.
#[derive(Clone, Debug)]
pub struct Pace {
    settings: Settings,
    size: u64,
    /// Seconds a key, as far as is known.
    cost: Option<f64>,
    /// Seconds a changed row, of chunks in which many rows were changed.
    changed_cost: Option<f64>,
}

impl Pace {
    /// Begins with chunks of this size: that of the run so far, or a small one.
    pub fn new(settings: Settings, size: Option<u64>) -> Self {
        Pace { settings, size: size.unwrap_or(LEAST).clamp(1, MOST), cost: None, changed_cost: None }
    }

    /// How many keys the next chunk has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes what the user asks for now.
    pub fn set(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Takes what a chunk was, and says how long the next one is to wait.
    pub fn done(&mut self, chunk: Observed) -> Duration {
        let seconds = chunk.elapsed.as_secs_f64();
        if chunk.keys > 0 {
            let cost = seconds / chunk.keys as f64;
            self.cost = Some(smoothed(self.cost, cost));
            if chunk.changed.saturating_mul(4) >= chunk.keys {
                self.changed_cost = Some(smoothed(self.changed_cost, seconds / chunk.changed as f64));
            }
            // the last chunk of a range may have few keys, whose cost is that of its transaction
            if chunk.keys >= self.size / 2 || seconds > self.settings.chunk_time.as_secs_f64() {
                self.size = self.next_size(chunk.keys, seconds);
            }
        }
        let by_nice = self.settings.nice.max(0.0) * seconds;
        let by_rate = match self.settings.max_rate {
            Some(rate) if rate > 0.0 => chunk.keys as f64 / rate - seconds,
            _ => 0.0,
        };
        Duration::try_from_secs_f64(by_nice.max(by_rate).max(0.0)).unwrap_or(Duration::from_secs(3_600))
    }

    fn next_size(&self, keys: u64, seconds: f64) -> u64 {
        let target = self.settings.chunk_time.as_secs_f64();
        if seconds > 5.0 * target {
            return (keys / 10).max(1);
        }
        let wanted = |cost: Option<f64>| cost.map_or(f64::INFINITY, |cost| target / cost.max(1e-9));
        let mut most = (1.5 * self.size as f64 + 1.0).min(MOST as f64);
        most = most.min(SPARSE * wanted(self.changed_cost));
        if let Some(rate) = self.settings.max_rate {
            // at least a chunk a second
            most = most.min(rate);
        }
        wanted(self.cost).max(LEAST as f64).min(most).max(1.0) as u64
    }

    /// Takes that a chunk was refused, for a lock that others had or a deadlock. `tries` is the number of times in a row, and `random` from 0 to 1
    /// is the host's, so that two runs do not meet again. Gives the wait before it is tried again.
    pub fn refused(&mut self, tries: u32, random: f64) -> Duration {
        self.size = (self.size / 2).max(1);
        let most = 0.1 * f64::from(1_u32 << tries.min(6));
        Duration::from_secs_f64(most * (0.5 + 0.5 * random.clamp(0.0, 1.0)))
    }
}

/// A dearer chunk counts for half, a cheaper one for less.
fn smoothed(before: Option<f64>, now: f64) -> f64 {
    match before {
        None => now,
        Some(before) if now > before => 0.5 * before + 0.5 * now,
        Some(before) => 0.7 * before + 0.3 * now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of `keys`, of which some cost more than others, gone through at a pace, with a generator that has a seed: the number of chunks,
    /// of those that took more than twice their time, of those that did so right after another, and the seconds in all.
    fn simulate(seed: u64, keys: u64, settings: Settings) -> (u64, u64, u64, f64) {
        let mut state = seed;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1_u64 << 31) as f64
        };
        let mut pace = Pace::new(settings, None);
        let (mut at, mut chunks, mut long, mut again, mut seconds) = (0, 0, 0, 0, 0.0);
        let mut was_long = false;
        let mut refused = 0;
        while at < keys {
            if random() < 0.01 {
                refused += 1;
                seconds += pace.refused(refused, random()).as_secs_f64();
                continue;
            }
            refused = 0;
            let size = pace.size().min(keys - at);
            // the second quarter has no rows that match; the third is four times as dear
            let quarter = at * 4 / keys;
            let (key, row) = match quarter {
                1 => (0.2e-6, 0.0),
                2 => (0.2e-6, 40e-6),
                _ => (0.2e-6, 10e-6),
            };
            let elapsed = (0.002 + size as f64 * (key + row)) * (0.8 + 0.4 * random());
            let changed = if row > 0.0 { size } else { 0 };
            let observed = Observed { keys: size, changed, elapsed: Duration::from_secs_f64(elapsed) };
            seconds += elapsed + pace.done(observed).as_secs_f64();
            let is_long = elapsed > 2.0 * settings.chunk_time.as_secs_f64();
            long += u64::from(is_long);
            again += u64::from(is_long && was_long);
            was_long = is_long;
            at += size;
            chunks += 1;
        }
        (chunks, long, again, seconds)
    }

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let settings = Settings::default();
        assert_eq!(simulate(7, 20_000_000, settings), simulate(7, 20_000_000, settings));
        assert_ne!(simulate(7, 20_000_000, settings), simulate(8, 20_000_000, settings));
    }

    #[test]
    fn chunks_stay_within_their_time_and_the_run_is_near_the_best_possible() {
        let settings = Settings { chunk_time: Duration::from_millis(200), ..Settings::default() };
        for seed in 1..=20 {
            let keys = 20_000_000;
            let (chunks, long, again, seconds) = simulate(seed, keys, settings);
            let quarter = keys as f64 / 4.0;
            let rows = quarter * (10e-6 + 40e-6 + 10e-6) + keys as f64 * 0.2e-6;
            // the first chunk of dearer rows cannot be foreseen; at most one more is as long
            assert!(chunks > 500 && long <= 3 && again <= 1, "seed {seed}: {long} of {chunks}, {again}");
            assert!(seconds < 1.2 * rows, "seed {seed}: {seconds} of {rows}");
        }
    }

    #[test]
    fn a_gap_without_rows_does_not_blow_a_chunk_up() {
        let mut pace = Pace::new(Settings::default(), Some(5_000));
        let chunk =
            |keys, changed, seconds| Observed { keys, changed, elapsed: Duration::from_secs_f64(seconds) };
        // 100 µs a row: 5,000 rows in the time
        pace.done(chunk(5_000, 5_000, 0.5));
        for _ in 0..50 {
            pace.done(chunk(pace.size(), 0, 0.001));
        }
        assert!((19_000..=20_000).contains(&pace.size()), "{}", pace.size());
    }

    #[test]
    fn a_chunk_that_takes_far_too_long_is_followed_by_a_tenth_of_it() {
        let mut pace = Pace::new(Settings::default(), Some(10_000));
        pace.done(Observed { keys: 10_000, changed: 10_000, elapsed: Duration::from_secs(3) });
        assert_eq!(pace.size(), 1_000);
        pace.done(Observed { keys: 1_000, changed: 1_000, elapsed: Duration::from_millis(300) });
        assert!((1_001..=1_501).contains(&pace.size()), "{}", pace.size());
    }

    #[test]
    fn a_refused_chunk_is_halved_down_to_one_key_and_grows_again() {
        let mut pace = Pace::new(Settings::default(), Some(300));
        let waits: Vec<_> = (0..12).map(|tries| pace.refused(tries, 0.0)).collect();
        assert_eq!(pace.size(), 1);
        assert!(waits.is_sorted() && waits[11] < Duration::from_secs(4), "{waits:?}");
        for _ in 0..20 {
            let size = pace.size();
            pace.done(Observed { keys: size, changed: size, elapsed: Duration::from_millis(2) });
        }
        assert!(pace.size() > 500, "{}", pace.size());
    }

    #[test]
    fn a_rate_and_niceness_are_pauses() {
        let elapsed = Duration::from_millis(100);
        let chunk = Observed { keys: 1_000, changed: 1_000, elapsed };
        let mut pace = Pace::new(Settings { max_rate: Some(2_000.0), ..Settings::default() }, Some(1_000));
        assert_eq!(pace.done(chunk), Duration::from_millis(400));
        assert!(pace.size() <= 2_000);
        let mut pace = Pace::new(Settings { nice: 2.0, ..Settings::default() }, Some(1_000));
        assert_eq!(pace.done(chunk), Duration::from_millis(200));
        let mut pace = Pace::new(Settings::default(), Some(1_000));
        assert_eq!(pace.done(chunk), Duration::ZERO);
    }
}
