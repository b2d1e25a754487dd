//! Measures bulk updates: `scripts/bench --help`.

mod batch;
mod command;
mod enmasse;
mod figures;
mod floor;
mod formula;
mod measure;
mod options;
mod peer;
mod related;
mod report;
mod run;
mod table;
mod way;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::figures::Record;
use crate::options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    // In a task, as a server's handlers: on the main thread, each answer would come from another thread.
    let run = tokio::spawn(run(Options::parse()));
    match run.await.unwrap_or_else(|panic| Err(panic.into())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<()> {
    if let Some(file) = &options.report {
        return report::write(file);
    }
    if options.related {
        for database in options.databases() {
            related::measure(&options, database).await?;
        }
        return Ok(());
    }
    let mut record = Record::new(options.json.clone());
    for database in options.databases() {
        if options.command {
            command::measure(&options, database, &mut record).await?;
            continue;
        }
        measure::measure(&options, database, &mut record).await?;
    }
    Ok(())
}
