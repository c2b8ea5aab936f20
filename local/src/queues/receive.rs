//! Receiving: the engine's messages with their own ids and counts; those received too often go to the dead-letter queue.

use std::time::Duration;

use rustack_sqs_model::{
    error::SqsError,
    input::{DeleteMessageInput, ReceiveMessageInput},
    types::Message,
};
use tokio::time::Instant;

use super::{
    EmbeddedQueues, Queue,
    journal::{Record, StoredMessage},
    tracked::TrackedMessage,
};

/// A consumer's request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceiveOptions {
    /// Messages at most, 1 to 10.
    pub(crate) max_messages: i32,
    /// Time to wait for the first message.
    pub(crate) wait: Duration,
    /// Visibility timeout in seconds; the queue's when absent.
    pub(crate) visibility_secs: Option<i32>,
}

/// What to do with a message that the engine returned.
enum Disposition {
    Deliver(TrackedMessage),
    /// It was received as often as its queue allows.
    MoveToDeadLetters(TrackedMessage),
    /// It was deleted under a receipt handle that the engine considers expired.
    Discard,
}

impl EmbeddedQueues {
    /// Receives from `queue`, with all attributes of each message.
    pub(crate) async fn receive(&self, queue: &Queue, options: ReceiveOptions) -> Result<Vec<Message>, SqsError> {
        let until = Instant::now() + options.wait;
        loop {
            self.release(queue).await?;
            let wait = until.saturating_duration_since(Instant::now()).as_millis().div_ceil(1_000);
            let input = ReceiveMessageInput {
                queue_url: queue.spec.url.clone(),
                max_number_of_messages: Some(options.max_messages),
                visibility_timeout: options.visibility_secs,
                wait_time_seconds: i32::try_from(wait).ok(),
                message_system_attribute_names: vec!["All".to_owned()],
                message_attribute_names: vec!["All".to_owned()],
                ..ReceiveMessageInput::default()
            };
            let received = self.engine.receive_message(input).await?.messages;
            if received.is_empty() {
                return Ok(received);
            }
            queue.tracked.all_added().await;
            let mut messages = Vec::with_capacity(received.len());
            let mut records = Vec::with_capacity(received.len());
            for message in received {
                match self.claim(queue, &message, options) {
                    Disposition::Deliver(entry) => {
                        records.push(Record::Received { id: entry.id.clone(), at: self.now() });
                        messages.push(to_message(message, entry));
                    }
                    Disposition::MoveToDeadLetters(entry) => self.move_to_dead_letters(queue, message, entry).await?,
                    Disposition::Discard => self.discard(queue, message).await?,
                }
            }
            if !messages.is_empty() {
                self.record(&records);
                return Ok(messages);
            }
        }
    }

    fn claim(&self, queue: &Queue, message: &Message, options: ReceiveOptions) -> Disposition {
        let engine_id = message.message_id.as_deref().unwrap_or_default();
        let mut entries = queue.tracked.lock();
        let Some(entry) = entries.get_mut(engine_id) else { return Disposition::Discard };
        let limit = queue.spec.redrive.as_ref().map(|redrive| redrive.max_receive_count);
        if limit.is_some_and(|limit| entry.receives >= limit) {
            return entries.remove(engine_id).map_or(Disposition::Discard, Disposition::MoveToDeadLetters);
        }
        entry.receives = entry.receives.saturating_add(1);
        entry.first_received_at.get_or_insert(self.now());
        let own = options.visibility_secs.and_then(|secs| u64::try_from(secs).ok());
        let hidden_secs = own.unwrap_or(u64::from(queue.spec.visibility_secs));
        entry.hidden_until = Some(Instant::now() + Duration::from_secs(hidden_secs));
        Disposition::Deliver(entry.clone())
    }

    /// Moves a message that was received too often to the dead-letter queue.
    async fn move_to_dead_letters(&self, queue: &Queue, message: Message, entry: TrackedMessage) -> Result<(), SqsError> {
        let target = queue.spec.redrive.as_ref().and_then(|redrive| self.find(&redrive.target_arn));
        let Some(target) = target else {
            return Err(SqsError::internal_error("there is no dead-letter queue of that name"));
        };
        let stored = StoredMessage {
            id: entry.id.clone(),
            queue: target.spec.name.clone(),
            body: message.body.clone().unwrap_or_default(),
            attributes: message.message_attributes.clone(),
            sent_at: entry.sent_at,
            due_at: 0,
            receives: entry.receives,
            first_received_at: entry.first_received_at,
        };
        tracing::warn!(queue = queue.spec.name, message = entry.id, "message moved to dead letters");
        self.record(&[Record::Moved { id: entry.id, queue: target.spec.name.clone() }]);
        self.add_to_engine(target, stored).await?;
        self.discard(queue, message).await
    }

    /// Removes a message without an entry from the engine.
    async fn discard(&self, queue: &Queue, message: Message) -> Result<(), SqsError> {
        let receipt_handle = message.receipt_handle.unwrap_or_default();
        let input = DeleteMessageInput { queue_url: queue.spec.url.clone(), receipt_handle };
        self.engine.delete_message(input).await.map(|_| ())
    }
}

/// The message as its consumer sees it: with its own id, times and count.
fn to_message(mut message: Message, entry: TrackedMessage) -> Message {
    let mut set = |name: &str, value: String| message.attributes.insert(name.to_owned(), value);
    set("ApproximateReceiveCount", entry.receives.to_string());
    set("SentTimestamp", entry.sent_at.to_string());
    if let Some(first) = entry.first_received_at {
        set("ApproximateFirstReceiveTimestamp", first.to_string());
    }
    message.message_id = Some(entry.id);
    message
}
