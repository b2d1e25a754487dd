//! The table of the runs: what each does, how far it is, and who has it.

use chrono::{DateTime, Utc};

use crate::dialect::{Capability, Dialect};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{self, Plan};
use crate::schema::{Field, Model, ModelRef, Schema};
use crate::sql::{Fragment, Statement};
use crate::value::{DataType, Value};

/// The table, in the database whose rows are updated.
const TABLE: &str = "enmasse_run";

/// The types of the columns of a [`RunRow`], in the order of the statements that give one.
pub const RUN_COLUMNS: [(&str, DataType, bool); 20] = [
    ("run", DataType::Text { max_length: Some(100) }, false),
    ("target", DataType::TEXT, false),
    ("request", DataType::TEXT, true),
    ("spec", DataType::TEXT, false),
    ("state", DataType::Text { max_length: Some(10) }, false),
    ("wish", DataType::Text { max_length: Some(10) }, false),
    ("epoch", DataType::BigInt, false),
    ("owner", DataType::TEXT, false),
    ("upper_key", DataType::TEXT, true),
    ("last_key", DataType::TEXT, true),
    ("chunks", DataType::BigInt, false),
    ("scanned", DataType::BigInt, false),
    ("changed", DataType::BigInt, false),
    ("estimate", DataType::BigInt, true),
    ("size", DataType::BigInt, false),
    ("settings", DataType::TEXT, false),
    ("reason", DataType::TEXT, true),
    ("error", DataType::TEXT, true),
    ("begun", DataType::DateTime, false),
    ("beat", DataType::DateTime, false),
];

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// A program goes on with it, or died: the time of the last beat tells.
    Running,
    /// A program waits, for a signal or for somebody who paused it.
    Held,
    /// It has ended before its end, and can be gone on with.
    Paused,
    /// All rows were gone through.
    Done,
    /// An error has ended it; it can be gone on with.
    Failed,
}

/// What somebody wants of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wish {
    /// That it goes on.
    Run,
    /// That it waits before the next chunk.
    Pause,
    /// That it ends before the next chunk.
    Stop,
}

impl State {
    const ALL: [(&'static str, State); 5] = [
        ("running", State::Running),
        ("held", State::Held),
        ("paused", State::Paused),
        ("done", State::Done),
        ("failed", State::Failed),
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        State::ALL.iter().find(|(_, state)| *state == self).expect("every state is listed").0
    }
}

impl Wish {
    const ALL: [(&'static str, Wish); 3] = [("run", Wish::Run), ("pause", Wish::Pause), ("stop", Wish::Stop)];

    /// Its word.
    pub fn name(self) -> &'static str {
        Wish::ALL.iter().find(|(_, wish)| *wish == self).expect("every wish is listed").0
    }
}

/// A run, as its row has it.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    /// Its name.
    pub run: String,
    /// The table that is updated.
    pub target: String,
    /// What it was asked for with, where a program keeps that with it.
    pub request: Option<String>,
    /// What tells its update from others.
    pub spec: String,
    /// Where it stands.
    pub state: State,
    /// What somebody wants of it.
    pub wish: Wish,
    /// How often it was taken over.
    pub epoch: i64,
    /// Who has it.
    pub owner: String,
    /// The last key; none where the table was empty at the start.
    pub upper_key: Option<String>,
    /// The key that was reached.
    pub last_key: Option<String>,
    /// How many chunks were written.
    pub chunks: u64,
    /// How many keys were gone through.
    pub scanned: u64,
    /// How many rows matched and were written.
    pub changed: u64,
    /// About how many keys there are.
    pub estimate: Option<u64>,
    /// The size of the next chunk.
    pub size: u64,
    /// What the host keeps with it.
    pub settings: String,
    /// Why it is held or paused.
    pub reason: Option<String>,
    /// What ended it.
    pub error: Option<String>,
    /// When it began.
    pub begun: DateTime<Utc>,
    /// When it was last heard of.
    pub beat: DateTime<Utc>,
}

impl RunRow {
    /// Of the values of its columns.
    ///
    /// # Errors
    ///
    /// [`Data`](ErrorKind::Data) where they are none of ours.
    pub fn read(row: Vec<Value>) -> Result<RunRow> {
        let broken = || Error::new(ErrorKind::Data, format!("A row of {TABLE} is none of ours."));
        let mut values = row.into_iter();
        let mut next = || values.next().ok_or_else(broken);
        let text = |value| match value {
            Value::Text(text) => Ok(text),
            _ => Err(broken()),
        };
        let maybe = |value| match value {
            Value::Null => Ok(None),
            value => text(value).map(Some),
        };
        let number = |value| match value {
            Value::Int(number) => u64::try_from(number).map_err(|_| broken()),
            _ => Err(broken()),
        };
        let time = |value| match value {
            Value::DateTime(time) => Ok(time),
            _ => Err(broken()),
        };
        Ok(RunRow {
            run: text(next()?)?,
            target: text(next()?)?,
            request: maybe(next()?)?,
            spec: text(next()?)?,
            state: word(&State::ALL, &text(next()?)?).ok_or_else(broken)?,
            wish: word(&Wish::ALL, &text(next()?)?).ok_or_else(broken)?,
            epoch: number(next()?)? as i64,
            owner: text(next()?)?,
            upper_key: maybe(next()?)?,
            last_key: maybe(next()?)?,
            chunks: number(next()?)?,
            scanned: number(next()?)?,
            changed: number(next()?)?,
            estimate: match next()? {
                Value::Null => None,
                value => Some(number(value)?),
            },
            size: number(next()?)?,
            settings: text(next()?)?,
            reason: maybe(next()?)?,
            error: maybe(next()?)?,
            begun: time(next()?)?,
            beat: time(next()?)?,
        })
    }

    fn values(&self) -> [Value; 20] {
        let number = |number: u64| Value::Int(number.min(i64::MAX as u64) as i64);
        [
            self.run.as_str().into(),
            self.target.as_str().into(),
            self.request.clone().into(),
            self.spec.as_str().into(),
            self.state.name().into(),
            self.wish.name().into(),
            self.epoch.into(),
            self.owner.as_str().into(),
            self.upper_key.clone().into(),
            self.last_key.clone().into(),
            number(self.chunks),
            number(self.scanned),
            number(self.changed),
            self.estimate.map_or(Value::Null, number),
            number(self.size),
            self.settings.as_str().into(),
            self.reason.clone().into(),
            self.error.clone().into(),
            self.begun.into(),
            self.beat.into(),
        ]
    }
}

fn word<T: Copy>(all: &[(&str, T)], text: &str) -> Option<T> {
    all.iter().find(|(name, _)| *name == text).map(|(_, word)| *word)
}

/// Refuses a name that is not the same for every database, whatever its collation.
///
/// # Errors
///
/// [`Request`](ErrorKind::Request) for other characters than small letters, digits and `-`, `_`, `.`.
pub fn check_name(name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if name.is_empty() || name.len() > 100 || !name.chars().all(fits) {
        return Err(Error::request(format!(
            "'{name}' cannot be the name of a run: it takes 1 to 100 small letters of English, digits, '-', '_' and '.'."
        )));
    }
    Ok(())
}

/// The place that a chunk has reached.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The last key of the chunk.
    pub last_key: String,
    /// How many keys it went through.
    pub scanned: u64,
    /// How many rows matched and were written.
    pub changed: u64,
    /// The size of the next chunk.
    pub size: u64,
}

/// Makes the statements about the table of the runs.
#[derive(Clone, Copy, Debug)]
pub struct RunTable<'d> {
    dialect: &'d dyn Dialect,
}

impl<'d> RunTable<'d> {
    /// On a database.
    pub fn new(dialect: &'d dyn Dialect) -> Self {
        RunTable { dialect }
    }

    /// The table as a model.
    ///
    /// # Errors
    ///
    /// None.
    pub fn model() -> Result<ModelRef> {
        let fields = RUN_COLUMNS.iter().map(|(name, data_type, null)| {
            let field = Field::new(*name, data_type.clone());
            match (*name, null) {
                ("run", _) => field.primary_key(),
                (_, true) => field.null(),
                (_, false) => field,
            }
        });
        let model = fields.fold(Model::new(TABLE, TABLE), Model::add);
        Schema::new(vec![model])?.model(TABLE)
    }

    /// The plan that makes the table.
    ///
    /// # Errors
    ///
    /// None.
    pub fn create(&self) -> Result<Plan> {
        plan::create_tables(self.dialect, &[RunTable::model()?])
    }

    fn name(&self, column: &str) -> Fragment {
        Fragment::text(self.dialect.quote(column))
    }

    fn value(&self, column: &str, value: impl Into<Value>) -> Fragment {
        let (_, data_type, _) =
            RUN_COLUMNS.iter().find(|(name, ..)| *name == column).expect("a column of the table");
        Fragment::value(self.dialect, &value.into(), data_type).expect("it fits its column")
    }

    fn set(&self, column: &str, value: impl Into<Value>) -> Fragment {
        Fragment::format("{} = {}", [self.name(column), self.value(column, value)])
    }

    fn more(&self, column: &str, by: u64) -> Fragment {
        let by = self.value(column, by.min(i64::MAX as u64) as i64);
        Fragment::format("{} = {} + {}", [self.name(column), self.name(column), by])
    }

    fn is(&self, run: &str) -> Fragment {
        self.set("run", run)
    }

    fn is_mine(&self, run: &str, epoch: i64) -> Fragment {
        Fragment::format("{} AND {}", [self.is(run), self.set("epoch", epoch)])
    }

    fn update(&self, set: Vec<Fragment>, condition: Fragment) -> Statement {
        let parts = [self.name(TABLE), Fragment::join(set, ", "), condition];
        Fragment::format("UPDATE {} SET {} WHERE {}", parts).statement(self.dialect)
    }

    fn select(&self, rest: Fragment) -> Statement {
        let names = RUN_COLUMNS.iter().map(|(name, ..)| self.name(name));
        let columns = Fragment::join(names, ", ");
        Fragment::format("SELECT {} FROM {}{}", [columns, self.name(TABLE), rest]).statement(self.dialect)
    }

    /// The types of what the queries give.
    pub fn columns(&self) -> Vec<DataType> {
        RUN_COLUMNS.iter().map(|(_, data_type, _)| data_type.clone()).collect()
    }

    /// The query that gives all runs, the oldest first.
    pub fn all(&self) -> Statement {
        let order = [self.name("begun"), self.name("run")];
        self.select(Fragment::format(" ORDER BY {}, {}", order))
    }

    /// The query that gives one.
    pub fn one(&self, run: &str) -> Statement {
        self.select(Fragment::format(" WHERE {}", [self.is(run)]))
    }

    /// The query that gives one and locks it until the end of the transaction.
    pub fn lock(&self, run: &str) -> Statement {
        let lock = if self.dialect.supports(Capability::RowLocks) { " FOR UPDATE" } else { "" };
        self.select(Fragment::format(" WHERE {}{}", [self.is(run), lock.into()]))
    }

    /// The statement that makes a run.
    pub fn insert(&self, row: &RunRow) -> Statement {
        let names = Fragment::join(RUN_COLUMNS.iter().map(|(name, ..)| self.name(name)), ", ");
        let values = RUN_COLUMNS.iter().zip(row.values()).map(|((name, ..), value)| self.value(name, value));
        let values = Fragment::join(values, ", ");
        let parts = [self.name(TABLE), names, values];
        Fragment::format("INSERT INTO {} ({}) VALUES ({})", parts).statement(self.dialect)
    }

    /// The statement that takes a run over: whoever had it is fenced off from here on.
    pub fn take_over(&self, run: &str, owner: &str, settings: &str, now: DateTime<Utc>) -> Statement {
        let set = vec![
            self.more("epoch", 1),
            self.set("owner", owner),
            self.set("state", State::Running.name()),
            self.set("wish", Wish::Run.name()),
            self.set("reason", Value::Null),
            self.set("error", Value::Null),
            self.set("settings", settings),
            self.set("beat", now),
        ];
        self.update(set, self.is(run))
    }

    /// The statement that writes the place that a chunk has reached; no row where the run was taken over.
    pub fn checkpoint(&self, run: &str, epoch: i64, to: &Checkpoint, now: DateTime<Utc>) -> Statement {
        let set = vec![
            self.set("last_key", to.last_key.as_str()),
            self.more("chunks", 1),
            self.more("scanned", to.scanned),
            self.more("changed", to.changed),
            self.set("size", to.size.min(i64::MAX as u64) as i64),
            self.set("state", State::Running.name()),
            self.set("reason", Value::Null),
            self.set("beat", now),
        ];
        self.update(set, self.is_mine(run, epoch))
    }

    /// The statement that says where the run stands, and why; no row where the run was taken over.
    pub fn state(
        &self,
        run: &str,
        epoch: i64,
        state: State,
        reason: Option<&str>,
        error: Option<&str>,
        now: DateTime<Utc>,
    ) -> Statement {
        let set = vec![
            self.set("state", state.name()),
            self.set("reason", reason),
            self.set("error", error),
            self.set("beat", now),
        ];
        self.update(set, self.is_mine(run, epoch))
    }

    /// The statement that says what somebody wants.
    pub fn wish(&self, run: &str, wish: Wish) -> Statement {
        self.update(vec![self.set("wish", wish.name())], self.is(run))
    }

    /// The statement that gives a run other settings.
    pub fn settings(&self, run: &str, settings: &str) -> Statement {
        self.update(vec![self.set("settings", settings)], self.is(run))
    }

    /// The statement that forgets a run.
    pub fn delete(&self, run: &str) -> Statement {
        Fragment::format("DELETE FROM {} WHERE {}", [self.name(TABLE), self.is(run)]).statement(self.dialect)
    }
}
