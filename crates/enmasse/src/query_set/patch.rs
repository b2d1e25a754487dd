//! `bulk_patch`: each row changes its own set of fields.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::plan::{Assignment, concrete, shown_key};
use enmasse_core::query::{Expr, FieldPath};
use enmasse_core::schema::ModelRef;
use enmasse_core::{Value, ValueRef};

use crate::model::Entity;
use crate::query_set::QuerySet;
use crate::query_set::bulk_update::{Report, Request};
use crate::query_set::lazy::Lazy;
use crate::run::batch::{Carrier, Source};
use crate::typed::columns::{Assignments, Path};

/// Changes of one row. Fields that are not set are left alone; a field set to `None` becomes NULL.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> enmasse::Result<()> {
/// use enmasse::prelude::*;
/// use enmasse::query_set::Patch;
///
/// #[derive(Model, Debug, Clone, PartialEq)]
/// #[model(table = "users")]
/// struct User {
///     #[model(primary_key)]
///     id: i64,
///     name: Option<String>,
///     points: i32,
/// }
///
/// # let db = Database::connect("sqlite::memory:").await?;
/// # db.create_tables([User::model()?]).await?;
/// let user = |id, name: &str| User { id, name: Some(name.into()), points: 5 };
/// User::objects(&db).bulk_create([user(1, "Ada"), user(2, "Bob")]).await?;
/// let patches = [
///     Patch::of(1).set(|u: Columns<User>| u.points.set(10)),
///     Patch::of(2).set(|u: Columns<User>| u.name.set(None)),
/// ];
/// User::objects(&db).bulk_patch(patches).await?;
/// let users = User::objects(&db).order_by(|u| u.id).fetch().await?;
/// assert_eq!(users, [User { points: 10, ..user(1, "Ada") }, User { name: None, ..user(2, "") }]);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
pub struct Patch<M> {
    key: Vec<Value>,
    set: Vec<Assignment>,
    model: PhantomData<fn() -> M>,
}

impl<M: Entity> Patch<M> {
    /// A patch without changes for the row with this primary key.
    pub fn of(key: impl Into<Value>) -> Self {
        Patch { key: vec![key.into()], set: Vec::new(), model: PhantomData }
    }

    /// A patch without changes for the row with this composite primary key: the values of its fields, in the
    /// order of the model.
    pub fn of_composite(key: impl IntoIterator<Item = Value>) -> Self {
        Patch { key: key.into_iter().collect(), set: Vec::new(), model: PhantomData }
    }

    /// Sets fields to values; expressions are not supported.
    #[must_use]
    pub fn set<A: Assignments>(mut self, set: impl FnOnce(M::Columns) -> A) -> Self {
        self.set.extend(set(M::columns(Path::root())).assignments());
        self
    }

    /// Sets a field by a name known only at run time.
    #[must_use]
    pub fn set_by(mut self, field: impl Into<FieldPath>, value: impl Into<Value>) -> Self {
        self.set.push(Assignment { field: field.into(), value: Expr::Value(value.into(), None) });
        self
    }
}

impl<M: Entity> QuerySet<M> {
    /// Writes patches to the rows with their keys, all or none. It works as
    /// [`bulk_update`](QuerySet::bulk_update), but each row has its own set of fields. All rows are sent and
    /// written together.
    ///
    /// # Errors
    ///
    /// When awaited, as [`bulk_update`](QuerySet::bulk_update); [`Field`](ErrorKind::Field) if a patch sets a
    /// field to an expression.
    pub fn bulk_patch(self, patches: impl IntoIterator<Item = Patch<M>>) -> BulkPatch<M> {
        let asked = Asked { rows: self, patches: patches.into_iter().collect(), skip_unchanged: false };
        BulkPatch(Lazy::new(asked))
    }
}

/// A bulk patch, sent when it is awaited; see [`QuerySet::bulk_patch`].
#[must_use = "nothing is written until it is awaited"]
pub struct BulkPatch<M>(Lazy<'static, Asked<M>, Report>);

struct Asked<M> {
    rows: QuerySet<M>,
    patches: Vec<Patch<M>>,
    skip_unchanged: bool,
}

impl<M: Entity> BulkPatch<M> {
    /// Sends no [signals](crate::signals).
    pub fn without_signals(mut self) -> Self {
        self.0.change(|asked| asked.rows.silent = true);
        self
    }

    /// Leaves rows alone that already have the new values; see
    /// [`BulkUpdate::skip_unchanged`](crate::query_set::BulkUpdate::skip_unchanged).
    pub fn skip_unchanged(mut self) -> Self {
        self.0.change(|asked| asked.skip_unchanged = true);
        self
    }
}

impl<M: Entity> Future for BulkPatch<M> {
    type Output = Result<Report>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context, |asked| async move {
            if asked.patches.is_empty() {
                return Ok(Report::default());
            }
            Ok(asked.request()?.run().await?.into())
        })
    }
}

impl<M: Entity> Asked<M> {
    fn request(self) -> Result<Request<'static, M, Row>> {
        let model = self.rows.model()?.clone();
        let mut fields: Vec<usize> = Vec::new();
        for assignment in self.patches.iter().flat_map(|patch| &patch.set) {
            let position = concrete(&model, &assignment.field)?;
            if !fields.contains(&position) {
                fields.push(position);
            }
        }
        let columns: Arc<[usize]> = model.key().into_iter().chain(fields.iter().copied()).collect();
        let rows = self.patches.into_iter().map(|patch| Row::new(&model, &columns, patch));
        let rows = Source::Owned(Arc::new(rows.collect::<Result<_>>()?));
        let names = fields.iter().map(|&position| FieldPath::new([model.fields[position].name.clone()]));
        let mut request = Request::new(self.rows, rows, names.collect());
        request.asked.patches = true;
        request.asked.skip_unchanged = self.skip_unchanged;
        Ok(request)
    }
}

/// A patch's key and values, in the columns of the whole batch.
pub(crate) struct Row {
    columns: Arc<[usize]>,
    values: Vec<Option<Value>>,
}

impl Row {
    fn new<M: Entity>(model: &ModelRef, columns: &Arc<[usize]>, patch: Patch<M>) -> Result<Self> {
        let key = model.key();
        if patch.key.len() != key.len() {
            let (given, wanted) = (patch.key.len(), key.len());
            let text = format!("{}: a patch has {given} values for a key of {wanted} fields.", model.name);
            return Err(Error::new(ErrorKind::Request, text));
        }
        let mut values: Vec<Option<Value>> = patch.key.iter().cloned().map(Some).collect();
        values.resize(columns.len(), None);
        for Assignment { field, value } in patch.set {
            let position = concrete(model, &field)?;
            let field = &model.fields[position];
            let Expr::Value(value, _) = value else {
                let text = format!("{}.{}: a patch takes values, not expressions.", model.name, field.name);
                return Err(Error::new(ErrorKind::Field, text));
            };
            let clean = field
                .clean(&model.name, value)
                .map_err(|error| error.at(shown_key(model, &key, patch.key.iter().cloned())))?;
            if let Some(place) = columns[key.len()..].iter().position(|&column| column == position) {
                values[key.len() + place] = Some(clean);
            }
        }
        Ok(Row { columns: columns.clone(), values })
    }

    fn value(&self, field: usize) -> Option<&Value> {
        let place = self.columns.iter().position(|&column| column == field)?;
        self.values[place].as_ref()
    }
}

impl Carrier for Row {
    fn carried(&self, _: &ModelRef, field: usize) -> ValueRef<'_> {
        self.value(field).map_or(ValueRef::Null, ValueRef::from)
    }

    fn mask(&self, fields: &[usize]) -> i64 {
        let bits = fields.iter().enumerate().filter(|(_, field)| self.value(**field).is_some());
        bits.map(|(bit, _)| 1 << bit).sum()
    }
}
