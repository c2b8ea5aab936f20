//! Messages whose delay has not ended, ordered by the time it ends, on the server's clock.
//!
//! The engine's own delays would scan all messages at every receive, once a second, and on a clock that tests cannot set.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use rustack_sqs_model::error::SqsError;

use super::{EmbeddedQueues, Queue, journal::StoredMessage};

/// Longest sleep: tests may set the clock forward, so a time that is far away now may be close soon.
const MAX_SLEEP: Duration = Duration::from_millis(100);

/// The delayed messages of one queue.
#[derive(Default)]
pub(super) struct DelayedMessages {
    messages: Mutex<BTreeMap<(i64, u64), StoredMessage>>,
}

impl DelayedMessages {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(i64, u64), StoredMessage>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message.
    pub(super) fn add(&self, message: StoredMessage) {
        let mut messages = self.lock();
        let last_of_time = (message.due_at, u64::MAX);
        let last = messages.range((message.due_at, 0)..=last_of_time).next_back().map(|(key, _)| key.1);
        messages.insert((message.due_at, last.map_or(0, |last| last + 1)), message);
    }

    /// Removes the messages that are due at `now` (milliseconds) and returns them.
    pub(super) fn take_due(&self, now: i64) -> Vec<StoredMessage> {
        let mut messages = self.lock();
        let rest = messages.split_off(&(now.saturating_add(1), 0));
        std::mem::replace(&mut *messages, rest).into_values().collect()
    }

    /// Removes all messages and returns them.
    pub(super) fn take_all(&self) -> Vec<StoredMessage> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }

    /// How many messages are due at `now` (milliseconds), and how many are not.
    pub(super) fn counts(&self, now: i64) -> (usize, usize) {
        let messages = self.lock();
        let due = messages.range(..(now.saturating_add(1), 0)).count();
        (due, messages.len() - due)
    }

    fn next_due(&self) -> Option<i64> {
        self.lock().first_key_value().map(|(key, _)| key.0)
    }
}

impl EmbeddedQueues {
    /// Moves the messages of `queue` that are due to the engine.
    pub(super) async fn release(&self, queue: &Queue) -> Result<(), SqsError> {
        for message in queue.delayed.take_due(self.now()) {
            self.add_to_engine(queue, message).await?;
        }
        Ok(())
    }

    /// When the delay of the next message ends, in milliseconds since 1970.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.queues.values().filter_map(|queue| queue.delayed.next_due()).min()
    }

    /// Releases messages as they become due, until the queues are dropped.
    #[expect(clippy::disallowed_methods, reason = "the timer of the embedded queues' delays")]
    pub(crate) async fn release_forever(queues: Weak<Self>) {
        loop {
            let Some(queues) = queues.upgrade() else { return };
            for queue in queues.queues.values() {
                if let Err(error) = queues.release(queue).await {
                    tracing::error!(%error, queue = queue.spec.name, "delayed message not released");
                }
            }
            match queues.next_due().map(|due| u64::try_from(due - queues.now()).unwrap_or_default()) {
                Some(millis) => tokio::time::sleep(Duration::from_millis(millis.max(1)).min(MAX_SLEEP)).await,
                None => wait(queues).await,
            }
        }
    }
}

/// Waits for a delayed message, at most a second: until then the queues are not dropped.
async fn wait(queues: Arc<EmbeddedQueues>) {
    let _ = tokio::time::timeout(Duration::from_secs(1), queues.delay_added.notified()).await;
}
