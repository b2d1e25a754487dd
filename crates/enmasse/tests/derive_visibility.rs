//! Models in modules of their own, private and public, leave no warnings behind, and no `unsafe` code.

#![deny(warnings, missing_docs)]
#![forbid(unsafe_code)]

use enmasse::Path;
use enmasse::prelude::*;

/// Public, with every item documented.
pub mod users {
    use enmasse::prelude::*;

    /// How much a user pays.
    #[derive(Choices, Debug, Clone, Copy, PartialEq)]
    pub enum Membership {
        /// Nothing.
        Free,
        /// Something.
        Premium,
    }

    /// A user.
    #[derive(Model, Debug, Clone)]
    pub struct User {
        /// The key.
        #[model(primary_key)]
        pub id: i64,
        /// What they pay.
        pub membership: Membership,
        secret: String,
        /// Who invited them.
        #[model(foreign_key = User, related_name = "invited")]
        pub invited_by: Option<i64>,
    }

    impl User {
        /// A user with a secret.
        pub fn new(id: i64) -> Self {
            User { id, membership: Membership::Free, secret: String::new(), invited_by: None }
        }
    }
}

mod profiles {
    use enmasse::prelude::*;

    #[derive(Model)]
    pub(crate) struct Profile {
        #[model(primary_key)]
        id: i64,
        #[model(foreign_key = super::users::User)]
        user: i64,
        #[model(foreign_key = Theme, related_name = "+")]
        theme: Option<i32>,
    }

    #[derive(Model)]
    struct Theme {
        #[model(primary_key)]
        id: Option<i32>,
        #[model(foreign_key = Theme)]
        parent: Option<i32>,
        name: String,
    }

    pub(crate) fn dark(profile: Columns<Profile>) -> Q {
        profile.theme().name.eq("dark") & q!(Profile: theme__parent__theme__isnull = true)(profile)
    }
}

#[test]
fn relations_cross_modules() {
    let profile = profiles::Profile::columns(Path::root());
    assert!(format!("{:?}", profiles::dark(profile)).contains(r#"["theme", "parent", "theme", "id"]"#));
    let user = users::User::columns(Path::root());
    let made = user.invited().profile().user().membership.eq(users::Membership::Premium);
    assert!(format!("{made:?}").contains(r#"["invited", "profile", "user", "membership"]"#));
    assert_eq!(users::User::new(1).id, 1);
}

#[test]
fn all_models_fit_together() {
    let profile = profiles::Profile::model().unwrap();
    assert_eq!(profile.relation("user").unwrap().model.name, "User");
    let user = users::User::model().unwrap();
    assert_eq!(user.relation("invited").unwrap().model, user);
}
