//! `filter(…).update(…).returning()`: the rows come back.

use chrono::{DateTime, Utc};

use crate::compile::Compiler;
use crate::dialect::{Capability, Dialect, Lock, quote_table};
use crate::error::Result;
use crate::plan::bulk::Returning;
use crate::plan::update::{Assignment, assigned, refuse, select, update_sql};
use crate::plan::{Gives, Plan, Step, chain, copied, free_name};
use crate::query::{Expr, FieldPath, Q, Query};
use crate::sql::{Fragment, Statement};
use crate::value::DataType;

/// The plan of [`update`](crate::plan::update()) that gives the rows back: all fields of each, as [`Returning`] says.
///
/// Where the database cannot do it in one statement, the rows are copied to a temporary table and locked, in the order of their keys,
/// and just these are then updated and read.
///
/// # Errors
///
/// As [`update`](crate::plan::update()).
pub fn update_returning(
    dialect: &dyn Dialect,
    query: &Query,
    assignments: &[Assignment],
    now: DateTime<Utc>,
    returning: Returning,
) -> Result<Plan> {
    refuse(query)?;
    let set = assigned(&query.model, assignments, now)?;
    if query.model.is_child() && !set.is_empty() {
        return chain::update(dialect, query, &set, returning, true);
    }
    let Some(mut sql) = update_sql(dialect, query, set.clone())? else { return Ok(Plan::default()) };
    let model = &query.model;
    let own = dialect.quote(&model.table_name());
    let columns: Vec<_> =
        model.fields.iter().map(|field| format!("{own}.{}", dialect.quote(&field.column))).collect();
    let types: Vec<_> = model.fields.iter().map(|field| field.data_type.clone()).collect();
    let selected = |columns: Vec<String>| -> Vec<String> {
        let each = columns.into_iter().zip(&types);
        each.map(|(column, data_type)| dialect.selected(column.into(), data_type).statement(dialect).sql)
            .collect()
    };
    match returning {
        Returning::Nothing => return Ok(Plan::of(vec![Step::write(sql.statement(dialect))])),
        Returning::New if dialect.supports(Capability::UpdateReturning) => {
            sql.push(format!(" RETURNING {}", selected(columns.clone()).join(", ")));
            let gives = Gives::Rows { columns: types.clone(), are_written: true };
            return Ok(Plan::of(vec![Step::Run(sql.statement(dialect), gives)]));
        }
        Returning::New | Returning::OldAndNew | Returning::Changed => {}
    }

    let plain = |sql: String| Statement { sql, params: Vec::new() };
    let old = dialect.temporary(&free_name(model, "enmasse_old"));
    let mut compiler = Compiler::new(dialect, query);
    let condition = compiler.filters(query)?;
    let numbered =
        columns.iter().enumerate().map(|(number, column)| Fragment::text(format!("{column} o{number}")));
    let multiplies = compiler.multiplies();
    let key = model.key();
    let names =
        |of: &str| key.iter().map(|position| format!("{of}o{position}")).collect::<Vec<_>>().join(", ");
    let own_key = key.iter().map(|&position| columns[position].as_str()).collect::<Vec<_>>().join(", ");
    let mut rows = match multiplies {
        false => select(&mut compiler, numbered.collect(), condition),
        // a row that a join gives several times is one row
        true => {
            let keys = compiler.own_key();
            let keys = select(&mut compiler, keys, condition);
            let table = quote_table(dialect, &model.table);
            let columns = Fragment::join(numbered, ", ");
            let mut rows = Fragment::format("SELECT {} FROM {}", [columns, table.into()]);
            rows.push(Fragment::format(" WHERE ({}) IN ({})", [own_key.as_str().into(), keys]));
            rows
        }
    };
    let lock = dialect.lock(Lock::Row, std::slice::from_ref(&own));
    if lock.is_some() {
        rows.push(format!(" ORDER BY {own_key}"));
    }

    let mut chosen = Query::new(model.clone());
    // by a join with the keys: in a subquery, each row of the table would be looked up among them
    chosen.lock_in_order = dialect.supports(Capability::JoinedUpdate);
    let parts: Vec<_> = key
        .iter()
        .map(|&position| Expr::field(FieldPath::new([model.fields[position].name.clone()])))
        .collect();
    chosen.filters.push(Q::Expr(Box::new(Expr::Raw {
        sql: format!("({}) IN (SELECT {} FROM {old})", vec!["{}"; parts.len()].join(", "), names("")),
        parts,
        data_type: DataType::Bool,
    })));
    let Some(write) = update_sql(dialect, &chosen, set)? else { return Ok(Plan::default()) };

    let (mut given, mut given_types) = (Vec::new(), Vec::new());
    if returning.has_old() {
        given.extend(selected((0..columns.len()).map(|number| format!("o.o{number}")).collect()));
        given_types.extend(types.iter().cloned());
    }
    given.extend(selected(columns.clone()));
    given_types.extend(types.iter().cloned());
    let on = key.iter().map(|&position| format!("{} = o.o{position}", columns[position]));
    let read = format!(
        "SELECT {} FROM {old} o JOIN {} ON {} ORDER BY {}",
        given.join(", "),
        quote_table(dialect, &model.table),
        on.collect::<Vec<_>>().join(" AND "),
        names("o.")
    );
    let drop = || Step::prepare(plain(dialect.drop_temporary(&old)));
    let mut steps = vec![drop()];
    steps.extend(copied::copy(dialect, &old, &rows, lock));
    let gives = Gives::Rows { columns: given_types, are_written: false };
    steps.extend([Step::write(write.statement(dialect)), Step::Run(plain(read), gives), drop()]);
    Ok(Plan::of(steps))
}
