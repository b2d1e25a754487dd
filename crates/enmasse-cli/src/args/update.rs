use clap::Args;

use super::{DatabaseArgs, OutputArgs};

/// Set fields of the rows that pass Django's lookups
#[derive(Args, Debug)]
#[command(after_long_help = VALUES)]
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
    /// Show what would change, and roll back
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Also write to tables of storage engines without transactions, as MyISAM: what is written there stays, whatever fails (exit code 5), and nothing is tried again. Never in a dry run
    #[arg(long)]
    pub allow_non_transactional: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

const VALUES: &str = "\
Values:
  A value is read by the type of its field: 5, 1.50, true, 2026-10-22, '2026-10-22 09:30' (in UTC where no zone is named),
  {\"a\": 1} for JSON, [1, 2] for an array, \\x00ff for bytes.
  NULL is SQL's NULL. In single quotes a value is that very text: note='NULL', note='F(x)'; a quote inside is written twice.
  Lists, of __in and __range, have commas between; an item in quotes may have commas in it: name__in='a,b',c

Expressions:
  A value with F(field) in it, or that begins with a function, is an expression: 'points=F(points) * 2 + 100',
  \"name=Concat(F(first), ' ', F(last))\", 'seen=Now()', \"due=F(due) + Duration('30 00:00:00')\".
  Functions: Abs, Ceil, Coalesce, Concat, Duration, Floor, Greatest, LTrim, Least, Length, Lower, Now, NullIf, Power,
  RTrim, Replace, Round, Substr, Trim, Upper.

Exit codes: 0 done; 1 failed, nothing written; 2 wrong usage; 5 done or not: the connection was lost during the commit, or what failed was \
allowed by --allow-non-transactional, and some of it may be written; 130 Ctrl-C.

A dry run makes the update in a transaction, checks deferred constraints, and rolls back. Its examples are values as the database stored \
them, with the changes that triggers made; if the update sets the key, they are the values that were sent. It counts the rows that a trigger or a row policy \
keeps as they are. The counts for each column are of the values that were sent, and upper limits ('at most') if rows are kept.";
