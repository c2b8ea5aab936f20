//! Schedules: a function that is called at a rate, never twice at a time.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::MissedTickBehavior};

use super::stopped;
use crate::function_slot::FunctionSlot;

/// Calls `room`'s function every `period` until `stop` says so; the first time after one period.
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

/// Calls `room`'s function now; false when there is none or it failed.
pub(crate) async fn once(slot: &FunctionSlot) -> bool {
    let Some(function) = slot.schedule() else {
        tracing::error!(function = slot.spec.binary, "no code is mounted for it");
        return false;
    };
    super::call(slot, async { function().await }).await.is_some()
}
