//! What is no manager, or not the model's.

use enmasse::prelude::*;

#[derive(Model)]
#[model(manager = "UserManager", managers(UserManager))]
struct User {
    #[model(primary_key)]
    id: i64,
}

#[derive(Manager)]
struct UserManager {
    rows: QuerySet<User>,
}

#[derive(Manager)]
struct Number(i64);

#[derive(Model)]
#[model(manager = Users)]
struct Profile {
    #[model(primary_key)]
    id: i64,
}

#[derive(Manager)]
struct Users(QuerySet<User>);

#[derive(Model)]
#[model(manager = Profile)]
struct Other {
    #[model(primary_key)]
    id: i64,
}

fn main() {
    let _ = exists(5);
}
