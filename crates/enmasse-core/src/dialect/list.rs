//! Lists of values as parameters.

use crate::dialect::Dialect;
use crate::error::Result;
use crate::sql::Fragment;
use crate::value::{DataType, Value};

/// A list longer than this may be read from one parameter, as if it were a table.
pub(crate) const LONG_LIST: usize = 10_000;

/// `left IN (?, ?, …)`.
pub(crate) fn placeholders(
    dialect: &dyn Dialect,
    left: Fragment,
    values: &[Value],
    data_type: &DataType,
) -> Result<Fragment> {
    let values: Vec<Fragment> =
        values.iter().map(|value| dialect.parameter(value, data_type)).collect::<Result<_>>()?;
    Ok(Fragment::format("{} IN ({})", [left, Fragment::join(values, ", ")]))
}
