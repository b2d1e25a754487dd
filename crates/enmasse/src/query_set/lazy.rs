//! A future that holds only its request until it is first awaited.

use std::pin::Pin;
use std::task::{Context, Poll};

use enmasse_core::error::Result;
use futures_util::future::BoxFuture;

/// Work that starts when it is first polled.
pub(crate) enum Lazy<'f, R, T> {
    Request(Option<R>),
    Running(BoxFuture<'f, Result<T>>),
}

/// The request is only moved, and the running work is boxed.
impl<R, T> Unpin for Lazy<'_, R, T> {}

impl<'f, R, T> Lazy<'f, R, T> {
    pub(crate) fn new(request: R) -> Self {
        Lazy::Request(Some(request))
    }

    /// The request, if the work has not started.
    pub(crate) fn request(&self) -> Option<&R> {
        match self {
            Lazy::Request(request) => request.as_ref(),
            Lazy::Running(_) => None,
        }
    }

    /// The request, if the work has not started, to build another one from it.
    pub(crate) fn into_request(self) -> Option<R> {
        match self {
            Lazy::Request(request) => request,
            Lazy::Running(_) => None,
        }
    }

    pub(crate) fn change(&mut self, change: impl FnOnce(&mut R)) {
        if let Lazy::Request(Some(request)) = self {
            change(request);
        }
    }

    /// Polls the work, which `begin` creates from the request.
    pub(crate) fn poll<F>(&mut self, context: &mut Context<'_>, begin: impl FnOnce(R) -> F) -> Poll<Result<T>>
    where
        F: Future<Output = Result<T>> + Send + 'f,
    {
        if let Lazy::Request(request) = self {
            let request = request.take().expect("a request is begun once");
            *self = Lazy::Running(Box::pin(begin(request)));
        }
        let Lazy::Running(running) = self else { unreachable!("it was begun above") };
        Pin::new(running).poll(context)
    }
}
