//! What the catalogue of MariaDB and MySQL says.

use super::{Flavour, Mysql};
use crate::catalog::{Declared, Queries, Spelling};
use crate::error::Result;
use crate::sql::Fragment;
use crate::value::DataType;

pub(super) fn queries(dialect: &Mysql, schema: Option<&str>) -> Result<Queries> {
    let schema = match schema {
        Some(name) => Fragment::value(dialect, &name.into(), &DataType::TEXT)?,
        None => Fragment::text("DATABASE()"),
    };
    let column_type = match dialect.flavour {
        Flavour::MariaDb => MARIADB_TYPE,
        Flavour::Mysql => "c.column_type",
    };
    Ok(Queries {
        columns: Fragment::format(COLUMNS, [Fragment::text(column_type), schema.clone()]),
        keys: Fragment::format(KEYS, [schema.clone()]),
        references: Fragment::format(REFERENCES, [schema]),
    })
}

/// MariaDB's JSON is text with a check.
const MARIADB_TYPE: &str = "\
CASE WHEN EXISTS (
        SELECT 1 FROM information_schema.check_constraints k
        WHERE k.constraint_schema = c.table_schema AND k.table_name = c.table_name
            AND k.check_clause = CONCAT('json_valid(`', c.column_name, '`)')
    ) THEN 'json' ELSE c.column_type END";

const COLUMNS: &str = "\
SELECT c.table_name, c.column_name,
    {},
    c.is_nullable = 'YES', NULLIF(c.generation_expression, ''), c.extra LIKE '%auto_increment%'
FROM information_schema.columns c
JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE t.table_type = 'BASE TABLE' AND c.table_schema = {}
ORDER BY c.table_name, c.ordinal_position";

/// An index on the start of a column says nothing about the whole of it.
const KEYS: &str = "\
SELECT table_name, index_name, CASE WHEN sub_part IS NULL THEN column_name END
FROM information_schema.statistics
WHERE non_unique = 0 AND table_schema = {}
ORDER BY table_name, index_name, seq_in_index";

const REFERENCES: &str = "\
SELECT table_name, constraint_name, column_name,
    CASE WHEN referenced_table_schema = table_schema THEN referenced_table_name END, referenced_column_name
FROM information_schema.key_column_usage
WHERE referenced_table_name IS NOT NULL AND table_schema = {}
ORDER BY table_name, constraint_name, ordinal_position";

/// The type that `column_type` spells so.
///
/// Left out are types that would change what is written: `enum` takes numbers for positions, `set` sorts its
/// members, a float with digits rounds.
pub(super) fn declared_type(declared: &str) -> Option<Declared> {
    let mut spelling = Spelling::parse(declared)?;
    let words: Vec<String> =
        format!("{} {}", spelling.name, spelling.rest).split(' ').map(str::to_owned).collect();
    let unsigned = words.iter().any(|word| word == "unsigned");
    spelling.name = words.into_iter().next()?;
    let integer = |signed: DataType, least: i64, larger: DataType, greatest: i64| match unsigned {
        true => Declared::within(larger, 0, greatest),
        false if signed.integer_range() == Some((least, -1 - least)) => signed.into(),
        false => Declared::within(signed, least, -1 - least),
    };
    // Without a number a second has no fraction.
    let seconds = |data_type| Declared::to_the(data_type, spelling.numbers.first().copied().unwrap_or(0));
    use DataType::{BigInt, Integer, SmallInt};
    Some(match spelling.name.as_str() {
        "tinyint" if spelling.numbers == [1] && !unsigned => DataType::Bool.into(),
        "tinyint" => integer(SmallInt, i8::MIN.into(), SmallInt, u8::MAX.into()),
        "smallint" => integer(SmallInt, i16::MIN.into(), Integer, u16::MAX.into()),
        "mediumint" => integer(Integer, -(1 << 23), Integer, (1 << 24) - 1),
        "int" => integer(Integer, i32::MIN.into(), BigInt, u32::MAX.into()),
        "bigint" => integer(BigInt, i64::MIN, BigInt, i64::MAX),
        "float" if spelling.numbers.is_empty() => DataType::Real.into(),
        "double" if spelling.numbers.is_empty() => DataType::Double.into(),
        "decimal" => spelling.decimal()?.into(),
        "char" | "varchar" => spelling.text()?.into(),
        "tinytext" | "text" | "mediumtext" | "longtext" => DataType::TEXT.into(),
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => DataType::Bytes.into(),
        "datetime" | "timestamp" => seconds(DataType::DateTime),
        "date" => DataType::Date.into(),
        "time" => seconds(DataType::Time),
        "json" => DataType::Json.into(),
        "uuid" => DataType::Uuid.into(),
        _ => return None,
    })
}
