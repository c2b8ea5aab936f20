//! Dead-letter queues, for an operator's job: what is in them, and moving it back. No function's IAM statements allow it.

use std::time::Duration;

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use aws_smithy_types::timeout::TimeoutConfig;

use domain::values::moment::Moment;

use crate::client::AwsConnection;
use crate::error::{Error, Result};

/// Messages of one call (SQS).
const MAX_BATCH: i32 = 10;
/// How long a message that was received is hidden from others, in seconds: enough to move it, or to show it and release it.
const HIDDEN_SECS: i32 = 60;
/// Longer than the longest wait for messages.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A message that its worker could not process.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// Its id.
    pub id: String,
    /// When it was first sent.
    pub sent_at: Option<Moment>,
    /// Its body.
    pub body: String,
    /// Its group: the handle it is of.
    group: Option<String>,
    receipt: String,
}

/// How many messages a queue has, roughly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetterCount {
    /// Those that can be received.
    pub visible: u64,
    /// Those that are being shown or moved.
    pub hidden: u64,
}

/// A dead-letter queue, and the queue that its messages come from.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    client: aws_sdk_sqs::Client,
    url: String,
    source_url: String,
    wait_secs: i32,
}

impl DeadLetters {
    /// The queue at `url`, with messages of the one at `source_url`. SQS has several places in which messages are; a call that waits
    /// (`wait_secs`, 0 to 10) asks them all.
    pub fn connect(connection: &AwsConnection, url: String, source_url: String, wait_secs: i32) -> Self {
        Self { client: connection.sqs(), url, source_url, wait_secs }
    }

    /// How many messages there are: one `GetQueueAttributes`.
    ///
    /// # Errors
    /// When the queue is unavailable.
    pub async fn count(&self) -> Result<DeadLetterCount> {
        let names = [QueueAttributeName::ApproximateNumberOfMessages, QueueAttributeName::ApproximateNumberOfMessagesNotVisible];
        let asked = self.client.get_queue_attributes().queue_url(&self.url).set_attribute_names(Some(names.to_vec()));
        let found = asked.send().await.map_err(Error::call("GetQueueAttributes"))?;
        let number = |name: &QueueAttributeName| found.attributes()?.get(name)?.parse::<u64>().ok();
        let [visible, hidden] = names.map(|name| number(&name).unwrap_or_default());
        Ok(DeadLetterCount { visible, hidden })
    }

    /// At most ten messages, which are hidden from others for a minute; none when there are no more: one `ReceiveMessage`.
    ///
    /// # Errors
    /// When the queue is unavailable.
    pub async fn receive(&self) -> Result<Vec<DeadLetter>> {
        let asked = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(MAX_BATCH)
            .visibility_timeout(HIDDEN_SECS)
            .wait_time_seconds(self.wait_secs)
            .message_system_attribute_names(MessageSystemAttributeName::All);
        let patient = TimeoutConfig::builder().operation_attempt_timeout(TIMEOUT).operation_timeout(TIMEOUT).build();
        let patient = aws_sdk_sqs::Config::builder().timeout_config(patient);
        let found = asked.customize().config_override(patient).send().await.map_err(Error::call("ReceiveMessage"))?;
        Ok(found.messages.unwrap_or_default().into_iter().filter_map(DeadLetter::of).collect())
    }

    /// Makes messages visible again: one `ChangeMessageVisibilityBatch` for ten.
    ///
    /// # Errors
    /// When the queue is unavailable; then they are visible after a minute.
    pub async fn release(&self, letters: &[DeadLetter]) -> Result<()> {
        const CALL: &str = "ChangeMessageVisibilityBatch";
        for (_, entries) in batches(letters, |id, letter| {
            ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(&letter.receipt).visibility_timeout(0).build()
        }) {
            let entries = entries.map_err(|error| Error::Unavailable { operation: CALL, source: Box::new(error) })?;
            let release = self.client.change_message_visibility_batch().queue_url(&self.url).set_entries(Some(entries));
            release.send().await.map_err(Error::call(CALL))?;
        }
        Ok(())
    }

    /// Sends messages to the queue they come from, then deletes them here; returns how many SQS took. If the process dies in between, a
    /// message is in both queues, and its worker, which processes every message only once, ends the second one without effect.
    ///
    /// # Errors
    /// When a queue is unavailable, or takes a message and does not delete it here.
    pub async fn move_back(&self, letters: &[DeadLetter]) -> Result<usize> {
        let mut moved = 0;
        for (chunk, entries) in batches(letters, |id, letter| {
            let entry = SendMessageBatchRequestEntry::builder().id(id).message_body(&letter.body);
            entry.set_message_group_id(letter.group.clone()).build()
        }) {
            const CALL: &str = "SendMessageBatch";
            let entries = entries.map_err(|error| Error::Unavailable { operation: CALL, source: Box::new(error) })?;
            let send = self.client.send_message_batch().queue_url(&self.source_url).set_entries(Some(entries));
            let sent = send.send().await.map_err(Error::call(CALL))?;
            let taken: Vec<&DeadLetter> = sent.successful().iter().filter_map(|done| chunk.get(done.id().parse::<usize>().ok()?)).collect();
            self.delete(&taken).await?;
            moved += taken.len();
        }
        Ok(moved)
    }

    async fn delete(&self, letters: &[&DeadLetter]) -> Result<()> {
        const CALL: &str = "DeleteMessageBatch";
        for (chunk, entries) in
            batches(letters, |id, letter| DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(&letter.receipt).build())
        {
            let entries = entries.map_err(|error| Error::Unavailable { operation: CALL, source: Box::new(error) })?;
            let delete = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
            let deleted = delete.send().await.map_err(Error::call(CALL))?;
            if deleted.successful().len() < chunk.len() {
                return Err(Error::Contended(CALL));
            }
        }
        Ok(())
    }
}

/// The entries of each call for these messages; an entry's id is the place of its message in the call.
fn batches<'a, L, E, X>(
    letters: &'a [L],
    entry: impl Fn(String, &'a L) -> std::result::Result<E, X> + 'a,
) -> impl Iterator<Item = (&'a [L], std::result::Result<Vec<E>, X>)> {
    let size = usize::try_from(MAX_BATCH).unwrap_or(1);
    letters
        .chunks(size)
        .map(move |chunk| (chunk, chunk.iter().enumerate().map(|(place, letter)| entry(place.to_string(), letter)).collect()))
}

impl DeadLetter {
    fn of(message: aws_sdk_sqs::types::Message) -> Option<Self> {
        let attributes = message.attributes.unwrap_or_default();
        let sent = attributes.get(&MessageSystemAttributeName::SentTimestamp).and_then(|millis| millis.parse().ok());
        Some(Self {
            id: message.message_id.unwrap_or_default(),
            sent_at: sent.map(Moment::from_millis),
            body: message.body?,
            group: attributes.get(&MessageSystemAttributeName::MessageGroupId).cloned(),
            receipt: message.receipt_handle?,
        })
    }
}
