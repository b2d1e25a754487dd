//! Sources of the rows of a bulk update.

use std::pin::Pin;
use std::sync::Arc;

use enmasse_core::error::Result;
use futures_util::stream::{Stream, StreamExt};

/// The objects of a bulk update: a slice, a `Vec` or an array; an iterator of objects or of references; a
/// `Stream` of objects, or of `Result`s of objects.
///
/// Slices and vectors are read again if the transaction is retried after a conflict. An iterator or a stream
/// can be read only once: if it has more than a few thousand objects, or a few MiB of them, a conflict is
/// returned to the caller. If the database has no temporary tables, and several statements send the rows,
/// these lock rows in the order of the objects.
///
/// The compiler infers the kind `K`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not give objects of `{T}`",
    label = "expected `&[{T}]`, `Vec<{T}>`, an iterator or a `Stream` of `{T}`"
)]
pub trait IntoRows<'o, T, K> {
    #[doc(hidden)]
    fn into_source(self) -> Source<'o, T>;
}

/// The kinds of [`IntoRows`].
#[allow(missing_debug_implementations)]
pub mod kind {
    /// A slice.
    pub struct Slice;
    /// A vector.
    pub struct Vector;
    /// References.
    pub struct References;
    /// An iterator of references.
    pub struct Borrowing;
    /// An iterator of objects.
    pub struct Owning;
    /// A stream of objects.
    pub struct Streaming;
    /// A stream of objects or errors.
    pub struct TryStreaming;
}

/// A source of rows.
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub enum Source<'o, T> {
    Slice(&'o [T]),
    Owned(Arc<Vec<T>>),
    References(Vec<&'o T>),
    Iterator(Box<dyn Iterator<Item = Object<'o, T>> + Send + 'o>),
    Stream(Pin<Box<dyn Stream<Item = Result<T>> + Send + 'o>>),
}

impl<'o, T> Source<'o, T> {
    /// The next object of a source that can be read only once.
    pub(crate) async fn next(&mut self) -> Result<Option<Object<'o, T>>> {
        Ok(match self {
            Source::Iterator(objects) => objects.next(),
            Source::Stream(objects) => objects.next().await.transpose()?.map(Object::Owned),
            Source::Slice(_) | Source::Owned(_) | Source::References(_) => None,
        })
    }

    /// The number of objects, if it is known without reading them.
    pub(crate) fn len(&self) -> Option<usize> {
        match self {
            Source::Slice(objects) => Some(objects.len()),
            Source::Owned(objects) => Some(objects.len()),
            Source::References(objects) => Some(objects.len()),
            Source::Iterator(_) | Source::Stream(_) => None,
        }
    }
}

/// An object of a source that can be read only once.
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub enum Object<'o, T> {
    Borrowed(&'o T),
    Owned(T),
}

impl<T> std::ops::Deref for Object<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Object::Borrowed(object) => object,
            Object::Owned(object) => object,
        }
    }
}

impl<'o, T> IntoRows<'o, T, kind::Slice> for &'o [T] {
    fn into_source(self) -> Source<'o, T> {
        Source::Slice(self)
    }
}

impl<'o, T> IntoRows<'o, T, kind::Slice> for &'o Vec<T> {
    fn into_source(self) -> Source<'o, T> {
        Source::Slice(self)
    }
}

impl<'o, T, const N: usize> IntoRows<'o, T, kind::Slice> for &'o [T; N] {
    fn into_source(self) -> Source<'o, T> {
        Source::Slice(self)
    }
}

impl<'o, T> IntoRows<'o, T, kind::Vector> for Vec<T> {
    fn into_source(self) -> Source<'o, T> {
        Source::Owned(Arc::new(self))
    }
}

impl<'o, T, const N: usize> IntoRows<'o, T, kind::Vector> for [T; N] {
    fn into_source(self) -> Source<'o, T> {
        Source::Owned(Arc::new(self.into()))
    }
}

impl<'o, T> IntoRows<'o, T, kind::References> for Vec<&'o T> {
    fn into_source(self) -> Source<'o, T> {
        Source::References(self)
    }
}

impl<'o, T, const N: usize> IntoRows<'o, T, kind::References> for [&'o T; N] {
    fn into_source(self) -> Source<'o, T> {
        Source::References(self.into())
    }
}

impl<'o, T: 'o, I: Iterator<Item = &'o T> + Send + 'o> IntoRows<'o, T, kind::Borrowing> for I {
    fn into_source(self) -> Source<'o, T> {
        Source::Iterator(Box::new(self.map(Object::Borrowed)))
    }
}

impl<'o, T: 'o, I: Iterator<Item = T> + Send + 'o> IntoRows<'o, T, kind::Owning> for I {
    fn into_source(self) -> Source<'o, T> {
        Source::Iterator(Box::new(self.map(Object::Owned)))
    }
}

impl<'o, T: 'o, S: Stream<Item = T> + Send + 'o> IntoRows<'o, T, kind::Streaming> for S {
    fn into_source(self) -> Source<'o, T> {
        Source::Stream(Box::pin(self.map(Ok)))
    }
}

impl<'o, T: 'o, S: Stream<Item = Result<T>> + Send + 'o> IntoRows<'o, T, kind::TryStreaming> for S {
    fn into_source(self) -> Source<'o, T> {
        Source::Stream(Box::pin(self))
    }
}
