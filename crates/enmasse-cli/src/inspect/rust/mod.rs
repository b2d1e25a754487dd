//! Models as Rust source: Django's `inspectdb`.

mod names;
mod structs;

use enmasse::schema::{LeftOut, ModelRef};

use self::structs::Structs;
use crate::failure::Result;

/// Source that compiles, with a struct for each table. Comments describe what cannot be expressed.
pub fn source(models: &[ModelRef], left_out: &[LeftOut]) -> Result<String> {
    let models = with_parents(models)?;
    let structs = Structs::of(&models);
    let mut source =
        "// Models of a database's tables, made by `enmasse inspect --rust`.\n\nuse enmasse::prelude::*;\n"
            .to_owned();
    for number in 0..models.len() {
        source.push('\n');
        source.push_str(&structs.write(number));
    }
    if !left_out.is_empty() {
        source.push('\n');
    }
    for LeftOut { name, reason } in left_out {
        source.push_str(&format!("// The table {name:?} is left out: {reason}.\n"));
    }
    Ok(source)
}

/// A model is incomplete without the models that it extends.
fn with_parents(models: &[ModelRef]) -> Result<Vec<ModelRef>> {
    let mut all: Vec<ModelRef> = Vec::new();
    let mut next: Vec<ModelRef> = models.iter().rev().cloned().collect();
    while let Some(model) = next.pop() {
        if all.iter().any(|other| other.table == model.table) {
            continue;
        }
        for parent in &model.parents {
            next.push(model.schema().model(&parent.model)?);
        }
        all.push(model);
    }
    Ok(all)
}
