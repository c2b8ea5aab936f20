//! Deleting, changing visibility, purging.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustack_sqs_model::{
    error::{SqsError, SqsErrorCode},
    input::{ChangeMessageVisibilityInput, DeleteMessageInput, PurgeQueueInput},
};
use tokio::time::Instant;

use super::{EmbeddedQueues, Queue, journal::Record};

impl EmbeddedQueues {
    /// Deletes the message of a receipt handle, even when the engine considers the handle expired.
    pub(crate) async fn delete(&self, queue: &Queue, receipt_handle: String) -> Result<(), SqsError> {
        let engine_id = engine_id(&receipt_handle)?;
        let entry = queue.tracked.lock().remove(&engine_id);
        if let Some(entry) = entry {
            self.record(&[Record::Deleted { id: entry.id }]);
        }
        let input = DeleteMessageInput { queue_url: queue.spec.url.clone(), receipt_handle };
        self.engine.delete_message(input).await.map(|_| ())
    }

    /// Sets a message's remaining visibility timeout, in seconds; 0 makes it visible.
    pub(crate) async fn hide(&self, queue: &Queue, receipt_handle: String, secs: i32) -> Result<(), SqsError> {
        let hidden = u64::try_from(secs).ok().filter(|secs| *secs <= 43_200);
        let hidden =
            hidden.ok_or_else(|| SqsError::new(SqsErrorCode::InvalidParameterValue, "VisibilityTimeout must be between 0 and 43200."))?;
        let engine_id = engine_id(&receipt_handle)?;
        let queue_url = queue.spec.url.clone();
        let input = ChangeMessageVisibilityInput { queue_url, receipt_handle, visibility_timeout: secs };
        self.engine.change_message_visibility(input).await?;
        if let Some(entry) = queue.tracked.lock().get_mut(&engine_id) {
            entry.hidden_until = Some(Instant::now() + Duration::from_secs(hidden));
        }
        Ok(())
    }

    /// Removes every message of a queue.
    pub(crate) async fn purge(&self, queue: &Queue) {
        let in_engine: Vec<_> = queue.tracked.lock().drain().map(|(_, entry)| entry.id).collect();
        let delayed = queue.delayed.take_all().into_iter().map(|message| message.id);
        let records: Vec<_> = in_engine.into_iter().chain(delayed).map(|id| Record::Deleted { id }).collect();
        self.record(&records);
        // The engine purges once a minute; what remains in it has no entry here and is discarded at a receive.
        let _ = self.engine.purge_queue(PurgeQueueInput { queue_url: queue.spec.url.clone() }).await;
    }
}

/// The engine's id of a receipt handle's message: the handle is `id:nanoseconds:nonce` in base64.
fn engine_id(receipt_handle: &str) -> Result<String, SqsError> {
    let decoded = BASE64_STANDARD.decode(receipt_handle).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let id = decoded.as_deref().and_then(|text| text.split_once(':')).map(|(id, _)| id.to_owned());
    id.ok_or_else(SqsError::receipt_handle_is_invalid)
}
