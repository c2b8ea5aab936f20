//! Announcing the attempt that follows.

use domain::webhooks::delivery::Delivery;
use runtime::App;
use store::{AttemptMessage, Lane, Result};

/// How often a worker reads a delivery again that other workers change meanwhile, before it returns the message to the queue.
pub(crate) const MAX_TRIES: usize = 8;

/// Announces an attempt that is due in `wait_ms` milliseconds.
pub(crate) async fn announce(app: &App, delivery: &Delivery, attempt: u8, wait_ms: i64) -> Result<()> {
    let next = AttemptMessage { v: 1, handle: delivery.handle.clone(), delivery_id: delivery.id, attempt, lane: Lane::Retries };
    app.store().announce_attempt(&next, wait_ms).await
}
