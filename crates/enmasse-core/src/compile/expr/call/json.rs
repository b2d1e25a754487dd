//! Paths into JSON documents.

use crate::compile::expr::literal::typed;
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::query::JsonStep;
use crate::sql::{Origin, Term, Typed};
use crate::value::DataType;

/// What stands at a path; a path of a path is one longer path.
pub(super) fn path(dialect: &dyn Dialect, [document]: [Term; 1], steps: &[JsonStep]) -> Result<Typed> {
    let document = typed(dialect, document, Some(&DataType::Json))?;
    match &document.data_type {
        Some(DataType::Json) | None => {}
        Some(other) => return Err(Error::field(format!("there are no keys in {other}."))),
    }
    let (document, mut path) = document.json_path();
    path.extend(steps.iter().cloned());
    let found = Typed::new(dialect.json_at(&document, &path)?, DataType::Json);
    Ok(found.from(Origin::Json(document, path)))
}
