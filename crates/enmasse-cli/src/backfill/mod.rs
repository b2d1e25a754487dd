//! `enmasse backfill`.

mod progress;
mod runs;

pub use runs::run as runs;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use enmasse::backfill::{Backfilled, Ended};
use enmasse::{Database, QuerySet};
use serde_json::{Value as Json, json};

use crate::args::{BackfillArgs, UpdateArgs};
use crate::backfill::progress::Line;
use crate::connect::connect;
use crate::failure::{Failure, Outcome, Result};
use crate::interrupt::{rolled_back, signal};
use crate::output::grouped;
use crate::tables::table;
use crate::update::{Request, lookups, refuse_all_by_accident};

pub async fn run(args: BackfillArgs) -> Result<Outcome> {
    let db = connect(&args.database).await?;
    let (name, update) = asked(&db, &args).await?;
    refuse_all_by_accident(&update)?;
    let model = table(&db, &update.table, lookups(&update)).await?;
    let request = Request::new(QuerySet::of(&model, &db), model, &update)?;
    let mut backfill = request.rows.clone().update_by(request.set.clone()).in_chunks(&name);
    if args.dry_run {
        say!("{}\n\nNothing was written.", backfill.explain()?);
        return Ok(Outcome::Done);
    }
    backfill = backfill.request(text(&update));
    if let Some(time) = args.chunk_time {
        backfill = backfill.chunk_time(Duration::from_millis(time));
    }
    if let Some(rate) = args.max_rate {
        backfill = backfill.max_rate(rate);
    }
    if let Some(nice) = args.nice {
        backfill = backfill.nice(nice);
    }
    if let Some(load) = args.max_load {
        backfill = backfill.max_load(load);
    }
    let (ends, started) = (Arc::new(AtomicBool::new(false)), Instant::now());
    let (line, wanted) = (Line::new(&name, args.output), ends.clone());
    let mut shown = line.clone();
    let work = backfill.on_progress(move |progress| {
        shown.show(progress);
        if wanted.load(SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let done = unless_twice_interrupted(work, &ends, &name).await;
    line.ends();
    let done = rolled_back(&db, done).await?;
    Ok(report(&name, &request.model.table, &done, started.elapsed(), &args))
}

/// The first signal ends the run after its chunk, the second at once.
async fn unless_twice_interrupted(
    work: impl Future<Output = enmasse::Result<Backfilled>>,
    ends: &AtomicBool,
    name: &str,
) -> Result<Backfilled> {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return Ok(done?),
        _ = signal() => ends.store(true, SeqCst),
    }
    tell!("enmasse: {name} ends after this chunk; a second signal rolls the chunk back");
    tokio::select! {
        biased;
        done = &mut work => Ok(done?),
        number = signal() => Err(Failure::interrupted(
            number,
            format!("interrupted: the chunk is rolled back. Go on with: enmasse backfill --resume {name}"),
        )),
    }
}

/// The run's name and its update: as the line says it, or as the run has kept it.
async fn asked(db: &Database, args: &BackfillArgs) -> Result<(String, UpdateArgs)> {
    let update = |table: String, [filters, exclude, set]: [Vec<String>; 3], all| UpdateArgs {
        database: args.database.clone(),
        table,
        filters,
        exclude,
        all,
        set,
        dry_run: args.dry_run,
        allow_non_transactional: false,
        output: args.output,
    };
    let Some(name) = &args.resume else {
        let name = args.name.clone().unwrap_or_default();
        if db.runs().list().await?.iter().any(|run| run.run == name) {
            return Err(Failure::usage(format!(
                "there is a run '{name}': go on with it by --resume {name}, or have it forgotten by 'enmasse runs forget {name}'"
            )));
        }
        let lists = [args.filters.clone(), args.exclude.clone(), args.set.clone()];
        return Ok((name, update(args.table.clone().unwrap_or_default(), lists, args.all)));
    };
    let run = db.runs().get(name).await?;
    let kept = run.request.as_deref().and_then(|text| serde_json::from_str::<Json>(text).ok());
    let kept = kept.filter(|kept| kept["table"].is_string()).ok_or_else(|| {
        Failure::usage(format!("the run '{name}' was begun by a program, which alone can go on with it"))
    })?;
    let list = |key: &str| {
        let texts = kept[key].as_array().into_iter().flatten();
        texts.filter_map(|text| text.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let lists = [list("where"), list("exclude"), list("set")];
    let table = kept["table"].as_str().unwrap_or_default().to_owned();
    Ok((name.clone(), update(table, lists, kept["all"] == true)))
}

/// What is kept with the run, to go on with it.
fn text(update: &UpdateArgs) -> String {
    let UpdateArgs { table, filters, exclude, all, set, .. } = update;
    json!({ "table": table, "where": filters, "exclude": exclude, "all": all, "set": set }).to_string()
}

fn report(name: &str, table: &str, done: &Backfilled, took: Duration, args: &BackfillArgs) -> Outcome {
    let (state, outcome) = match &done.ended {
        Ended::Done => ("done", Outcome::Done),
        Ended::FencedOff => ("fenced off", Outcome::FencedOff),
        _ => ("paused", Outcome::Paused),
    };
    let seconds = took.as_secs_f64();
    if args.output.json {
        say!(
            "{}",
            json!({
                "run": name, "table": table, "state": state, "chunks": done.chunks, "scanned": done.scanned, "changed": done.changed,
                "last_key": done.last_key, "seconds": seconds,
            })
        );
    } else if !args.output.quiet {
        let (scanned, changed) = (grouped(done.scanned), grouped(done.changed));
        say!(
            "{name} {state}: {scanned} keys of {table} gone through, {changed} rows changed ({seconds:.2} s)"
        );
    }
    match &done.ended {
        Ended::Paused(why) => {
            let at = done.last_key.as_deref().unwrap_or("the beginning");
            tell!("enmasse: paused at {at}: {why}. Go on with: enmasse backfill --resume {name}");
        }
        Ended::FencedOff => {
            tell!("enmasse: another program has taken the run {name} over; its next chunks are not ours")
        }
        _ => {}
    }
    outcome
}
