//! `delete` of rows that are in several tables: of all of them, the model's own first.

use std::cmp::Reverse;

use crate::compile::Compiler;
use crate::dialect::{DeleteBy, Dialect, Lock};
use crate::error::Result;
use crate::plan::chain::{ChainWrite, Part, needs_temporary_tables};
use crate::plan::strategy::staging::plain;
use crate::plan::{Gives, Plan, Step, copied};
use crate::query::Query;
use crate::schema::ModelRef;

pub(in crate::plan) fn delete(dialect: &dyn Dialect, query: &Query) -> Result<Plan> {
    needs_temporary_tables(dialect)?;
    let Some(mut write) = ChainWrite::new(query, Compiler::new(dialect, query), Vec::new())? else {
        return Ok(Plan::default());
    };
    let mut parts = Vec::new();
    all(&query.model, Vec::new(), &mut parts);
    parts.sort_by_key(|part| (part.is_aside(), Reverse(part.way.len())));
    write.parts = parts;

    let keys = dialect.temporary(&write.free_name("enmasse_taken"));
    let columns = write.keys();
    let lock = write.lock(Lock::Row, true);
    let mut rows = write.select(columns);
    if lock.is_some() {
        rows.push(" ORDER BY k");
    }
    let drop = || Step::prepare(plain(dialect.drop_temporary(&keys)));
    let mut steps = vec![drop()];
    steps.extend(copied::copy(dialect, &keys, &rows, lock));
    let counts = plain(format!("SELECT COUNT(*), COUNT(*) FROM {keys}"));
    steps.push(Step::Run(counts, Gives::counts()));
    let name = write.free_name("taken");
    let mut order: Vec<_> = write.parts.iter().enumerate().collect();
    order.sort_by_key(|(_, part)| part.way.len());
    for (number, part) in order {
        let (table, key, column) = (part.table(dialect), part.own_key(dialect), part.taken_key(number));
        let sql = dialect.delete_by(DeleteBy {
            table: &table,
            key: &key,
            keys: &keys,
            name: &name,
            column: &column,
        });
        steps.push(Step::Run(plain(sql), Gives::MatchedIn(part.model.table.clone())));
    }
    steps.push(drop());
    Ok(Plan::of(steps))
}

/// The tables of a model and of all that it extends.
fn all(model: &ModelRef, way: Vec<usize>, parts: &mut Vec<Part>) {
    for (number, (above, _)) in model.extended().into_iter().enumerate() {
        let way = way.iter().copied().chain([number]).collect();
        all(&above, way, parts);
    }
    parts.push(Part { model: model.clone(), way, set: Vec::new() });
}
