//! Numbers on PostgreSQL.

use super::Postgres;
use crate::dialect::spelling::{Digits, NumberSql};
use crate::error::Result;
use crate::query::Operator;
use crate::sql::{Fragment, Typed, common_type};
use crate::value::DataType;

impl NumberSql for Postgres {
    /// Of integers an integer, cut towards zero.
    fn quotient(&self, left: Typed, right: Typed) -> Result<Typed> {
        let data_type = common_type(&left, &right);
        Ok(Typed::new(Fragment::format("({} / {})", [left.sql, right.sql]), data_type))
    }

    fn remainder(&self, left: Fragment, right: Fragment, data_type: &DataType) -> Fragment {
        match data_type {
            // There is no `%` of floats.
            DataType::Real | DataType::Double => {
                Fragment::format("({}::numeric % {}::numeric)::double precision", [left, right])
            }
            _ => Fragment::format("({} % {})", [left, right]),
        }
    }

    fn power(&self, base: Fragment, exponent: Fragment) -> Fragment {
        Fragment::format("POWER({}::double precision, {}::double precision)", [base, exponent])
    }

    fn bits(&self, left: Fragment, operator: Operator, right: Fragment) -> Fragment {
        let template = match operator {
            Operator::BitOr => "({} | {})",
            Operator::BitXor => "({} # {})",
            // Of narrower integers a shift would drop bits, and its distance is an `integer`.
            Operator::ShiftLeft => "({}::bigint << {}::integer)",
            Operator::ShiftRight => "({}::bigint >> {}::integer)",
            _ => "({} & {})",
        };
        Fragment::format(template, [left, right])
    }

    fn round(&self, value: Typed, digits: Digits) -> Fragment {
        let digits = match digits {
            Digits::Known(digits) => Fragment::text(digits.to_string()),
            Digits::Sql(digits) => Fragment::format("{}::integer", [digits]),
        };
        match value.data_type {
            // Only a `numeric` is rounded to a number of digits.
            Some(DataType::Real | DataType::Double) => {
                Fragment::format("ROUND({}::numeric, {})::double precision", [value.sql, digits])
            }
            _ => Fragment::format("ROUND({}, {})", [value.sql, digits]),
        }
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
            DataType::BigInt => Fragment::format("{}::bigint", [aggregate]),
            DataType::Double => Fragment::format("{}::double precision", [aggregate]),
            _ => aggregate,
        }
    }
}
