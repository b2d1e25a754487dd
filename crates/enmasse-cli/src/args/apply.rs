use clap::Args;

use super::{DatabaseArgs, OutputArgs};
use crate::input::{Format, InputOptions, Limits, Quote, is_date_format};

/// Update a table from a CSV, JSON Lines or Parquet file
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
A column of the file belongs to the table's column of the same name. Each cell is checked against its column's type before it is sent. \
One transaction does all the work: after an error or Ctrl-C, the table is unchanged, unless --allow-non-transactional is given. Rows that \
already have the values are left alone. Rows that are not in the table are counted, and inserted only with --insert-missing.

Exit codes: 0 done; 1 failed, nothing written; 2 wrong usage; 3 done, but rows were missing, with --fail-on-missing; \
4 done, but an output file could not be moved into place; 5 unknown whether it is done: the connection was lost during the commit, or a run \
with --allow-non-transactional failed and a part may be written; 130 Ctrl-C.

Examples:
  enmasse apply prices.csv --db postgres://shop@localhost/shop --table product --dry-run
  enmasse apply prices.csv.gz --table product --key sku --map 'new price=price' --ignore remark
  zcat stock.jsonl.gz | enmasse apply - --format jsonl --table stock --missing unknown.jsonl")]
pub struct ApplyArgs {
    /// The file; '-' is standard input. Files compressed with gzip or zstd are decompressed
    #[arg(value_name = "FILE")]
    pub file: String,
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The table, as 'users' or 'schema.users'
    #[arg(long, value_name = "TABLE")]
    pub table: String,
    /// Find rows by these columns in place of the primary key; they must be unique together
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub key: Vec<String>,
    /// Map a column of the file to a column of the table with another name
    #[arg(long, value_name = "FILE_COLUMN=TABLE_COLUMN", help_heading = "Columns")]
    pub map: Vec<String>,
    /// Write only these columns of the table
    #[arg(long, value_name = "COLUMN", value_delimiter = ',', help_heading = "Columns")]
    pub only: Vec<String>,
    /// Leave these columns of the file out; '' stands for columns without a name
    #[arg(long, value_name = "FILE_COLUMN", value_delimiter = ',', help_heading = "Columns")]
    pub ignore: Vec<String>,
    /// Show what would change, and roll back. The files of --diff, --missing and --rejects are written
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Write every change of a row that is in the table to this file: the row's key, the column, its value before and after
    #[arg(long, value_name = "FILE")]
    pub diff: Option<String>,
    /// Also write to tables without transactions, such as MyISAM. Rows written there stay even if the command
    /// fails (exit code 5), and nothing is retried. A dry run never writes there
    #[arg(long)]
    pub allow_non_transactional: bool,
    #[command(flatten)]
    pub output: OutputArgs,
    /// Write the rows that are not in the table to this file
    #[arg(long, value_name = "FILE", help_heading = "Rows that are not in the table")]
    pub missing: Option<String>,
    /// Insert the rows that are not in the table. They may refer to rows that come later in the file, or to each other
    #[arg(long, help_heading = "Rows that are not in the table")]
    pub insert_missing: bool,
    /// Write nothing if a row is not in the table, or if a trigger or a row policy keeps a row from being written
    #[arg(long, conflicts_with_all = ["insert_missing", "fail_on_missing"], help_heading = "Rows that are not in the table")]
    pub strict: bool,
    /// Write all other rows, then exit with code 3 if a row is not in the table
    #[arg(long, conflicts_with = "insert_missing", help_heading = "Rows that are not in the table")]
    pub fail_on_missing: bool,
    /// Report up to N bad rows before giving up; with --skip-bad, report the first N
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..), help_heading = "Bad rows")]
    pub max_errors: u64,
    /// Skip bad rows and write them to the file of --rejects
    #[arg(long, requires = "rejects", help_heading = "Bad rows")]
    pub skip_bad: bool,
    /// Write bad rows to this file, unchanged but in UTF-8, with the reason in a column 'enmasse_error', which is
    /// ignored when the file is applied; rows of a Parquet file are written as JSON Lines
    #[arg(long, value_name = "FILE", requires = "skip_bad", help_heading = "Bad rows")]
    pub rejects: Option<String>,
    #[command(flatten)]
    pub input: InputArgs,
}

/// Input options.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "The file")]
pub struct InputArgs {
    /// The format, if the file's name and first bytes do not show it
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// The field separator of a CSV file: one character, or 'tab'
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// The quote character of a CSV file; 'none' disables quoting
    #[arg(long, value_name = "CHARACTER", value_parser = quote)]
    pub quote: Option<Quote>,
    /// Read CSV cells with this text as NULL, as 'NULL' or ''; may be repeated. By default an empty cell is
    /// NULL
    #[arg(long, value_name = "TEXT")]
    pub null: Vec<String>,
    /// The decimal separator of numbers in a CSV file
    #[arg(long, value_name = "CHARACTER", value_parser = decimal)]
    pub decimal: Option<char>,
    /// The date format of a CSV file, as '%d/%m/%Y'; also the start of timestamps. By default as in
    /// 2026-10-22
    #[arg(long, value_name = "FORMAT", value_parser = date_format)]
    pub date_format: Option<String>,
    /// The encoding of a text file, as 'latin1' or 'utf-16le'; by default UTF-8
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// The longest row, in MiB; the command may use about twenty times as much memory
    #[arg(long, value_name = "MIB", default_value_t = Limits::ROW, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub max_row: u32,
}

impl InputArgs {
    pub fn options(&self) -> InputOptions {
        let InputArgs { format, delimiter, quote, null, decimal, date_format, encoding, max_row } =
            self.clone();
        let limits = Limits::of_row(max_row);
        InputOptions {
            format,
            delimiter,
            quote,
            nulls: null,
            decimal,
            date_format,
            encoding,
            limits,
            ..InputOptions::default()
        }
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text == "tab" || text == "\\t" => Ok(b'\t'),
        [b'\r' | b'\n'] => Err("a line break cannot separate cells".to_owned()),
        [byte] if byte.is_ascii() => Ok(*byte),
        _ => Err("expected one ASCII character, or 'tab'".to_owned()),
    }
}

fn quote(text: &str) -> Result<Quote, String> {
    match text.as_bytes() {
        _ if text == "none" => Ok(Quote(None)),
        [byte] if byte.is_ascii_graphic() => Ok(Quote(Some(*byte))),
        _ => Err("expected one ASCII character, or 'none'".to_owned()),
    }
}

fn decimal(text: &str) -> Result<char, String> {
    match text {
        "," => Ok(','),
        "." => Ok('.'),
        _ => Err("expected ',' or '.'".to_owned()),
    }
}

fn date_format(text: &str) -> Result<String, String> {
    if is_date_format(text) {
        return Ok(text.to_owned());
    }
    Err("expected year, month and day as strftime(3) writes them, as in '%d/%m/%Y', '%m/%d/%y' or '%d %b %Y'"
        .to_owned())
}
