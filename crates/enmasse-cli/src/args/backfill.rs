use clap::{Args, Subcommand};

use super::{DatabaseArgs, OutputArgs};

/// Set fields of the rows that pass Django's lookups, in chunks that commit one by one, for tables that are in use
#[derive(Args, Debug)]
#[command(after_help = "\
The rows are gone through in the order of the primary key. Each chunk is a transaction of its own, in which the place that was reached is written to \
the table enmasse_run, so that a run that was killed goes on there and each row is written exactly once, also by 'points=F(points)+1'. Rows whose \
keys are greater than the greatest at the start are left out. The first Ctrl-C ends the run after its chunk, the second rolls the chunk back.

Exit codes: 0 done; 1 failed, the progress is kept; 2 wrong usage; 6 paused or stopped, the progress is kept; 7 another program took the run over; \
130 a second Ctrl-C, the chunk is rolled back and the progress before it is kept.

Examples:
  enmasse backfill --db postgres://shop@localhost/shop --table users --where email_norm__isnull=true --set 'email_norm=Lower(F(email))' --name email-norm
  enmasse backfill --db postgres://shop@localhost/shop --resume email-norm --max-rate 5000")]
pub struct BackfillArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The table, as 'users' or 'schema.users'
    #[arg(long, value_name = "TABLE", required_unless_present = "resume")]
    pub table: Option<String>,
    /// Only rows that pass this lookup, as for 'enmasse update'; several must all hold
    #[arg(long = "where", value_name = "LOOKUP=VALUE")]
    pub filters: Vec<String>,
    /// No rows that pass this lookup; with several, none that passes all of them
    #[arg(long, value_name = "LOOKUP=VALUE")]
    pub exclude: Vec<String>,
    /// All rows of the table, where neither --where nor --exclude is given
    #[arg(long)]
    pub all: bool,
    /// What to set, as 'is_active=false' or 'points=F(points)+100'
    #[arg(long, value_name = "FIELD=VALUE", required_unless_present = "resume")]
    pub set: Vec<String>,
    /// The name of the new run: small letters, digits, '-', '_' and '.'
    #[arg(long, value_name = "NAME", required_unless_present = "resume")]
    pub name: Option<String>,
    /// Go on with the run of this name, where it stands
    #[arg(long, value_name = "NAME", conflicts_with_all = ["table", "filters", "exclude", "all", "set", "name"])]
    pub resume: Option<String>,
    /// Show the SQL, and change nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// How many milliseconds a chunk should take; its size follows. 500, on SQLite 20
    #[arg(long, value_name = "MILLISECONDS", value_parser = clap::value_parser!(u64).range(1..=600_000))]
    pub chunk_time: Option<u64>,
    /// The most keys that are gone through in a second
    #[arg(long, value_name = "KEYS")]
    pub max_rate: Option<f64>,
    /// The pause after a chunk, as a multiple of the time that it took. 0, on SQLite 1
    #[arg(long, value_name = "TIMES")]
    pub nice: Option<f64>,
    /// Wait while the server is busy with more statements than this. A load that cannot be read holds the run
    #[arg(long, value_name = "STATEMENTS")]
    pub max_load: Option<f64>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Show the runs of 'enmasse backfill', or say what becomes of one
#[derive(Args, Debug)]
pub struct RunsArgs {
    #[command(subcommand)]
    pub action: RunsAction,
}

#[derive(Subcommand, Debug)]
pub enum RunsAction {
    /// Show all runs of a database
    List {
        #[command(flatten)]
        database: DatabaseArgs,
        /// Print one JSON object a run
        #[arg(long)]
        json: bool,
    },
    /// Have the program that goes on with a run wait before the next chunk
    Pause(RunArgs),
    /// Have the program that waits go on
    Resume(RunArgs),
    /// Have the program end before the next chunk, with the progress kept
    Stop(RunArgs),
    /// Forget a run; a new one of the name begins with the first row
    Forget(RunArgs),
    /// Change what a run keeps to, from the next chunk on
    Set {
        #[command(flatten)]
        run: RunArgs,
        /// How many milliseconds a chunk should take
        #[arg(long, value_name = "MILLISECONDS", value_parser = clap::value_parser!(u64).range(1..=600_000))]
        chunk_time: Option<u64>,
        /// The most keys that are gone through in a second
        #[arg(long, value_name = "KEYS")]
        max_rate: Option<f64>,
        /// The pause after a chunk, as a multiple of the time that it took
        #[arg(long, value_name = "TIMES")]
        nice: Option<f64>,
        /// Wait while the server is busy with more statements than this
        #[arg(long, value_name = "STATEMENTS")]
        max_load: Option<f64>,
    },
}

#[derive(Args, Debug)]
pub struct RunArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The name of the run
    #[arg(value_name = "NAME")]
    pub name: String,
}
