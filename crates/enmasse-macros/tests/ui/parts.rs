//! Mistakes in what a model extends, flattens or is a proxy of.

use enmasse::prelude::*;
use enmasse::MixedIn;

#[derive(Model)]
struct BaseUser {
    #[model(primary_key)]
    id: i64,
    name: String,
}

#[derive(Model)]
#[model(abstract)]
struct Stamps {
    created: i64,
}

#[derive(Model)]
#[model(extends = BaseUser)]
struct NoField {
    level: String,
}

#[derive(Model)]
#[model(extends = BaseUser)]
struct Perhaps {
    base: Option<BaseUser>,
    level: String,
}

#[derive(Model)]
#[model(extends(BaseUser, BaseUser))]
struct Twice {
    #[model(unique)]
    base: BaseUser,
}

#[derive(Model)]
#[model(extends = BaseUser)]
struct OwnKey {
    #[model(primary_key)]
    id: i64,
    base: BaseUser,
}

#[derive(Model)]
#[model(extends = "base_user")]
struct ByText {
    base: BaseUser,
}

#[derive(Model)]
#[model(abstract, table = "t", extends = BaseUser, managers(all = QuerySet::<Stamps>))]
struct AbstractTable {
    base: BaseUser,
    #[model(flatten, unique)]
    stamps: Stamps,
}

#[derive(Model)]
struct NoKey {
    #[model(flatten)]
    stamps: Stamps,
}

#[derive(Model)]
#[model(proxy = BaseUser, table = "admins")]
struct Admin(BaseUser);

#[derive(Model)]
#[model(proxy = BaseUser)]
struct NamedProxy {
    user: BaseUser,
}

#[derive(Model)]
#[model(extends = BaseUser, unique_together(name, lvl))]
struct Customer {
    base: BaseUser,
    level: String,
}

fn mixed_in<M: MixedIn>() {}

fn main() {
    let _ = |c: Columns<Customer>| c.lvl.eq("Free");
    let _ = q!(Customer: lvl = "Free");
    let _ = |customer: Customer| customer.nam;
    mixed_in::<Customer>();
}
