use clap::Args;

use super::{DatabaseArgs, OutputArgs};

/// Set fields of the rows that match Django's lookups
#[derive(Args, Debug)]
#[command(after_long_help = VALUES)]
pub struct UpdateArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The table, as 'users' or 'schema.users'
    #[arg(long, value_name = "TABLE")]
    pub table: String,
    /// Update only rows that match this lookup, as 'last_login__lte=2026-10-22' or 'country__in=US,CA'; rows
    /// must match all of several
    #[arg(long = "where", value_name = "LOOKUP=VALUE")]
    pub filters: Vec<String>,
    /// Leave out rows that match this lookup; with several, rows that match all of them
    #[arg(long, value_name = "LOOKUP=VALUE")]
    pub exclude: Vec<String>,
    /// Update all rows of the table; required without --where and --exclude
    #[arg(long)]
    pub all: bool,
    /// Set a field, as 'is_active=false' or 'points=F(points)+100'
    #[arg(long, value_name = "FIELD=VALUE", required = true)]
    pub set: Vec<String>,
    /// Show what would change, and roll back
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Also write to tables without transactions, such as MyISAM. Rows written there stay even if the command
    /// fails (exit code 5), and nothing is retried. A dry run never writes there
    #[arg(long)]
    pub allow_non_transactional: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

const VALUES: &str = "\
Values:
  Values are parsed by the type of the field: 5, 1.50, true, 2026-10-22, '2026-10-22 09:30' (UTC if no zone is given),
  {\"a\": 1} for JSON, [1, 2] for an array, \\x00ff for bytes.
  NULL is SQL's NULL. A value in single quotes is taken literally: note='NULL', note='F(x)'; double a quote inside it.
  Separate the items of __in and __range by commas; quote an item that contains commas: name__in='a,b',c

Expressions:
  A value that contains F(field) or begins with a function is an expression: 'points=F(points) * 2 + 100',
  \"name=Concat(F(first), ' ', F(last))\", 'seen=Now()', \"due=F(due) + Duration('30 00:00:00')\".
  Functions: Abs, Ceil, Coalesce, Concat, Duration, Floor, Greatest, LTrim, Least, Length, Lower, Now, NullIf, Power,
  RTrim, Replace, Round, Substr, Trim, Upper.

Exit codes: 0 done; 1 failed, nothing written; 2 wrong usage; 5 unknown whether it is done: the connection was lost during the commit, or a run \
with --allow-non-transactional failed and a part may be written; 130 Ctrl-C.

A dry run makes the update in a transaction, checks deferred constraints, and rolls back. Its examples are values as the database stored \
them, with the changes that triggers made; if the update sets the key, they are the values that were sent. It counts the rows that a trigger or a row policy \
keeps as they are. The counts for each column are of the values that were sent, and upper limits ('at most') if rows are kept.";
