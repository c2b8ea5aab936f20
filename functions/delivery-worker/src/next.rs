//! Announcing the attempt that follows.

use domain::webhooks::delivery::Delivery;
use runtime::App;
use store::{AttemptMessage, Lane, Result};

/// Announces an attempt that is due in `wait_ms` milliseconds.
pub(crate) async fn announce(app: &App, delivery: &Delivery, attempt: u8, wait_ms: i64) -> Result<()> {
    let next = AttemptMessage { attempt, ..AttemptMessage::of(delivery, Lane::Retries) };
    app.store().outbox().announce_attempt(&next, wait_ms).await
}
