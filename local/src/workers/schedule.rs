//! Schedules: calls a function at a rate, one invocation at a time.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::MissedTickBehavior};

use super::stopped;
use crate::functions::slot::FunctionSlot;

/// Calls `slot`'s function every `period`, first after one period, until `stop` becomes true.
pub(super) async fn run(slot: Arc<FunctionSlot>, period: Duration, mut stop: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        tokio::select! {
            () = stopped(&mut stop) => return,
            _ = ticks.tick() => { once(&slot).await; }
        }
    }
}

/// Calls `slot`'s function now; false when it is not mounted or failed.
pub(crate) async fn once(slot: &FunctionSlot) -> bool {
    let Some(function) = slot.schedule() else {
        tracing::error!(function = slot.spec.binary, "function is not mounted");
        return false;
    };
    super::call(slot, async { function().await }).await.is_some()
}
