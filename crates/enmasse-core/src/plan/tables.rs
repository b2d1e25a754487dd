//! `CREATE TABLE` and `DROP TABLE` for models, as Django's migrations make tables.
//!
//! Columns, keys, unique constraints, foreign keys and their indexes; no defaults, which the program gives.

use std::collections::HashSet;

use crate::dialect::{Dialect, quote_table};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{Plan, Step};
use crate::schema::{Field, ModelRef, table_parts};
use crate::sql::Statement;
use crate::value::DataType;

/// The statements that make the tables of these models, each after those that it refers to; foreign keys that run in a
/// circle come last.
///
/// ```
/// use enmasse_core::DataType;
/// use enmasse_core::dialect::Sqlite;
/// use enmasse_core::plan::{Step, create_tables};
/// use enmasse_core::schema::{Field, Model, Schema};
///
/// let country = Model::new("Country", "countries")
///     .add(Field::new("code", DataType::Text { max_length: Some(2) }).primary_key())
///     .add(Field::new("name", DataType::TEXT).null());
/// let schema = Schema::new(vec![country])?;
/// let plan = create_tables(&Sqlite::default(), &[schema.model("Country")?])?;
/// let [Step::Run(statement, _)] = &plan.steps[..] else { panic!() };
/// assert_eq!(
///     statement.sql,
///     "CREATE TABLE \"countries\" (\n    \"code\" varchar(2) NOT NULL PRIMARY KEY,\n    \"name\" text\n)"
/// );
/// # Ok::<(), enmasse_core::Error>(())
/// ```
///
/// # Errors
///
/// [`NotSupported`](ErrorKind::NotSupported) where the database has no such column type,
/// [`Configuration`](ErrorKind::Configuration) where a model cannot be a table there.
pub fn create_tables(dialect: &dyn Dialect, models: &[ModelRef]) -> Result<Plan> {
    let mut plan = Plan::default();
    let ordered = in_order(models);
    for model in &ordered.models {
        let references: Vec<&Reference> = ordered.references.iter().filter(|r| r.model == *model).collect();
        plan.steps.push(create_table(dialect, model, &references)?);
        plan.steps.extend(indexes(dialect, model));
    }
    if !dialect.table_rules().refers_forward {
        for reference in ordered.references.iter().filter(|reference| reference.forward) {
            let table = quote_table(dialect, &reference.model.table);
            plan.steps.push(script(format!("ALTER TABLE {table} ADD {}", reference.sql(dialect))));
        }
    }
    Ok(plan)
}

/// The statements that drop the tables of these models where they are there, each before those that it refers to.
///
/// Foreign keys in a circle are dropped first; their tables must be there.
pub fn drop_tables(dialect: &dyn Dialect, models: &[ModelRef]) -> Plan {
    let ordered = in_order(models);
    let mut plan = Plan::default();
    if !dialect.table_rules().refers_forward {
        for reference in ordered.references.iter().filter(|reference| reference.forward) {
            let table = quote_table(dialect, &reference.model.table);
            let name = dialect.quote(&reference.name());
            plan.steps.push(script(format!("ALTER TABLE {table} DROP CONSTRAINT {name}")));
        }
    }
    for model in ordered.models.iter().rev() {
        plan.steps.push(script(format!("DROP TABLE IF EXISTS {}", quote_table(dialect, &model.table))));
    }
    plan
}

fn script(sql: String) -> Step {
    Step::prepare(Statement { sql, params: Vec::new() })
}

/// Models in the order in which their tables can be made, with all their foreign keys.
struct Ordered {
    models: Vec<ModelRef>,
    references: Vec<Reference>,
}

/// A foreign key: of which model, from which column, to which table and column.
struct Reference {
    model: ModelRef,
    column: String,
    to_table: String,
    to_column: String,
    /// Whether its target is made after it.
    forward: bool,
}

impl Reference {
    fn name(&self) -> String {
        name(&self.model.table, &self.column, "_fk")
    }

    fn sql(&self, dialect: &dyn Dialect) -> String {
        format!(
            "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {} ({}){}",
            dialect.quote(&self.name()),
            dialect.quote(&self.column),
            quote_table(dialect, &self.to_table),
            dialect.quote(&self.to_column),
            dialect.table_rules().reference_suffix,
        )
    }
}

fn in_order(models: &[ModelRef]) -> Ordered {
    let mut ordered = Ordered { models: Vec::new(), references: Vec::new() };
    let mut seen = HashSet::new();
    for model in models {
        visit(model, models, &mut seen, &mut ordered);
    }
    ordered
}

/// Adds a model after all that it refers to; a proxy has no table of its own. A model that is seen but not added yet is one of a circle.
fn visit(model: &ModelRef, wanted: &[ModelRef], seen: &mut HashSet<String>, ordered: &mut Ordered) {
    if model.proxy.is_some() || !seen.insert(model.label.clone()) {
        return;
    }
    for position in model.own() {
        let Some(relation) = model.forward(position) else { continue };
        let other = relation.model.concrete();
        let within = other != *model && wanted.contains(&other);
        if within {
            visit(&other, wanted, seen, ordered);
        }
        ordered.references.push(Reference {
            model: model.clone(),
            column: model.fields[position].column.clone(),
            forward: within && !ordered.models.contains(&other),
            to_table: other.table.clone(),
            to_column: relation.to_column,
        });
    }
    ordered.models.push(model.clone());
}

fn create_table(dialect: &dyn Dialect, model: &ModelRef, references: &[&Reference]) -> Result<Step> {
    let rules = dialect.table_rules();
    let mut lines = Vec::new();
    for field in model.own().map(|position| &model.fields[position]) {
        lines.push(
            column(dialect, model, field).map_err(|e| e.at(format_args!("{}.{}", model.name, field.name)))?,
        );
    }
    let columns = |names: &mut dyn Iterator<Item = &Field>| {
        names.map(|field| dialect.quote(&field.column)).collect::<Vec<_>>().join(", ")
    };
    let key = model.key();
    if key.len() > 1 {
        lines.push(format!(
            "PRIMARY KEY ({})",
            columns(&mut key.iter().map(|&position| &model.fields[position]))
        ));
    }
    for set in &model.unique_together {
        let fields = set.iter().map(|name| model.field(name)).collect::<Result<Vec<_>>>()?;
        lines.push(format!("UNIQUE ({})", columns(&mut fields.into_iter())));
    }
    for reference in references.iter().filter(|reference| rules.refers_forward || !reference.forward) {
        lines.push(reference.sql(dialect));
    }
    let table = quote_table(dialect, &model.table);
    Ok(script(format!("CREATE TABLE {table} (\n    {}\n){}", lines.join(",\n    "), rules.suffix)))
}

/// A column's name, type and its own constraints.
fn column(dialect: &dyn Dialect, model: &ModelRef, field: &Field) -> Result<String> {
    let rules = dialect.table_rules();
    let name = dialect.quote(&field.column);
    let is_key = field.primary_key && model.key().len() == 1;
    let in_index = field.primary_key
        || field.is_unique()
        || field.foreign_key.is_some()
        || model.unique_together.iter().flatten().any(|name| *name == field.name);
    if in_index && rules.keys_are_short {
        fits_in_key(dialect, &field.data_type)?;
    }
    if field.identity && rules.identity_is_key {
        return if is_key {
            Ok(format!("{name} {}", dialect.identity_column(field)?))
        } else {
            Err(wrong(format!("{} numbers only a primary key of one column by itself.", dialect.name())))
        };
    }
    let kind = match rules.integer_key {
        Some(kind) if is_key && field.data_type.is_integer() => kind.to_owned(),
        _ if field.identity => dialect.identity_column(field)?,
        _ => dialect.column_type(&field.data_type)?,
    };
    let mut sql = format!("{name} {kind}");
    match &field.generated {
        Some(expression) if expression.is_empty() => {
            return Err(wrong("the expression of the generated column is not known.".to_owned()));
        }
        // NULL may stand in a generated column, as in Django: its expression decides, and MariaDB takes no NOT NULL.
        Some(expression) => sql += &format!(" GENERATED ALWAYS AS ({expression}) STORED"),
        None if field.null => {}
        None => sql += " NOT NULL",
    }
    if let Some(check) = rules.json_check.filter(|_| field.data_type == DataType::Json) {
        sql += &format!(" CHECK ({})", check.replace("{}", &name));
    }
    if is_key {
        sql += " PRIMARY KEY";
    } else if field.unique {
        sql += " UNIQUE";
    }
    Ok(sql)
}

fn fits_in_key(dialect: &dyn Dialect, data_type: &DataType) -> Result<()> {
    match data_type {
        DataType::Text { max_length: None } => {
            Err(wrong(format!("in {} text needs a max_length to be in a key or unique.", dialect.name())))
        }
        DataType::Bytes | DataType::Json => {
            Err(wrong(format!("in {} {data_type} cannot be in a key or unique.", dialect.name())))
        }
        _ => Ok(()),
    }
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Configuration, message)
}

/// The indexes of foreign keys that have none by being unique or the start of the primary key.
fn indexes(dialect: &dyn Dialect, model: &ModelRef) -> Vec<Step> {
    if dialect.table_rules().indexes_references {
        return Vec::new();
    }
    let first_of_key = model.key()[0];
    let without = |(position, field): &(usize, &Field)| {
        field.foreign_key.is_some()
            && field.inherited.is_none()
            && !field.is_unique()
            && *position != first_of_key
    };
    let create = |(_, field): (usize, &Field)| {
        script(format!(
            "CREATE INDEX {} ON {} ({})",
            dialect.quote(&name(&model.table, &field.column, "")),
            quote_table(dialect, &model.table),
            dialect.quote(&field.column),
        ))
    };
    model.fields.iter().enumerate().filter(without).map(create).collect()
}

/// A name for an index or a constraint that no other has: table, column and a hash of both, within 63 bytes.
fn name(table: &str, column: &str, suffix: &str) -> String {
    let table = table_parts(table).pop().unwrap_or_default();
    // FNV-1a, which stays the same in every release.
    let hash = format!("{table}.{column}")
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let mut readable = format!("{table}_{column}");
    while readable.len() + 9 + suffix.len() > 63 {
        readable.pop();
    }
    format!("{readable}_{hash:08x}{suffix}")
}
