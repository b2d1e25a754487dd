//! `enmasse update --dry-run`: the update runs in a transaction that is rolled back.

use enmasse::query_set::Preview;
use enmasse::{Database, Error, Q, QuerySet, Record, Transaction, Value};
use serde_json::json;

use super::{Request, rows};
use crate::args::OutputArgs;
use crate::changes::Changes;
use crate::failure::{Outcome, Result};
use crate::shown;

/// Rows read for the examples of a column, more than are shown because the database may leave some of them
/// unchanged.
const LOOKED_AT: u64 = 30;

/// The reason to roll the transaction back.
enum Undone {
    /// The expected end of a dry run.
    Shown(Found),
    Failed(Error),
}

impl From<Error> for Undone {
    fn from(error: Error) -> Self {
        Undone::Failed(error)
    }
}

/// The effects of the update before the rollback.
struct Found {
    /// Matched rows.
    matched: u64,
    /// Matched rows that the database did not write.
    skipped: u64,
    changes: Changes,
}

pub async fn run(db: &Database, request: Request, output: OutputArgs) -> Result<Outcome> {
    // The database counts the changes before the update, so no rows are kept in memory. The update then shows
    // whether a constraint or a trigger refuses it, and how it changes the example rows.
    let request = &request;
    let undone = db.transaction_with(async |tx| {
        let update = || request.rows.clone().using(&tx).update_by(request.set.clone());
        let preview = update().preview(LOOKED_AT).await?;
        let written = update().await?;
        tx.check_constraints().await?;
        let skipped = preview.matched.saturating_sub(written);
        let changes = changes(request, &tx, preview, skipped > 0, written).await?;
        let found = Found { matched: written + skipped, skipped, changes };
        Err::<std::convert::Infallible, Undone>(Undone::Shown(found))
    });
    let Found { matched, skipped, changes } = match undone.await {
        Err(Undone::Shown(found)) => found,
        Err(Undone::Failed(error)) => return Err(error.into()),
        Ok(never) => match never {},
    };
    let table = &request.model.table;
    if output.json {
        say!(
            "{}",
            json!({
                "table": table, "dry_run": true, "matched": matched, "skipped": skipped, "would_change": changes.json(), "at_most": changes.is_limited(),
                "sql": request.sql,
            })
        );
    } else if !output.quiet {
        let matches = if matched == 1 { "matches" } else { "match" };
        say!("{} of {table} {matches}; nothing was written", rows(matched));
        if skipped > 0 {
            let (are, them) = if skipped == 1 {
                ("matches and is", "it as it is")
            } else {
                ("match and are", "them as they are")
            };
            say!("{} {are} not written: a trigger or a row policy of the table keeps {them}", rows(skipped));
        }
        say!("{changes}");
        say!("\n{}", request.sql);
    }
    Ok(Outcome::Done)
}

/// The expected counts, and examples with the values after the update. If the database left rows unchanged,
/// the counts are limited to the rows written.
async fn changes(
    request: &Request,
    tx: &Transaction,
    preview: Preview,
    mut fewer: bool,
    written: u64,
) -> Result<Changes, Error> {
    let model = &request.model;
    let key: Vec<&str> =
        model.key().into_iter().map(|position| model.fields[position].name.as_str()).collect();
    let fields: Vec<&str> = preview.fields.iter().map(|field| field.field.as_str()).collect();
    let mut changes = Changes::of(fields.iter().map(|field| shown::printable(field)));
    changes.add_rows(preview.changed);
    // A row whose key is set cannot be found by its old key.
    let can_find = !fields.iter().any(|field| key.contains(field));
    for (column, field) in preview.fields.iter().enumerate() {
        changes.count(column, field.changed);
        for example in &field.examples {
            if changes.has_enough(column) {
                break;
            }
            let after = match can_find {
                true => value(request, tx, &key, &example.key, fields[column]).await?,
                false if fewer => None,
                false => Some(example.after.clone()),
            };
            let is_kept = after.as_ref() == Some(&example.before);
            fewer |= is_kept;
            if let Some(after) = after.filter(|_| !is_kept) {
                let key = shown::key(key.iter().copied().zip(&example.key));
                changes.example(&key, column, &example.before, &after);
            }
        }
    }
    if fewer {
        changes.limit(written);
    }
    Ok(changes)
}

/// The current value of the row with this key, if the row still exists.
async fn value(
    request: &Request,
    tx: &Transaction,
    names: &[&str],
    key: &[Value],
    field: &str,
) -> Result<Option<Value>, Error> {
    let is_it =
        names.iter().zip(key).fold(Q::all(), |all, (name, value)| all & Q::named(name, value.clone()));
    let rows = QuerySet::<Record>::of(&request.model, tx).filter_by(is_it).values_by([field]).await?;
    Ok(rows.into_iter().flatten().next())
}
