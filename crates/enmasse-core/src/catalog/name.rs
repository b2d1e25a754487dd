//! Table names as users write them.

use crate::dialect::{Capability, Dialect};
use crate::schema::quoted_parts;

/// A table with an optional schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// The schema; by default the connection's own.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
}

/// The possible meanings of a name, the most likely first: the name itself, `schema.table` split at each dot,
/// and quoted names as in `"Order"`, `` `order` `` and `shop."odd.name"`. If the database converts unquoted
/// names to lower case, that comes last.
///
/// ```
/// use enmasse_core::catalog::table_names;
/// use enmasse_core::dialect::Sqlite;
///
/// let names: Vec<_> = table_names(&Sqlite::default(), "shop.\"odd.name\"").into_iter().map(|name| (name.schema, name.table)).collect();
/// assert_eq!(names.last(), Some(&(Some("shop".to_owned()), "odd.name".to_owned())));
/// ```
pub fn table_names(dialect: &dyn Dialect, written: &str) -> Vec<TableName> {
    let mut names = vec![TableName { schema: None, table: written.to_owned() }];
    for (dot, _) in written.match_indices('.').rev() {
        let (schema, table) = (&written[..dot], &written[dot + 1..]);
        if !schema.is_empty() && !table.is_empty() {
            names.push(TableName { schema: Some(schema.to_owned()), table: table.to_owned() });
        }
    }
    if let Some(parts) = quoted_parts(written) {
        match parts.as_slice() {
            [table] => names.push(TableName { schema: None, table: table.clone() }),
            [schema, table] => {
                names.push(TableName { schema: Some(schema.clone()), table: table.clone() });
            }
            _ => {}
        }
    } else if dialect.supports(Capability::FoldedNames) {
        for name in names.clone() {
            let folded = TableName {
                schema: name.schema.as_ref().map(|schema| schema.to_lowercase()),
                table: name.table.to_lowercase(),
            };
            if folded != name {
                names.push(folded);
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Postgres, Sqlite};

    fn meant(written: &str) -> Vec<String> {
        meant_on(&Sqlite::default(), written)
    }

    fn meant_on(dialect: &dyn Dialect, written: &str) -> Vec<String> {
        let shown = |name: TableName| match name.schema {
            Some(schema) => format!("{schema}|{}", name.table),
            None => name.table,
        };
        table_names(dialect, written).into_iter().map(shown).collect()
    }

    #[test]
    fn names_are_read_as_sql_and_as_they_are() {
        assert_eq!(meant("users"), ["users"]);
        assert_eq!(meant("shop.users"), ["shop.users", "shop|users"]);
        assert_eq!(meant("a.b.c"), ["a.b.c", "a.b|c", "a|b.c"]);
        assert_eq!(meant("\"Order\""), ["\"Order\"", "Order"]);
        assert_eq!(meant("`a.b`").last().unwrap(), "a.b");
        assert_eq!(meant("s.\"say \"\"x\"\"\"").last().unwrap(), "s|say \"x\"");
        assert_eq!(meant("\"open"), ["\"open"]);
        assert_eq!(meant(".x"), [".x"]);
        assert_eq!(meant_on(&Postgres::default(), "Shop.T"), ["Shop.T", "Shop|T", "shop.t", "shop|t"]);
        assert_eq!(meant_on(&Postgres::default(), "\"T\""), ["\"T\"", "T"]);
    }
}
