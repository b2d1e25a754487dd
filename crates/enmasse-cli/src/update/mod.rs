//! `enmasse update`.

mod condition;
mod dry_run;
mod expression;
mod literal;
mod setting;

use std::time::Instant;

use enmasse::expr::Expr;
use enmasse::schema::ModelRef;
use enmasse::{Database, ErrorKind, QuerySet, Record, Transaction};
use serde_json::json;

use crate::args::UpdateArgs;
use crate::connect::connect;
use crate::failure::{Failure, Outcome, Result};
use crate::interrupt::{Committing, rolled_back, unless_interrupted};
use crate::output::grouped;
use crate::tables::{owner, table};

/// A request, checked against the table.
pub(crate) struct Request {
    pub rows: QuerySet<Record>,
    pub model: ModelRef,
    pub set: Vec<(String, Expr)>,
    /// The tables to write, the root of the chain first.
    tables: Vec<String>,
    sql: String,
}

pub async fn run(args: UpdateArgs) -> Result<Outcome> {
    refuse_all_by_accident(&args)?;
    let db = connect(&args.database).await?;
    // A dry run is rolled back.
    let stays = args.allow_non_transactional && !args.dry_run;
    db.allow_non_transactional(stays);
    // An F(n)+1 that cannot be rolled back must not run twice.
    let db = if stays { db.with_retries(0) } else { db };
    let model = table(&db, &args.table, lookups(&args)).await?;
    let request = Request::new(QuerySet::of(&model, &db), model, &args)?;
    let committing = Committing::default();
    if args.dry_run {
        let done = unless_interrupted(&committing, dry_run::run(&db, request, args.output)).await;
        return rolled_back(&db, done).await;
    }
    let started = Instant::now();
    let done = unless_interrupted(&committing, request.update(&db, &committing)).await;
    let done = rolled_back(&db, done).await;
    let matched = if stays { done.map_err(Failure::without_rollback)? } else { done? };
    let seconds = started.elapsed().as_secs_f64();
    if args.output.json {
        let tables = request.tables.iter().map(|table| json!({ "table": table, "rows": matched }));
        let tables: Vec<_> = tables.collect();
        say!(
            "{}",
            json!({
                "table": request.model.table, "dry_run": false, "updated": matched, "tables": tables, "seconds": seconds,
            })
        );
    } else if !args.output.quiet {
        say!("{} updated in {} ({seconds:.2} s)", rows(matched), request.model.table);
        if let [_, _, ..] = request.tables[..] {
            let width = request.tables.iter().map(|table| table.chars().count()).max().unwrap_or_default();
            for table in &request.tables {
                say!("  {table:width$}  {}", grouped(matched));
            }
        }
    }
    Ok(Outcome::Done)
}

/// The names at the start of filters and expressions, each with the rest of its path: `user__country__in`.
pub(crate) fn lookups(args: &UpdateArgs) -> impl Iterator<Item = &str> {
    let conditions = args.filters.iter().chain(&args.exclude);
    let compared = conditions.clone().filter_map(|text| text.split('=').next());
    let fields = conditions.chain(&args.set).flat_map(|text| {
        text.match_indices("F(").filter_map(|(at, start)| text[at + start.len()..].split(')').next())
    });
    compared.chain(fields).map(str::trim)
}

/// `1 row`, `1,234 rows`
fn rows(count: u64) -> String {
    format!("{} {}", grouped(count), if count == 1 { "row" } else { "rows" })
}

/// Refuses to update all rows without an explicit option.
pub(crate) fn refuse_all_by_accident(args: &UpdateArgs) -> Result<()> {
    let is_filtered = !args.filters.is_empty() || !args.exclude.is_empty();
    match (is_filtered, args.all) {
        (false, false) => Err(Failure::usage(
            "this would update all rows of the table: select rows with --where or --exclude, or use --all",
        )),
        (true, true) => {
            Err(Failure::usage("--all selects all rows and cannot be used with --where or --exclude"))
        }
        _ => Ok(()),
    }
}

impl Request {
    /// Runs in a transaction that records when it can no longer be rolled back.
    async fn update(&self, db: &Database, committing: &Committing) -> Result<u64> {
        let work = |tx: Transaction| {
            // The update is retried after a conflict.
            committing.set(false);
            let update = self.rows.clone().using(&tx).update_by(self.set.clone());
            async move {
                let matched = update.await?;
                committing.set(true);
                Ok(matched)
            }
        };
        Ok(db.transaction(work).await?)
    }

    pub fn new(rows: QuerySet<Record>, model: ModelRef, args: &UpdateArgs) -> Result<Self> {
        let mut filtered = rows.clone();
        // As the keywords of one call in Django: conditions on a to-many relation apply to the same related
        // row.
        if let Some(all) = condition::all(&rows, "--where", &args.filters)? {
            filtered = filtered.filter_by(all);
        }
        if let Some(all) = condition::all(&rows, "--exclude", &args.exclude)? {
            filtered = filtered.exclude_by(all);
        }
        let set = args.set.iter().map(|text| setting::setting(&model, text)).collect::<Result<Vec<_>>>()?;
        let mut tables: Vec<(bool, String)> = Vec::new();
        for (name, _) in &set {
            let of = owner(&model, model.find(name)?)?;
            let found = (of.table == model.table, of.table.clone());
            if !tables.contains(&found) {
                tables.push(found);
            }
        }
        tables.sort_by_key(|(is_own, _)| *is_own);
        // Values that do not fit are reported before anything is sent.
        let sql = filtered.clone().update_by(set.clone()).explain().map_err(given)?;
        Ok(Request {
            rows: filtered,
            model,
            set,
            tables: tables.into_iter().map(|(_, table)| table).collect(),
            sql,
        })
    }
}

/// A value of the command line that does not fit is wrong usage, like a wrong name.
fn given(error: enmasse::Error) -> Failure {
    match error.kind() {
        ErrorKind::Value => Failure::usage(error.to_string()),
        _ => error.into(),
    }
}

/// Splits `name=value`. The name contains no equals sign.
fn halves<'a>(option: &str, text: &'a str) -> Result<(&'a str, &'a str)> {
    let expected = if option == "--set" { "FIELD=VALUE" } else { "LOOKUP=VALUE" };
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| Failure::usage(format!("{option} {text}: expected {expected}, but got no '='")))?;
    match name.trim() {
        "" => Err(Failure::usage(format!(
            "{option} {text}: expected {expected}, but the name before the '=' is empty"
        ))),
        name => Ok((name, value)),
    }
}

/// A hint for `points>=5`, which is not a name; otherwise the error itself.
fn misspelt(error: enmasse::Error, option: &str, name: &str, value: &str) -> Failure {
    let field = name.trim_end_matches(['<', '>', '!', '+', '-', '*', '/']).trim_end();
    let hint = match name.chars().next_back() {
        Some('>') => format!("write a comparison as a lookup: {field}__gte={value}"),
        Some('<') => format!("write a comparison as a lookup: {field}__lte={value}"),
        Some('!') => format!("use --exclude {field}={value} to leave rows out"),
        Some(sign @ ('+' | '-' | '*' | '/')) => format!("write it as {field}=F({field}){sign}{value}"),
        _ => return given(error),
    };
    Failure::usage(format!("{option} {name}={value}: {hint}"))
}
