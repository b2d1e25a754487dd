use clap::Args;

use super::{DatabaseArgs, OutputArgs};

/// Set fields of the rows that pass Django's lookups
#[derive(Args, Debug)]
pub struct UpdateArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The table, as 'users' or 'schema.users'
    #[arg(long, value_name = "TABLE")]
    pub table: String,
    /// Only rows that pass this lookup, as 'last_login__lte=2026-10-22' or 'country__in=US,CA'; several must all hold
    #[arg(long = "where", value_name = "LOOKUP=VALUE")]
    pub filters: Vec<String>,
    /// No rows that pass this lookup; with several, none that passes all of them
    #[arg(long, value_name = "LOOKUP=VALUE")]
    pub exclude: Vec<String>,
    /// All rows of the table, where neither --where nor --exclude is given
    #[arg(long)]
    pub all: bool,
    /// What to set, as 'is_active=false' or 'points=F(points)+100'
    #[arg(long, value_name = "FIELD=VALUE", required = true)]
    pub set: Vec<String>,
    /// Show what would change, and change nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}
