//! `enmasse update --dry-run`: all of it in a transaction that is rolled back.

use enmasse::query_set::Preview;
use enmasse::{Database, Error, Q, QuerySet, Record, Transaction, Value};
use serde_json::json;

use super::{Request, rows};
use crate::args::OutputArgs;
use crate::changes::Changes;
use crate::failure::{Outcome, Result};
use crate::shown;

/// How many rows are looked at for the examples of a column: the database may keep some of them as they are.
const LOOKED_AT: u64 = 30;

/// Why the transaction ends without a commit.
enum Undone {
    /// As it should.
    Shown(Found),
    Failed(Error),
}

impl From<Error> for Undone {
    fn from(error: Error) -> Self {
        Undone::Failed(error)
    }
}

/// What the update did before it was undone.
struct Found {
    /// The rows that match.
    matched: u64,
    /// Of these, the rows that the database did not write.
    skipped: u64,
    changes: Changes,
}

pub async fn run(db: &Database, request: Request, output: OutputArgs) -> Result<Outcome> {
    // The database counts what would change before it is changed, so that no row need be kept here; the update itself then shows
    // whether a constraint or a trigger refuses it, and what became of the rows that are shown.
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

/// The counts that were foreseen, and examples as the update left them. Where the database kept rows as they are, no more
/// change than were written.
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
    // a row whose key is set is found no more by the key that it had
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

/// The value that the row with this key now has, where it is still there.
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
