//! What PostgreSQL's planner may use while rows are written.

use crate::dialect::Dialect;
use crate::plan::Step;
use crate::plan::strategy::staging::plain;
use crate::sql::Param;
use crate::value::{DataType, Value};

/// What it may not: joins that take the rows in another order than that of the batch, or read the whole target, as one that begins with
/// the target does; and the compiler, which estimates of many rows set to work.
pub(in crate::plan::strategy) const JOINS: &[&str] =
    &["enable_hashjoin", "enable_mergejoin", "enable_seqscan", "jit"];

/// [`JOINS`], and what the sort of the staging table may take.
pub(in crate::plan::strategy) const JOINS_AND_SORT: &[&str] =
    &["enable_hashjoin", "enable_mergejoin", "enable_seqscan", "jit", "work_mem"];

/// What the sort of the staging table may take.
const WORK_MEM: &str = "64MB";

/// From this share of the table on, a merge join, which reads all of it in the order of the keys, is no slower than nested loops.
const SHARE: u32 = 3;

/// Leaves nested loops only, until the end of the transaction or [`restore`]. Each setting is kept in one of our own.
pub(in crate::plan::strategy) fn nested_loops() -> Step {
    prepare(JOINS.iter().map(|name| keep(name, "'off'")))
}

/// [`nested_loops`], but merge joins too where the rows in the staging table are a good part of the table, and memory to sort them.
pub(in crate::plan::strategy) fn joins_in_order(dialect: &dyn Dialect, staging: &str, table: String) -> Step {
    let merge = format!(
        "CASE WHEN (SELECT reltuples FROM pg_class WHERE oid = to_regclass({})) \
         BETWEEN 1 AND (SELECT {SHARE} * count(*) FROM {staging}) THEN current_setting('enable_mergejoin') ELSE 'off' END",
        dialect.placeholder(1)
    );
    let memory = format!(
        "CASE WHEN pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('{WORK_MEM}') \
         THEN '{WORK_MEM}' ELSE current_setting('work_mem') END"
    );
    let values = [
        ("enable_hashjoin", "'off'"),
        ("enable_mergejoin", &merge),
        ("enable_seqscan", "'off'"),
        ("jit", "'off'"),
        ("work_mem", &memory),
    ];
    let Step::Run(mut statement, _) = prepare(values.iter().map(|(name, value)| keep(name, value))) else {
        unreachable!("settings are prepared")
    };
    statement.params.push(Param { value: Value::Text(table), data_type: DataType::TEXT });
    Step::prepare(statement)
}

/// Puts settings back that were kept: the transaction may be the caller's.
pub(in crate::plan::strategy) fn restore(kept: &[&str]) -> Step {
    prepare(kept.iter().map(|name| format!("set_config('{name}', current_setting('enmasse.{name}'), true)")))
}

fn keep(name: &str, value: &str) -> String {
    format!(
        "set_config('enmasse.{name}', current_setting('{name}'), true), set_config('{name}', {value}, true)"
    )
}

fn prepare(settings: impl Iterator<Item = String>) -> Step {
    Step::prepare(plain(format!("SELECT {}", settings.collect::<Vec<_>>().join(", "))))
}
