//! `enmasse completions` and `enmasse man`, generated from clap's definitions.

use clap::CommandFactory;
use clap_mangen::Man;

use crate::args::{Args, CompletionsArgs, ManArgs};
use crate::failure::{Failure, Outcome, Result};

pub fn completions(args: &CompletionsArgs) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "enmasse", &mut script);
    print(&script)
}

pub fn man(args: &ManArgs) -> Result<Outcome> {
    let mut whole = Args::command();
    whole.build();
    let command = match &args.command {
        None => whole,
        Some(name) => match whole.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                let names = whole.get_subcommands().map(clap::Command::get_name);
                let error =
                    enmasse::Error::unknown(enmasse::ErrorKind::Request, "There is no command", name, names);
                return Err(error.into());
            }
        },
    };
    let mut page = Vec::new();
    let version = format!("enmasse {}", env!("CARGO_PKG_VERSION"));
    Man::new(command)
        .source(version)
        .render(&mut page)
        .map_err(|error| Failure::failed(error.to_string()))?;
    print(&page)
}

/// Prints the whole output.
fn print(bytes: &[u8]) -> Result<Outcome> {
    say!("{}", String::from_utf8_lossy(bytes).trim_end());
    Ok(Outcome::Done)
}
