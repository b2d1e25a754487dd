//! SQL functions that the dialect uses and SQLite lacks.

use enmasse_core::dialect::sqlite_functions;
use enmasse_core::error::Result;
use enmasse_core::value::Value;
use rusqlite::Connection as Handle;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSql, ToSqlOutput};

use super::convert::{self, error};

/// Registers them on a connection.
pub(super) fn add_functions(handle: &Handle) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    for function in sqlite_functions() {
        let call = function.call;
        let run = move |context: &Context<'_>| {
            let args = (0..context.len()).map(|position| convert::value(context.get_raw(position)));
            let result = args.collect::<Result<Vec<_>>>().and_then(|args| call(&args));
            result.map(Given).map_err(|error| rusqlite::Error::UserFunctionError(error.into()))
        };
        handle.create_scalar_function(function.name, function.args, flags, run).map_err(error)?;
    }
    Ok(())
}

/// The result of a function.
struct Given(Value);

impl ToSql for Given {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        convert::bound(&self.0)
    }
}
