//! The argument of a receiver: the set of rows.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use enmasse_core::error::{Error, ErrorKind, Result};
use enmasse_core::query;
use enmasse_core::schema::ModelRef;
use enmasse_core::value::Value;
use futures_util::stream::{BoxStream, TryStreamExt};

use crate::database::Database;
use crate::database::transaction::Transaction;
use crate::model::record::Record;
use crate::model::{Entity, Model};
use crate::query_set::QuerySet;
use crate::signals::keys::Set;
use crate::signals::objects::Objects;
use crate::signals::registry::SignalKind;
use crate::signals::write::What;
use crate::typed::family::Untyped;
use crate::typed::operand::InList;

/// The rows of a write, as the argument of a receiver; a cheap clone.
///
/// It can be used in a filter, `p.user.in_(&batch)` or `q!(user__in = &batch)`. For a large write, its keys
/// are in a temporary table and do not leave the database. It is valid while the receiver runs, with the
/// receiver's transaction.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> enmasse::Result<()> {
/// use enmasse::prelude::*;
/// use enmasse::signals::{Batch, Origin};
///
/// #[derive(Model, Debug, Clone)]
/// #[model(table = "users")]
/// struct User {
///     #[model(primary_key)]
///     id: i64,
///     email: String,
///     is_verified: bool,
/// }
///
/// /// A changed address must be verified again; a mail is sent after the commit.
/// async fn verify(batch: Batch<User>, tx: Transaction) -> Result<()> {
///     if batch.created() || !batch.fields().iter().any(|field| field == "email") {
///         return Ok(());
///     }
///     assert_eq!(batch.origin(), Origin::Update);
///     batch.rows().update(|u| u.is_verified.set(false)).without_signals().await?;
///     let emails = batch.rows().values(|u| u.email).await?;
///     tx.on_commit(|| async move { println!("to verify: {emails:?}") });
///     Ok(())
/// }
///
/// # let db = Database::connect("sqlite::memory:").await?;
/// # db.create_tables([User::model()?]).await?;
/// db.signals().post_save::<User>().connect(verify);
/// let user = |id| User { id, email: format!("{id}@example.org"), is_verified: true };
/// User::objects(&db).bulk_create([user(1), user(2)]).await?;
/// User::objects(&db).filter(|u| u.id.eq(2)).update(|u| u.email.set("two@example.org")).await?;
/// assert_eq!(User::objects(&db).filter(|u| !u.is_verified).count().await?, 1);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
pub struct Batch<M> {
    sent: Arc<Sent>,
    model: PhantomData<fn() -> M>,
}

/// The kind of write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// [`QuerySet::save`].
    Save,
    /// [`QuerySet::create`] and similar methods.
    Create,
    /// [`QuerySet::bulk_create`].
    BulkCreate,
    /// [`QuerySet::update`] and similar methods.
    Update,
    /// [`QuerySet::bulk_update`].
    BulkUpdate,
    /// [`QuerySet::bulk_patch`].
    BulkPatch,
    /// [`QuerySet::delete`] and similar methods.
    Delete,
    /// No write of this library: the signal was [sent](crate::signals::Signal::send) manually.
    ByHand,
}

/// A signal with its rows, for receivers of any type.
pub(crate) struct Sent {
    pub kind: SignalKind,
    pub what: What,
    pub created: bool,
    pub set: Set,
    pub objects: Option<Objects>,
    pub tx: Transaction,
}

impl<M: Entity> Batch<M> {
    pub(super) fn new(sent: Arc<Sent>) -> Self {
        Batch { sent, model: PhantomData }
    }

    /// The model of the rows.
    pub fn model(&self) -> &ModelRef {
        &self.sent.what.model
    }

    /// The signal of the batch.
    pub fn signal(&self) -> SignalKind {
        self.sent.kind
    }

    /// The number of rows.
    pub fn size(&self) -> u64 {
        self.sent.set.size
    }

    /// The kind of write.
    pub fn origin(&self) -> Origin {
        self.sent.what.origin
    }

    /// Whether the rows are new. In the `pre_save` of a [`save`](QuerySet::save), which does not know yet, it
    /// is `true` only if the object has no key.
    pub fn created(&self) -> bool {
        self.sent.created
    }

    /// The names of the written fields: all for new rows, none for a deletion.
    pub fn fields(&self) -> &[String] {
        &self.sent.what.fields
    }

    /// The database.
    pub fn database(&self) -> &Database {
        self.sent.tx.database()
    }

    /// The rows as they currently are in the database, for reading, filtering and updating. New rows are
    /// absent before they are written, and deleted rows are absent afterwards.
    pub fn rows(&self) -> QuerySet<M> {
        QuerySet::of_query(self.sent.set.keys.rows().clone(), &self.sent.tx)
    }

    /// Streams the keys: for each row, the values of the key's fields. A new row without a key yet is left
    /// out.
    ///
    /// # Errors
    ///
    /// Items are errors of the database.
    pub fn keys(&self) -> BoxStream<'static, Result<Vec<Value>>> {
        self.sent.set.stream(&self.sent.tx)
    }

    /// All [keys](Batch::keys).
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn fetch_keys(&self) -> Result<Vec<Vec<Value>>> {
        self.keys().try_collect().await
    }

    /// Whether the write has objects, which [`edit`](Batch::edit) may change.
    pub fn has_objects(&self) -> bool {
        self.sent.objects.is_some()
    }

    /// The objects to be written, with the changes of earlier receivers: in `pre_save` of `create`,
    /// `bulk_create`, `save`, and of a `bulk_update` that owns its objects: a `Vec` or an array.
    ///
    /// # Errors
    ///
    /// [`Request`](ErrorKind::Request) without objects, see [`has_objects`](Batch::has_objects).
    pub fn objects(&self) -> Result<Vec<M>> {
        let rows = self.some_objects()?.rows(self.model());
        rows.into_iter().map(|row| M::from_row(self.model(), row)).collect()
    }

    /// Changes each of the [objects](Batch::objects) before it is written. Fields that the write does not
    /// include are not written.
    ///
    /// # Errors
    ///
    /// As [`objects`](Batch::objects).
    pub fn edit(&self, edit: impl FnMut(&mut M)) -> Result<()> {
        self.some_objects()?.edit(self.model(), edit)
    }

    fn some_objects(&self) -> Result<&Objects> {
        self.sent.objects.as_ref().ok_or_else(|| {
            let Sent { kind, what: What { model, origin, .. }, .. } = &*self.sent;
            Error::new(
                ErrorKind::Request,
                format!(
                    "{}.{kind}: the batch has no objects that could be changed. It has them in pre_save of create, bulk_create and save, \
                     and of a bulk_update that was given a Vec or an array of objects; this is {origin:?}.",
                    model.name
                ),
            )
        })
    }

    fn into_keys(self) -> query::Operand {
        self.sent.set.keys.clone().into()
    }
}

impl<M> Clone for Batch<M> {
    fn clone(&self) -> Self {
        Batch { sent: self.sent.clone(), model: PhantomData }
    }
}

impl<M> fmt::Debug for Batch<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sent { kind, what: What { model, origin, fields, .. }, set, .. } = &*self.sent;
        f.debug_struct("Batch")
            .field("model", &model.name)
            .field("signal", kind)
            .field("origin", origin)
            .field("size", &set.size)
            .field("fields", fields)
            .finish_non_exhaustive()
    }
}

/// The keys of its rows.
#[diagnostic::do_not_recommend]
impl<M: Model> InList<M::Key> for &Batch<M> {
    fn into_list(self) -> query::Operand {
        self.clone().into_keys()
    }
}

/// The keys of its rows.
#[diagnostic::do_not_recommend]
impl InList<Untyped> for &Batch<Record> {
    fn into_list(self) -> query::Operand {
        self.clone().into_keys()
    }
}

/// The rows as the operand of a keyword: `Q::named("user__in", &batch)`.
impl<M: Entity> From<&Batch<M>> for query::Operand {
    fn from(batch: &Batch<M>) -> Self {
        batch.clone().into_keys()
    }
}
