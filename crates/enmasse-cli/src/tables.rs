//! Tables of the database by the names that a user gives them.

use enmasse::Database;
use enmasse::schema::ModelRef;

use crate::failure::Result;

/// The table of this name, as a person writes it, with what these lookups lead to.
pub async fn table<'l>(
    db: &Database,
    name: &str,
    lookups: impl IntoIterator<Item = &'l str>,
) -> Result<ModelRef> {
    Ok(db.inspect_table(name, lookups).await?)
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
