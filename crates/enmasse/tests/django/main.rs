//! A database that Django made, with rows that Django wrote, is read and written by Enmasse, and Django then reads back exactly
//! what was meant.

#[path = "../common/mod.rs"]
mod common;

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

use common::{Kind, on_each_scratch};
use project::Project;

#[test]
fn on_sqlite() {
    check(Kind::Sqlite);
}

#[test]
fn on_postgres() {
    check(Kind::Postgres);
}

#[test]
fn on_mariadb() {
    check(Kind::MariaDb);
}

#[test]
fn on_mysql() {
    check(Kind::Mysql);
}

/// One database serves all, since Django takes seconds to make it: each finds it as those before have left it.
fn check(kind: Kind) {
    on_each_scratch(&[kind], async |scratch| {
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
