use clap::Args;
use clap_complete::Shell;

/// Update a table of the world's runways from 2021 to 2026, in a SQLite file, step by step
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Folder for the files of the demo
    #[arg(value_name = "FOLDER", default_value = "enmasse-demo")]
    pub folder: String,
}

/// Print the completion script of a shell
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

/// Print a manual page for man(1)
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  enmasse man apply | man -l -
  enmasse man > ~/.local/share/man/man1/enmasse.1")]
pub struct ManArgs {
    /// The subcommand; without one, the whole command
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}
