//! Inserts of many rows into the staging table, where a driver has no faster way.
//!
//! ```sql
//! REPLACE INTO `enmasse_batch` VALUES (?, ?), (?, ?), …
//! INSERT INTO pg_temp."enmasse_batch" VALUES ($1, $2), ($3, $4), …
//! ```

use std::sync::Arc;

use crate::dialect::Dialect;
use crate::encode::Chunk;
use crate::error::Result;
use crate::plan::bulk::Job;
use crate::plan::insert::values;
use crate::plan::step::stored;
use crate::plan::{Call, ChunkGives, ChunkStatement, EachChunk, Form, Step};
use crate::sql::{Param, Statement};
use crate::value::DataType;

/// Parameters in one `INSERT`: past this, the statement gets longer but not faster.
const PARAMS: usize = 4_096;

/// Inserts the rows into the staging table, some at a time.
pub(super) fn fill(dialect: &dyn Dialect, job: &Job<'_>, batch: &str) -> Result<Step> {
    let types = job.types();
    let most = (PARAMS.min(dialect.max_params()) / types.len()).clamp(1, job.size.unwrap_or(usize::MAX));
    // where places have numbers, each row has its own
    let is_numbered = dialect.placeholder(1) != dialect.placeholder(2);
    let rows = if is_numbered { most } else { 1 };
    let numbered = (1..).zip(types.iter().cycle()).take(rows * types.len());
    let place = |(number, data_type)| dialect.staged(&dialect.placeholder(number), data_type);
    let places = numbered.map(place).collect::<Result<_>>()?;
    // a key that comes again is found when all have come, and named
    let verb = dialect.insert_staged();
    let insert = Insert { into: format!("{verb} INTO {batch} VALUES "), places, types };
    Ok(Step::EachChunk(EachChunk {
        sql: insert.sql(1),
        form: Form::Stored,
        most,
        make: Arc::new(insert),
        gives: ChunkGives::Nothing,
        is_atomic: true,
    }))
}

struct Insert {
    into: String,
    /// The places of a row, or of all rows of the longest statement.
    places: Vec<String>,
    types: Vec<DataType>,
}

impl Insert {
    fn sql(&self, rows: usize) -> String {
        let place = |place: usize| self.places[place % self.places.len()].clone();
        values(&self.into, self.types.len(), rows, place, "")
    }
}

impl ChunkStatement for Insert {
    fn call(&self, rows: Chunk) -> Call {
        let rows = stored(rows);
        let sql = self.sql(rows.len());
        let params = rows.into_iter().flatten().zip(self.types.iter().cycle().cloned());
        let params = params.map(|(value, data_type)| Param { value, data_type }).collect();
        Call::Once(Statement { sql, params })
    }
}
