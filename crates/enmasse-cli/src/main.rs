//! Updates database tables from files and rows by Django's lookups, and shows tables as Enmasse sees them.

#![allow(missing_docs)] // a program has no public API

#[macro_use]
mod output;

mod apply;
mod args;
mod backfill;
mod changes;
mod connect;
mod demo;
mod failure;
mod input;
mod inspect;
mod interrupt;
mod manual;
mod panics;
mod progress;
mod shown;
mod tables;
mod update;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Command};
use crate::failure::Outcome;

fn main() -> ExitCode {
    panics::silence();
    match panics::caught(start) {
        Ok(code) => code,
        Err(panic) => failure::Failure::fault(&panic).report(false),
    }
}

fn start() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return refuse(error),
    };
    connect::keep_small(&args.command);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failure::Failure::failed(format!("cannot start: {error}")).report(false),
    };
    let json = args.command.wants_json();
    let code = match runtime.block_on(run(args.command)) {
        Ok(outcome) => outcome.into(),
        // A signal still ends the program if nobody reads this output.
        Err(failure) => failure.report(json),
    };
    // After an interrupt, remaining tasks are not awaited.
    runtime.shutdown_background();
    code
}

/// Prints help or a usage error. A password in a misplaced URL is hidden.
fn refuse(error: clap::Error) -> ExitCode {
    let text = error.render().to_string();
    match failure::without_passwords(&text) {
        shown if shown != text => {
            tell!("{}", shown.trim_end());
            ExitCode::from(2)
        }
        _ => error.exit(),
    }
}

async fn run(command: Command) -> failure::Result<Outcome> {
    match command {
        Command::Apply(args) => apply::run(*args).await,
        Command::Update(args) => update::run(args).await,
        Command::Backfill(args) => backfill::run(args).await,
        Command::Runs(args) => backfill::runs(args).await,
        Command::Inspect(args) => inspect::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Completions(args) => manual::completions(&args),
        Command::Man(args) => manual::man(&args),
    }
}
