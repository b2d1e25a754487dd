//! Conditions put together, with those that are known beforehand taken out.

use crate::sql::Fragment;

/// A condition, as far as it is known beforehand.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// It holds for every row.
    Everything,
    /// It holds for no row, so that no query is needed.
    Nothing,
    /// It is up to the row.
    Sql(Fragment),
}

impl Condition {
    /// All of these hold. Of none: every row.
    pub fn all(parts: Vec<Condition>) -> Condition {
        let mut sql = Vec::new();
        for part in parts {
            match part {
                Condition::Everything => {}
                Condition::Nothing => return Condition::Nothing,
                Condition::Sql(part) => sql.push(part),
            }
        }
        joined(sql, " AND ").unwrap_or(Condition::Everything)
    }

    /// One of these holds. Of none: no row.
    pub fn any(parts: Vec<Condition>) -> Condition {
        let mut sql = Vec::new();
        for part in parts {
            match part {
                Condition::Everything => return Condition::Everything,
                Condition::Nothing => {}
                Condition::Sql(part) => sql.push(part),
            }
        }
        joined(sql, " OR ").unwrap_or(Condition::Nothing)
    }

    /// An odd number of these hold. One that is not known, for want of a value, does not hold.
    ///
    /// The same SQL everywhere, as MariaDB's own `XOR` is NULL where one side is.
    pub fn xor(parts: Vec<Condition>) -> Condition {
        let mut odd = false;
        let mut counted = Vec::new();
        for part in parts {
            match part {
                Condition::Everything => odd = !odd,
                Condition::Nothing => {}
                Condition::Sql(part) => {
                    counted.push(Fragment::format("CASE WHEN {} THEN 1 ELSE 0 END", [part]));
                }
            }
        }
        match counted.len() {
            0 if odd => Condition::Everything,
            0 => Condition::Nothing,
            _ => {
                let count = Fragment::chain(counted, " + ");
                let template = if odd { "({}) % 2 = 0" } else { "({}) % 2 = 1" };
                Condition::Sql(Fragment::format(template, [count]))
            }
        }
    }

    /// This does not hold. NULL stays NULL, as in SQL.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "beside `all` and `any`, and used as they are")]
    pub fn not(self) -> Condition {
        match self {
            Condition::Everything => Condition::Nothing,
            Condition::Nothing => Condition::Everything,
            Condition::Sql(part) => Condition::Sql(Fragment::format("NOT ({})", [part])),
        }
    }

    /// The condition as SQL, also where it is known beforehand.
    pub fn into_sql(self) -> Fragment {
        match self {
            Condition::Everything => Fragment::text("1 = 1"),
            Condition::Nothing => Fragment::text("1 = 0"),
            Condition::Sql(part) => part,
        }
    }
}

fn joined(mut parts: Vec<Fragment>, separator: &str) -> Option<Condition> {
    Some(Condition::Sql(match parts.len() {
        0 => return None,
        1 => parts.remove(0),
        _ => Fragment::format("({})", [Fragment::chain(parts, separator)]),
    }))
}
