//! Models in private and public modules cause no warnings, and no `unsafe` code.

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

/// Public as well: models inside of others, with managers.
pub mod customers {
    use enmasse::prelude::*;

    use super::users::{Membership, User, UserColumns};

    /// Who changed a row.
    #[derive(Model, Debug, Clone)]
    #[model(abstract, manager = Changed)]
    pub struct Change {
        /// Their key.
        #[model(foreign_key = User, related_name = "+")]
        pub changed_by: Option<i64>,
    }

    /// The rows of a model that records who changed them.
    #[derive(Clone, Debug, Manager)]
    pub struct Changed<M>(QuerySet<M>);

    impl<M: Model> Changed<M> {
        /// Those that this user changed.
        #[must_use]
        pub fn by(self, user: i64) -> Self {
            self.filter_by(F("changed_by").eq(user))
        }
    }

    /// A user who buys.
    #[derive(Model, Debug, Clone)]
    #[model(extends = User, managers(everyone = QuerySet::<Customer>))]
    pub struct Customer {
        /// The user.
        pub user: User,
        /// What they pay.
        pub level: i32,
        #[model(flatten)]
        change: Change,
    }

    /// A user who pays.
    #[derive(Model, Debug, Clone)]
    #[model(proxy = User)]
    pub struct Payer(pub User);

    impl Payer {
        /// Whether they pay.
        pub fn pays(&self) -> bool {
            self.membership == Membership::Premium
        }
    }
}

mod vendors {
    use enmasse::prelude::*;

    /// Without a way back, so that the parent's columns may be those of another crate.
    #[derive(Model)]
    #[model(extends = super::users::User)]
    struct Vendor {
        #[model(related_name = "+")]
        user: super::users::User,
    }

    #[test]
    fn a_parent_need_not_know() {
        assert_eq!(Vendor::model().unwrap().parents.len(), 1);
        assert!(Vendor { user: super::users::User::new(1) }.invited_by.is_none());
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
    assert!(!customers::Payer(users::User::new(1)).pays());
    let customer = user.customer().user_ptr().customer().changed_by().membership.eq(users::Membership::Free);
    assert!(
        format!("{customer:?}")
            .contains(r#"["customer", "user_ptr", "customer", "changed_by", "membership"]"#)
    );
}

#[test]
fn all_models_fit_together() {
    let profile = profiles::Profile::model().unwrap();
    assert_eq!(profile.relation("user").unwrap().model.name, "User");
    let user = users::User::model().unwrap();
    assert_eq!(user.relation("invited").unwrap().model, user);
}
