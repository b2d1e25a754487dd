//! What PostgreSQL's catalogue says.

use crate::dialect::{Declared, Dialect, Queries, Spelling, StorageQueries, Tables, quote_table};
use crate::error::Result;
use crate::sql::Fragment;
use crate::value::DataType;

/// Ordinary and partitioned tables, and where a name is given partitions and foreign tables too; a domain is what it is based on.
///
/// Without a schema, a name means what it means in the search path.
pub(super) fn queries(dialect: &dyn Dialect, schema: Option<&str>, tables: Tables<'_>) -> Result<Queries> {
    let text = |text: &str| Fragment::value(dialect, &text.into(), &DataType::TEXT);
    let names = |names: &[String]| -> Result<Fragment> {
        Ok(Fragment::join(names.iter().map(|name| text(name)).collect::<Result<Vec<_>>>()?, ", "))
    };
    let of_schema = |class: &str, space: &str| -> Result<Fragment> {
        Ok(match schema {
            Some(name) => Fragment::format(&format!("{space} = {{}}"), [text(name)?]),
            None => {
                format!("{space} = ANY (current_schemas(false)) AND pg_table_is_visible({class}.oid)").into()
            }
        })
    };
    let own = of_schema("c", "n.nspname")?;
    let condition = match tables {
        Tables::All => Fragment::format("c.relkind IN ('r', 'p') AND NOT c.relispartition AND {}", [own]),
        Tables::Named(named) => Fragment::format("c.relname IN ({}) AND {}", [names(named)?, own]),
        Tables::Referring(named) => {
            let to = of_schema("r", "m.nspname")?;
            let tables = Fragment::format(REFERRING, [names(named)?, to, own]);
            return Ok(Queries { tables, ..Queries::default() });
        }
    };
    let same_schema = match schema {
        Some(_) => "r.relnamespace = c.relnamespace",
        None => "pg_table_is_visible(r.oid)",
    };
    Ok(Queries {
        tables: Fragment::format(TABLES, [condition.clone()]),
        columns: Fragment::format(COLUMNS, [condition.clone()]),
        keys: Fragment::format(KEYS, [condition.clone()]),
        references: Fragment::format(REFERENCES, [same_schema.into(), condition]),
        json: None,
    })
}

/// A foreign table writes where its server is; only `postgres_fdw` is known to roll back there, and commits on one server only as a whole.
const TABLES: &str = "\
SELECT c.relname::text,
    CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view'
        WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'composite type' ELSE 'index' END,
    NULL::text, true
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {}
ORDER BY c.relname";

/// Of a type that users make, a part may round or cut though the whole is no such type: a field of a composite type, an item of an array.
const COLUMNS: &str = "\
SELECT c.relname::text, a.attname::text,
    format_type(coalesce(b.type, a.atttypid), coalesce(b.modifier, a.atttypmod))
        || CASE WHEN p.cuts THEN ' (of which a part rounds or cuts)' ELSE '' END,
    NOT (a.attnotnull OR coalesce(b.required, false)),
    CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    a.attidentity <> '' OR coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false), a.attidentity = 'a'
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
LEFT JOIN LATERAL (
    WITH RECURSIVE base (type, modifier, required, kind) AS (
        SELECT t.typbasetype, t.typtypmod, t.typnotnull, 'd'::\"char\" WHERE t.typtype = 'd'
        UNION ALL
        SELECT CASE o.typtype WHEN 'd' THEN o.typbasetype ELSE b.type END,
            CASE o.typtype WHEN 'd' THEN o.typtypmod ELSE b.modifier END, b.required OR o.typnotnull, o.typtype
        FROM base b JOIN pg_type o ON o.oid = b.type WHERE b.kind = 'd'
    )
    SELECT type, modifier, required FROM base WHERE kind <> 'd'
) b ON true
CROSS JOIN LATERAL (
    WITH RECURSIVE part (type, modifier, inside) AS (
        SELECT coalesce(b.type, a.atttypid), -1, false
        WHERE coalesce(b.type, a.atttypid) >= 16384 OR coalesce(b.type, a.atttypid) = 'name[]'::regtype
        UNION
        SELECT n.type, n.modifier, true
        FROM part p JOIN pg_type o ON o.oid = p.type
        CROSS JOIN LATERAL (
            SELECT o.typbasetype, o.typtypmod WHERE o.typtype = 'd'
            UNION ALL SELECT o.typelem, -1 WHERE o.typcategory = 'A'
            UNION ALL SELECT r.rngsubtype, -1 FROM pg_range r WHERE r.rngtypid = o.oid
            UNION ALL SELECT i.atttypid, i.atttypmod FROM pg_attribute i
                WHERE o.typtype = 'c' AND i.attrelid = o.typrelid AND i.attnum > 0 AND NOT i.attisdropped
        ) n (type, modifier)
    )
    SELECT coalesce(bool_or(inside AND (type::regtype::text IN ('name', '\"char\"') OR modifier >= 0 AND type::regtype::text IN
        ('numeric', 'interval', 'timestamp with time zone', 'timestamp without time zone', 'time with time zone', 'time without time zone')
    )), false) cuts FROM part
) p
WHERE {}
ORDER BY c.relname, a.attnum";

/// A column is a whole one where the index takes no two values for different that the column's own collation takes for the same.
const KEYS: &str = "\
SELECT c.relname::text, CASE WHEN i.indisprimary THEN 'PRIMARY' ELSE x.relname::text END,
    CASE WHEN coalesce(o.collisdeterministic, true) OR i.indcollation[k.position - 1] = a.attcollation THEN a.attname::text END
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY k (number, position)
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number AND k.number > 0
LEFT JOIN pg_collation o ON o.oid = a.attcollation
WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND k.position <= i.indnkeyatts AND {}
ORDER BY c.relname, 2, k.position";

/// The keys of a partition that are its table's have it for their parent.
const REFERENCES: &str = "\
SELECT c.relname::text, f.conname::text, a.attname::text, CASE WHEN {} THEN r.relname::text END, ra.attname::text
FROM pg_constraint f
JOIN pg_class c ON c.oid = f.conrelid
JOIN pg_class r ON r.oid = f.confrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY k (number, to_number, position)
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
JOIN pg_attribute ra ON ra.attrelid = r.oid AND ra.attnum = k.to_number
WHERE f.contype = 'f' AND (c.relispartition OR f.conparentid = 0) AND NOT r.relispartition AND {}
ORDER BY c.relname, f.conname, k.position";

const REFERRING: &str = "\
SELECT DISTINCT c.relname::text
FROM pg_constraint f
JOIN pg_class c ON c.oid = f.conrelid
JOIN pg_class r ON r.oid = f.confrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_namespace m ON m.oid = r.relnamespace
WHERE f.contype = 'f' AND NOT c.relispartition AND r.relname IN ({}) AND {} AND {}
ORDER BY 1";

/// Where a table's rows are: those of a partitioned table may be on other servers.
pub(super) fn storage(dialect: &dyn Dialect, table: &str) -> Result<StorageQueries> {
    let table = Fragment::value(dialect, &quote_table(dialect, table).into(), &DataType::TEXT)?;
    Ok(StorageQueries { engine: Fragment::format(SERVERS, [table]), reached: None })
}

/// Only `postgres_fdw` is known to roll back, and each server commits by itself.
const SERVERS: &str = "\
WITH RECURSIVE part (oid) AS (
    SELECT to_regclass({}::text)::oid
    UNION
    SELECT i.inhrelid FROM part p JOIN pg_inherits i ON i.inhparent = p.oid
)
SELECT servers, false FROM (
    SELECT count(DISTINCT coalesce(f.ftserver, 0)) AS number, bool_or(w.fdwname <> 'postgres_fdw') AS other,
        string_agg(DISTINCT s.srvname || ' (' || w.fdwname || ')', ', ') AS servers
    FROM part
    JOIN pg_class c ON c.oid = part.oid AND c.relkind IN ('r', 'f')
    LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
    LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver
    LEFT JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
) found
WHERE servers IS NOT NULL AND (number > 1 OR other)";

/// The type that `format_type` spells so. One that is not known here is read and written as text, unless a column of it would change what is
/// written.
pub(super) fn declared_type(declared: &str) -> Option<Declared> {
    known_type(declared).or_else(|| native_type(declared))
}

/// Types with digits or a length of their own for which a value that does not fit is an error, and none is cut or rounded.
const CHECKED: [&str; 6] = ["bit", "bit varying", "geometry", "geography", "vector", "halfvec"];

fn native_type(declared: &str) -> Option<Declared> {
    let (name, is_limited) = match declared.split_once('(') {
        // the length is the column's affair: a cast to it would cut
        Some((name, after)) => (name, after.ends_with(')')),
        None => (declared, false),
    };
    let cuts = is_rounded(declared) || declared.contains('(') && !(is_limited && CHECKED.contains(&name));
    // a brace stands for an operand where SQL is put together
    if cuts || name.contains('{') {
        return None;
    }
    // `bit` alone is of one bit
    let name = if name == "bit" { "\"bit\"" } else { name };
    let mut found = Declared::from(DataType::Native(name.to_owned()));
    if name == "name" {
        found.limits.bytes = Some((0, NAME_BYTES));
    }
    Some(found)
}

/// The most bytes of a `name`.
const NAME_BYTES: u64 = 63;

/// Whether a column of the type keeps less than it is given: an interval that ends with its days, one character.
fn is_rounded(declared: &str) -> bool {
    declared.starts_with("interval ") || declared.starts_with("\"char\"")
}

fn known_type(declared: &str) -> Option<Declared> {
    if let Some(item) = declared.strip_suffix("[]") {
        // What an item's type does not say by itself, an array has no room for.
        let item = known_type(item)?;
        return (item == Declared::from(item.data_type.clone()))
            .then(|| DataType::Array(Box::new(item.data_type)).into());
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
        ("jsonb", "") => DataType::Json,
        ("json", "") => {
            let mut found = Declared::from(DataType::Json);
            found.limits.plain_json = true;
            return Some(found);
        }
        _ => return None,
    };
    Some(data_type.into())
}
