//! Each task by hand and by Enmasse.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use async_trait::async_trait;
use enmasse::prelude::*;

use super::tables::{Customer, Profile, ROWS, User};
use crate::batch::Batch;
use crate::options;
use crate::way::Way;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// An update of a field in each of two tables of a chain, by a filter on a field of each.
    Chain,
    /// An update of users with a receiver of `post_save` that updates their profiles.
    PostSave,
    /// The same with a receiver of `pre_save`, which needs the keys first.
    PreSave,
}

impl Task {
    pub const ALL: [Task; 3] = [Task::Chain, Task::PostSave, Task::PreSave];

    pub fn title(self) -> &'static str {
        match self {
            Task::Chain => "update of two tables of a chain",
            Task::PostSave => "update with a post_save receiver that updates a related table",
            Task::PreSave => "update with a pre_save receiver that updates a related table",
        }
    }
}

/// The ways of a task; the first is the one by hand.
pub fn of(task: Task, db: &Database, database: options::Database) -> Vec<(&'static str, Box<dyn Way>)> {
    let joined = database.in_mysql_family();
    let by_hand = Box::new(ByHand { db: db.clone(), joined, task });
    vec![("by hand", by_hand), ("enmasse", Box::new(Enmasse { db: db.clone(), task }))]
}

/// The two tables' own updates with their real filters, in one transaction.
struct ByHand {
    db: Database,
    /// Whether an update joins tables: a subquery would take minutes there.
    joined: bool,
    task: Task,
}

#[async_trait]
impl Way for ByHand {
    async fn run(&mut self, batch: &Arc<Batch>) -> Result<Duration> {
        let version = batch.version;
        let updates = match (self.task, self.joined) {
            (Task::Chain, false) => [
                format!(
                    "UPDATE base_user SET name = 'v{version:06}' WHERE points >= 0 \
                     AND id IN (SELECT baseuser_ptr_id FROM customer WHERE visits >= 0)"
                ),
                format!(
                    "UPDATE customer SET level = 'v{version:06}' WHERE visits >= 0 \
                     AND baseuser_ptr_id IN (SELECT id FROM base_user WHERE points >= 0)"
                ),
            ],
            (Task::Chain, true) => [
                format!(
                    "UPDATE base_user JOIN customer ON baseuser_ptr_id = id SET name = 'v{version:06}' \
                     WHERE points >= 0 AND visits >= 0"
                ),
                format!(
                    "UPDATE customer JOIN base_user ON baseuser_ptr_id = id SET level = 'v{version:06}' \
                     WHERE points >= 0 AND visits >= 0"
                ),
            ],
            (_, false) => [
                format!("UPDATE users SET visits = {version} WHERE country = 'US'"),
                "UPDATE profiles SET points = points + 100 \
                 WHERE user_id IN (SELECT id FROM users WHERE country = 'US')"
                    .to_owned(),
            ],
            (_, true) => [
                format!("UPDATE users SET visits = {version} WHERE country = 'US'"),
                "UPDATE profiles JOIN users ON users.id = user_id SET points = points + 100 WHERE country = 'US'"
                    .to_owned(),
            ],
        };
        let begun = Instant::now();
        self.db
            .transaction(async |tx| {
                for update in &updates {
                    tx.execute_raw(update, []).await?;
                }
                Ok(())
            })
            .await?;
        Ok(begun.elapsed())
    }
}

struct Enmasse {
    db: Database,
    task: Task,
}

#[async_trait]
impl Way for Enmasse {
    async fn run(&mut self, batch: &Arc<Batch>) -> Result<Duration> {
        let version = batch.version;
        let text = format!("v{version:06}");
        let signals = self.db.signals();
        let receiver = async |batch: enmasse::signals::Batch<User>, tx: Transaction| {
            Profile::objects(&tx).filter(|p| p.user.in_(&batch)).update(|p| p.points.increment(100)).await?;
            Ok(())
        };
        let connected = match self.task {
            Task::Chain => None,
            Task::PostSave => Some(signals.post_save::<User>().connect(receiver)),
            Task::PreSave => Some(signals.pre_save::<User>().connect(receiver)),
        };
        let begun = Instant::now();
        let matched = match self.task {
            Task::Chain => {
                let customers = Customer::objects(&self.db).filter(q!(points__gte = 0, visits__gte = 0));
                customers.update(set!(name = text.as_str(), level = text.as_str())).await?
            }
            Task::PostSave | Task::PreSave => {
                User::objects(&self.db)
                    .filter(q!(country = "US"))
                    .update(|u| u.visits.set(version as i32))
                    .await?
            }
        };
        let took = begun.elapsed();
        if let Some(connected) = connected {
            ensure!(connected.disconnect(), "the receiver was gone");
        }
        ensure!(matched == ROWS as u64, "{matched} rows matched");
        Ok(took)
    }
}
