//! Rows of a batch, and the ways in which a database takes them.

use std::collections::VecDeque;
use std::sync::Arc;

use enmasse_core::dialect::{Capability, Dialect};
use enmasse_core::encode::{BatchColumn, BatchShape, Chunk, Duplicates};
use enmasse_core::plan::{EachRow, Form, Load};
use enmasse_core::sql::RowStatement;
use enmasse_core::value::{DataType, Value};
use enmasse_core::{Error, ErrorKind, Result, ValueRef};
use futures_util::future::BoxFuture;

use crate::Database;
use crate::backend::{Chunks, Connection};
use crate::database::handle::Handle;

/// The rows of a batch, encoded beforehand.
pub struct Given(pub VecDeque<Result<(Chunk, usize)>>);

impl Chunks for Given {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<(Chunk, usize)>>> {
        Box::pin(std::future::ready(self.0.pop_front().transpose()))
    }

    fn recycle(&mut self, _chunk: Chunk) {}
}

/// Rows `(1, 'n1')`, `(2, 'n2')` and so on, a hundred at a time; in place of the row with the number `refused` is an error.
pub fn numbered(dialect: &Arc<dyn Dialect>, form: Form, count: i64, refused: i64) -> Given {
    let shape = Arc::new(BatchShape {
        columns: vec![BatchColumn::own(DataType::Integer), BatchColumn::own(DataType::TEXT)],
        positions: vec![0, 1],
        masks: 0,
        key: 1,
        duplicates: Duplicates::InDatabase,
    });
    let mut encoder = form.encoder(dialect, &shape, Some(100));
    let mut chunks = VecDeque::new();
    for id in 1..=count {
        if id == refused {
            chunks.push_back(Err(Error::new(ErrorKind::Value, "that one")));
            return Given(chunks);
        }
        let name = Value::Text(format!("n{id}"));
        let cell = |column| Ok(if column == 0 { ValueRef::Int(id) } else { ValueRef::from(&name) });
        encoder.row(cell).unwrap();
        if encoder.is_full() {
            chunks.push_back(Ok(encoder.take()));
        }
    }
    // of the streams it has the end, of the others no rows
    let (rest, rows) = encoder.finish_rows();
    if rows > 0 || !matches!(rest, Chunk::Rows(_)) {
        chunks.push_back(Ok((rest, rows)));
    }
    Given(chunks)
}

/// How a database takes rows.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Rows,
    Copy,
    Load,
    Bulk,
}

impl Way {
    pub fn of(db: &Database) -> Vec<Way> {
        let dialect = db.executor().dialect();
        let ways = [
            (Way::Rows, Capability::LocalCalls),
            (Way::Copy, Capability::CopyStream),
            (Way::Load, Capability::LoadStream),
            (Way::Bulk, Capability::BulkExecute),
        ];
        ways.into_iter().filter(|(_, needs)| dialect.supports(*needs)).map(|(way, _)| way).collect()
    }

    pub fn form(self) -> Form {
        match self {
            Way::Rows => Form::Cells,
            Way::Copy => Form::CopyBinary,
            Way::Load => Form::LoadData,
            Way::Bulk => Form::Stored,
        }
    }

    pub fn is_staged(self) -> bool {
        matches!(self, Way::Copy | Way::Load)
    }

    /// The statement that takes the rows `(id, name)` into a table.
    pub fn load(self, table: &str) -> Load {
        let sql = match self {
            Way::Copy => format!("COPY {table} (id, name) FROM STDIN BINARY"),
            _ => format!(
                "LOAD DATA LOCAL INFILE 'enmasse' REPLACE INTO TABLE {table} CHARACTER SET utf8mb4 \
                 FIELDS TERMINATED BY 0x09 ESCAPED BY 0x5C LINES TERMINATED BY 0x0A (id, name)"
            ),
        };
        Load { sql, form: self.form() }
    }
}

/// Writes rows and nothing more; `alone` is a transaction of its own.
pub fn write_only(write: RowStatement, own_transaction: bool) -> Arc<EachRow> {
    Arc::new(EachRow { own_transaction, ..EachRow::plain(write) })
}

/// Says what the closure is: by itself it would not be found to give back the borrow that it was given.
pub fn as_work<T, F>(work: F) -> F
where
    F: for<'c> Fn(&'c mut (dyn Connection + 'static)) -> BoxFuture<'c, Result<T>>,
{
    work
}
