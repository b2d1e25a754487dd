//! Tables of the database by the names that a user gives them.

use enmasse::schema::ModelRef;
use enmasse::{Database, Error, ErrorKind};

use crate::failure::{Failure, Result};

/// The table of this name: `users`, or `schema.users` of another schema than the connection's own.
pub async fn table(db: &Database, name: &str) -> Result<ModelRef> {
    let own = db.inspect().await?;
    let Some((schema, table)) = name.rsplit_once('.') else { return Ok(own.model(name)?) };
    // a name may have a dot in it
    if let Ok(model) = own.model(name) {
        return Ok(model);
    }
    let no_schema = |error: Error| match error.kind() {
        // SQLite finds no catalogue there; the others find an empty one
        ErrorKind::Database => Failure::usage(format!("There is no table '{table}' in '{schema}'.")),
        _ => error.into(),
    };
    let there = db.inspect_named(schema).await.map_err(no_schema)?;
    Ok(there.model(table).map_err(|error| error.at(format_args!("schema '{schema}'")))?)
}

/// The table that has a field of the model: its own, or that of a model that it extends.
pub fn owner(model: &ModelRef, position: usize) -> Result<ModelRef> {
    let (mut model, mut position) = (model.clone(), position);
    while let Some(inherited) = model.fields[position].inherited {
        model = model.schema().model(&model.parents[inherited.parent].model)?;
        position = inherited.position;
    }
    Ok(model)
}
