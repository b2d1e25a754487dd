//! Goes through the chunks of a run, and writes each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use enmasse_core::backfill::{
    Checkpoint, Chunks, KeyRange, Limit, Observed, Pace, RunRow, RunTable, Seen, Spec, State, Verdict, Wish,
    check_name, judge, read_key, write_key,
};
use enmasse_core::compile::Selection;
use enmasse_core::dialect::Capability;
use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::sql::Statement;
use enmasse_core::value::{DataType, Value};

use crate::backfill::failpoint::failpoint;
use crate::backfill::runs::Runs;
use crate::backfill::settings::Settings;
use crate::backfill::{Backfilled, Ended, OnProgress, Progress, Request};
use crate::database::handle::{Executor, Handle};
use crate::model::Entity;
use crate::query_set::QuerySet;
use crate::{Database, Transaction};

/// How often a run that waits looks around.
const LOOKS: Duration = Duration::from_millis(250);

/// How often a connection is tried again that was lost, with waits that grow.
const RECONNECTS: u32 = 8;

/// How often the end of a chunk is looked for again that is not found by its key: others may delete the row meanwhile.
const FINDS: u32 = 3;

/// What a transaction came to.
enum Chunk {
    Written { keys: u64, changed: u64 },
    End,
    Wished(Wish),
    FencedOff,
}

/// A run that this program has.
struct Runner<M> {
    db: Database,
    rows: QuerySet<M>,
    set: Vec<(enmasse_core::query::FieldPath, enmasse_core::query::Expr)>,
    chunks: Chunks,
    name: String,
    epoch: i64,
}

pub(super) async fn run<M: Entity>(request: Request<M>) -> Result<Backfilled> {
    let db = request.database()?;
    let Request { rows, assignments, name, changes, request, mut progress } = request;
    check_name(&name)?;
    let dialect = db.dialect();
    let model = rows.model()?.clone();
    let spec = Spec::new(&*dialect, rows.query()?, &assignments)?;
    db.executor().refuse_lasting(&model).await?;
    let runs = db.runs();
    runs.prepare().await?;
    let chunks = Chunks::new(&*dialect, &model);
    let row = match runs.find(&name).await? {
        Some(row) => row,
        None => {
            let settings = Settings::of(dialect.supports(Capability::RowLocks)).changed(changes)?.write();
            let new = RunRow {
                run: name.clone(),
                target: model.table.clone(),
                request,
                spec: spec.hash.clone(),
                state: State::Running,
                wish: Wish::Run,
                epoch: 0,
                owner: String::new(),
                upper_key: upper_key(&db, &chunks).await?,
                last_key: None,
                chunks: 0,
                scanned: 0,
                changed: 0,
                estimate: estimate(&db, &model.table).await?,
                size: 100,
                settings,
                reason: None,
                error: None,
                begun: Utc::now(),
                beat: Utc::now(),
            };
            begin(&runs, new).await?
        }
    };
    if row.spec != spec.hash || row.target != model.table {
        return Err(Error::new(
            ErrorKind::Request,
            format!(
                "The run '{name}' does another update, of {}: it goes on with the very same only. Give this one another name, or forget the run.",
                row.target
            ),
        ));
    }
    if row.state == State::Done {
        return Ok(ended(Ended::Done, &row));
    }
    let settings = Settings::read(&row.settings)?.changed(changes)?;
    let owner = owner();
    let take_over = RunTable::new(&*dialect).take_over(&name, &owner, &settings.write(), Utc::now());
    if db.executor().execute(&take_over).await?.rows == 0 {
        return Ok(ended(Ended::FencedOff, &row));
    }
    let row = runs.get(&name).await?;
    if row.owner != owner {
        return Ok(ended(Ended::FencedOff, &row));
    }
    let set = assignments.into_iter().map(|assignment| (assignment.field, assignment.value)).collect();
    let runner = Runner { db, rows, set, chunks, name, epoch: row.epoch };
    runner.go(row, &mut progress).await
}

fn ended(ended: Ended, row: &RunRow) -> Backfilled {
    let RunRow { chunks, scanned, changed, last_key, .. } = row.clone();
    Backfilled { ended, chunks, scanned, changed, last_key }
}

/// Makes the run; another program may have made it just now.
async fn begin(runs: &Runs, row: RunRow) -> Result<RunRow> {
    let dialect = runs.db.dialect();
    match runs.db.executor().execute(&RunTable::new(&*dialect).insert(&row)).await {
        Ok(_) => Ok(row),
        Err(error) => runs.find(&row.run).await?.ok_or(error),
    }
}

/// A name that no other session has.
fn owner() -> String {
    static SESSIONS: AtomicU64 = AtomicU64::new(0);
    let session = SESSIONS.fetch_add(1, Ordering::Relaxed);
    let now = Utc::now();
    let random = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), session);
    format!("process {}, since {}, {random:016x}", std::process::id(), now.format("%Y-%m-%d %H:%M:%S UTC"))
}

async fn query(executor: &Executor, selection: Selection) -> Result<Vec<Vec<Value>>> {
    executor.query(&selection.statement, &selection.columns).await
}

/// The one number that a query gives.
async fn number(executor: &Executor, selection: Selection) -> Result<u64> {
    match query(executor, selection).await?.concat()[..] {
        [Value::Int(number)] => Ok(number.max(0) as u64),
        _ => Err(Error::new(ErrorKind::Database, "A count gave no number.")),
    }
}

async fn upper_key(db: &Database, chunks: &Chunks) -> Result<Option<String>> {
    let dialect = db.dialect();
    for _ in 0..FINDS {
        let Some(key) = query(&db.executor(), chunks.greatest(&*dialect)?).await?.pop() else {
            return Ok(None);
        };
        if is_found(&db.executor(), chunks, &key).await? {
            return write_key(&key).map(Some);
        }
    }
    Err(not_found())
}

/// Whether a key is in the table as it is sent.
async fn is_found(executor: &Executor, chunks: &Chunks, key: &[Value]) -> Result<bool> {
    if !chunks.must_be_found() {
        return Ok(true);
    }
    Ok(number(executor, chunks.found(&*executor.dialect(), key)?).await? == 1)
}

fn not_found() -> Error {
    Error::new(
        ErrorKind::Data,
        "A key of the table is spelt in another way than Enmasse spells it, so that its rows cannot be gone through in order. Nothing \
         of this chunk was written.",
    )
}

/// About how many keys there are: as the database estimates, or counted where it has no estimate.
async fn estimate(db: &Database, table: &str) -> Result<Option<u64>> {
    let dialect = db.dialect();
    let Some(sql) = dialect.estimated_rows(table)? else {
        let sql = format!("SELECT COUNT(*) FROM {}", enmasse_core::dialect::quote_table(&*dialect, table));
        let columns = vec![DataType::BigInt];
        let statement = Statement { sql, params: Vec::new() };
        return number(&db.executor(), Selection { statement, columns }).await.map(Some);
    };
    let rows = db.executor().query(&sql.statement(&*dialect), &[DataType::BigInt]).await?;
    Ok(match rows.concat()[..] {
        [Value::Int(number)] if number >= 0 => Some(number as u64),
        _ => None,
    })
}

impl<M: Entity> Runner<M> {
    async fn go(&self, row: RunRow, call: &mut Option<OnProgress>) -> Result<Backfilled> {
        let mut settings = Settings::read(&row.settings)?;
        let mut pace = Pace::new(settings.pace(), Some(row.size));
        let (mut refused, mut lost) = (0, 0);
        let mut progress = Progress {
            held: None,
            scanned: row.scanned,
            changed: row.changed,
            estimate: row.estimate,
            size: pace.size(),
            elapsed: Duration::ZERO,
            last_key: row.last_key,
        };
        loop {
            if let Some(ended) = self.wait_for_load(settings.max_load, &mut progress, call).await? {
                return self.end(ended).await;
            }
            let started = Instant::now();
            let mut wait = match self.chunk(pace.size()).await {
                Ok((Chunk::Written { keys, changed }, row)) => {
                    (refused, lost) = (0, 0);
                    let elapsed = started.elapsed();
                    settings = Settings::read(&row.settings)?;
                    pace.set(settings.pace());
                    progress.scanned = row.scanned + keys;
                    progress.changed = row.changed + changed;
                    (progress.held, progress.elapsed, progress.last_key) = (None, elapsed, row.last_key);
                    let wait = pace.done(Observed { keys, changed, elapsed });
                    progress.size = pace.size();
                    wait
                }
                Ok((Chunk::End, _)) => return self.end(Ended::Done).await,
                Ok((Chunk::FencedOff, row)) => return Ok(ended(Ended::FencedOff, &row)),
                Ok((Chunk::Wished(Wish::Stop), _)) => {
                    return self.end(Ended::Paused("somebody stopped it".into())).await;
                }
                Ok((Chunk::Wished(_), _)) => {
                    self.hold(&mut progress, "somebody paused it".into()).await?;
                    Duration::from_secs(1)
                }
                Err(error) if error.is_retryable() => {
                    let random = f64::from(started.elapsed().subsec_nanos() % 1_000) / 1_000.0;
                    let wait = pace.refused(refused, random);
                    refused += 1;
                    progress.held = Some(format!("locks of others: {}", error.message()));
                    progress.size = pace.size();
                    wait
                }
                // whether it was committed is in the run's row, which the next chunk begins with
                Err(error)
                    if matches!(error.kind(), ErrorKind::Connection | ErrorKind::CommitUnknown)
                        && lost < RECONNECTS =>
                {
                    lost += 1;
                    progress.held = Some(format!("the connection was lost: {}", error.message()));
                    Duration::from_millis(100_u64 << lost)
                }
                Err(error) => return Err(self.failed(error).await),
            };
            loop {
                if let Some(call) = call
                    && call(&progress).is_break()
                {
                    return self.end(Ended::Paused("the program ended it".into())).await;
                }
                if wait.is_zero() {
                    break;
                }
                let now = wait.min(LOOKS);
                tokio::time::sleep(now).await;
                wait -= now;
                if wait.is_zero() {
                    break;
                }
            }
        }
    }

    /// One chunk in one transaction, tried once; and the run as it was before it, but for the key that was reached.
    async fn chunk(&self, size: u64) -> Result<(Chunk, RunRow)> {
        let db = self.db.clone().with_retries(0);
        let done = db.transaction(|tx| self.write(tx, size)).await;
        if done.is_ok() {
            failpoint("after_commit");
        }
        done
    }

    async fn write(&self, tx: Transaction, size: u64) -> Result<(Chunk, RunRow)> {
        let (executor, dialect) = (tx.executor(), self.db.dialect());
        let table = RunTable::new(&*dialect);
        if let Some(sql) = dialect.short_lock_waits() {
            executor.script(sql).await?;
        }
        let locked = executor.query(&table.lock(&self.name), &table.columns()).await?.pop();
        let Some(mut row) = locked.map(RunRow::read).transpose()? else { return Err(forgotten(&self.name)) };
        if row.epoch != self.epoch {
            return Ok((Chunk::FencedOff, row));
        }
        if row.wish != Wish::Run {
            return Ok((Chunk::Wished(row.wish), row));
        }
        let model = self.rows.model()?;
        let Some(upper) = &row.upper_key else { return Ok((Chunk::End, row)) };
        let after = row.last_key.as_deref().map(|key| read_key(model, key)).transpose()?;
        let rest = KeyRange { after, up_to: read_key(model, upper)? };
        let Some((range, keys)) = self.range(&executor, rest, size).await? else {
            return Ok((Chunk::End, row));
        };
        failpoint("before_update");
        let rows = self.rows.clone().using(&tx).filter_by(self.chunks.condition(&range));
        let changed = rows.update_by(self.set.clone()).await?;
        failpoint("after_update");
        let last_key = write_key(&range.up_to)?;
        let to = Checkpoint { last_key: last_key.clone(), scanned: keys, changed, size };
        let written = executor.execute(&table.checkpoint(&self.name, self.epoch, &to, Utc::now())).await?;
        if written.rows != 1 {
            return Err(Error::new(
                ErrorKind::Database,
                "The place of the run was not written, and so its chunk was not either.",
            ));
        }
        row.last_key = Some(last_key);
        failpoint("before_commit");
        Ok((Chunk::Written { keys, changed }, row))
    }

    /// The next chunk of what is left, and how many keys it has.
    async fn range(&self, executor: &Executor, rest: KeyRange, size: u64) -> Result<Option<(KeyRange, u64)>> {
        let dialect = executor.dialect();
        for _ in 0..FINDS {
            match query(executor, self.chunks.boundary(&*dialect, &rest, size)?).await?.pop() {
                Some(key) if is_found(executor, &self.chunks, &key).await? => {
                    return Ok(Some((KeyRange { up_to: key, ..rest }, size)));
                }
                Some(_) => continue,
                None => {
                    let keys = number(executor, self.chunks.count(&*dialect, &rest)?).await?;
                    // a row that came in since the boundary was looked for belongs to it
                    return Ok((keys > 0).then_some((rest, keys)));
                }
            }
        }
        Err(not_found())
    }

    /// Waits while the server is too busy, with no transaction open; gives why the run is to end, if it is.
    async fn wait_for_load(
        &self,
        most: Option<f64>,
        progress: &mut Progress,
        call: &mut Option<OnProgress>,
    ) -> Result<Option<Ended>> {
        let Some(most) = most else { return Ok(None) };
        let limit = Limit { name: "load".into(), hold: Some(most), critical: None };
        loop {
            let seen = self.load().await;
            let why = match judge(&[(limit.clone(), seen)]) {
                Verdict::Go => return Ok(None),
                Verdict::Hold(why) | Verdict::Pause(why) => why,
            };
            self.hold(progress, why).await?;
            if let Some(call) = call
                && call(progress).is_break()
            {
                return Ok(Some(Ended::Paused("the program ended it".into())));
            }
            let row = self.db.runs().get(&self.name).await?;
            if row.epoch != self.epoch {
                return Ok(None);
            }
            match row.wish {
                Wish::Stop => return Ok(Some(Ended::Paused("somebody stopped it".into()))),
                _ if Settings::read(&row.settings)?.max_load != Some(most) => return Ok(None),
                _ => tokio::time::sleep(LOOKS).await,
            }
        }
    }

    async fn load(&self) -> Seen {
        let Some(sql) = self.db.dialect().server_load() else {
            return Seen::Unreadable("this database has no server".into());
        };
        let statement = Statement { sql: sql.to_owned(), params: Vec::new() };
        match self.db.executor().query(&statement, &[DataType::BigInt]).await.map(|rows| rows.concat()) {
            Ok(values) => match values[..] {
                [Value::Int(number)] => Seen::Value(number as f64),
                _ => Seen::Unreadable(
                    "this user may not see what others do; on PostgreSQL the role pg_read_all_stats may"
                        .into(),
                ),
            },
            Err(error) => Seen::Unreadable(error.message().to_owned()),
        }
    }

    /// Says that the run waits, where it did not for the same reason.
    async fn hold(&self, progress: &mut Progress, why: String) -> Result<()> {
        if progress.held.as_ref() != Some(&why) {
            self.say(State::Held, Some(&why), None).await?;
            progress.held = Some(why);
        }
        Ok(())
    }

    /// Writes where the run stands, unless it is another's by now.
    async fn say(&self, state: State, reason: Option<&str>, error: Option<&str>) -> Result<bool> {
        let dialect = self.db.dialect();
        let table = RunTable::new(&*dialect);
        let statement = table.state(&self.name, self.epoch, state, reason, error, Utc::now());
        Ok(self.db.executor().execute(&statement).await?.rows == 1)
    }

    async fn end(&self, why: Ended) -> Result<Backfilled> {
        let said = match &why {
            Ended::Done => self.say(State::Done, None, None).await?,
            Ended::Paused(why) => self.say(State::Paused, Some(why), None).await?,
            Ended::FencedOff => false,
        };
        let row = self.db.runs().get(&self.name).await?;
        Ok(ended(if said { why } else { Ended::FencedOff }, &row))
    }

    /// Keeps the error with the run, and gives it.
    async fn failed(&self, error: Error) -> Error {
        _ = self.say(State::Failed, None, Some(error.message())).await;
        error.at(format!("the run {}", self.name))
    }
}

fn forgotten(name: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("The run '{name}' was forgotten while it was going on."))
}
