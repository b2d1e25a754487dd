//! The tables: customers that extend base users, users and their profiles.

use anyhow::{Result, ensure};
use enmasse::prelude::*;

use super::ways::Task;
use crate::options;

/// The rows of each table.
pub const ROWS: usize = 100_000;

#[derive(Model, Debug, Clone)]
#[model(table = "base_user")]
pub struct BaseUser {
    #[model(primary_key)]
    pub id: i64,
    #[model(max_length = 40)]
    pub name: String,
    pub points: i32,
}

#[derive(Model, Debug, Clone)]
#[model(table = "customer", extends = BaseUser)]
pub struct Customer {
    pub base: BaseUser,
    #[model(max_length = 20)]
    pub level: String,
    pub visits: i32,
}

#[derive(Model, Debug, Clone)]
#[model(table = "users")]
pub struct User {
    #[model(primary_key)]
    pub id: i64,
    #[model(max_length = 2)]
    pub country: String,
    pub visits: i32,
}

#[derive(Model, Debug, Clone)]
#[model(table = "profiles")]
pub struct Profile {
    #[model(primary_key)]
    pub id: i64,
    #[model(foreign_key = User, unique)]
    pub user: i64,
    pub points: i32,
}

pub async fn make(db: &Database) -> Result<()> {
    db.create_tables([BaseUser::model()?, Customer::model()?, User::model()?, Profile::model()?]).await?;
    let ids = 1..=ROWS as i64;
    let customer = |id: i64| Customer {
        base: BaseUser { id, name: format!("name {id}"), points: (id % 1_000) as i32 },
        level: "v000000".into(),
        visits: (id % 100) as i32,
    };
    Customer::objects(db).bulk_create(ids.clone().map(customer)).await?;
    let user = |id: i64| User { id, country: "US".into(), visits: 0 };
    User::objects(db).bulk_create(ids.clone().map(user)).await?;
    Profile::objects(db).bulk_create(ids.map(|id| Profile { id, user: id, points: 0 })).await?;
    Ok(())
}

/// Whether every row has the task's values.
pub async fn written(db: &Database, task: Task, version: i64) -> Result<bool> {
    let all = ROWS as i64;
    let sql = match task {
        Task::Chain => format!(
            "SELECT COUNT(*) FROM customer JOIN base_user ON id = baseuser_ptr_id \
             WHERE level = 'v{version:06}' AND name = 'v{version:06}'"
        ),
        Task::PostSave | Task::PreSave => {
            format!("SELECT COUNT(*) FROM users JOIN profiles ON user_id = users.id WHERE visits = {version}")
        }
    };
    let rows = db.query_raw(&sql, []).await?;
    ensure!(!rows.is_empty(), "no count");
    Ok(rows[0] == [Value::Int(all)])
}

/// Completes the background work of a run.
pub async fn settle(db: &Database, database: options::Database) -> Result<()> {
    match database {
        options::Database::Sqlite => _ = db.query_raw("PRAGMA wal_checkpoint(TRUNCATE)", []).await?,
        options::Database::Postgres => {
            for table in ["base_user", "customer", "users", "profiles"] {
                db.execute_raw(&format!("VACUUM (FULL, ANALYZE) {table}"), []).await?;
            }
            db.execute_raw("CHECKPOINT", []).await?;
        }
        options::Database::MariaDb | options::Database::Mysql => {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
    }
    Ok(())
}
