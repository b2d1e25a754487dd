//! What is still to be done with connections that were dropped in the middle.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;

/// Tasks that roll back or stop what was dropped. A cheap handle.
#[derive(Clone, Default)]
pub(super) struct Ends(Arc<watch::Sender<()>>);

impl Ends {
    /// Begins such a task.
    pub fn spawn(&self, runtime: &Handle, end: impl Future<Output = ()> + Send + 'static) {
        let under_way = self.0.subscribe();
        runtime.spawn(async move {
            end.await;
            drop(under_way);
        });
    }

    /// Waits until all of them have ended.
    pub async fn wait(&self) {
        self.0.closed().await;
    }
}
