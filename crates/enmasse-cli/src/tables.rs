//! Tables of the database by the names that a user gives them.

use enmasse::Database;
use enmasse::schema::ModelRef;

use crate::failure::Result;

/// The table of this name: `users`, or `schema.users` of another schema than the connection's own.
pub async fn table(db: &Database, name: &str) -> Result<ModelRef> {
    let model = match name.rsplit_once('.') {
        None => db.inspect().await?.model(name)?,
        Some((schema, table)) => db.inspect_named(schema).await?.model(table)?,
    };
    Ok(model)
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
