//! `enmasse runs`.

use std::time::Duration;

use enmasse::backfill::{Run, Settings};
use serde_json::json;

use crate::args::{RunArgs, RunsAction, RunsArgs};
use crate::connect::connect;
use crate::failure::{Outcome, Result};
use crate::output::grouped;

pub async fn run(args: RunsArgs) -> Result<Outcome> {
    match args.action {
        RunsAction::List { database, json } => {
            let db = connect(&database).await?;
            for run in db.runs().list().await? {
                if json { say!("{}", as_json(&run)) } else { say!("{}", as_text(&run)) }
            }
        }
        RunsAction::Pause(RunArgs { database, name }) => {
            connect(&database).await?.runs().pause(&name).await?
        }
        RunsAction::Resume(RunArgs { database, name }) => {
            connect(&database).await?.runs().resume(&name).await?
        }
        RunsAction::Stop(RunArgs { database, name }) => connect(&database).await?.runs().stop(&name).await?,
        RunsAction::Forget(RunArgs { database, name }) => {
            connect(&database).await?.runs().forget(&name).await?
        }
        RunsAction::Set { run: RunArgs { database, name }, chunk_time, max_rate, nice, max_load } => {
            let runs = connect(&database).await?.runs();
            let mut settings = Settings::read(&runs.get(&name).await?.settings)?;
            settings.chunk_time = chunk_time.map_or(settings.chunk_time, Duration::from_millis);
            settings.nice = nice.unwrap_or(settings.nice);
            settings.max_rate = max_rate.or(settings.max_rate);
            settings.max_load = max_load.or(settings.max_load);
            runs.set(&name, settings).await?;
        }
    }
    Ok(Outcome::Done)
}

fn as_text(run: &Run) -> String {
    let of = run.estimate.map_or(String::new(), |estimate| format!(" of ~{}", grouped(estimate)));
    let mut text = format!(
        "{}  {}  {}  {}{of} keys, {} rows changed, {} chunks, last heard of {}",
        run.run,
        run.target,
        run.state.name(),
        grouped(run.scanned),
        grouped(run.changed),
        grouped(run.chunks),
        run.beat.format("%Y-%m-%d %H:%M:%S UTC"),
    );
    for why in [&run.reason, &run.error].into_iter().flatten() {
        text.push_str("\n  ");
        text.push_str(why);
    }
    text
}

fn as_json(run: &Run) -> serde_json::Value {
    json!({
        "run": run.run, "table": run.target, "state": run.state.name(), "wish": run.wish.name(), "chunks": run.chunks, "scanned": run.scanned,
        "changed": run.changed, "estimate": run.estimate, "last_key": run.last_key, "upper_key": run.upper_key, "reason": run.reason,
        "error": run.error, "begun": run.begun.to_rfc3339(), "beat": run.beat.to_rfc3339(), "owner": run.owner,
    })
}
