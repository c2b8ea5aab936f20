//! The outbox: items that must be processed after they are written, and the messages that announce them.
//!
//! An item is an entry of the outbox while it has `duePk` and `dueAt`. Its message can be lost; the sweeper finds overdue
//! entries in the `due` index every minute and announces them again, less and less often.

mod attempt_message;
mod click_batcher;
mod overdue;
mod pointer;
mod queues;

use aws_sdk_dynamodb::types::AttributeValue;

use domain::values::id::RequestId;
use domain::values::moment::Moment;

use crate::dynamo::{Database, Item, applied, number, table, text};
use crate::error::Result;

pub use attempt_message::{AttemptMessage, Lane};
pub use click_batcher::ClickMessage;
pub use overdue::{MAX_ANNOUNCEMENTS, Overdue, OverdueCursor, Postponed, SetAside};
pub use pointer::{OutboxKind, Pointer};
pub use queues::QueueUrls;

pub(crate) use queues::QueueClients;

/// The version of the messages that this code sends, and the newest it can read.
pub const MESSAGE_VERSION: u8 = 1;

/// A message of a queue.
pub trait Message: serde::de::DeserializeOwned {
    /// The version of its layout; that of today's is [`MESSAGE_VERSION`].
    fn version(&self) -> u8;

    /// The request that caused it, where the sender named one.
    fn request_id(&self) -> Option<RequestId>;
}

/// Seconds until a job that is not finished goes on: until the next run of the sweeper.
pub(crate) const JOB_PAUSE_SECS: i64 = 30;

/// Time a message has before the sweeper announces its entry again, in milliseconds.
pub(crate) const GRACE_MS: i64 = 60_000;

/// Makes an item an entry of the outbox: in the partition of `created_at`, due at `due_at`.
pub(crate) fn make_due(item: &mut Item, created_at: Moment, due_at: Moment) {
    let attributes: [(&str, AttributeValue); 2] = [("duePk", text(table::due_of(created_at))), ("dueAt", number(due_at.millis()))];
    item.extend(attributes.map(|(name, value)| (name.to_owned(), value)));
}

/// Whether an item is an entry of the outbox.
pub(crate) fn is_due(item: &Item) -> bool {
    item.contains_key("duePk")
}

/// Handle of the outbox: `store.outbox()`.
#[derive(Clone, Copy, Debug)]
pub struct Outbox<'a> {
    db: &'a Database,
    queues: &'a QueueClients,
}

impl<'a> Outbox<'a> {
    pub(crate) fn new(db: &'a Database, queues: &'a QueueClients) -> Self {
        Self { db, queues }
    }

    /// Announces an entry to the event worker: one `SendMessage`.
    ///
    /// # Errors
    /// When the function has no events queue, or SQS is unavailable.
    pub async fn announce(self, pointer: &Pointer) -> Result<()> {
        self.announce_later(pointer, 0).await
    }

    /// Announces an entry to the event worker after a delay of at most 900 seconds.
    ///
    /// # Errors
    /// When the function has no events queue, or SQS is unavailable.
    pub async fn announce_later(self, pointer: &Pointer, delay_seconds: i32) -> Result<()> {
        self.queues.send_pointer(pointer, delay_seconds).await
    }

    /// Announces entries to the event worker, ten in one `SendMessageBatch`, and returns how each ended, in their order.
    pub async fn announce_all(self, pointers: &[Pointer]) -> Vec<Result<()>> {
        self.queues.send_pointers(pointers).await
    }

    /// Announces an entry to the event worker; a failure is logged only, since the sweeper announces the entry within two minutes.
    pub async fn announce_best_effort(self, pointer: &Pointer) {
        if let Err(error) = self.announce(pointer).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(item.pk = %pointer.logged_pk(), error, "outbox entry could not be announced; the sweeper will announce it");
        }
    }

    /// Announces an attempt of a delivery after `wait_ms` milliseconds, rounded up to whole seconds and at most 900 seconds.
    ///
    /// # Errors
    /// When the function has no queue for the message's lane, or SQS is unavailable.
    pub async fn announce_attempt(self, attempt: &AttemptMessage, wait_ms: i64) -> Result<()> {
        self.queues.send_attempt(attempt, wait_ms).await
    }

    /// Removes an entry from the outbox once it is processed; the item stays. No effect when there is no such item.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn close(self, pointer: &Pointer) -> Result<()> {
        let update = self.db.update(&pointer.key()).update_expression("REMOVE duePk, dueAt").condition_expression("attribute_exists(pk)");
        applied("UpdateItem", update.send().await).map(drop)
    }
}
