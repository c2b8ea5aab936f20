//! Receiving: the engine's messages under their own ids and with their true counts, poison set aside.

use std::time::Duration;

use rustack_sqs_model::{
    error::SqsError,
    input::{DeleteMessageInput, ReceiveMessageInput},
    types::Message,
};
use tokio::time::Instant;

use super::{
    Queue, Queues,
    journal::{Letter, Record},
    live::Entry,
};

/// What a consumer asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Want {
    /// At most this many messages, 1 to 10.
    pub(crate) messages: i32,
    /// How long to wait for the first.
    pub(crate) wait: Duration,
    /// How long they stay hidden, when not as long as the queue says.
    pub(crate) visibility_secs: Option<i32>,
}

/// What becomes of a message that the engine handed out.
enum Fate {
    Delivered(Entry),
    Poison(Entry),
    /// Deleted under a receipt handle that the engine took for expired.
    Gone,
}

impl Queues {
    /// Receives from `queue`; every attribute of a message is there.
    pub(crate) async fn receive(&self, queue: &Queue, want: Want) -> Result<Vec<Message>, SqsError> {
        let until = Instant::now() + want.wait;
        loop {
            self.release(queue).await?;
            let wait = until.saturating_duration_since(Instant::now()).as_millis().div_ceil(1_000);
            let input = ReceiveMessageInput {
                queue_url: queue.spec.url.clone(),
                max_number_of_messages: Some(want.messages),
                visibility_timeout: want.visibility_secs,
                wait_time_seconds: i32::try_from(wait).ok(),
                message_system_attribute_names: vec!["All".to_owned()],
                message_attribute_names: vec!["All".to_owned()],
                ..ReceiveMessageInput::default()
            };
            let received = self.engine.receive_message(input).await?.messages;
            if received.is_empty() {
                return Ok(received);
            }
            queue.live.settled().await;
            let mut messages = Vec::with_capacity(received.len());
            let mut records = Vec::with_capacity(received.len());
            for message in received {
                match self.claim(queue, &message, want) {
                    Fate::Delivered(entry) => {
                        records.push(Record::Received { id: entry.id.clone(), at: self.now() });
                        messages.push(dress(message, entry));
                    }
                    Fate::Poison(entry) => self.set_aside(queue, message, entry).await?,
                    Fate::Gone => self.discard(queue, message).await?,
                }
            }
            if !messages.is_empty() {
                self.note(&records);
                return Ok(messages);
            }
        }
    }

    fn claim(&self, queue: &Queue, message: &Message, want: Want) -> Fate {
        let engine_id = message.message_id.as_deref().unwrap_or_default();
        let mut entries = queue.live.lock();
        let Some(entry) = entries.get_mut(engine_id) else { return Fate::Gone };
        let limit = queue.spec.redrive.as_ref().map(|redrive| redrive.max_receive_count);
        if limit.is_some_and(|limit| entry.receives >= limit) {
            return entries.remove(engine_id).map_or(Fate::Gone, Fate::Poison);
        }
        entry.receives = entry.receives.saturating_add(1);
        entry.first_received_at.get_or_insert(self.now());
        let own = want.visibility_secs.and_then(|secs| u64::try_from(secs).ok());
        let hidden_secs = own.unwrap_or(u64::from(queue.spec.visibility_secs));
        entry.hidden_until = Some(Instant::now() + Duration::from_secs(hidden_secs));
        Fate::Delivered(entry.clone())
    }

    /// Moves a message that was received too often to the dead-letter queue.
    async fn set_aside(&self, queue: &Queue, message: Message, entry: Entry) -> Result<(), SqsError> {
        let target = queue.spec.redrive.as_ref().and_then(|redrive| self.find(&redrive.target_arn));
        let Some(target) = target else {
            return Err(SqsError::internal_error("there is no dead-letter queue of that name"));
        };
        let letter = Letter {
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
        self.note(&[Record::Moved { id: entry.id, queue: target.spec.name.clone() }]);
        self.admit(target, letter).await?;
        self.discard(queue, message).await
    }

    /// Removes from the engine what has no entry any more.
    async fn discard(&self, queue: &Queue, message: Message) -> Result<(), SqsError> {
        let receipt_handle = message.receipt_handle.unwrap_or_default();
        let input = DeleteMessageInput { queue_url: queue.spec.url.clone(), receipt_handle };
        self.engine.delete_message(input).await.map(|_| ())
    }
}

/// The message as its consumer shall see it.
fn dress(mut message: Message, entry: Entry) -> Message {
    let mut set = |name: &str, value: String| message.attributes.insert(name.to_owned(), value);
    set("ApproximateReceiveCount", entry.receives.to_string());
    set("SentTimestamp", entry.sent_at.to_string());
    if let Some(first) = entry.first_received_at {
        set("ApproximateFirstReceiveTimestamp", first.to_string());
    }
    message.message_id = Some(entry.id);
    message
}
