//! Announcing what the outbox holds, and the attempts of deliveries.

use serde::{Deserialize, Serialize};

use domain::values::id::DeliveryId;
use domain::values::name::Handle;

use crate::Store;
use crate::error::{Error, Result};
use crate::outbox::Pointer;

/// The longest a queue holds a message back (SQS).
const MAX_DELAY_SECS: i32 = 900;

/// A message that names one attempt of a delivery; what is sent, where and under which secret stays in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AttemptMessage {
    /// Layout of this message.
    pub v: u8,
    /// Whose.
    pub handle: Handle,
    /// Which delivery.
    pub delivery_id: DeliveryId,
    /// Which attempt, from 1.
    pub attempt: u8,
    /// The queue it waits in.
    pub lane: Lane,
}

/// Which queue an attempt waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// First attempts, to receivers that nothing speaks against.
    First,
    /// Everything that may take long.
    Retries,
}

impl Store {
    /// Announces an item of the outbox.
    pub async fn announce(&self, pointer: &Pointer) -> Result<()> {
        self.announce_later(pointer, 0).await
    }

    /// Announces an item of the outbox after so many seconds, at most 900.
    pub async fn announce_later(&self, pointer: &Pointer, delay_seconds: i32) -> Result<()> {
        let queue = self.queues.events.as_deref().ok_or(Error::NoQueue("events"))?;
        self.send(queue, pointer, delay_seconds).await
    }

    /// Announces an item of the outbox; when that fails the item waits for the sweeper, which looks every minute.
    pub async fn announce_softly(&self, pointer: &Pointer) {
        if let Err(error) = self.announce(pointer).await {
            tracing::warn!(item.pk = %pointer.pk, error = &error as &dyn std::error::Error, "could not be announced; the sweeper will");
        }
    }

    /// Announces an attempt of a delivery after so many milliseconds, rounded up to whole seconds: never early.
    pub async fn announce_attempt(&self, attempt: &AttemptMessage, wait_ms: i64) -> Result<()> {
        let queue = match attempt.lane {
            Lane::First => self.queues.deliveries.as_deref().ok_or(Error::NoQueue("deliveries"))?,
            Lane::Retries => self.queues.retries.as_deref().ok_or(Error::NoQueue("retries"))?,
        };
        let seconds = i32::try_from((wait_ms.max(0) + 999) / 1000).unwrap_or(MAX_DELAY_SECS).min(MAX_DELAY_SECS);
        self.send(queue, attempt, seconds).await
    }

    async fn send(&self, queue: &str, message: &impl Serialize, delay_seconds: i32) -> Result<()> {
        let body =
            serde_json::to_string(message).map_err(|error| Error::Unavailable { operation: "SendMessage", source: Box::new(error) })?;
        let send = self.sqs.patient().send_message().queue_url(queue).message_body(body).delay_seconds(delay_seconds);
        send.send().await.map_err(Error::call("SendMessage"))?;
        Ok(())
    }
}
