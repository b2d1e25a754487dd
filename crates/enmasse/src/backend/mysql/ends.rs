//! Clean-up of connections that were dropped during a statement.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;

/// Tasks that roll back or stop dropped work. A cheap handle.
#[derive(Clone, Default)]
pub(super) struct Ends(Arc<watch::Sender<()>>);

impl Ends {
    /// Starts such a task.
    pub fn spawn(&self, runtime: &Handle, end: impl Future<Output = ()> + Send + 'static) {
        let under_way = self.0.subscribe();
        runtime.spawn(async move {
            end.await;
            drop(under_way);
        });
    }

    /// Waits until all tasks have ended.
    pub async fn wait(&self) {
        self.0.closed().await;
    }
}
