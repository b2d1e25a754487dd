//! What a database's `CREATE TABLE` has of its own.

/// What a database's `CREATE TABLE` has of its own.
#[derive(Clone, Copy, Debug)]
pub struct TableRules {
    /// What stands after the closing parenthesis.
    pub suffix: &'static str,
    /// What stands after a foreign key's `REFERENCES`.
    pub reference_suffix: &'static str,
    /// Whether a foreign key may name a table that is not there yet.
    pub refers_forward: bool,
    /// Whether a foreign key's column has an index by itself.
    pub indexes_references: bool,
    /// The type of an integer primary key, where it is not that of any other column.
    pub integer_key: Option<&'static str>,
    /// Whether an identity column is always the primary key, and its clause says so.
    pub identity_is_key: bool,
    /// Whether text in a key or an index needs a `max_length`, and bytes and JSON cannot be there.
    pub keys_are_short: bool,
    /// The condition on a JSON column, with `{}` for the column, where the type alone lets anything in.
    pub json_check: Option<&'static str>,
}
