//! What PostgreSQL's catalogue says.

use crate::catalog::{Declared, Queries, Spelling};
use crate::dialect::Dialect;
use crate::error::Result;
use crate::sql::Fragment;
use crate::value::DataType;

/// Ordinary and partitioned tables; a domain is what it is based on.
pub(super) fn queries(dialect: &dyn Dialect, schema: Option<&str>) -> Result<Queries> {
    let schema = match schema {
        Some(name) => Fragment::value(dialect, &name.into(), &DataType::TEXT)?,
        None => Fragment::text("current_schema()"),
    };
    Ok(Queries {
        columns: Fragment::format(COLUMNS, [schema.clone()]),
        keys: Fragment::format(KEYS, [schema.clone()]),
        references: Fragment::format(REFERENCES, [schema]),
    })
}

const COLUMNS: &str = "\
WITH RECURSIVE base (domain, type, modifier, required) AS (
    SELECT oid, typbasetype, typtypmod, typnotnull FROM pg_type WHERE typtype = 'd'
    UNION ALL
    SELECT b.domain, t.typbasetype, t.typtypmod, b.required OR t.typnotnull
    FROM base b JOIN pg_type t ON t.oid = b.type WHERE t.typtype = 'd'
)
SELECT c.relname::text, a.attname::text,
    format_type(coalesce(b.type, a.atttypid), coalesce(b.modifier, a.atttypmod)),
    NOT (a.attnotnull OR coalesce(b.required, false)),
    CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN base b ON b.domain = a.atttypid
    AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = b.type AND t.typtype = 'd')
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = {}
ORDER BY c.relname, a.attnum";

const KEYS: &str = "\
SELECT c.relname::text, CASE WHEN i.indisprimary THEN 'PRIMARY' ELSE x.relname::text END, a.attname::text
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k (number, position)
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number AND k.number > 0
WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND k.position <= i.indnkeyatts
    AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = {}
ORDER BY c.relname, 2, k.position";

const REFERENCES: &str = "\
SELECT c.relname::text, f.conname::text, a.attname::text,
    CASE WHEN r.relnamespace = c.relnamespace THEN r.relname::text END, ra.attname::text
FROM pg_constraint f
JOIN pg_class c ON c.oid = f.conrelid
JOIN pg_class r ON r.oid = f.confrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY k (number, to_number, position)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
JOIN pg_attribute ra ON ra.attrelid = r.oid AND ra.attnum = k.to_number
WHERE f.contype = 'f' AND f.conparentid = 0 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND n.nspname = {}
ORDER BY c.relname, f.conname, k.position";

/// The type that `format_type` spells so.
pub(super) fn declared_type(declared: &str) -> Option<Declared> {
    if let Some(item) = declared.strip_suffix("[]") {
        // What an item's type does not say by itself, an array has no room for.
        let Declared { data_type, range: None, second_digits: None } = declared_type(item)? else {
            return None;
        };
        return Some(DataType::Array(Box::new(data_type)).into());
    }
    let spelling = Spelling::parse(declared)?;
    let seconds = |data_type| {
        let digits = spelling.numbers.first().copied().unwrap_or(6);
        Some(Declared::to_the(data_type, digits))
    };
    let data_type = match (spelling.name.as_str(), spelling.rest.as_str()) {
        ("timestamp", "with time zone") | ("timestamp with time zone", "") => {
            return seconds(DataType::DateTime);
        }
        ("timestamp", "without time zone") | ("timestamp without time zone", "") => {
            return seconds(DataType::NaiveDateTime);
        }
        ("time", "without time zone") | ("time without time zone", "") => return seconds(DataType::Time),
        ("interval", "") => return seconds(DataType::Duration),
        ("boolean", "") => DataType::Bool,
        ("smallint", "") => DataType::SmallInt,
        ("integer", "") => DataType::Integer,
        ("bigint", "") => DataType::BigInt,
        ("real", "") => DataType::Real,
        ("double precision", "") => DataType::Double,
        ("text", "") => DataType::TEXT,
        ("character varying" | "character", "") => spelling.text()?,
        // An extension's type is spelt with its schema where that is not searched.
        (name, "") if name == "citext" || name.ends_with(".citext") => DataType::TEXT,
        ("bytea", "") => DataType::Bytes,
        ("date", "") => DataType::Date,
        ("numeric", "") => spelling.decimal()?,
        ("uuid", "") => DataType::Uuid,
        ("json" | "jsonb", "") => DataType::Json,
        _ => return None,
    };
    Some(data_type.into())
}
