//! A database that Django made, with rows that Django wrote, is read and written by Enmasse, and Django then reads back exactly
//! what was meant.

mod catalogue;
mod everything;
mod inheritance;
mod models;
mod notes;
mod people;
mod places;
mod products;
mod project;
mod rows;

use enmasse_testing::{Kind, on_scratch, test_on};
use project::Project;

/// One database serves all, since Django takes seconds to make it: each finds it as those before have left it.
#[test_on(all)]
fn both_read_and_write_one_database(kind: Kind) {
    on_scratch(kind, async |scratch| {
        let Some(project) = Project::prepare(&scratch.url) else { return };
        let db = scratch.connect().await;
        catalogue::check(&db, &project).await;
        everything::check(&db, &project).await;
        products::check(&db, &project).await;
        people::check(&db, &project).await;
        notes::check(&db, &project).await;
        places::check(&db, &project).await;
        inheritance::check(&db, &project).await;
    });
}
