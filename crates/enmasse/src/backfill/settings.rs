//! What a run is asked to keep to, as its row has it.

use std::time::Duration;

use enmasse_core::backfill;
use enmasse_core::error::{Error, ErrorKind, Result};
use serde_json::{Map, Value as Json};

/// The settings of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// How long a chunk should take.
    pub chunk_time: Duration,
    /// The most keys that are gone through in a second.
    pub max_rate: Option<f64>,
    /// The pause after a chunk, as a multiple of the time that the chunk took.
    pub nice: f64,
    /// The most statements that the server may be busy with before a chunk.
    pub max_load: Option<f64>,
}

/// Settings that are asked for in place of those that are there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changes {
    pub chunk_time: Option<Duration>,
    pub max_rate: Option<f64>,
    pub nice: Option<f64>,
    pub max_load: Option<f64>,
}

impl Settings {
    /// The settings of a new run. A database that allows one writer at a time gets short chunks and pauses.
    pub(super) fn of(has_row_locks: bool) -> Settings {
        let (chunk_time, nice) = if has_row_locks { (500, 0.0) } else { (20, 1.0) };
        Settings { chunk_time: Duration::from_millis(chunk_time), max_rate: None, nice, max_load: None }
    }

    pub(super) fn changed(self, changes: Changes) -> Result<Settings> {
        let settings = Settings {
            chunk_time: changes.chunk_time.unwrap_or(self.chunk_time),
            max_rate: changes.max_rate.or(self.max_rate),
            nice: changes.nice.unwrap_or(self.nice),
            max_load: changes.max_load.or(self.max_load),
        };
        settings.check()?;
        Ok(settings)
    }

    pub(super) fn check(&self) -> Result<()> {
        let positive = |number: Option<f64>| number.is_none_or(|number| number.is_finite() && number > 0.0);
        let wrong = |what: &str| Err(Error::new(ErrorKind::Request, what.to_owned()));
        if self.chunk_time.is_zero() {
            return wrong("A chunk's time must be more than nothing.");
        }
        if !positive(self.max_rate) {
            return wrong("The most keys in a second must be a number above 0.");
        }
        if !(self.nice.is_finite() && (0.0..=1_000.0).contains(&self.nice)) {
            return wrong("The pause after a chunk must be from 0 to 1,000 times the chunk's own time.");
        }
        if self.max_load.is_some_and(|load| !load.is_finite() || load < 0.0) {
            return wrong("The most statements of the server must be a number from 0.");
        }
        Ok(())
    }

    pub(super) fn pace(&self) -> backfill::Settings {
        backfill::Settings { chunk_time: self.chunk_time, max_rate: self.max_rate, nice: self.nice }
    }

    pub(super) fn write(&self) -> String {
        let mut map = Map::new();
        let mut put = |name: &str, number: Option<f64>| {
            _ = map.insert(name.to_owned(), number.map_or(Json::Null, Json::from));
        };
        put("chunk_time", Some(self.chunk_time.as_secs_f64()));
        put("max_rate", self.max_rate);
        put("nice", Some(self.nice));
        put("max_load", self.max_load);
        Json::Object(map).to_string()
    }

    /// Of the text in a run's row.
    ///
    /// # Errors
    ///
    /// [`Data`](ErrorKind::Data) where it is none of ours.
    pub fn read(text: &str) -> Result<Settings> {
        let broken =
            || Error::new(ErrorKind::Data, format!("The settings of the run cannot be read: {text}"));
        let map: Map<String, Json> = serde_json::from_str(text).map_err(|_| broken())?;
        let number = |name: &str| map.get(name).and_then(Json::as_f64);
        let time = number("chunk_time").ok_or_else(broken)?;
        let settings = Settings {
            chunk_time: Duration::try_from_secs_f64(time).map_err(|_| broken())?,
            max_rate: number("max_rate"),
            nice: number("nice").ok_or_else(broken)?,
            max_load: number("max_load"),
        };
        settings.check().map_err(|_| broken())?;
        Ok(settings)
    }
}
