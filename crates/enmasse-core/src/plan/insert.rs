//! `create` and `bulk_create`: new rows.

use crate::dialect::{Capability, Dialect, quote_table};
use crate::error::{Error, Result};
use crate::expr::{Expr, FieldPath};
use crate::plan::strategy::staging::plain;
use crate::plan::strategy::{arrays, parts};
use crate::plan::{Plan, Rows, Statements, Step, WriteEither};
use crate::query::{KeySet, Selection};
use crate::schema::{Field, ModelRef};
use crate::sql::{Param, Statement};
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
        Step::WriteEither(WriteEither {
            ask: may.statement(dialect),
            then: advance.statement(dialect),
            otherwise: plain("SELECT 1".to_owned()),
        })
    });
    Plan::of(steps.collect())
}

/// The plan that inserts rows into the model's own table: for each, the values of all fields of the model in order; those in the tables of
/// models that it extends are left out.
///
/// With `keyless`, no row has a value for the identity key. What the database makes comes back for each row, see
/// [`given_back`]; where it cannot give rows back, the step has no returned columns.
///
/// # Errors
///
/// [`Value`](crate::ErrorKind::Value) where a value does not fit its field; [`Request`](crate::ErrorKind::Request) where the
/// batch size is 0 or a row has more or fewer values than the model has fields.
pub fn insert(
    dialect: &dyn Dialect,
    model: &ModelRef,
    rows: Vec<Vec<Value>>,
    keyless: bool,
    batch_size: Option<usize>,
) -> Result<Plan> {
    if batch_size == Some(0) {
        return Err(Error::request("The batch size must be positive."));
    }
    if rows.is_empty() {
        return Ok(Plan::default());
    }
    if let Some(row) = rows.iter().find(|row| row.len() != model.fields.len()) {
        let (fields, values) = (model.fields.len(), row.len());
        return Err(Error::request(format!(
            "{} has {fields} fields, but a row has {values} values.",
            model.name
        )));
    }
    let made = made_by_database(model, keyless);
    let given: Vec<usize> = model.own().filter(|position| !made.contains(position)).collect();
    let stored =
        rows.into_iter().map(|row| stored(dialect, model, &given, row)).collect::<Result<Vec<_>>>()?;
    let count = stored.len() as u64;

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
    let step = if types.is_empty() {
        // A row of nothing but its key.
        into = format!("{}{returning}", dialect.insert_nothing(&quote_table(dialect, &model.table)));
        let sql = into.clone();
        let each = stored.into_iter().map(move |_| (Statement { sql: into.clone(), params: Vec::new() }, 1));
        Step::Insert { statements: Statements { sql, each: Box::new(each) }, returned }
    } else if dialect.supports(Capability::LocalCalls) {
        let places = arrays::placeholders(dialect, &types);
        let sql = format!("{into} VALUES ({places}){returning}");
        Step::InsertEach(Rows { sql, types, rows: Box::new(stored.into_iter()), key: 0..0, returned })
    } else if dialect.supports(Capability::ArrayParams) && !has_arrays && count > 1 {
        let names: Vec<_> = (0..types.len()).map(|number| format!("v{number}")).collect();
        let names = names.join(", ");
        let types: Vec<_> = types.into_iter().map(|data_type| DataType::Array(Box::new(data_type))).collect();
        let sql = format!(
            "{into} SELECT {names} FROM unnest({}) WITH ORDINALITY AS b({names}, n) ORDER BY n{returning}",
            arrays::placeholders(dialect, &types)
        );
        let most = dialect.max_statement_bytes();
        let parts = parts(stored, batch_size.unwrap_or(ROWS)).flat_map(move |part| below(part, most));
        let statements = Statements::chunks(parts, move |rows| Statement {
            sql: sql.clone(),
            params: arrays::columns(&types, rows.into_iter()),
        });
        Step::Insert { statements, returned }
    } else {
        let size = batch_size.unwrap_or(PARAMS / types.len());
        let statements =
            values_statements(dialect, format!("{into} VALUES "), types, stored, size, &returning);
        Step::Insert { statements, returned }
    };
    Ok(Plan::of(vec![step]))
}

fn stored(
    dialect: &dyn Dialect,
    model: &ModelRef,
    given: &[usize],
    mut row: Vec<Value>,
) -> Result<Vec<Value>> {
    given
        .iter()
        .map(|&position| {
            let field = &model.fields[position];
            let value = field.clean(&model.name, std::mem::replace(&mut row[position], Value::Null))?;
            dialect
                .store(&value, &field.data_type)
                .map_err(|error| error.at(format!("{}.{}", model.name, field.name)))
        })
        .collect()
}

/// `INSERT INTO … VALUES (…), (…)` for each `size` rows, with a statement's bytes kept below the server's limit.
pub(super) fn values_statements(
    dialect: &dyn Dialect,
    into: String,
    types: Vec<DataType>,
    rows: Vec<Vec<Value>>,
    size: usize,
    after: &str,
) -> Statements {
    let most = dialect.max_statement_bytes();
    let size = size.min(dialect.max_params() / types.len()).max(1);
    let longest = types.len() * size.min(rows.len());
    let types_of_all = types.iter().cycle();
    let places: Vec<String> = (1..=longest)
        .zip(types_of_all)
        .map(|(number, data_type)| dialect.typed_placeholder(number, data_type))
        .collect();
    let parts = parts(rows, size);
    let after = after.to_owned();
    Statements::chunks(parts.flat_map(move |part| below(part, most)), move |rows| {
        let sql = values(&into, types.len(), rows.len(), |place| places[place].clone(), &after);
        let types = types.iter().cycle().cloned();
        let params = rows.into_iter().flatten().zip(types);
        Statement { sql, params: params.map(|(value, data_type)| Param { value, data_type }).collect() }
    })
}

/// `head (…), (…) tail`: so many rows of so many places each, which are counted from 0.
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

/// Splits rows so that no part has more than about so many bytes, unless one row alone has.
pub(super) fn below(rows: Vec<Vec<Value>>, most: usize) -> Vec<Vec<Vec<Value>>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for row in rows {
        let size: usize = row.iter().map(Value::wire_size).sum();
        if bytes + size > most && bytes > 0 {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        parts.last_mut().expect("there is one").push(row);
    }
    parts
}
