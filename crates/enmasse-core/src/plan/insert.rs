//! `create` and `bulk_create`: new rows.

use std::sync::Arc;

use crate::compile::Selection;
use crate::dialect::{Capability, Dialect, quote_table};
use crate::encode::{BatchColumn, BatchShape, Chunk, Duplicates};
use crate::error::{Error, Result};
use crate::plan::step::stored;
use crate::plan::strategy::postgres::arrays;
use crate::plan::strategy::staging::plain;
use crate::plan::{Call, ChunkGives, ChunkStatement, EachChunk, EachRow, Either, Form, Plan, Step};
use crate::query::{Expr, FieldPath, KeySet};
use crate::schema::{Field, ModelRef};
use crate::sql::{Fragment, Param, Statement};
use crate::value::{DataType, Value};

/// Parameters in one `INSERT … VALUES`: past this, the statement gets longer but not faster.
const PARAMS: usize = 4_096;
/// Rows in one `INSERT … SELECT FROM unnest`.
const ROWS: usize = 10_000;

/// The fields whose values the database makes for a new row, in the order in which an insert gives them back: generated
/// columns, and the identity key where the rows have none.
pub fn made_by_database(model: &ModelRef, keyless: bool) -> Vec<usize> {
    let made = |field: &Field| !field.is_writable() || keyless && field.identity;
    model.own().filter(|&position| made(&model.fields[position])).collect()
}

/// The fields whose values an insert gives back for each new row: all that the database makes; where it cannot give rows
/// back, the identity key alone, which it counts up from the first of each statement.
pub fn given_back(dialect: &dyn Dialect, model: &ModelRef, keyless: bool) -> Vec<usize> {
    let mut made = made_by_database(model, keyless);
    if !dialect.supports(Capability::InsertReturning) {
        made.retain(|&position| model.fields[position].identity);
    }
    made
}

/// The query that reads what the database made for rows with these keys, where their insert could not give it back: of each row its key, then the
/// fields at these positions. `None` where there are no keys.
///
/// # Errors
///
/// [`Value`](crate::ErrorKind::Value) where one is no key of the model.
pub fn read_made(
    dialect: &dyn Dialect,
    model: &ModelRef,
    keys: &[Vec<Value>],
    fields: &[usize],
) -> Result<Option<Selection>> {
    let field = |position: usize| Expr::field(FieldPath::new([model.fields[position].name.clone()]));
    let values: Vec<_> = model.key().into_iter().chain(fields.iter().copied()).map(field).collect();
    KeySet::known(model, keys).rows().select_values(dialect, &values)
}

/// The plan that moves the counter of the model's identity key past the greatest key in the table, so that the database gives none that
/// is there; where the user may not do that, it stays. Nothing to do where the database's counter follows by itself, or there is none.
pub fn advance_identity(dialect: &dyn Dialect, model: &ModelRef) -> Plan {
    let identity = model.own().find(|&position| model.fields[position].identity);
    let advance = identity.and_then(|position| {
        dialect.advance_identity(&quote_table(dialect, &model.table), &model.fields[position].column)
    });
    let steps = advance.into_iter().map(|[may, advance]| {
        Step::Either(Either {
            ask: may.statement(dialect),
            then: advance.statement(dialect),
            otherwise: plain("SELECT 1".to_owned()),
        })
    });
    Plan::of(steps.collect())
}

/// The plan that inserts rows into the model's own table. Its [`batch`](Plan::batch) says what the rows carry: the values of the fields
/// that are in that table and that the database does not make. `rows` is how many there are, where that is known.
///
/// With `keyless`, no row has a value for the identity key. What the database makes comes back for each row, see
/// [`given_back`]; where it cannot give rows back, only the first identity value of each statement does.
///
/// # Errors
///
/// [`Request`](crate::ErrorKind::Request) where the batch size is 0.
pub fn insert(
    dialect: &dyn Dialect,
    model: &ModelRef,
    rows: Option<u64>,
    keyless: bool,
    batch_size: Option<usize>,
) -> Result<Plan> {
    if batch_size == Some(0) {
        return Err(Error::request("The batch size must be positive."));
    }
    if rows == Some(0) {
        return Ok(Plan::default());
    }
    let made = made_by_database(model, keyless);
    let given: Vec<usize> = model.own().filter(|position| !made.contains(position)).collect();
    let columns: Vec<_> =
        given.iter().map(|&position| dialect.quote(&model.fields[position].column)).collect();
    let types: Vec<_> = given.iter().map(|&position| model.fields[position].data_type.clone()).collect();
    let mut returned = Vec::new();
    let mut into = format!("INSERT INTO {} ({})", quote_table(dialect, &model.table), columns.join(", "));
    if given.iter().any(|&position| model.fields[position].always_identity) {
        into.push_str(" OVERRIDING SYSTEM VALUE");
    }
    let mut returning = String::new();
    if !made.is_empty() && dialect.supports(Capability::InsertReturning) {
        returned.extend(made.iter().map(|&position| model.fields[position].data_type.clone()));
        let made = made.iter().map(|&position| {
            let field = &model.fields[position];
            dialect.selected(dialect.quote(&field.column).into(), &field.data_type).statement(dialect).sql
        });
        returning = format!(" RETURNING {}", made.collect::<Vec<_>>().join(", "));
    }

    let has_arrays = types.iter().any(DataType::is_taken_apart);
    let chunks = |sql: String, form: Form, most: usize, make: Arc<dyn ChunkStatement>| {
        let gives = ChunkGives::Inserted(returned.clone());
        Step::EachChunk(EachChunk { sql, form, most, make, gives, is_atomic: true })
    };
    let step = if types.is_empty() {
        // a row of nothing but its key
        let sql = format!("{}{returning}", dialect.insert_nothing(&quote_table(dialect, &model.table)));
        chunks(sql.clone(), Form::Stored, 1, Arc::new(Nothing { sql }))
    } else if dialect.supports(Capability::LocalCalls) {
        let cells = Fragment::join((0..types.len()).map(Fragment::cell), ", ");
        let mut write = Fragment::text(format!("{into} VALUES ("));
        write.push(cells);
        write.push(format!("){returning}"));
        let write = write.row_statement(dialect);
        Step::EachRow(EachRow { returned, missing: false, ..EachRow::plain(write) })
    } else if dialect.supports(Capability::ArrayParams) && !has_arrays && rows != Some(1) {
        let names: Vec<_> = (0..types.len()).map(|number| format!("v{number}")).collect();
        let names = names.join(", ");
        let types: Vec<_> = types.into_iter().map(|data_type| DataType::Array(Box::new(data_type))).collect();
        let sql = format!(
            "{into} SELECT {names} FROM unnest({}) WITH ORDINALITY AS b({names}, n) ORDER BY n{returning}",
            arrays::placeholders(dialect, &types)
        );
        let most = batch_size.unwrap_or(ROWS);
        chunks(sql.clone(), Form::Arrays, most, Arc::new(Unnested { sql, types }))
    } else {
        let most = batch_size.unwrap_or(PARAMS / types.len()).min(dialect.max_params() / types.len()).max(1);
        let longest = rows.map_or(most, |rows| most.min(rows as usize)) * types.len();
        let places = (1..=longest).zip(types.iter().cycle());
        let places = places.map(|(number, data_type)| dialect.typed_placeholder(number, data_type)).collect();
        let list = Listed { into: format!("{into} VALUES "), places, after: returning, types };
        chunks(list.sql(1), Form::Stored, most, Arc::new(list))
    };
    let batch = BatchShape {
        columns: given.iter().map(|&position| BatchColumn::of(model, position)).collect(),
        positions: given,
        masks: 0,
        key: 0,
        duplicates: Duplicates::InDatabase,
    };
    Ok(Plan { batch: Some(Arc::new(batch)), ..Plan::of(vec![step]) })
}

/// Inserts rows of nothing.
struct Nothing {
    sql: String,
}

impl ChunkStatement for Nothing {
    fn call(&self, _rows: Chunk) -> Call {
        Call::Once(Statement { sql: self.sql.clone(), params: Vec::new() })
    }
}

/// Inserts rows from one array for each column.
struct Unnested {
    sql: String,
    types: Vec<DataType>,
}

impl ChunkStatement for Unnested {
    fn call(&self, rows: Chunk) -> Call {
        Call::Once(Statement { sql: self.sql.clone(), params: arrays::encoded(rows, &self.types) })
    }
}

/// `INSERT INTO … VALUES (…), (…)`
struct Listed {
    into: String,
    places: Vec<String>,
    after: String,
    types: Vec<DataType>,
}

impl Listed {
    fn sql(&self, rows: usize) -> String {
        values(&self.into, self.types.len(), rows, |place| self.places[place].clone(), &self.after)
    }
}

impl ChunkStatement for Listed {
    fn call(&self, rows: Chunk) -> Call {
        let rows = stored(rows);
        let sql = self.sql(rows.len());
        let params = rows.into_iter().flatten().zip(self.types.iter().cycle().cloned());
        let params = params.map(|(value, data_type)| Param { value, data_type }).collect();
        Call::Once(Statement { sql, params })
    }
}

/// `head (…), (…) tail`: `rows` rows of `width` places each, which are counted from 0.
pub(super) fn values(
    head: &str,
    width: usize,
    rows: usize,
    place: impl Fn(usize) -> String,
    tail: &str,
) -> String {
    let mut sql = head.to_owned();
    for row in 0..rows {
        sql.push_str(if row > 0 { ", (" } else { "(" });
        for column in 0..width {
            sql.push_str(if column > 0 { ", " } else { "" });
            sql.push_str(&place(row * width + column));
        }
        sql.push(')');
    }
    sql.push_str(tail);
    sql
}
