//! `bulk_update`: each row gets its own values, all or none.

mod requests;
mod rows;
mod whole;

use std::collections::HashSet;

use enmasse::prelude::*;
use enmasse::serde_json;

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "team")]
struct Team {
    #[model(primary_key)]
    id: i64,
    name: String,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "player")]
struct Player {
    #[model(primary_key)]
    id: Option<i64>,
    #[model(max_length = 10)]
    name: String,
    points: i32,
    #[model(max_digits = 5, decimal_places = 2)]
    ratio: Option<Decimal>,
    #[model(unique)]
    number: Option<i32>,
    data: Option<serde_json::Value>,
    #[model(foreign_key = Team)]
    team: i64,
}

fn player(id: i64, points: i32) -> Player {
    Player {
        id: Some(id),
        name: format!("p{id}"),
        points,
        ratio: None,
        number: Some(id as i32),
        data: None,
        team: id % 2,
    }
}

/// Two teams, and `number` players with keys from 1 and no points.
async fn players(db: &Database, number: i64) -> Vec<Player> {
    db.create_tables([Player::model().unwrap(), Team::model().unwrap()]).await.unwrap();
    let team = |(id, name): (i64, &str)| Team { id, name: name.into() };
    Team::objects(db).bulk_create([(0, "even"), (1, "odd")].map(team)).await.unwrap();
    Player::objects(db).bulk_create((1..=number).map(|id| player(id, 0))).await.unwrap()
}

async fn points(db: &Database) -> Vec<i32> {
    Player::objects(db).order_by(|p| p.id).values(|p| p.points).await.unwrap()
}

fn keys(report: &enmasse::query_set::Report) -> HashSet<String> {
    report.missing.iter().map(|key| format!("{key:?}")).collect()
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "word")]
struct Word {
    #[model(primary_key, max_length = 20)]
    word: String,
    uses: i32,
}

fn word(word: &str, uses: i32) -> Word {
    Word { word: word.into(), uses }
}
