//! What SQLite's catalogue says.

use crate::dialect::{Declared, Dialect, Queries, Spelling, Tables};
use crate::error::Result;
use crate::sql::Fragment;
use crate::value::DataType;

/// The tables of `main`, or of an attached database.
pub(super) fn queries(dialect: &dyn Dialect, schema: Option<&str>, tables: Tables<'_>) -> Result<Queries> {
    let name = schema.unwrap_or("main");
    let master = || Fragment::text(format!("{}.sqlite_master", dialect.quote(name)));
    let text = |text: &str| Fragment::value(dialect, &text.into(), &DataType::TEXT);
    let schema = || text(name);
    let names = |names: &[String]| -> Result<Fragment> {
        Ok(Fragment::join(names.iter().map(|name| text(name)).collect::<Result<Vec<_>>>()?, ", "))
    };
    let condition = match tables {
        Tables::All => Fragment::text("m.type = 'table' AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!'"),
        Tables::Named(named) => {
            Fragment::format("m.type IN ('table', 'view') AND m.name COLLATE NOCASE IN ({})", [names(named)?])
        }
        Tables::Referring(named) => {
            let tables = Fragment::format(REFERRING, [master(), schema()?, names(named)?]);
            return Ok(Queries { tables, ..Queries::default() });
        }
    };
    Ok(Queries {
        tables: Fragment::format(TABLES, [master(), condition.clone()]),
        columns: Fragment::format(COLUMNS, [schema()?, schema()?, master(), schema()?, condition.clone()]),
        keys: Fragment::format(
            KEYS,
            [
                schema()?,
                schema()?,
                master(),
                schema()?,
                condition.clone(),
                master(),
                schema()?,
                schema()?,
                condition.clone(),
            ],
        ),
        references: Fragment::format(REFERENCES, [master(), schema()?, master(), condition]),
        json: None,
    })
}

const TABLES: &str = "\
SELECT m.name, CASE WHEN m.sql LIKE 'CREATE VIRTUAL %' THEN 'virtual table' ELSE m.type END, NULL, true
FROM {} m
WHERE {}
ORDER BY m.name";

/// Django's JSON is text with a check. A single key of the very type `integer` is the row's own number, unless the table
/// is without one, where the key has an index. The catalogue does not tell a generated column's expression.
const COLUMNS: &str = "\
SELECT m.name, c.name,
    CASE WHEN instr(lower(m.sql), 'json_valid(\"' || lower(c.name) || '\")') > 0
        OR instr(lower(m.sql), 'json_valid(' || lower(c.name) || ')') > 0 THEN 'json' ELSE c.type END,
    c.\"notnull\" = 0, CASE WHEN c.hidden IN (2, 3) THEN '' END,
    c.pk = 1 AND lower(c.type) = 'integer'
        AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name, {}) i WHERE i.origin = 'pk')
        AND (SELECT count(*) FROM pragma_table_xinfo(m.name, {}) k WHERE k.pk > 0) = 1, false
FROM {} m, pragma_table_xinfo(m.name, {}) c
WHERE c.hidden <> 1 AND {}
ORDER BY m.name, c.cid";

/// A column is a whole one where the index takes no two values for different that the column takes for the same.
const KEYS: &str = "\
SELECT name, index_name, column_name FROM (
    SELECT m.name, 'PRIMARY' AS index_name, CASE WHEN NOT EXISTS (
            SELECT 1 FROM pragma_index_list(m.name, {}) i, pragma_index_xinfo(i.name, {}) x
            WHERE i.origin = 'pk' AND x.key AND x.cid = c.cid
                AND lower(enmasse_collation(m.sql, c.name)) NOT IN ('binary', lower(x.coll))
        ) THEN c.name END AS column_name, c.pk AS position
    FROM {} m, pragma_table_xinfo(m.name, {}) c
    WHERE c.pk > 0 AND {}
    UNION ALL
    SELECT m.name, i.name,
        CASE WHEN lower(enmasse_collation(m.sql, x.name)) IN ('binary', lower(x.coll)) THEN x.name END, x.seqno
    FROM {} m, pragma_index_list(m.name, {}) i, pragma_index_xinfo(i.name, {}) x
    WHERE i.\"unique\" AND NOT i.partial AND i.origin <> 'pk' AND x.key AND {}
)
ORDER BY name, index_name, position";

const REFERENCES: &str = "\
SELECT m.name, CAST(f.id AS text), f.\"from\", t.name, f.\"to\"
FROM {} m, pragma_foreign_key_list(m.name, {}) f
LEFT JOIN {} t ON t.type = 'table' AND t.name = f.\"table\" COLLATE NOCASE
WHERE {}
ORDER BY m.name, f.id, f.seq";

const REFERRING: &str = "\
SELECT DISTINCT m.name
FROM {} m, pragma_foreign_key_list(m.name, {}) f
WHERE m.type = 'table' AND f.\"table\" COLLATE NOCASE IN ({})
ORDER BY m.name";

/// The type that `CREATE TABLE` spells so: Django's names first, then those of other programs by their affinity.
///
/// Integers have 64 bits in SQLite, whatever their size elsewhere, and floats too. A name that SQLite does not know makes a number of any text
/// that looks like one; text that would change by that is refused.
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
        "json" => made_into_numbers(DataType::Json),
        "decimal" | "numeric" => spelling.decimal()?.into(),
        _ if has(&["int"]) && has(&["unsigned"]) => Declared::within(DataType::BigInt, 0, i64::MAX),
        _ if has(&["int"]) => DataType::BigInt.into(),
        _ if has(&["char", "clob", "text"]) => spelling.text()?.into(),
        _ if has(&["blob"]) => DataType::Bytes.into(),
        _ if has(&["real", "floa", "doub"]) => DataType::Double.into(),
        "" => return None,
        _ => made_into_numbers(DataType::TEXT),
    })
}

/// A type whose name says nothing to SQLite: a text that looks like a number becomes one.
fn made_into_numbers(data_type: DataType) -> Declared {
    let mut found = Declared::from(data_type);
    found.limits.makes_numbers = true;
    found
}
