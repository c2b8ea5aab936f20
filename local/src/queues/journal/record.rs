//! The journal's records: a message was sent, received, moved to another queue, deleted.

use std::collections::HashMap;

use rustack_sqs_model::types::MessageAttributeValue;
use serde::{Deserialize, Serialize};

/// A message as it is restored after a crash. Times are in milliseconds since 1970.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StoredMessage {
    /// Its message id.
    pub(crate) id: String,
    /// The name of the queue it is in.
    pub(crate) queue: String,
    /// Its body.
    pub(crate) body: String,
    /// Its message attributes.
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub(crate) attributes: HashMap<String, MessageAttributeValue>,
    /// When it was sent.
    pub(crate) sent_at: i64,
    /// When its delay ends.
    pub(crate) due_at: i64,
    /// How often it was received so far.
    #[serde(default)]
    pub(crate) receives: u32,
    /// When it was first received.
    #[serde(default)]
    pub(crate) first_received_at: Option<i64>,
}

/// One line of the journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Record {
    /// A message was sent.
    Sent(StoredMessage),
    /// A message was returned to a consumer.
    Received {
        /// Its id.
        id: String,
        /// When, in milliseconds since 1970.
        at: i64,
    },
    /// A message was moved to its dead-letter queue.
    Moved {
        /// Its id.
        id: String,
        /// The name of the queue it is in now.
        queue: String,
    },
    /// A message was deleted.
    Deleted {
        /// Its id.
        id: String,
    },
}

impl Record {
    /// Appends the record to `lines` as one line.
    pub(super) fn write(&self, lines: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        serde_json::to_writer(&mut *lines, self)?;
        lines.push(b'\n');
        Ok(())
    }
}
