//! Sending: checked, journaled, then handed to the engine or put aside until due.

use std::collections::HashMap;

use rustack_sqs_core::message::{md5_of_body, md5_of_message_attributes};
use rustack_sqs_model::{error::SqsError, input::SendMessageInput, output::SendMessageOutput, types::MessageAttributeValue};
use uuid::Uuid;

use super::{Queue, Queues, journal::Letter, live::Entry};

/// The engine's limit for a body.
const MAX_BODY_BYTES: usize = 262_144;

/// SQS's limit for a delay.
const MAX_DELAY_SECS: i32 = 900;

/// A message that somebody wants to send.
#[derive(Default)]
pub(crate) struct Draft {
    /// Its body.
    pub(crate) body: String,
    /// Its message attributes.
    pub(crate) attributes: HashMap<String, MessageAttributeValue>,
    /// Its delay, when it is not the queue's.
    pub(crate) delay_secs: Option<i32>,
}

impl Draft {
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

impl Queues {
    /// Sends `drafts`; each has an answer of its own, and all accepted ones are on the disk before any is answered.
    pub(crate) async fn send(&self, queue: &Queue, drafts: Vec<Draft>) -> Result<Vec<Result<SendMessageOutput, SqsError>>, SqsError> {
        let mut answers = Vec::with_capacity(drafts.len());
        let mut letters = Vec::with_capacity(drafts.len());
        for draft in drafts {
            match draft.check() {
                Ok(()) => {
                    let letter = self.letter(queue, draft);
                    answers.push(Ok(answer(&letter)));
                    letters.push(letter);
                }
                Err(refusal) => answers.push(Err(refusal)),
            }
        }
        if let Some(journal) = &self.journal
            && !letters.is_empty()
        {
            let written = journal.sent(&letters).await;
            written.map_err(|error| SqsError::internal_error(format!("journal: {error}")))?;
        }
        for letter in letters {
            self.place(queue, letter).await?;
        }
        Ok(answers)
    }

    fn letter(&self, queue: &Queue, draft: Draft) -> Letter {
        let now = self.now();
        let own_delay = draft.delay_secs.map(i64::from);
        let delay = own_delay.unwrap_or_else(|| i64::from(queue.spec.delay_secs));
        Letter {
            id: Uuid::new_v4().to_string(),
            queue: queue.spec.name.clone(),
            body: draft.body,
            attributes: draft.attributes,
            sent_at: now,
            due_at: now.saturating_add(delay * 1_000),
            receives: 0,
            first_received_at: None,
        }
    }

    /// Puts a journaled message where it belongs: into the engine, or aside until it is due.
    pub(super) async fn place(&self, queue: &Queue, letter: Letter) -> Result<(), SqsError> {
        if letter.due_at > self.now() {
            queue.later.keep(letter);
            self.later_changed.notify_one();
            return Ok(());
        }
        self.admit(queue, letter).await
    }

    /// Hands a message to the engine.
    pub(super) async fn admit(&self, queue: &Queue, letter: Letter) -> Result<(), SqsError> {
        let _arriving = queue.live.arriving().await;
        let entry = Entry {
            id: letter.id,
            sent_at: letter.sent_at,
            receives: letter.receives,
            first_received_at: letter.first_received_at,
            hidden_until: None,
        };
        let input = SendMessageInput {
            queue_url: queue.spec.url.clone(),
            message_body: letter.body,
            message_attributes: letter.attributes,
            delay_seconds: Some(0),
            ..SendMessageInput::default()
        };
        let output = self.engine.send_message(input).await?;
        queue.live.lock().insert(output.message_id.unwrap_or_default(), entry);
        Ok(())
    }
}

fn answer(letter: &Letter) -> SendMessageOutput {
    SendMessageOutput {
        message_id: Some(letter.id.clone()),
        md5_of_message_body: Some(md5_of_body(&letter.body)),
        md5_of_message_attributes: md5_of_message_attributes(&letter.attributes),
        ..SendMessageOutput::default()
    }
}
