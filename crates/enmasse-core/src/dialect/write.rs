//! What the databases spell differently in a write.

use crate::sql::Fragment;

/// What the databases spell differently in a write: one impl per database, in its folder.
pub trait WriteSql {
    /// The end of a query that locks its rows, from `FOR` on; `None` where no rows are locked because nobody else can write meanwhile. `tables` are
    /// those whose rows are locked, as columns name them; where the database cannot be told which, it locks those of all tables of the query.
    fn lock(&self, strength: Lock, tables: &[String]) -> Option<String>;

    /// The join whose left side is read first, in the order of its rows.
    fn join_in_order(&self) -> &'static str;

    /// What follows `SELECT` where the tables are read in the order in which they are listed.
    fn select_in_order(&self) -> &'static str;

    /// What ends an inner query that has an order, so that the database keeps the order and does not merge the query into the one around it.
    fn keep_order(&self) -> String;

    /// The update of a table by the rows of another.
    fn update_from(&self, write: UpdateBy) -> Fragment;

    /// The deletion of the rows of a table whose key is in another.
    fn delete_by(&self, write: DeleteBy<'_>) -> String;

    /// How an insert into a staging table begins: a key that comes again is found later, among all rows.
    fn insert_staged(&self) -> &'static str;

    /// The statement that drops a staging table that is there.
    fn drop_staged(&self, table: &str) -> String;

    /// What follows the name of a temporary table that is made for the keys in these columns.
    fn temporary_keys(&self, columns: &str) -> String;

    /// What a temporary table that rows are staged in is made with.
    fn staging_options(&self) -> &'static str;

    /// What comes before a statement with a long list of keys, so that these are looked up as one range of the index.
    fn many_keys(&self) -> &'static str;

    /// What comes before an update that looks up each of its table's rows in the queries inside of it.
    fn row_by_row(&self) -> &'static str;
}

/// How strong a lock is, where there is a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// For a write of fields that no other row can refer to.
    Fields,
    /// For a write of a key, or a deletion.
    Row,
}

impl Lock {
    /// The lock for a write, of a key or not.
    pub(crate) fn of(writes_key: bool) -> Self {
        if writes_key { Lock::Row } else { Lock::Fields }
    }
}

/// The update of a table by the rows of another.
#[derive(Clone, Debug)]
pub struct UpdateBy {
    /// The table, in quotes.
    pub table: String,
    /// What its columns are named by.
    pub own: String,
    /// The other rows, with their name.
    pub rows: Fragment,
    /// What joins both.
    pub on: Fragment,
    /// Each column of the table, in quotes, and what it is set to.
    pub set: Vec<(String, Fragment)>,
    /// A condition on the rows that are written.
    pub condition: Option<Fragment>,
}

/// The deletion of the rows of a table whose key is in another.
#[derive(Clone, Copy, Debug)]
pub struct DeleteBy<'a> {
    /// The table, in quotes.
    pub table: &'a str,
    /// The column of its key, with the table's name.
    pub key: &'a str,
    /// The table that has the keys.
    pub keys: &'a str,
    /// What that goes by in the statement.
    pub name: &'a str,
    /// Its column.
    pub column: &'a str,
}

/// `a = 1, b = 2`
fn settings(set: impl IntoIterator<Item = (String, Fragment)>) -> Fragment {
    let set = set.into_iter();
    Fragment::join(set.map(|(column, value)| Fragment::format("{} = {}", [column.into(), value])), ", ")
}

/// `UPDATE a SET x = b.x FROM b WHERE a.id = b.id`, as PostgreSQL and SQLite write it.
pub(super) fn update_from(write: UpdateBy) -> Fragment {
    let UpdateBy { table, rows, on, set, condition, .. } = write;
    let mut sql =
        Fragment::format("UPDATE {} SET {} FROM {} WHERE {}", [table.into(), settings(set), rows, on]);
    if let Some(condition) = condition {
        sql.push(Fragment::format(" AND {}", [condition]));
    }
    sql
}

/// `UPDATE b STRAIGHT_JOIN a ON a.id = b.id SET a.x = b.x`, as MariaDB and MySQL write it.
pub(super) fn update_joined(write: UpdateBy) -> Fragment {
    let UpdateBy { table, own, rows, on, set, condition } = write;
    let set = set.into_iter().map(|(column, value)| (format!("{own}.{column}"), value));
    let mut sql =
        Fragment::format("UPDATE {} STRAIGHT_JOIN {} ON {} SET {}", [rows, table.into(), on, settings(set)]);
    if let Some(condition) = condition {
        sql.push(Fragment::format(" WHERE {}", [condition]));
    }
    sql
}

/// `DELETE FROM a WHERE a.id IN (SELECT k FROM b)`
pub(super) fn delete_in(write: DeleteBy<'_>) -> String {
    let DeleteBy { table, key, keys, column, .. } = write;
    format!("DELETE FROM {table} WHERE {key} IN (SELECT {column} FROM {keys})")
}
