//! What the journal says about messages: sent, received, moved to another queue, deleted.

use std::collections::HashMap;

use rustack_sqs_model::types::MessageAttributeValue;
use serde::{Deserialize, Serialize};

/// A message as it must come back after a crash.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Letter {
    /// Its message id.
    pub(crate) id: String,
    /// The name of the queue it is in.
    pub(crate) queue: String,
    /// Its body.
    pub(crate) body: String,
    /// Its message attributes.
    #[serde(default, skip_serializing_if = "HashMap::is_empty")]
    pub(crate) attributes: HashMap<String, MessageAttributeValue>,
    /// When it was sent, in milliseconds.
    pub(crate) sent_at: i64,
    /// Before this moment nobody receives it.
    pub(crate) due_at: i64,
    /// How often it was received.
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
    /// A message is new.
    Sent(Letter),
    /// A message was handed to a consumer.
    Received {
        /// Its id.
        id: String,
        /// When.
        at: i64,
    },
    /// A message went to its dead-letter queue.
    Moved {
        /// Its id.
        id: String,
        /// The name of the queue it is in now.
        queue: String,
    },
    /// A message is done with.
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
