//! `bulk_update(objects, fields)`: each row to values of its own.

mod job;
mod keys;

pub use keys::{duplicate_keys, several_rows, shown_key, unsaved};

pub(crate) use job::{Job, New, Setting};

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::dialect::Dialect;
use crate::encode::BatchShape;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::strategy::{self, Strategy};
use crate::plan::update::{concrete, refuse};
use crate::plan::{Assignment, Kept, Plan};
use crate::query::{FieldPath, Query};
use crate::schema::ModelRef;

/// What is asked of a bulk update.
#[derive(Clone, Debug)]
pub struct BulkUpdate<'a> {
    /// Only rows of this query are written.
    pub query: &'a Query,
    /// The fields that are set to the values that the rows of the batch carry.
    pub fields: &'a [FieldPath],
    /// Fields that are set to plain values, the same for all rows, or to expressions, over the stored values ([`Expr::Field`](crate::query::Expr::Field)) and those that the rows of
    /// the batch carry ([`Expr::New`](crate::query::Expr::New)). Such a field is not set to what is
    /// carried. A value that is set to a field with `auto_now` stands for the time of the write: a host gives its own date or moment so.
    pub set: &'a [Assignment],
    /// The fields by which rows are found, where that is not the primary key.
    pub matching_on: &'a [FieldPath],
    /// Whether each row of the batch says for itself which of the fields it sets.
    pub patches: bool,
    /// Whether rows that have the values already are left as they are.
    pub skip_unchanged: bool,
    /// Which rows come back.
    pub returning: Returning,
    /// What is told of rows that match none.
    pub missing: Missing,
    /// What is done with a row whose key came before in the batch.
    pub on_duplicate: OnDuplicate,
    /// How many rows there are, where that is known; many where it is not.
    pub rows: Option<u64>,
    /// Whether the transaction ends with it, so that nothing need be put back.
    pub ends: bool,
    /// How many rows one statement carries at most; the strategy's own choice where it is not said.
    pub batch_size: Option<usize>,
    /// What `auto_now` fields are set to.
    pub now: DateTime<Utc>,
    /// The way of carrying the rows, in place of the one that was measured to be best.
    pub strategy: Option<Strategy>,
    /// Whether the keys of the rows are kept.
    pub keep: Keep<'a>,
    /// Whether the table has child tables, in which its keys may come once more: see
    /// [`has_child_tables`](crate::dialect::Dialect::has_child_tables).
    pub has_children: bool,
    /// Whether the tables of a row are written by a statement each, where one for all was refused (SQLSTATE 27000): a trigger on one of them writes
    /// another. See [`update_apart`](crate::plan::update_apart()).
    pub per_table: bool,
}

/// Whether a bulk update keeps the primary keys of the rows that it writes.
#[derive(Clone, Copy, Debug, Default)]
pub enum Keep<'a> {
    /// No.
    #[default]
    Nothing,
    /// Before it writes the rows, which are locked.
    Keys(&'a Kept),
    /// That, and it does not write them.
    KeysOnly(&'a Kept),
}

impl<'a> Keep<'a> {
    /// Where they are kept.
    pub(crate) fn kept(self) -> Option<&'a Kept> {
        match self {
            Keep::Nothing => None,
            Keep::Keys(kept) | Keep::KeysOnly(kept) => Some(kept),
        }
    }

    /// Whether the rows are written.
    pub(crate) fn writes(self) -> bool {
        !matches!(self, Keep::KeysOnly(_))
    }
}

/// Which rows a bulk update gives back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Returning {
    /// None.
    #[default]
    Nothing,
    /// The rows as they now are.
    New,
    /// The rows as they were, each followed by itself as it now is.
    OldAndNew,
    /// That, but without rows that were left as they are.
    Changed,
}

impl Returning {
    /// Whether the rows come back as they were, too.
    pub(crate) fn has_old(self) -> bool {
        matches!(self, Returning::OldAndNew | Returning::Changed)
    }
}

/// What a bulk update tells of the rows of the batch that match no row of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// Their keys.
    #[default]
    Keys,
    /// How many they are.
    Count,
    /// All that the batch carries of them, from a temporary table.
    Rows,
}

/// What is done with a row whose key came before in the batch.
///
/// ```
/// use chrono::Utc;
/// use enmasse_core::dialect::Postgres;
/// use enmasse_core::encode::Duplicates;
/// use enmasse_core::query::FieldPath;
/// use enmasse_core::plan::{BulkUpdate, OnDuplicate, bulk_update};
/// use enmasse_core::query::Query;
/// use enmasse_core::schema::{Field, Model, Schema};
/// use enmasse_core::{DataType, ErrorKind};
///
/// let user = Model::new("User", "users")
///     .add(Field::new("id", DataType::BigInt).primary_key())
///     .add(Field::new("email", DataType::Text { max_length: Some(100) }).unique())
///     .add(Field::new("points", DataType::Integer));
/// let query = Query::new(Schema::new(vec![user])?.model("User")?);
/// let fields = [FieldPath::from("points")];
/// let first = BulkUpdate { on_duplicate: OnDuplicate::KeepFirst, ..BulkUpdate::new(&query, &fields, Utc::now()) };
/// let plan = bulk_update(&Postgres::default(), &first)?;
/// assert_eq!(plan.batch.unwrap().duplicates, Duplicates::FirstOfIntegers);
///
/// // which texts are one key, only the database knows
/// let by_email = [FieldPath::from("email")];
/// let by_email = BulkUpdate { matching_on: &by_email, ..first };
/// let error = bulk_update(&Postgres::default(), &by_email).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NotSupported);
/// // unless the host does
/// let of_bytes = BulkUpdate { on_duplicate: OnDuplicate::KeepFirstOfBytes, ..by_email };
/// let plan = bulk_update(&Postgres::default(), &of_bytes)?;
/// assert_eq!(plan.batch.unwrap().duplicates, Duplicates::FirstOfHashes);
/// # Ok::<_, enmasse_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDuplicate {
    /// The batch is refused.
    #[default]
    Refuse,
    /// The row is left out, as in Django's `bulk_update`: the first row of a key counts. [`Outcome::left_out`](crate::run::Outcome::left_out)
    /// says how many rows were. The keys are kept in memory, some 20 bytes each.
    KeepFirst,
    /// The same, where the host knows of keys that are texts that the database takes two for the same only where their bytes are: by the
    /// column's collation.
    KeepFirstOfBytes,
}

impl<'a> BulkUpdate<'a> {
    /// Sets these fields of the rows of a query to what many rows of a batch carry.
    pub fn new(query: &'a Query, fields: &'a [FieldPath], now: DateTime<Utc>) -> Self {
        BulkUpdate {
            query,
            fields,
            set: &[],
            matching_on: &[],
            patches: false,
            skip_unchanged: false,
            returning: Returning::Nothing,
            missing: Missing::Keys,
            on_duplicate: OnDuplicate::Refuse,
            rows: None,
            ends: false,
            batch_size: None,
            now,
            strategy: None,
            keep: Keep::Nothing,
            has_children: false,
            per_table: false,
        }
    }
}

/// The plan that writes fields of objects to the rows with their keys, as Django's `bulk_update` does.
///
/// Its [`batch`](Plan::batch) says what the rows of the batch carry; whoever runs the plan has them encoded. Fields with
/// `auto_now` are set too, unless they are among the fields. The rows are locked in the order of their keys. Without steps there
/// is nothing to write: no row can match, or there is no field that may be written.
///
/// # Errors
///
/// - [`Request`](ErrorKind::Request): the batch size is 0, no field is named, or the query is a slice.
/// - [`UnknownField`](ErrorKind::UnknownField), [`Field`](ErrorKind::Field): a field is not there, not concrete, or part of the
///   key, or is set twice; the fields that rows are found by are not unique.
/// - [`NotSupported`](ErrorKind::NotSupported): the [first row of a key](OnDuplicate::KeepFirst) is to count, and only the database knows
///   which keys are the same.
pub fn bulk_update(dialect: &dyn Dialect, request: &BulkUpdate<'_>) -> Result<Plan> {
    request.query.check()?;
    let model = &request.query.model;
    if request.batch_size == Some(0) {
        return Err(Error::request("The batch size must be positive."));
    }
    if request.fields.is_empty() && request.set.is_empty() {
        return Err(Error::request("bulk_update needs the names of the fields to write."));
    }
    let key =
        if request.matching_on.is_empty() { model.key() } else { matched_on(model, request.matching_on)? };
    let fields = fields(model, request.fields, &key)?;
    let assigned = request.set.iter().map(|assignment| assignment.field.clone()).collect::<Vec<_>>();
    let assigned = self::fields(model, &assigned, &key)?;
    refuse(request.query)?;

    let job = Job::new(dialect, request, key, fields, assigned)?;
    let batch = BatchShape {
        columns: job.columns.clone(),
        positions: job.key.iter().chain(&job.carried).copied().collect(),
        masks: job.masks,
        key: job.key.len(),
        duplicates: job.duplicates,
    };
    let steps =
        if job.set.is_empty() { Vec::new() } else { strategy::choose(dialect, &job)?(dialect, &job)? };
    let (batch, missing) = (Some(Arc::new(batch)), Some(request.missing));
    Ok(Plan { steps, key: job.key_types(), batch, missing })
}

/// The positions of fields by which rows are found: together they are unique.
fn matched_on(model: &ModelRef, names: &[FieldPath]) -> Result<Vec<usize>> {
    let mut positions = Vec::new();
    for name in names {
        let position = concrete(model, name)?;
        if !positions.contains(&position) {
            positions.push(position);
        }
    }
    let unique = |wanted: &[usize]| wanted.iter().all(|position| positions.contains(position));
    let mut sets = Vec::new();
    unique_sets(model, &mut sets);
    let together = sets
        .iter()
        .map(|names| names.iter().map(|name| model.position(name).unwrap_or(usize::MAX)).collect::<Vec<_>>());
    let single =
        (0..model.fields.len()).filter(|&position| model.fields[position].is_unique()).map(|one| vec![one]);
    if !single.chain(together).chain([model.key()]).any(|wanted| unique(&wanted)) {
        let names: Vec<_> = positions.iter().map(|&position| model.fields[position].name.as_str()).collect();
        return Err(Error::field(format!(
            "{}: rows cannot be matched on {}, which is not declared unique: one object could match several rows.",
            model.name,
            names.join(", ")
        )));
    }
    Ok(positions)
}

/// The sets of fields that are unique together in a table of the chain.
fn unique_sets(model: &ModelRef, sets: &mut Vec<Vec<String>>) {
    sets.extend(model.unique_together.iter().cloned());
    model.extended().iter().for_each(|(above, _)| unique_sets(above, sets));
}

/// The positions of the fields to write; generated columns are left out.
fn fields(model: &ModelRef, names: &[FieldPath], matched_on: &[usize]) -> Result<Vec<usize>> {
    let found: Vec<_> = names.iter().map(|name| concrete(model, name)).collect();
    // As in Django: first that all are there, then that all are concrete, then that none is part of the key.
    let mut errors: Vec<_> = found.iter().filter_map(|found| found.as_ref().err()).collect();
    errors.sort_by_key(|error| error.kind() != ErrorKind::UnknownField);
    if let Some(error) = errors.first() {
        return Err(error.again());
    }
    let mut fields = Vec::new();
    for position in found.into_iter().flatten() {
        let field = &model.fields[position];
        if model.is_key(position) {
            return Err(Error::field(format!(
                "{}.{}: bulk_update cannot be used with primary key fields.",
                model.name, field.name
            )));
        }
        if matched_on.contains(&position) {
            return Err(Error::field(format!(
                "{}.{}: a field that rows are matched on cannot be written as well.",
                model.name, field.name
            )));
        }
        if field.is_writable() && !fields.contains(&position) {
            fields.push(position);
        }
    }
    Ok(fields)
}
