//! `enmasse inspect`.

mod listing;
mod rust;

use enmasse::schema::{LeftOut, ModelRef};
use enmasse::{Database, ErrorKind, QuerySet, Record};

use crate::args::InspectArgs;
use crate::connect::connect_to_read;
use crate::failure::{Outcome, Result};
use crate::tables::table;

/// The tables to show.
struct Shown {
    models: Vec<ModelRef>,
    /// Tables that cannot be models; only filled if all tables are shown.
    left_out: Vec<LeftOut>,
}

pub async fn run(args: InspectArgs) -> Result<Outcome> {
    let db = connect_to_read(&args.database).await?;
    let shown = Shown::of(&db, &args.tables).await?;
    if args.rust {
        say!("{}", rust::source(&shown.models, &shown.left_out)?.trim_end());
        return Ok(Outcome::Done);
    }
    let mut counts = Vec::new();
    for model in &shown.models {
        counts.push(match QuerySet::<Record>::of(model, &db).count().await {
            Ok(count) => Rows::Counted(count),
            // A table that cannot be read does not hide the others.
            Err(error) if error.kind() == ErrorKind::Database => Rows::Unreadable(error.to_string()),
            Err(error) => return Err(error.into()),
        });
    }
    if args.output.json {
        say!("{}", listing::json(&db.name(), &shown, &counts));
    } else if !args.output.quiet {
        say!("{}", listing::text(&shown, &counts).trim_end());
    }
    Ok(Outcome::Done)
}

/// A table's number of rows, or why it is unknown.
enum Rows {
    Counted(u64),
    Unreadable(String),
}

impl Shown {
    async fn of(db: &Database, names: &[String]) -> Result<Self> {
        if names.is_empty() {
            let catalogue = db.inspect().await?;
            let models = catalogue.schema.models().collect();
            return Ok(Shown { models, left_out: catalogue.left_out });
        }
        let mut models: Vec<ModelRef> = Vec::new();
        for name in names {
            let model = table(db, name, []).await?;
            if models.iter().all(|other| other.table != model.table) {
                models.push(model);
            }
        }
        Ok(Shown { models, left_out: Vec::new() })
    }
}
