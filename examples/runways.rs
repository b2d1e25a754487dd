//! Updates a table of all runways in the world from 2021 to 2026.
//!
//! ```sh
//! cargo run --release --example runways                                # a new SQLite database in the temporary folder
//! cargo run --release --example runways -- postgres://user@localhost/db # or another database: its table "runways" is replaced
//! ```

use std::error::Error;
use std::time::Instant;

use enmasse::prelude::*;
use enmasse_examples::runways::{self, Tidied};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join("enmasse-runways.db");
    let url = std::env::args().nth(1).unwrap_or_else(|| format!("sqlite://{}", folder.display()));
    let db = Database::connect(&url).await?;
    println!("{}", db.name());

    let step = Step::begin("2021: bulk_create of the older file");
    runways::make_table(&db).await?;
    let created = runways::load(&db, runways::read(&runways::older_file())?).await?;
    step.end(&format!("{created} created"));

    let step = Step::begin("2026: bulk_update of every column from the newer file");
    let report = runways::bring_up_to_date(&db, &runways::read(&runways::newer_file())?).await?;
    step.end(&format!("{} matched, {} not in the table", report.matched, report.missing.len()));

    let step = Step::begin("tidy: update of surfaces and lights");
    let Tidied { asphalt, unlit } = runways::tidy(&db).await?;
    step.end(&format!("{asphalt} surfaces are ASPH, {unlit} closed runways are unlit"));
    Ok(())
}

/// A step with its duration.
struct Step {
    what: &'static str,
    begun: Instant,
}

impl Step {
    fn begin(what: &'static str) -> Self {
        Step { what, begun: Instant::now() }
    }

    fn end(self, result: &str) {
        println!("{:<55} {result} ({:.2} s)", self.what, self.begun.elapsed().as_secs_f64());
    }
}
