use clap::Args;

use super::{DatabaseArgs, OutputArgs};

/// Show tables as Enmasse sees them: columns, types, keys, parents, row counts
#[derive(Args, Debug)]
pub struct InspectArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The tables; without any, all tables
    #[arg(value_name = "TABLE")]
    pub tables: Vec<String>,
    /// Write the models as Rust source
    #[arg(long, conflicts_with = "json")]
    pub rust: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}
