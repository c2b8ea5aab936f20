//! Sending: validated, journaled, then added to the engine or delayed.

use std::collections::HashMap;

use rustack_sqs_core::message::{md5_of_body, md5_of_message_attributes};
use rustack_sqs_model::{error::SqsError, input::SendMessageInput, output::SendMessageOutput, types::MessageAttributeValue};
use uuid::Uuid;

use super::{EmbeddedQueues, Queue, journal::StoredMessage, tracked::TrackedMessage};

/// The engine's limit for a body.
const MAX_BODY_BYTES: usize = 262_144;

/// SQS's limit for a delay.
const MAX_DELAY_SECS: i32 = 900;

/// A message to send.
#[derive(Default)]
pub(crate) struct NewMessage {
    /// Its body.
    pub(crate) body: String,
    /// Its message attributes.
    pub(crate) attributes: HashMap<String, MessageAttributeValue>,
    /// Its delay in seconds; the queue's when absent.
    pub(crate) delay_secs: Option<i32>,
}

impl NewMessage {
    fn check(&self) -> Result<(), SqsError> {
        let invalid = |why: &str| Err(SqsError::invalid_parameter_value(why));
        if self.body.is_empty() {
            return Err(SqsError::missing_parameter("The request must contain the parameter MessageBody."));
        }
        if self.body.len() > MAX_BODY_BYTES {
            return invalid("Message must be shorter than 262144 bytes.");
        }
        if self.attributes.len() > 10 {
            return invalid("A message has at most 10 attributes.");
        }
        match self.delay_secs {
            Some(delay) if !(0..=MAX_DELAY_SECS).contains(&delay) => invalid("DelaySeconds must be between 0 and 900."),
            _ => Ok(()),
        }
    }
}

impl EmbeddedQueues {
    /// Sends `messages`. Each has a result of its own; all accepted ones are on the disk before this returns.
    pub(crate) async fn send(
        &self,
        queue: &Queue,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<Result<SendMessageOutput, SqsError>>, SqsError> {
        let mut results = Vec::with_capacity(messages.len());
        let mut accepted = Vec::with_capacity(messages.len());
        for message in messages {
            match message.check() {
                Ok(()) => {
                    let stored = self.to_store(queue, message);
                    results.push(Ok(sent_output(&stored)));
                    accepted.push(stored);
                }
                Err(invalid) => results.push(Err(invalid)),
            }
        }
        if let Some(journal) = &self.journal
            && !accepted.is_empty()
        {
            let written = journal.sent(&accepted).await;
            written.map_err(|error| SqsError::internal_error(format!("journal: {error}")))?;
        }
        for stored in accepted {
            self.admit(queue, stored).await?;
        }
        Ok(results)
    }

    fn to_store(&self, queue: &Queue, message: NewMessage) -> StoredMessage {
        let now = self.now();
        let own_delay = message.delay_secs.map(i64::from);
        let delay = own_delay.unwrap_or_else(|| i64::from(queue.spec.delay_secs));
        StoredMessage {
            id: Uuid::new_v4().to_string(),
            queue: queue.spec.name.clone(),
            body: message.body,
            attributes: message.attributes,
            sent_at: now,
            due_at: now.saturating_add(delay * 1_000),
            receives: 0,
            first_received_at: None,
        }
    }

    /// Adds a journaled message to the engine, or to the delayed messages until it is due.
    pub(super) async fn admit(&self, queue: &Queue, stored: StoredMessage) -> Result<(), SqsError> {
        if stored.due_at > self.now() {
            queue.delayed.add(stored);
            self.delay_added.notify_one();
            return Ok(());
        }
        self.add_to_engine(queue, stored).await
    }

    /// Adds a message to the engine.
    pub(super) async fn add_to_engine(&self, queue: &Queue, stored: StoredMessage) -> Result<(), SqsError> {
        let _adding = queue.tracked.adding().await;
        let entry = TrackedMessage {
            id: stored.id,
            sent_at: stored.sent_at,
            receives: stored.receives,
            first_received_at: stored.first_received_at,
            hidden_until: None,
        };
        let input = SendMessageInput {
            queue_url: queue.spec.url.clone(),
            message_body: stored.body,
            message_attributes: stored.attributes,
            delay_seconds: Some(0),
            ..SendMessageInput::default()
        };
        let output = self.engine.send_message(input).await?;
        queue.tracked.lock().insert(output.message_id.unwrap_or_default(), entry);
        Ok(())
    }
}

fn sent_output(stored: &StoredMessage) -> SendMessageOutput {
    SendMessageOutput {
        message_id: Some(stored.id.clone()),
        md5_of_message_body: Some(md5_of_body(&stored.body)),
        md5_of_message_attributes: md5_of_message_attributes(&stored.attributes),
        ..SendMessageOutput::default()
    }
}
