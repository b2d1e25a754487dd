//! Signals: scenarios that are run on every database.

mod before;
mod by_hand;
mod chains;
mod connecting;
mod limited;
mod looked_up;
mod models;
mod nested;
mod seed;
mod sql;
mod undone;
mod writes;

use std::sync::{Arc, Mutex};

use enmasse::prelude::*;
use enmasse::signals::{Batch, Origin, SignalKind};

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "users")]
struct User {
    #[model(primary_key)]
    id: Option<i64>,
    #[model(max_length = 50)]
    name: String,
    #[model(max_length = 2)]
    country: String,
    visits: i32,
    #[model(auto_now)]
    changed: DateTime<Utc>,
}

#[derive(Model, Clone, Debug, PartialEq)]
#[model(table = "profile")]
struct Profile {
    #[model(primary_key)]
    id: Option<i64>,
    #[model(foreign_key = User, unique)]
    user: i64,
    points: i32,
}

/// A user of no country but that its number says.
fn user(id: i64) -> User {
    let country = if id % 2 == 0 { "CA" } else { "US" };
    User {
        id: Some(id),
        name: format!("user {id}"),
        country: country.into(),
        visits: 0,
        changed: "2024-01-01T00:00:00Z".parse().unwrap(),
    }
}

/// So many users, with a profile each.
async fn users(db: &Database, count: i64) {
    db.create_tables([User::model().unwrap(), Profile::model().unwrap()]).await.unwrap();
    User::objects(db).bulk_create((1..=count).map(user)).await.unwrap();
    let profile = |user| Profile { id: None, user, points: 0 };
    Profile::objects(db).bulk_create((1..=count).map(profile)).await.unwrap();
}

/// Adds 100 points to the profiles of the users of a batch.
async fn add_points(batch: Batch<User>, tx: Transaction) -> Result<()> {
    Profile::objects(&tx).filter(|p| p.user.in_(&batch)).update(|p| p.points.increment(100)).await?;
    Ok(())
}

/// The points of all profiles, in the order of their users.
async fn points(db: &Database) -> Vec<i32> {
    Profile::objects(db).order_by(|p| p.user).values(|p| p.points).await.unwrap()
}

/// What a batch was like.
#[derive(Clone, Debug, PartialEq)]
struct Heard {
    signal: SignalKind,
    origin: Origin,
    created: bool,
    size: u64,
    fields: Vec<String>,
    keys: Vec<Vec<Value>>,
}

/// What has been heard.
type Log<T> = Arc<Mutex<Vec<T>>>;

/// Takes what has been heard since the last time.
fn taken<T>(log: &Log<T>) -> Vec<T> {
    std::mem::take(&mut *log.lock().unwrap())
}

/// Hears what is written to users.
fn hear(db: &Database) -> Log<Heard> {
    let log = Log::default();
    let receiver = || {
        let log: Log<Heard> = log.clone();
        move |batch: Batch<User>, _: Transaction| {
            let log = log.clone();
            async move {
                let mut keys = batch.fetch_keys().await?;
                keys.sort_by_key(|key| format!("{key:?}"));
                let heard = Heard {
                    signal: batch.signal(),
                    origin: batch.origin(),
                    created: batch.created(),
                    size: batch.size(),
                    fields: batch.fields().to_vec(),
                    keys,
                };
                log.lock().unwrap().push(heard);
                Ok(())
            }
        }
    };
    let signals = db.signals();
    signals.pre_save::<User>().connect_as("log", receiver());
    signals.post_save::<User>().connect_as("log", receiver());
    signals.pre_delete::<User>().connect_as("log", receiver());
    signals.post_delete::<User>().connect_as("log", receiver());
    log
}

/// Keys of one field.
fn keys(ids: impl IntoIterator<Item = i64>) -> Vec<Vec<Value>> {
    ids.into_iter().map(|id| vec![Value::Int(id)]).collect()
}
