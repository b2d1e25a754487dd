//! What an expression gives as it stands, held against the choices of its field.

use crate::error::Result;
use crate::query::{Expr, Function};
use crate::schema::Field;

/// Refuses an expression of which a result, as a `Case` and a `Coalesce` have them, is none of the field's choices.
pub(crate) fn refuse_results(field: &Field, model: &str, value: &Expr) -> Result<()> {
    let refuse = |value: &Expr| refuse_results(field, model, value);
    match value {
        _ if field.choices.is_none() => Ok(()),
        Expr::Value(value, _) if !value.is_null() => field.clean(model, value.clone()).map(|_| ()),
        Expr::Case { whens, default } => {
            whens.iter().map(|(_, result)| result).chain(default.as_deref()).try_for_each(refuse)
        }
        Expr::Function(
            Function::Coalesce | Function::NullIf | Function::Greatest | Function::Least,
            parts,
        ) => parts.iter().try_for_each(refuse),
        _ => Ok(()),
    }
}
