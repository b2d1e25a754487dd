use clap::Args;
use clap_complete::Shell;

/// Bring the world's runways of 2021 up to 2026, in a SQLite file, step by step
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Where the files are made
    #[arg(value_name = "FOLDER", default_value = "enmasse-demo")]
    pub folder: String,
}

/// Print what a shell needs to complete the words of this command
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  enmasse completions bash > ~/.local/share/bash-completion/completions/enmasse
  enmasse completions zsh > ~/.zfunc/_enmasse
  enmasse completions fish > ~/.config/fish/completions/enmasse.fish")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// Print a manual page, as man(1) reads it
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  enmasse man apply | man -l -
  enmasse man > ~/.local/share/man/man1/enmasse.1")]
pub struct ManArgs {
    /// The subcommand; the whole command where none is named
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}
