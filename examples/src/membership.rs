//! Members, their points, and customers that are also members: the four bulk operations.

use enmasse::prelude::*;
use enmasse::query_set::UpdateWhere;

// README: from here on
#[derive(Model, Debug, Clone, PartialEq)]
#[model(table = "users", manager = UserManager)]
pub struct User {
    #[model(primary_key)]
    pub id: i64,
    #[model(max_length = 2)]
    pub country: String,
    pub membership: Membership,
    pub is_active: bool,
    pub last_login: Option<DateTime<Utc>>,
}

#[derive(Choices, Debug, Clone, Copy, PartialEq)]
pub enum Membership {
    Free,
    Premium,
}

#[derive(Model, Debug, Clone, PartialEq)]
#[model(table = "profiles")]
pub struct Profile {
    #[model(primary_key)]
    pub id: Option<i64>,
    #[model(foreign_key = User, unique)]
    pub user: i64,
    pub points: i32,
}

/// The parent model, with its own table.
#[derive(Model, Debug, Clone, PartialEq)]
#[model(table = "base_user")]
pub struct BaseUser {
    #[model(primary_key)]
    pub id: i64,
    #[model(max_length = 50)]
    pub name: String,
}

/// The child model adds fields in a second table: a customer has a row in each table.
#[derive(Model, Debug, Clone, PartialEq)]
#[model(table = "customer", extends = BaseUser)]
pub struct Customer {
    pub base: BaseUser,
    #[model(max_length = 10)]
    pub level: String,
}

impl BulkUpdateMixin for BaseUser {} // its children have it too

/// Bulk operations with a name.
#[derive(Manager, Debug, Clone)]
pub struct UserManager(QuerySet<User>);

impl UserManager {
    pub fn inactive(self, days: i64) -> Self {
        self.filter(|u| u.last_login.lte(Utc::now() - TimeDelta::days(days)))
    }

    pub fn upgrade_inactive_users(self, days: i64) -> Update<User> {
        self.inactive(days).update(|u| u.membership.set(Membership::Premium))
    }
}

/// 1. QuerySets: one statement for any number of rows.
pub fn put_out_the_inactive(db: &Database) -> Update<User> {
    let month_ago = Utc::now() - TimeDelta::days(30);
    User::objects(db).filter(q!(last_login__lte = month_ago)).update(set!(is_active = false))
}

/// 2. Signals: after each write of users, one statement adds points to all of their profiles.
pub fn reward_each_save(db: &Database) {
    db.signals().post_save::<User>().connect(|batch, tx| async move {
        Profile::objects(&tx).filter(|p| p.user.in_(&batch)).update(|p| p.points.increment(100)).await?;
        Ok(())
    });
}

pub fn make_americans_premium(db: &Database) -> Update<User> {
    User::objects(db).filter(q!(country = "US")).update(set!(membership = Membership::Premium))
}

/// 3. `BulkUpdateMixin`: one call updates fields of all tables in the chain.
pub fn make_customers_free(db: &Database) -> UpdateWhere<Customer> {
    let customers = Customer::objects(db);
    customers.bulk_update_where(["level", "name"], values!["Free", "n/a"], q!(id__in = [1, 2, 3]))
}

/// 4. Custom managers: a manager's methods and QuerySet methods chain in any order.
pub fn upgrade_inactive_americans(db: &Database) -> Update<User> {
    User::objects(db).filter(q!(country = "US")).upgrade_inactive_users(30)
}
// README: up to here

/// Recreates the tables: users, half of them inactive, a profile for each user, and customers.
///
/// # Errors
///
/// Errors of the database.
pub async fn prepare(db: &Database) -> Result<()> {
    let models = [User::model()?, Profile::model()?, BaseUser::model()?, Customer::model()?];
    db.drop_tables(models.clone()).await?;
    db.create_tables(models).await?;
    let days_ago = |days| Some(Utc::now() - TimeDelta::days(days));
    let user = |id: i64| User {
        id,
        country: if id % 3 == 0 { "CA" } else { "US" }.into(),
        membership: Membership::Free,
        is_active: true,
        last_login: days_ago(if id % 2 == 0 { 60 } else { 1 }),
    };
    User::objects(db).bulk_create((1..=6).map(user)).await?;
    let profile = |user| Profile { id: None, user, points: 0 };
    Profile::objects(db).bulk_create((1..=6).map(profile)).await?;
    let customer =
        |id: i64| Customer { base: BaseUser { id, name: format!("Customer {id}") }, level: "Gold".into() };
    Customer::objects(db).bulk_create((1..=5).map(customer)).await?;
    Ok(())
}

/// Returns the source of one of the functions above, without its first and last lines.
///
/// # Panics
///
/// If no such function exists.
pub fn body_of(function: &str) -> String {
    let source = include_str!("membership.rs");
    let (_, from) = source.split_once(&format!("pub fn {function}(")).expect("the function is there");
    let (body, _) = from.split_once("\n}\n").expect("it has an end");
    let lines = body.lines().skip(1).map(|line| line.strip_prefix("    ").unwrap_or(line));
    lines.collect::<Vec<_>>().join("\n")
}
