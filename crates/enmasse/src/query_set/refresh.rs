//! `refresh`: reads an object's row again.

use enmasse_core::error::Result;
use enmasse_core::query::Query;

use crate::model::Entity;
use crate::query_set::QuerySet;
use crate::query_set::save::key_of;

impl<M: Entity> QuerySet<M> {
    /// Reads the row with the object's key into the object: Django's `refresh_from_db`. As in Django, the
    /// QuerySet's filters are ignored.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> enmasse::Result<()> {
    /// use enmasse::prelude::*;
    ///
    /// #[derive(Model, Debug, Clone, PartialEq)]
    /// #[model(table = "users")]
    /// struct User {
    ///     #[model(primary_key)]
    ///     id: i64,
    ///     points: i32,
    /// }
    ///
    /// # let db = Database::connect("sqlite::memory:").await?;
    /// # db.create_tables([User::model()?]).await?;
    /// let mut user = User::objects(&db).create(User { id: 1, points: 5 }).await?;
    /// User::objects(&db).update(|u| u.points.increment(100)).await?;
    /// User::objects(&db).refresh(&mut user).await?;
    /// assert_eq!(user.points, 105);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unsaved`](crate::ErrorKind::Unsaved) if the object has no key,
    /// [`NotFound`](crate::ErrorKind::NotFound) if its row no longer exists; otherwise as
    /// [`fetch`](QuerySet::fetch).
    pub async fn refresh(self, object: &mut M) -> Result<()> {
        let model = self.model()?.clone();
        let key = key_of(&model, object)?;
        let row = QuerySet::<M> { query: Query::new(model).filtered(key), ..self };
        *object = row.get().await?;
        Ok(())
    }
}
