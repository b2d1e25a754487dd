//! Models that do not fit together are an error of every call that needs them, and never a panic.
//!
//! Alone in this file, since the models of one program are one schema.

use enmasse::__private::{Registration, inventory};
use enmasse::ErrorKind;
use enmasse::prelude::*;
use enmasse::schema;

#[derive(Model)]
struct User {
    #[model(primary_key)]
    id: i64,
}

inventory::submit! {
    // The derive refuses this; any model works here that is wrong only within the whole set.
    Registration(|| schema::Model::new("Profile", "profiles").add(schema::Field::new("points", DataType::Integer)))
}

#[test]
fn a_model_that_does_not_fit_is_named() {
    for error in [User::model().unwrap_err(), enmasse::models().unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert_eq!(
            error.to_string(),
            "Profile has no primary key, and no fields that are unique and never NULL."
        );
    }
}
