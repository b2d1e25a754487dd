//! `enmasse apply`.

mod ahead;
mod bits;
mod changes;
mod choice;
mod circle;
mod descriptor;
mod files;
mod kept;
mod mapping;
mod missing;
mod numbers;
mod order;
mod parts;
mod places;
mod refused;
mod source;
mod summary;
mod temporary;
mod transaction;
mod writing;

use std::sync::Arc;
use std::time::Instant;

use enmasse::schema::ModelRef;
use enmasse::{Database, ErrorKind};

use crate::args::ApplyArgs;
use crate::connect::connect;
use crate::failure::{Failure, Outcome, Result};
use crate::input::Input;
use crate::interrupt::{Committing, rolled_back, unless_interrupted};
use crate::progress::Meter;
use crate::tables::table;

use self::mapping::Mapping;
use self::summary::Summary;

pub async fn run(args: ApplyArgs) -> Result<Outcome> {
    let began = Instant::now();
    files::refuse_clashes(&args)?;
    let db = connect(&args.database).await?;
    let (summary, name) = bring_up_to_date(&db, &args).await?;
    summary.print(&args, &name, began.elapsed());
    let tells = args.fail_on_missing && summary.counts.missing > 0;
    Ok(if tells { Outcome::Missing } else { Outcome::Done })
}

/// Does all of it in one transaction; gives what it came to, and what the file is called.
pub async fn bring_up_to_date(db: &Database, args: &ApplyArgs) -> Result<(Summary, String)> {
    // a dry run is rolled back
    let stays = args.allow_non_transactional && !args.dry_run;
    db.allow_non_transactional(stays);
    // what stays is not to be written once more
    let db = &if stays { db.clone().with_retries(0) } else { db.clone() };
    let table = keyed(table(db, &args.table, []).await?, &args.key)?;
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
    let input = Arc::new(input);
    let mapping = Arc::new(if columns.names.is_empty() {
        Mapping::of_no_rows(args, input.name(), &table)?
    } else {
        Mapping::new(args, input.name(), &columns.names, &table)?
    });
    let meter = Meter::new(input.name(), args.output);
    let told = Arc::default();
    let job = transaction::Job {
        args,
        input: &input,
        mapping: &mapping,
        uneven: columns.uneven,
        told: &told,
        meter: &meter,
        committing: &committing,
    };
    let done = unless_interrupted(&committing, job.run(db)).await;
    meter.ends();
    let done = rolled_back(db, done).await;
    let done = if stays { done.map_err(Failure::without_rollback) } else { done };
    // nothing that becomes of the files undoes what is committed
    let summary = done?.place(args.dry_run).await?;
    Ok((summary, input.name().to_owned()))
}

/// The table with the key that is asked for, where it has no primary key and that is another one of its keys.
fn keyed(table: ModelRef, key: &[String]) -> Result<ModelRef> {
    let names: Option<Vec<String>> =
        key.iter().map(|name| Some(table.fields[choice::find(&table, name).ok()?].name.clone())).collect();
    let is_it = |candidate: &Vec<String>| {
        names.as_ref().is_some_and(|names| {
            names.len() == candidate.len() && names.iter().all(|name| candidate.contains(name))
        })
    };
    match table.candidate_keys.iter().find(|candidate| is_it(candidate)) {
        Some(candidate) => Ok(table.keyed_by(candidate)?),
        None => Ok(table),
    }
}

/// What a failure of the database means for the file.
async fn explain(error: enmasse::Error, input: &Arc<Input>, mapping: &Arc<Mapping>) -> Failure {
    let keys = error.keys().to_vec();
    if keys.is_empty() {
        // of a commit whose connection was lost, nobody knows
        let is_known = error.code().is_some() && error.kind() != ErrorKind::CommitUnknown;
        let nothing = is_known.then(|| "Nothing was written.".to_owned());
        return Failure::from(error).at(input.name()).with_lines(nothing.into_iter().collect());
    }
    let (file, columns) = (input.clone(), mapping.clone());
    let found = tokio::task::spawn_blocking(move || places::places_of(&file, &columns, &keys)).await;
    let Ok(Ok(places)) = found else { return Failure::from(error).at(input.name()) };
    if error.kind() != ErrorKind::DuplicateKey {
        let place = places.iter().flatten().next();
        let place = place.map_or(input.name().to_owned(), |(place, _)| format!("{}: {place}", input.name()));
        return Failure::failed(format!("{place}: {error}\nNothing was written."));
    }
    let told = error.keys().iter().zip(&places);
    let mut lines: Vec<String> = Vec::new();
    for line in told.map(|(key, places)| places::duplicate(input.name(), mapping, key, places)) {
        // keys that are the same to the database have the same places
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    Failure::failed(format!("{}\nNothing was written.", lines.join("\n")))
}
