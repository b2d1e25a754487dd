//! A way of updating many rows.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

use crate::batch::Batch;

#[async_trait]
pub trait Way: Send {
    /// Preparation before the measurement.
    async fn prepare(&mut self, _batch: &Arc<Batch>) -> Result<()> {
        Ok(())
    }

    /// Writes the batch, and returns the time that it took.
    async fn run(&mut self, batch: &Arc<Batch>) -> Result<Duration>;
}
