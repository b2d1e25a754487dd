//! What SQLite's catalogue says.

use crate::catalog::{Declared, Queries, Spelling};
use crate::dialect::Dialect;
use crate::error::Result;
use crate::sql::Fragment;
use crate::value::DataType;

/// The tables of `main`, or of an attached database.
pub(super) fn queries(dialect: &dyn Dialect, schema: Option<&str>) -> Result<Queries> {
    let name = schema.unwrap_or("main");
    let master = || Fragment::text(format!("{}.sqlite_master", dialect.quote(name)));
    let schema = || Fragment::value(dialect, &name.into(), &DataType::TEXT);
    Ok(Queries {
        columns: Fragment::format(COLUMNS, [schema()?, schema()?, master(), schema()?]),
        keys: Fragment::format(KEYS, [master(), schema()?, master(), schema()?, schema()?]),
        references: Fragment::format(REFERENCES, [master(), schema()?, master()]),
    })
}

/// Django's JSON is text with a check. A single key of the very type `integer` is the row's own number, unless the table
/// is without one, where the key has an index. The catalogue does not tell a generated column's expression.
const COLUMNS: &str = "\
SELECT m.name, c.name,
    CASE WHEN instr(lower(m.sql), 'json_valid(\"' || lower(c.name) || '\")') > 0
        OR instr(lower(m.sql), 'json_valid(' || lower(c.name) || ')') > 0 THEN 'json' ELSE c.type END,
    c.\"notnull\" = 0, CASE WHEN c.hidden IN (2, 3) THEN '' END,
    c.pk = 1 AND lower(c.type) = 'integer'
        AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name, {}) i WHERE i.origin = 'pk')
        AND (SELECT count(*) FROM pragma_table_xinfo(m.name, {}) k WHERE k.pk > 0) = 1
FROM {} m, pragma_table_xinfo(m.name, {}) c
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND c.hidden <> 1
ORDER BY m.name, c.cid";

const KEYS: &str = "\
SELECT name, index_name, column_name FROM (
    SELECT m.name, 'PRIMARY' AS index_name, c.name AS column_name, c.pk AS position
    FROM {} m, pragma_table_xinfo(m.name, {}) c
    WHERE m.type = 'table' AND c.pk > 0
    UNION ALL
    SELECT m.name, i.name, c.name, c.seqno
    FROM {} m, pragma_index_list(m.name, {}) i, pragma_index_info(i.name, {}) c
    WHERE m.type = 'table' AND i.\"unique\" AND NOT i.partial AND i.origin <> 'pk'
)
ORDER BY name, index_name, position";

const REFERENCES: &str = "\
SELECT m.name, CAST(f.id AS text), f.\"from\", t.name, f.\"to\"
FROM {} m, pragma_foreign_key_list(m.name, {}) f
LEFT JOIN {} t ON t.type = 'table' AND t.name = f.\"table\" COLLATE NOCASE
WHERE m.type = 'table'
ORDER BY m.name, f.id, f.seq";

/// The type that `CREATE TABLE` spells so: Django's names first, then those of other programs by their affinity.
///
/// Integers have 64 bits in SQLite, whatever their size elsewhere, and floats too. Left out is what would change on
/// its way: a name that SQLite does not know makes a number of any text that looks like one.
pub(super) fn declared_type(declared: &str) -> Option<Declared> {
    let spelling = Spelling::parse(declared)?;
    let name = format!("{} {}", spelling.name, spelling.rest);
    let name = name.trim();
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    Some(match name {
        "bool" | "boolean" => DataType::Bool.into(),
        "tinyint" if spelling.numbers == [1] => DataType::Bool.into(),
        "smallint" => DataType::SmallInt.into(),
        "smallint unsigned" => Declared::within(DataType::SmallInt, 0, i16::MAX.into()),
        "date" => DataType::Date.into(),
        "time" => DataType::Time.into(),
        "datetime" | "timestamp" => DataType::DateTime.into(),
        "json" => DataType::Json.into(),
        "decimal" | "numeric" => spelling.decimal()?.into(),
        _ if has(&["int"]) && has(&["unsigned"]) => Declared::within(DataType::BigInt, 0, i64::MAX),
        _ if has(&["int"]) => DataType::BigInt.into(),
        _ if has(&["char", "clob", "text"]) => spelling.text()?.into(),
        _ if has(&["blob"]) => DataType::Bytes.into(),
        _ if has(&["real", "floa", "doub"]) => DataType::Double.into(),
        _ => return None,
    })
}
