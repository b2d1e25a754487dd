//! Numbers on SQLite.

use super::Sqlite;
use crate::dialect::spelling::{Digits, NumberSql};
use crate::error::Result;
use crate::query::Operator;
use crate::sql::{Fragment, Typed, common_type};
use crate::value::DataType;

impl NumberSql for Sqlite {
    /// Of integers an integer, cut towards zero. A decimal column keeps 5.00 as the integer 5, so that its division has to
    /// be told to be one of decimals. SQLite itself takes what is divided by zero for NULL.
    fn quotient(&self, left: Typed, right: Typed) -> Result<Typed> {
        let data_type = common_type(&left, &right);
        let template = match data_type {
            Some(DataType::Decimal { .. }) => "(CAST({} AS REAL) / enmasse_divisor({}))",
            _ => "({} / enmasse_divisor({}))",
        };
        Ok(Typed::new(Fragment::format(template, [left.sql, right.sql]), data_type))
    }

    /// SQLite's own `%` is of integers only.
    fn remainder(&self, left: Fragment, right: Fragment, data_type: &DataType) -> Fragment {
        let template = if data_type.is_integer() {
            "({} % enmasse_divisor({}))"
        } else {
            "enmasse_mod({}, enmasse_divisor({}))"
        };
        Fragment::format(template, [left, right])
    }

    fn power(&self, base: Fragment, exponent: Fragment) -> Fragment {
        Fragment::format("enmasse_power({}, {})", [base, exponent])
    }

    fn bits(&self, left: Fragment, operator: Operator, right: Fragment) -> Fragment {
        match operator {
            Operator::BitOr => Fragment::format("({} | {})", [left, right]),
            // What is set in either without what is set in both.
            Operator::BitXor => {
                let (l, r) = (left.clone(), right.clone());
                Fragment::format("(({} | {}) - ({} & {}))", [left, right, l, r])
            }
            Operator::ShiftLeft => Fragment::format("({} << {})", [left, right]),
            Operator::ShiftRight => Fragment::format("({} >> {})", [left, right]),
            _ => Fragment::format("({} & {})", [left, right]),
        }
    }

    /// `ROUND` sees the binary fraction, in which -12.35 is a little less than a half, and takes negative digits for none.
    fn round(&self, value: Typed, digits: Digits) -> Fragment {
        let digits = match digits {
            Digits::Known(digits) => Fragment::text(digits.to_string()),
            Digits::Sql(digits) => digits,
        };
        Fragment::format("enmasse_round({}, {})", [value.sql, digits])
    }

    fn whole(&self, value: Fragment, above: bool) -> Fragment {
        Fragment::format(if above { "enmasse_ceil({})" } else { "enmasse_floor({})" }, [value])
    }

    fn extreme(&self, values: Vec<Fragment>, greatest: bool) -> Fragment {
        let template = if greatest { "MAX({})" } else { "MIN({})" };
        Fragment::format(template, [Fragment::join(values, ", ")])
    }

    fn aggregate(&self, aggregate: Fragment, data_type: &DataType) -> Fragment {
        match data_type {
            DataType::Duration => Fragment::format("CAST(ROUND({}) AS INTEGER)", [aggregate]),
            _ => aggregate,
        }
    }
}
