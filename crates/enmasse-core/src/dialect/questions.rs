//! What a database is asked about its own tables.

use crate::sql::Fragment;

/// The SQL of a database's queries, each for one schema or for some of its tables.
#[derive(Default)]
pub struct Queries {
    /// Table, what it is (`table`, `view`, …), its storage engine where the database has several, whether that can roll back.
    pub tables: Fragment,
    /// Table, column, declared type, whether NULL may stand in it, the expression of a generated column, whether it is an
    /// identity column, whether only the database may number it.
    pub columns: Fragment,
    /// Table, name of a unique index (the primary key's is `PRIMARY`), column; one row for each column of it, in order, with
    /// NULL for what is no whole column.
    pub keys: Fragment,
    /// Table, name of a foreign key, column, table of the same schema that it refers to, column there (NULL is its primary
    /// key); one row for each column of it, in order.
    pub references: Fragment,
    /// Table and column of text that holds JSON by a constraint, where the columns' types do not say so.
    pub json: Option<Fragment>,
}

/// What a query of the catalogue is for.
#[derive(Clone, Copy, Debug)]
pub enum Tables<'a> {
    /// All tables of the schema.
    All,
    /// Those with these names.
    Named(&'a [String]),
    /// Those with foreign keys to tables with these names.
    Referring(&'a [String]),
}

/// The questions about one table.
#[derive(Default)]
pub struct StorageQueries {
    /// Its storage engine, or the servers that it is on, and whether a transaction there is all or nothing.
    pub engine: Fragment,
    /// What else a write may reach; `None` where that is not looked at.
    pub reached: Option<ReachQueries>,
}

/// The questions about what else a write to a table may reach.
#[derive(Default)]
pub struct ReachQueries {
    /// What runs with a write to it, a row for each [`StoredText`](crate::catalog::StoredText).
    pub texts: Fragment,
    /// A table of the same schema that has no transactions, and its engine, where the user sees one.
    pub lasting: Fragment,
}
