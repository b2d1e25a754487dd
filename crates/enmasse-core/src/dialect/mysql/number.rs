//! Numbers on MariaDB and MySQL.

use super::Mysql;
use crate::dialect::spelling::{Digits, NumberSql};
use crate::error::Result;
use crate::query::Operator;
use crate::sql::{Fragment, Typed, common_type};
use crate::value::DataType;

impl NumberSql for Mysql {
    /// Of integers an integer, cut towards zero, where `/` would give a decimal.
    fn quotient(&self, left: Typed, right: Typed) -> Result<Typed> {
        let data_type = common_type(&left, &right);
        let is_integer = data_type.as_ref().is_some_and(DataType::is_integer);
        let template = if is_integer { "({} DIV {})" } else { "({} / {})" };
        Ok(Typed::new(Fragment::format(template, [left.sql, right.sql]), data_type))
    }

    fn remainder(&self, left: Fragment, right: Fragment, _data_type: &DataType) -> Fragment {
        Fragment::format("({} % {})", [left, right])
    }

    fn power(&self, base: Fragment, exponent: Fragment) -> Fragment {
        Fragment::format("POWER({}, {})", [base, exponent])
    }

    /// The operators give unsigned integers, and shift zeros into negative ones.
    fn bits(&self, left: Fragment, operator: Operator, right: Fragment) -> Fragment {
        let template = match operator {
            Operator::BitOr => "CAST({} | {} AS SIGNED)",
            Operator::BitXor => "CAST({} ^ {} AS SIGNED)",
            Operator::ShiftLeft => "CAST({} << {} AS SIGNED)",
            Operator::ShiftRight => {
                let (l, r) = (left.clone(), right.clone());
                return Fragment::format(
                    "CAST(IF({} < 0, ~(~{} >> {}), {} >> {}) AS SIGNED)",
                    [l.clone(), l, r, left, right],
                );
            }
            _ => "CAST({} & {} AS SIGNED)",
        };
        Fragment::format(template, [left, right])
    }

    fn round(&self, value: Typed, digits: Digits) -> Fragment {
        let digits = match digits {
            Digits::Known(digits) => Fragment::text(digits.to_string()),
            Digits::Sql(digits) => digits,
        };
        Fragment::format("ROUND({}, {})", [value.sql, digits])
    }

    fn whole(&self, value: Fragment, above: bool) -> Fragment {
        Fragment::format(if above { "CEILING({})" } else { "FLOOR({})" }, [value])
    }

    fn extreme(&self, values: Vec<Fragment>, greatest: bool) -> Fragment {
        let template = if greatest { "GREATEST({})" } else { "LEAST({})" };
        Fragment::format(template, [Fragment::join(values, ", ")])
    }

    fn aggregate(&self, aggregate: Fragment, data_type: &DataType) -> Fragment {
        match data_type {
            DataType::BigInt => Fragment::format("CAST({} AS SIGNED)", [aggregate]),
            DataType::Duration => Fragment::format("CAST(ROUND({}) AS SIGNED)", [aggregate]),
            DataType::Double => Fragment::format("CAST({} AS DOUBLE)", [aggregate]),
            _ => aggregate,
        }
    }
}
