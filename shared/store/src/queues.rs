//! Announcing what the outbox holds.

use crate::Store;
use crate::error::{Error, Result};
use crate::outbox::Pointer;

impl Store {
    /// Announces an item of the outbox.
    pub async fn announce(&self, pointer: &Pointer) -> Result<()> {
        self.announce_later(pointer, 0).await
    }

    /// Announces an item of the outbox after so many seconds, at most 900.
    pub async fn announce_later(&self, pointer: &Pointer, delay_seconds: i32) -> Result<()> {
        let queue = self.queues.events.as_deref().ok_or(Error::NoQueue("events"))?;
        let body =
            serde_json::to_string(pointer).map_err(|error| Error::Unavailable { operation: "SendMessage", source: Box::new(error) })?;
        let send = self.sqs.patient().send_message().queue_url(queue).message_body(body).delay_seconds(delay_seconds);
        send.send().await.map_err(Error::call("SendMessage"))?;
        Ok(())
    }
}
