//! `enmasse update --dry-run`: all of it in a transaction that is rolled back.

use enmasse::query_set::Preview;
use enmasse::{Database, Error};
use serde_json::json;

use super::{Request, rows};
use crate::args::OutputArgs;
use crate::changes::{Changes, EXAMPLES};
use crate::failure::{Outcome, Result};
use crate::shown;

/// Why the transaction ends without a commit.
enum Undone {
    /// As it should.
    Shown(u64, Preview),
    Failed(Error),
}

impl From<Error> for Undone {
    fn from(error: Error) -> Self {
        Undone::Failed(error)
    }
}

pub async fn run(db: &Database, request: Request, output: OutputArgs) -> Result<Outcome> {
    // The database counts what would change before it is changed, so that no row need be kept here; the update itself then shows
    // whether a constraint or a trigger refuses it.
    let undone = db.transaction_with(|tx| {
        let update = request.rows.clone().using(&tx).update_by(request.set.clone());
        let preview = request.rows.clone().using(&tx).update_by(request.set.clone());
        async move {
            let preview = preview.preview(EXAMPLES as u64).await?;
            let matched = update.await?;
            tx.check_constraints().await?;
            Err::<std::convert::Infallible, Undone>(Undone::Shown(matched, preview))
        }
    });
    let (matched, preview) = match undone.await {
        Err(Undone::Shown(matched, preview)) => (matched, preview),
        Err(Undone::Failed(error)) => return Err(error.into()),
        Ok(never) => match never {},
    };
    let changes = changes(&request, preview);
    let table = &request.model.table;
    if output.json {
        say!(
            "{}",
            json!({
                "table": table, "dry_run": true, "matched": matched, "would_change": changes.json(), "sql": request.sql,
            })
        );
    } else if !output.quiet {
        let matches = if matched == 1 { "matches" } else { "match" };
        say!("{} of {table} {matches}; nothing was written", rows(matched));
        say!("{changes}");
        say!("\n{}", request.sql);
    }
    Ok(Outcome::Done)
}

fn changes(request: &Request, preview: Preview) -> Changes {
    let model = &request.model;
    let key: Vec<&str> =
        model.key().into_iter().map(|position| model.fields[position].name.as_str()).collect();
    let mut changes = Changes::of(preview.fields.iter().map(|field| shown::printable(&field.field)));
    changes.add_rows(preview.changed);
    for (column, field) in preview.fields.iter().enumerate() {
        changes.count(column, field.changed);
        for example in &field.examples {
            let key = shown::key(key.iter().copied().zip(&example.key));
            changes.example(&key, column, &example.before, &example.after);
        }
    }
    changes
}
