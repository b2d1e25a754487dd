//! A bulk update that returns rows.

use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use enmasse_core::Value;
use enmasse_core::error::Result;
use enmasse_core::plan::Returning;
use enmasse_core::schema::ModelRef;

use super::Report;
use super::request::Request;
use crate::model::Entity;
use crate::query_set::lazy::Lazy;
use crate::run::Outcome;

/// A row before and after a write.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<M> {
    /// The row before.
    pub old: M,
    /// The row after.
    pub new: M,
}

/// The report of a bulk update, and the rows that it wrote.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Returned<R> {
    /// The report.
    pub report: Report,
    /// The rows in key order, including unchanged ones.
    pub rows: Vec<R>,
}

/// The returned type for a row.
pub trait Return<M>: Sized + Send {
    #[doc(hidden)]
    const RETURNING: Returning;

    #[doc(hidden)]
    fn from_values(model: &ModelRef, values: Vec<Value>) -> Result<Self>;
}

impl<M: Entity> Return<M> for M {
    const RETURNING: Returning = Returning::New;

    fn from_values(model: &ModelRef, values: Vec<Value>) -> Result<Self> {
        M::from_row(model, values)
    }
}

impl<M: Entity> Return<M> for Change<M> {
    const RETURNING: Returning = Returning::OldAndNew;

    fn from_values(model: &ModelRef, mut values: Vec<Value>) -> Result<Self> {
        let new = values.split_off(values.len() / 2);
        Ok(Change { old: M::from_row(model, values)?, new: M::from_row(model, new)? })
    }
}

/// A bulk update that returns rows; see [`BulkUpdate::returning`](super::BulkUpdate::returning).
#[must_use = "a bulk update does nothing until it is awaited"]
pub struct BulkUpdateReturning<'o, M, R> {
    lazy: Lazy<'o, Request<'o, M, M>, Returned<R>>,
    returns: PhantomData<fn() -> R>,
}

impl<'o, M: Entity, R: Return<M>> BulkUpdateReturning<'o, M, R> {
    pub(super) fn new(update: Lazy<'o, Request<'o, M, M>, Report>) -> Self {
        let mut request = update.into_request();
        if let Some(request) = &mut request {
            request.asked.returning = R::RETURNING;
        }
        BulkUpdateReturning { lazy: Lazy::Request(request), returns: PhantomData }
    }

    /// Returns the SQL of the update on its database, without running it.
    ///
    /// # Errors
    ///
    /// As [`QuerySet::bulk_update`](crate::QuerySet::bulk_update), except for errors that only the objects or
    /// the database can cause.
    pub fn explain(&self) -> Result<String> {
        self.lazy.request().map_or(Ok(String::new()), |request| Ok(request.plan()?.to_string()))
    }
}

impl<M: Entity, R: Return<M>> Future for BulkUpdateReturning<'_, M, R> {
    type Output = Result<Returned<R>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.lazy.poll(context, |request| async move {
            let model = request.asked.rows.model()?.clone();
            let read = |mut outcome: Outcome| {
                let rows = std::mem::take(&mut outcome.returned).into_iter();
                let rows = rows.map(|values| R::from_values(&model, values)).collect::<Result<_>>()?;
                Ok(Returned { report: outcome.into(), rows })
            };
            request.run_reading(&read).await
        })
    }
}
