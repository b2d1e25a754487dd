//! The floor of MariaDB and MySQL: LOAD DATA LOCAL into a staging table, and a join that locks only the
//! written rows, in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Params, Value};

use super::text::{push_escaped, push_int, push_price, push_time};
use crate::batch::{Batch, Item};
use crate::options::Database;
use crate::table::mysql::connect;
use crate::way::Way;

const SET: &str = "item.name = b.name, item.points = b.points, item.price = b.price, item.seen = b.seen, \
                   item.active = b.active, item.note = b.note";

/// The way to create, fill and join the staging table.
#[derive(Clone, Copy)]
struct Form {
    name: &'static str,
    table: &'static str,
    /// Whether the rows are sent in key order.
    is_ordered: bool,
    join: Join,
}

#[derive(Clone, Copy)]
enum Join {
    /// The staging table first, read in this way.
    Staging(&'static str),
    /// The target first, by ranges of the batch's keys: MariaDB writes the first table of a join directly,
    /// and any other through a temporary table.
    Target,
}

const SORTED: &str = "(SELECT * FROM staging ORDER BY id LIMIT 18446744073709551615) b";

/// A table without a key is read in insertion order.
const MARIADB: [Form; 4] = [
    Form {
        name: "staging first, sorted by the server",
        table: "ENGINE=Aria TRANSACTIONAL=0",
        is_ordered: false,
        join: Join::Staging(SORTED),
    },
    Form {
        name: "staging first, sorted by the client",
        table: "ENGINE=Aria TRANSACTIONAL=0",
        is_ordered: true,
        join: Join::Staging("staging b"),
    },
    Form {
        name: "target first, InnoDB",
        table: "(PRIMARY KEY (id)) ENGINE=InnoDB",
        is_ordered: true,
        join: Join::Target,
    },
    Form {
        name: "target first, Aria",
        table: "(PRIMARY KEY (id)) ENGINE=Aria TRANSACTIONAL=0",
        is_ordered: true,
        join: Join::Target,
    },
];

const MYSQL: [Form; 4] = [
    Form {
        name: "staging first, sorted by the server",
        table: "ENGINE=InnoDB",
        is_ordered: false,
        join: Join::Staging(SORTED),
    },
    Form {
        name: "staging first, sorted by the client",
        table: "ENGINE=MyISAM",
        is_ordered: true,
        join: Join::Staging("staging b"),
    },
    Form {
        name: "target first, InnoDB",
        table: "(PRIMARY KEY (id)) ENGINE=InnoDB",
        is_ordered: true,
        join: Join::Target,
    },
    Form {
        name: "target first, MyISAM",
        table: "(PRIMARY KEY (id)) ENGINE=MyISAM",
        is_ordered: true,
        join: Join::Target,
    },
];

/// The setting for MariaDB's update by keys; otherwise the server would convert them to a table.
const KEYS_AS_RANGES: &str = "SET STATEMENT in_predicate_conversion_threshold = 0 FOR ";

struct Staged {
    conn: Conn,
    form: Form,
    settings: &'static str,
}

pub async fn staged(database: Database, url: &str) -> Result<Vec<(&'static str, Box<dyn Way>)>> {
    let (staged, settings) =
        if database == Database::MariaDb { (MARIADB, KEYS_AS_RANGES) } else { (MYSQL, "") };
    let mut forms: Vec<(_, Box<dyn Way>)> = Vec::new();
    for form in staged {
        forms.push((form.name, Box::new(Staged { conn: connect(url).await?, form, settings })));
    }
    Ok(forms)
}

#[async_trait]
impl Way for Staged {
    async fn run(&mut self, batch: &Arc<Batch>) -> Result<Duration> {
        let begun = Instant::now();
        let mut order: Vec<u32> = (0..batch.items.len() as u32).collect();
        if self.form.is_ordered {
            order.sort_unstable_by_key(|&place| batch.items[place as usize].id);
        }
        let updates = match self.form.join {
            Join::Staging(rows) => {
                vec![format!("UPDATE {rows} STRAIGHT_JOIN item ON item.id = b.id SET {SET}")]
            }
            Join::Target => {
                let keys: Vec<i64> = order.iter().map(|&place| batch.items[place as usize].id).collect();
                keys.chunks(KEYS).map(|keys| by_ranges(self.settings, keys)).collect()
            }
        };
        let create =
            format!("CREATE TEMPORARY TABLE staging {} AS SELECT * FROM item LIMIT 0", self.form.table);
        self.conn.query_drop(create).await?;
        self.conn.query_drop("START TRANSACTION").await?;
        let sent = batch.clone();
        self.conn.set_infile_handler(async move { Ok(lines(sent, order).boxed()) });
        self.conn.query_drop(LOAD).await?;
        let mut written = 0;
        for update in updates {
            self.conn.query_drop(update).await?;
            written += self.conn.affected_rows();
        }
        self.conn.query_drop("COMMIT").await?;
        self.conn.query_drop("DROP TEMPORARY TABLE staging").await?;
        let took = begun.elapsed();
        ensure!(written == batch.size.rows as u64, "{written} rows changed");
        Ok(took)
    }
}

const LOAD: &str = "LOAD DATA LOCAL INFILE 'items' INTO TABLE staging CHARACTER SET utf8mb4 \
                    (id, name, points, price, seen, active, note)";

/// Keys per statement: with more than 32,000 the server would scan the table.
const KEYS: usize = 10_000;

/// The server sorts the keys of an `IN`. Consecutive keys are one range.
fn by_ranges(settings: &str, keys: &[i64]) -> String {
    let (first, last) = (keys[0], keys[keys.len() - 1]);
    let these = if (last - first + 1) as usize == keys.len() {
        format!("BETWEEN {first} AND {last}")
    } else {
        let mut these = Vec::with_capacity(keys.len() * 8);
        for &key in keys {
            push_int(&mut these, key);
            these.push(b',');
        }
        these.pop();
        format!("IN ({})", String::from_utf8_lossy(&these))
    };
    format!(
        "{settings}UPDATE item FORCE INDEX (PRIMARY) STRAIGHT_JOIN staging b ON b.id = item.id SET {SET} WHERE item.id {these}"
    )
}

/// The rows in LOAD DATA's format, written while the server reads earlier ones.
fn lines(batch: Arc<Batch>, order: Vec<u32>) -> impl stream::Stream<Item = std::io::Result<Bytes>> + Send {
    const ROWS: usize = 500;
    let parts = (0..order.len().div_ceil(ROWS)).map(move |part| {
        let mut text = Vec::with_capacity(ROWS * 192);
        for &place in order[part * ROWS..].iter().take(ROWS) {
            push_line(&mut text, &batch.items[place as usize]);
        }
        Ok(Bytes::from(text))
    });
    stream::iter(parts)
}

fn push_line(into: &mut Vec<u8>, item: &Item) {
    push_int(into, item.id);
    into.push(b'\t');
    push_escaped(into, &item.name);
    into.push(b'\t');
    push_int(into, item.points.into());
    into.push(b'\t');
    push_price(into, item.price);
    into.push(b'\t');
    push_time(into, item.seen);
    into.push(b'\t');
    push_int(into, item.active.into());
    into.push(b'\t');
    push_escaped(into, &item.note);
    into.push(b'\n');
}

/// One prepared statement for a few rows.
struct Statement {
    conn: Conn,
    sql: fn(usize) -> String,
    params: fn(&[&Item]) -> Vec<Value>,
}

pub async fn statements(url: &str) -> Result<Vec<(&'static str, Box<dyn Way>)>> {
    let union = Statement { conn: connect(url).await?, sql: union, params: rows };
    let cases = Statement { conn: connect(url).await?, sql: cases, params: columns };
    Ok(vec![("one statement, UNION ALL", Box::new(union)), ("one statement, CASE", Box::new(cases))])
}

#[async_trait]
impl Way for Statement {
    async fn run(&mut self, batch: &Arc<Batch>) -> Result<Duration> {
        // The driver keeps the prepared statement; its text is constant.
        let sql = (self.sql)(batch.items.len());
        let begun = Instant::now();
        let params = Params::Positional((self.params)(&batch.sorted()));
        self.conn.exec_drop(&sql, params).await?;
        let took = begun.elapsed();
        let written = self.conn.affected_rows();
        ensure!(written == batch.size.rows as u64, "{written} rows changed");
        Ok(took)
    }
}

fn union(count: usize) -> String {
    let first = "SELECT ? id, ? name, ? points, ? price, ? seen, ? active, ? note".to_owned();
    let rows = std::iter::once(first).chain((1..count).map(|_| "SELECT ?, ?, ?, ?, ?, ?, ?".to_owned()));
    let rows = rows.collect::<Vec<_>>().join(" UNION ALL ");
    format!("UPDATE ({rows}) b STRAIGHT_JOIN item ON item.id = b.id SET {SET}")
}

fn rows(items: &[&Item]) -> Vec<Value> {
    items.iter().flat_map(|item| std::iter::once(Value::Int(item.id)).chain(values(item))).collect()
}

fn cases(count: usize) -> String {
    let whens = "WHEN ? THEN ? ".repeat(count);
    let set = ["name", "points", "price", "seen", "active", "note"]
        .map(|name| format!("{name} = CASE id {whens}END"));
    let keys = vec!["?"; count].join(", ");
    format!("UPDATE item SET {} WHERE id IN ({keys}) ORDER BY id", set.join(", "))
}

fn columns(items: &[&Item]) -> Vec<Value> {
    let rows: Vec<_> = items.iter().map(|item| (Value::Int(item.id), values(item))).collect();
    let column =
        |number: usize| rows.iter().flat_map(move |(id, values)| [id.clone(), values[number].clone()]);
    (0..6).flat_map(column).chain(rows.iter().map(|(id, _)| id.clone())).collect()
}

fn values(item: &Item) -> [Value; 6] {
    let text = |push: fn(&mut Vec<u8>, &Item)| {
        let mut text = Vec::new();
        push(&mut text, item);
        Value::Bytes(text)
    };
    [
        Value::from(&item.name),
        Value::Int(item.points.into()),
        text(|text, item| push_price(text, item.price)),
        text(|text, item| push_time(text, item.seen)),
        Value::Int(item.active.into()),
        Value::from(&item.note),
    ]
}
