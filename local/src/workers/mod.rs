//! What calls functions without a request: queues and the clock.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use tokio::{sync::watch, task::JoinSet};

mod batch;
mod drain;
mod poll;
mod schedule;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use drain::drain;
pub use drain::{DrainReport, Hook};
pub(crate) use schedule::once;

use crate::{LocalServer, function_slot::FunctionSlot, template::SourceSpec};

/// A queue and the function that consumes it.
pub(crate) struct Source {
    /// What the template says of it.
    pub(crate) spec: SourceSpec,
    /// The function.
    pub(crate) slot: Arc<FunctionSlot>,
}

/// Starts a poller for every source and a timer for every schedule; they end when `stop` says so.
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

/// Resolves when `stop` says so, or when nobody is left to say it.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Lets `room`'s function work for as long as the template grants it; a function that panics takes its event along and not
/// the poller, and one whose caller goes away ends there, as a process that is killed.
async fn call<T>(slot: &FunctionSlot, work: impl Future<Output = T>) -> Option<T> {
    match tokio::time::timeout(slot.spec.timeout, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => Some(outcome),
        Ok(Err(_)) => {
            tracing::error!(function = slot.spec.binary, "function failed");
            None
        }
        Err(_) => {
            tracing::error!(function = slot.spec.binary, "function took too long");
            None
        }
    }
}
