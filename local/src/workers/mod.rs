//! Calls functions for queues and schedules.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use tokio::{sync::watch, task::JoinSet};

mod batch;
mod batch_result;
mod drain;
mod poll;
mod schedule;
#[cfg(test)]
mod tests;

pub(crate) use drain::drain;
pub use drain::{DrainReport, Hook};
pub(crate) use schedule::once;

use crate::{LocalServer, functions::slot::FunctionSlot, template::SourceSpec};

/// A queue and the function that consumes it.
pub(crate) struct Source {
    /// Its part of the template.
    pub(crate) spec: SourceSpec,
    /// The function.
    pub(crate) slot: Arc<FunctionSlot>,
}

/// Starts a poller for every source and a timer for every schedule; they end when `stop` becomes true.
pub(crate) fn start(server: &LocalServer, stop: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut workers = JoinSet::new();
    for source in server.sources() {
        workers.spawn(poll::run(server.clone(), Arc::clone(source), stop.clone()));
    }
    for slot in server.slots() {
        for period in &slot.spec.schedules {
            workers.spawn(schedule::run(Arc::clone(slot), *period, stop.clone()));
        }
    }
    workers
}

/// Resolves when `stop` becomes true or its sender is dropped.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Runs an invocation of `slot`'s function under its timeout; none when it panicked or timed out. A panic does not end the
/// poller. When the caller is dropped, the invocation ends where it is, like a killed process.
async fn call<T>(slot: &FunctionSlot, work: impl Future<Output = T>) -> Option<T> {
    match tokio::time::timeout(slot.spec.timeout, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => Some(outcome),
        Ok(Err(_)) => {
            tracing::error!(function = slot.spec.binary, "function failed");
            None
        }
        Err(_) => {
            tracing::error!(function = slot.spec.binary, "function timed out");
            None
        }
    }
}
