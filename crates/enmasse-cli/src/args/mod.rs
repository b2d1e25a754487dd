//! The command line's arguments.

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

/// Update many rows of database tables at once, with a preview
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
    /// Whether errors are also printed as one JSON object on standard output.
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

/// The database.
#[derive(ClapArgs, Clone)]
pub struct DatabaseArgs {
    /// The database: sqlite://app.db (or app.db), postgres://user@host/name, mysql://user@host/name
    ///
    /// The password may be in the URL, in PGPASSWORD or MYSQL_PWD, or in the database's own file: ~/.pgpass
    /// (PGPASSFILE) for PostgreSQL, [client] in ~/.my.cnf for MySQL and MariaDB. A SQLite file must exist,
    /// unless the URL ends in ?mode=rwc, which creates it.
    #[arg(long = "db", value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub db: Option<String>,
}

// A derived implementation would show the password.
impl std::fmt::Debug for DatabaseArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseArgs")
    }
}

/// Output options.
#[derive(ClapArgs, Clone, Copy, Debug, Default)]
pub struct OutputArgs {
    /// Print one JSON object at the end, for use by programs
    #[arg(long)]
    pub json: bool,
    /// Print only errors
    #[arg(short, long, conflicts_with = "json")]
    pub quiet: bool,
}
