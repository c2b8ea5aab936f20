//! Deleting, showing again, purging: what ends or shortens a message's stay.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use rustack_sqs_model::{
    error::{SqsError, SqsErrorCode},
    input::{ChangeMessageVisibilityInput, DeleteMessageInput, PurgeQueueInput},
};
use tokio::time::Instant;

use super::{Queue, Queues, journal::Record};

impl Queues {
    /// Deletes the message behind a receipt handle, even when the engine takes the handle for expired.
    pub(crate) async fn delete(&self, queue: &Queue, receipt_handle: String) -> Result<(), SqsError> {
        let engine_id = engine_id(&receipt_handle)?;
        let entry = queue.live.lock().remove(&engine_id);
        if let Some(entry) = entry {
            self.note(&[Record::Deleted { id: entry.id }]);
        }
        let input = DeleteMessageInput { queue_url: queue.spec.url.clone(), receipt_handle };
        self.engine.delete_message(input).await.map(|_| ())
    }

    /// Hides a message for this much longer, or shows it at once.
    pub(crate) async fn hide(&self, queue: &Queue, receipt_handle: String, secs: i32) -> Result<(), SqsError> {
        let hidden = u64::try_from(secs).ok().filter(|secs| *secs <= 43_200);
        let hidden =
            hidden.ok_or_else(|| SqsError::new(SqsErrorCode::InvalidParameterValue, "VisibilityTimeout must be between 0 and 43200."))?;
        let engine_id = engine_id(&receipt_handle)?;
        let queue_url = queue.spec.url.clone();
        let input = ChangeMessageVisibilityInput { queue_url, receipt_handle, visibility_timeout: secs };
        self.engine.change_message_visibility(input).await?;
        if let Some(entry) = queue.live.lock().get_mut(&engine_id) {
            entry.hidden_until = Some(Instant::now() + Duration::from_secs(hidden));
        }
        Ok(())
    }

    /// Removes every message of a queue.
    pub(crate) async fn purge(&self, queue: &Queue) {
        let live: Vec<_> = queue.live.lock().drain().map(|(_, entry)| entry.id).collect();
        let later = queue.later.take_all().into_iter().map(|letter| letter.id);
        let records: Vec<_> = live.into_iter().chain(later).map(|id| Record::Deleted { id }).collect();
        self.note(&records);
        // The engine purges once a minute; what it keeps has no entry here and is never handed out.
        let _ = self.engine.purge_queue(PurgeQueueInput { queue_url: queue.spec.url.clone() }).await;
    }
}

/// The engine's id of the message that a receipt handle is for: the handle is `id:nanoseconds:nonce` in base64.
fn engine_id(receipt_handle: &str) -> Result<String, SqsError> {
    let decoded = BASE64_STANDARD.decode(receipt_handle).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let id = decoded.as_deref().and_then(|text| text.split_once(':')).map(|(id, _)| id.to_owned());
    id.ok_or_else(SqsError::receipt_handle_is_invalid)
}
