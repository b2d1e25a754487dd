//! The CSV file, which the database's own tools read without any conversion: the best case for the scripts by
//! hand.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::batch::{self, Size};
use crate::floor::text::{push_price, push_time};
use crate::formula;
use crate::options::Database;

pub const HEADER: &str = "id,name,points,price,seen,active,note";

/// Writes all rows of the table: changed rows with the version's values, the others with those of version 0.
pub fn write(
    path: &Path,
    database: Database,
    size: Size,
    ordered: bool,
    version: i64,
) -> std::io::Result<()> {
    let mut keys: Vec<i64> = (1..=size.table as i64).collect();
    if !ordered {
        formula::shuffle(&mut keys);
    }
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    writeln!(file, "{HEADER}")?;
    // PostgreSQL's type has a time zone; without one, the session's would be used.
    let zone = if database == Database::Postgres { "+00" } else { "" };
    let (mut price, mut seen) = (Vec::new(), Vec::new());
    for id in keys {
        let version = if id % size.stride as i64 == 0 { version } else { 0 };
        let item = batch::item(id, version);
        price.clear();
        push_price(&mut price, item.price);
        seen.clear();
        push_time(&mut seen, item.seen);
        write!(file, "{id},{},{},", item.name, item.points)?;
        file.write_all(&price)?;
        file.write_all(b",")?;
        file.write_all(&seen)?;
        writeln!(file, "{zone},{},{}", u8::from(item.active), item.note)?;
    }
    file.flush()
}
