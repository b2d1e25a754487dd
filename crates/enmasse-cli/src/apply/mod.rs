//! `enmasse apply`.

mod changes;
mod files;
mod mapping;
mod missing;
mod source;
mod summary;
mod transaction;

use std::sync::Arc;
use std::time::{Duration, Instant};

use enmasse::{Database, ErrorKind};

use crate::args::ApplyArgs;
use crate::connect::connect;
use crate::failure::{Failure, Outcome, Result};
use crate::input::Input;
use crate::interrupt::{Committing, unless_interrupted};
use crate::progress::Meter;
use crate::tables::table;

use self::mapping::Mapping;
use self::summary::Summary;

/// How long connections are waited for that are still to roll back.
const PATIENCE: Duration = Duration::from_secs(5);

pub async fn run(args: ApplyArgs) -> Result<Outcome> {
    let began = Instant::now();
    let db = connect(&args.database).await?;
    let (summary, name) = bring_up_to_date(&db, &args).await?;
    summary.print(&args, &name, began.elapsed());
    let tells = args.fail_on_missing && summary.missing > 0;
    Ok(if tells { Outcome::Missing } else { Outcome::Done })
}

/// Does all of it in one transaction; gives what it came to, and what the file is called.
pub async fn bring_up_to_date(db: &Database, args: &ApplyArgs) -> Result<(Summary, String)> {
    let table = table(db, &args.table).await?;
    let (path, options) = (args.file.clone(), args.input.options());
    // standard input is read to its end first, and of some files all rows
    let opened = tokio::task::spawn_blocking(move || {
        let input = Input::open(&path, &options)?;
        let columns = input.columns()?;
        Ok::<_, Failure>((input, columns))
    });
    let committing = Committing::default();
    let (input, columns) = unless_interrupted(&committing, async {
        opened.await.map_err(|error| Failure::failed(error.to_string()))?
    })
    .await?;
    let mapping = Arc::new(match columns.names.is_empty() {
        true => Mapping::of_no_rows(args, input.name(), &table)?,
        false => Mapping::new(args, input.name(), &columns.names, &table)?,
    });
    let meter = Meter::new(input.name(), args.output);
    let job = transaction::Job {
        args,
        input: &input,
        mapping: &mapping,
        uneven: columns.uneven,
        meter: &meter,
        committing: &committing,
    };
    let done = unless_interrupted(&committing, job.run(db)).await;
    meter.ends();
    if done.is_err() {
        // the rollback is done when this program ends, as far as it can be waited for
        _ = tokio::time::timeout(PATIENCE, db.close()).await;
    }
    Ok((done?, input.name().to_owned()))
}

/// What a failure of the database means for the file.
fn explain(error: enmasse::Error, input: &Input, mapping: &Mapping) -> Failure {
    if error.kind() != ErrorKind::DuplicateKey || error.keys().is_empty() {
        return Failure::from(error).at(input.name());
    }
    let Ok(places) = source::places_of(input, mapping, error.keys()) else {
        return Failure::from(error).at(input.name());
    };
    let mut lines = Vec::new();
    for (key, places) in error.keys().iter().zip(places) {
        let names = mapping.key.iter().map(|&column| mapping.columns[column].name.as_str());
        let key = crate::shown::key(names.zip(key));
        let places: Vec<String> = places.iter().map(ToString::to_string).collect();
        lines.push(match &places[..] {
            [] => format!("{}: the key {key} is there twice", input.name()),
            places => format!("{}: the key {key} is there twice: {}", input.name(), places.join(", ")),
        });
    }
    Failure::failed(format!("{}\nNothing was written.", lines.join("\n")))
}
