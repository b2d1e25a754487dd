//! Finds tables of the database by names given by the user.

use enmasse::Database;
use enmasse::schema::ModelRef;

use crate::failure::Result;

/// The table with this name, and the targets of these lookups.
pub async fn table<'l>(
    db: &Database,
    name: &str,
    lookups: impl IntoIterator<Item = &'l str>,
) -> Result<ModelRef> {
    Ok(db.inspect_table(name, lookups).await?)
}

/// The table that contains a field of the model: its own, or a parent's.
pub fn owner(model: &ModelRef, position: usize) -> Result<ModelRef> {
    let (mut model, mut position) = (model.clone(), position);
    while let Some(inherited) = model.fields[position].inherited {
        model = model.schema().model(&model.parents[inherited.parent].model)?;
        position = inherited.position;
    }
    Ok(model)
}
