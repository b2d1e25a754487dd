//! What may be said on the command line.

mod apply;
mod backfill;
mod inspect;
mod more;
mod update;

pub use apply::ApplyArgs;
pub use backfill::{BackfillArgs, RunArgs, RunsAction, RunsArgs};
pub use inspect::InspectArgs;
pub use more::{CompletionsArgs, DemoArgs, ManArgs};
pub use update::UpdateArgs;

use clap::{Args as ClapArgs, Parser, Subcommand};

/// Bring database tables up to date, and see it before it happens
#[derive(Parser, Debug)]
#[command(name = "enmasse", version, about, long_about = None, arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand, Debug)]
pub enum Command {
    Apply(Box<ApplyArgs>),
    Update(UpdateArgs),
    Backfill(BackfillArgs),
    Runs(RunsArgs),
    Inspect(InspectArgs),
    Demo(DemoArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

impl Command {
    /// Whether errors, too, are to be one JSON object on standard output.
    pub fn wants_json(&self) -> bool {
        match self {
            Command::Apply(args) => args.output.json,
            Command::Update(args) => args.output.json,
            Command::Backfill(args) => args.output.json,
            Command::Runs(args) => matches!(args.action, RunsAction::List { json: true, .. }),
            Command::Inspect(args) => args.output.json,
            Command::Demo(_) | Command::Completions(_) | Command::Man(_) => false,
        }
    }
}

/// Which database.
#[derive(ClapArgs, Clone)]
pub struct DatabaseArgs {
    /// The database: sqlite://app.db (or app.db), postgres://user@host/name, mysql://user@host/name
    ///
    /// The password may be in the URL, in PGPASSWORD or MYSQL_PWD, or in the database's own file: ~/.pgpass (PGPASSFILE) of PostgreSQL,
    /// [client] in ~/.my.cnf of MySQL and MariaDB. A SQLite file that is not there is not made, unless the URL ends in ?mode=rwc.
    #[arg(long = "db", value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub db: Option<String>,
}

// derived, it would show the password
impl std::fmt::Debug for DatabaseArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseArgs")
    }
}

/// What is said about the work.
#[derive(ClapArgs, Clone, Copy, Debug, Default)]
pub struct OutputArgs {
    /// Print one JSON object at the end, for a program to read
    #[arg(long)]
    pub json: bool,
    /// Print nothing but errors
    #[arg(short, long, conflicts_with = "json")]
    pub quiet: bool,
}
