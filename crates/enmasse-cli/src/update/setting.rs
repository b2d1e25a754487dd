//! `--set`: a field and its new value.

use enmasse::expr::Expr;
use enmasse::schema::ModelRef;
use enmasse::{DataType, Value};

use super::literal::{self, Given};
use super::{expression, halves, misspelt};
use crate::failure::{Failure, Result};

/// The model's name of the field, and a value of its type or an expression.
pub fn setting(model: &ModelRef, text: &str) -> Result<(String, Expr)> {
    let (name, value) = halves("--set", text)?;
    let found = model.find(name).map_err(|error| misspelt(error, "--set", name, value))?;
    let field = &model.fields[found];
    if !field.is_writable() {
        return Err(Failure::usage(format!(
            "{}.{name} is a generated column, which is never written",
            model.name
        )));
    }
    let value = value_of(&field.data_type, value).map_err(|problem| {
        if problem.contains('\n') {
            Failure::usage(format!("--set: {problem}"))
        } else {
            Failure::usage(format!("--set {text}: {problem}"))
        }
    })?;
    Ok((name.to_owned(), value))
}

fn value_of(data_type: &DataType, text: &str) -> Result<Expr, String> {
    let (text, is_quoted) = match literal::given(text)? {
        Given::Null => return Ok(Expr::value(Value::Null)),
        Given::Plain(text) if expression::is_one(&text) => return expression::parse(&text),
        Given::Plain(text) => (text, false),
        Given::Quoted(text) => (text, true),
    };
    Ok(Expr::value(literal::value(Some(data_type), text, is_quoted)?))
}
