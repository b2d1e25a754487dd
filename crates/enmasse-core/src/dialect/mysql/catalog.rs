//! What the catalogue of MariaDB and MySQL says.

use chrono::{DateTime, NaiveDateTime};

use super::{Flavour, Mysql};
use crate::dialect::{Declared, Queries, ReachQueries, Spelling, StorageQueries, Tables};
use crate::error::Result;
use crate::schema::{CharacterSet, Limits, table_parts};
use crate::sql::Fragment;
use crate::value::{DataType, Value};

/// One query for each table that is named: only where both the schema and the table are compared with one value does MariaDB open no other.
pub(super) fn queries(dialect: &Mysql, schema: Option<&str>, tables: Tables<'_>) -> Result<Queries> {
    let text = |text: &str| Fragment::value(dialect, &text.into(), &DataType::TEXT);
    let schema = match schema {
        Some(name) => text(name)?,
        None => Fragment::text("DATABASE()"),
    };
    let names = match tables {
        Tables::All => None,
        Tables::Named(names) => Some(names),
        Tables::Referring(names) => {
            let to = names.iter().map(|name| text(name)).collect::<Result<Vec<_>>>()?;
            let tables = Fragment::format(REFERRING, [schema.clone(), schema, Fragment::join(to, ", ")]);
            return Ok(Queries { tables, ..Queries::default() });
        }
    };
    let each = |head: &str, query: &str, order: &str| -> Result<Fragment> {
        let mut parts = Vec::new();
        match names {
            None if query == TABLES => {
                parts.push(Fragment::format(query, [schema.clone(), Fragment::text(TABLE_TYPES)]))
            }
            None => parts.push(Fragment::format(query, [schema.clone(), Fragment::default()])),
            Some(names) => {
                for name in names {
                    let same = Fragment::format(" AND x.table_name = {}", [text(name)?]);
                    parts.push(Fragment::format(query, [schema.clone(), same]));
                }
            }
        }
        let mut all = Fragment::text(format!("SELECT {head} FROM ("));
        all.push(Fragment::join(parts, " UNION ALL "));
        all.push(format!(") found ORDER BY {order}"));
        Ok(all)
    };
    Ok(Queries {
        tables: each("name, kind, engine, transactional", TABLES, "name")?,
        columns: each(
            "name, column_name, declared, nullable, expression, identity, always",
            COLUMNS,
            "name, position",
        )?,
        keys: each("name, index_name, column_name", KEYS, "name, index_name, position")?,
        references: each(
            "name, constraint_name, column_name, to_name, to_column",
            REFERENCES,
            "name, constraint_name, position",
        )?,
        json: match dialect.flavour {
            Flavour::MariaDb => Some(each("name, column_name", JSON, "name")?),
            Flavour::Mysql => None,
        },
    })
}

const TABLES: &str = "\
SELECT x.table_name AS name,
    CASE x.table_type WHEN 'BASE TABLE' THEN 'table' WHEN 'SYSTEM VERSIONED' THEN 'table' ELSE LOWER(x.table_type) END AS kind,
    x.engine AS engine, COALESCE(e.transactions = 'YES', FALSE) AS transactional
FROM information_schema.tables x
LEFT JOIN information_schema.engines e ON e.engine = x.engine
WHERE x.table_schema = {}{}";

const TABLE_TYPES: &str = " AND x.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')";

const COLUMNS: &str = "\
SELECT x.table_name AS name, x.column_name AS column_name, 
    CONCAT(x.column_type, COALESCE(CONCAT(' character set ', x.character_set_name), '')) AS declared, x.is_nullable = 'YES' AS nullable,
    NULLIF(x.generation_expression, '') AS expression, x.extra LIKE '%auto_increment%' AS identity, FALSE AS always,
    x.ordinal_position AS position
FROM information_schema.columns x
WHERE x.table_schema = {}{}";

/// An index on the start of a column says nothing about the whole of it.
const KEYS: &str = "\
SELECT x.table_name AS name, x.index_name AS index_name, CASE WHEN x.sub_part IS NULL THEN x.column_name END AS column_name,
    x.seq_in_index AS position
FROM information_schema.statistics x
WHERE x.non_unique = 0 AND x.table_schema = {}{}";

const REFERENCES: &str = "\
SELECT x.table_name AS name, x.constraint_name AS constraint_name, x.column_name AS column_name,
    CASE WHEN x.referenced_table_schema = x.table_schema THEN x.referenced_table_name END AS to_name,
    x.referenced_column_name AS to_column, x.ordinal_position AS position
FROM information_schema.key_column_usage x
WHERE x.referenced_table_name IS NOT NULL AND x.table_schema = {}{}";

/// MariaDB's JSON is text with a check.
const JSON: &str = "\
SELECT x.table_name AS name, SUBSTRING(x.check_clause, 13, CHAR_LENGTH(x.check_clause) - 14) AS column_name
FROM information_schema.check_constraints x
WHERE x.check_clause LIKE 'json_valid(`%`)' AND x.constraint_schema = {}{}";

const REFERRING: &str = "\
SELECT DISTINCT x.table_name FROM information_schema.referential_constraints x
WHERE x.constraint_schema = {} AND x.unique_constraint_schema = {} AND x.referenced_table_name IN ({})
ORDER BY 1";

/// Spider has transactions, and no savepoints; what it says of its rows is not so.
pub(super) fn storage(dialect: &Mysql, table: &str) -> Result<StorageQueries> {
    let [schema, table] = place(dialect, table)?;
    let both = || [schema.clone(), table.clone()];
    let [schema_of_view, view] = both();
    let [schema_of_triggers, triggered] = both();
    Ok(StorageQueries {
        engine: Fragment::format(ENGINE, both()),
        reached: Some(ReachQueries {
            texts: Fragment::format(TEXTS, [schema_of_triggers, triggered, schema_of_view, view]),
            lasting: Fragment::format(LASTING, [schema]),
        }),
    })
}

pub(super) fn routines(dialect: &Mysql, names: &[String]) -> Result<Fragment> {
    let routine = |name: &String| Ok(Fragment::format(ROUTINE, place(dialect, name)?));
    let places = names.iter().map(routine).collect::<Result<Vec<_>>>()?;
    Ok(Fragment::format(ROUTINES, [Fragment::join(places, " OR ")]))
}

/// The schema and the name of what is named as a model names its table.
fn place(dialect: &Mysql, name: &str) -> Result<[Fragment; 2]> {
    let text = |text: &str| Fragment::value(dialect, &text.into(), &DataType::TEXT);
    match &table_parts(name)[..] {
        [schema, name] => Ok([text(schema)?, text(name)?]),
        _ => Ok([Fragment::text("DATABASE()"), text(name)?]),
    }
}

const ENGINE: &str = "\
SELECT x.engine, COALESCE(e.transactions = 'YES' AND e.savepoints = 'YES', FALSE)
FROM information_schema.tables x
LEFT JOIN information_schema.engines e ON e.engine = x.engine
WHERE x.table_type <> 'VIEW' AND x.table_schema = {} AND x.table_name = {}";

/// MariaDB gives no text of what the user may not read, MySQL no row of a trigger.
const TEXTS: &str = "\
SELECT 'trigger', x.trigger_name, NULLIF(x.trigger_schema, DATABASE()), x.action_statement,
    x.sql_mode NOT LIKE '%NO_BACKSLASH_ESCAPES%'
FROM information_schema.triggers x
WHERE x.event_object_schema = {} AND x.event_object_table = {}
UNION ALL
SELECT 'view', v.table_name, NULLIF(v.table_schema, DATABASE()), v.view_definition, TRUE
FROM information_schema.views v
WHERE v.table_schema = {} AND v.table_name = {}";

const LASTING: &str = "\
SELECT x.table_name, x.engine
FROM information_schema.tables x
JOIN information_schema.engines e ON e.engine = x.engine
WHERE x.table_type <> 'VIEW' AND x.table_schema = {} AND NOT COALESCE(e.transactions = 'YES' AND e.savepoints = 'YES', FALSE)
ORDER BY 1 LIMIT 1";

const ROUTINES: &str = "\
SELECT LOWER(x.routine_type), x.routine_name, NULLIF(x.routine_schema, DATABASE()), x.routine_definition,
    x.sql_mode NOT LIKE '%NO_BACKSLASH_ESCAPES%'
FROM information_schema.routines x
WHERE {}";

const ROUTINE: &str = "x.routine_schema = {} AND x.routine_name = {}";

/// The type that `column_type` spells so, with the column's character set after it.
///
/// Left out are types that would change what is written: a float with digits rounds.
pub(super) fn declared_type(dialect: &Mysql, declared: &str) -> Option<Declared> {
    let (declared, set) = match declared.rsplit_once(CHARACTER_SET) {
        Some((declared, set)) => (declared, CharacterSet::named(set)),
        None => (declared, None),
    };
    let mut found = plain_type(dialect, declared)?;
    found.limits.character_set = set;
    Some(found)
}

/// What stands before the name of a character set.
const CHARACTER_SET: &str = " character set ";

fn plain_type(dialect: &Mysql, declared: &str) -> Option<Declared> {
    if let Some(found) = members(declared, "enum") {
        let choices = found?.into_iter().map(Value::Text).collect();
        return Some(Declared { choices: Some(choices), ..DataType::TEXT.into() });
    }
    if let Some(found) = members(declared, "set") {
        return Some(limited(DataType::TEXT, Limits { members: Some(found?), ..Limits::default() }));
    }
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
    let number = |data_type| limited(data_type, Limits { unsigned, ..Limits::default() });
    let bytes = |data_type, least: u64, most: u64| {
        limited(data_type, Limits { bytes: Some((least, most)), ..Limits::default() })
    };
    // Without a number a second has no fraction.
    let seconds = |data_type| Declared::to_the(data_type, spelling.numbers.first().copied().unwrap_or(0));
    let length = spelling.numbers.first().copied().unwrap_or(1).into();
    use DataType::{BigInt, Bytes, Integer, SmallInt};
    const TEXT: DataType = DataType::TEXT;
    Some(match spelling.name.as_str() {
        "tinyint" if spelling.numbers == [1] && !unsigned => DataType::Bool.into(),
        "tinyint" => integer(SmallInt, i8::MIN.into(), SmallInt, u8::MAX.into()),
        "smallint" => integer(SmallInt, i16::MIN.into(), Integer, u16::MAX.into()),
        "mediumint" => integer(Integer, -(1 << 23), Integer, (1 << 24) - 1),
        "int" => integer(Integer, i32::MIN.into(), BigInt, u32::MAX.into()),
        "bigint" => integer(BigInt, i64::MIN, BigInt, i64::MAX),
        "year" => Declared::within(SmallInt, 1901, 2155),
        "float" if spelling.numbers.is_empty() => number(DataType::Real),
        "double" if spelling.numbers.is_empty() => number(DataType::Double),
        "decimal" => number(spelling.decimal()?),
        "char" | "varchar" => spelling.text()?.into(),
        "tinytext" => bytes(TEXT, 0, TINY),
        "text" => bytes(TEXT, 0, PLAIN),
        "mediumtext" => bytes(TEXT, 0, MEDIUM),
        "longtext" => TEXT.into(),
        "binary" => bytes(Bytes, length, length),
        "varbinary" => bytes(Bytes, 0, length),
        "tinyblob" => bytes(Bytes, 0, TINY),
        "blob" => bytes(Bytes, 0, PLAIN),
        "mediumblob" => bytes(Bytes, 0, MEDIUM),
        "longblob" => Bytes.into(),
        "datetime" => seconds(DataType::DateTime),
        "timestamp" => {
            let mut found = seconds(DataType::DateTime);
            found.limits.moments = Some(timestamps(dialect));
            found
        }
        "date" => DataType::Date.into(),
        "time" => seconds(DataType::Time),
        "json" => DataType::Json.into(),
        "uuid" => DataType::Uuid.into(),
        "inet4" | "inet6" => DataType::Native(spelling.name.clone()).into(),
        _ => return None,
    })
}

/// The most bytes of the kinds of text and blobs.
const TINY: u64 = (1 << 8) - 1;
const PLAIN: u64 = (1 << 16) - 1;
const MEDIUM: u64 = (1 << 24) - 1;

fn limited(data_type: DataType, limits: Limits) -> Declared {
    Declared { limits, ..data_type.into() }
}

/// The first and the last moment of a `timestamp`: seconds from 1970 in 31 bits, on MariaDB from 11.5 in 32.
fn timestamps(dialect: &Mysql) -> (NaiveDateTime, NaiveDateTime) {
    let is_long = dialect.flavour == Flavour::MariaDb && dialect.version >= (11, 5);
    let last = if is_long { u32::MAX.into() } else { i32::MAX.into() };
    let moment = |seconds: i64, micros: u32| {
        DateTime::from_timestamp(seconds, micros * 1_000).unwrap_or_default().naive_utc()
    };
    (moment(1, 0), moment(last, 999_999))
}

/// The members of an `enum` or a `set`; nothing within where they cannot be read.
fn members(declared: &str, kind: &str) -> Option<Option<Vec<String>>> {
    let rest = declared.strip_prefix(kind)?.trim_start();
    let list = rest.strip_prefix('(')?;
    Some(list.strip_suffix(')').and_then(quoted))
}

/// The texts of a list, each in quotes, in which a quote is doubled; nothing where one has characters that are spelt otherwise.
fn quoted(list: &str) -> Option<Vec<String>> {
    if list.contains('\\') {
        return None;
    }
    let mut members = Vec::new();
    let mut rest = list;
    loop {
        let mut member = String::new();
        let mut characters = rest.strip_prefix('\'')?.char_indices().peekable();
        let end = loop {
            match characters.next()? {
                (_, '\'') if characters.peek().is_some_and(|(_, next)| *next == '\'') => {
                    characters.next();
                    member.push('\'');
                }
                (at, '\'') => break at + 2,
                (_, character) => member.push(character),
            }
        };
        members.push(member);
        match rest[end..].strip_prefix(',') {
            Some(more) => rest = more,
            None => return rest[end..].is_empty().then_some(members),
        }
    }
}
