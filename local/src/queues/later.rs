//! Messages whose delay has not ended, by the moment it does, on the house's clock.
//!
//! The engine would look through all of them at every receive, once a second, and by a clock that tests cannot set.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use rustack_sqs_model::error::SqsError;

use super::{Queue, Queues, journal::Letter};

/// The clock may be set, so a moment that is far away by now is looked at again this soon.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The delayed messages of one queue.
#[derive(Default)]
pub(super) struct Later {
    letters: Mutex<BTreeMap<(i64, u64), Letter>>,
}

impl Later {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<(i64, u64), Letter>> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message aside until it is due.
    pub(super) fn keep(&self, letter: Letter) {
        let mut letters = self.lock();
        let behind = (letter.due_at, u64::MAX);
        let last = letters.range((letter.due_at, 0)..=behind).next_back().map(|(key, _)| key.1);
        letters.insert((letter.due_at, last.map_or(0, |last| last + 1)), letter);
    }

    /// Takes the messages that are due.
    pub(super) fn take_due(&self, now: i64) -> Vec<Letter> {
        let mut letters = self.lock();
        let rest = letters.split_off(&(now.saturating_add(1), 0));
        std::mem::replace(&mut *letters, rest).into_values().collect()
    }

    /// Takes all of them.
    pub(super) fn take_all(&self) -> Vec<Letter> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }

    /// How many are due, and how many are not yet.
    pub(super) fn counts(&self, now: i64) -> (usize, usize) {
        let letters = self.lock();
        let due = letters.range(..(now.saturating_add(1), 0)).count();
        (due, letters.len() - due)
    }

    fn next_due(&self) -> Option<i64> {
        self.lock().first_key_value().map(|(key, _)| key.0)
    }
}

impl Queues {
    /// Hands the engine what has become due in `queue`.
    pub(super) async fn release(&self, queue: &Queue) -> Result<(), SqsError> {
        for letter in queue.later.take_due(self.now()) {
            self.admit(queue, letter).await?;
        }
        Ok(())
    }

    /// Keeps releasing what becomes due, for as long as there are queues.
    #[expect(clippy::disallowed_methods, reason = "this is where the delays of the embedded queues pass")]
    pub(crate) async fn release_forever(queues: Weak<Self>) {
        loop {
            let Some(queues) = queues.upgrade() else { return };
            for queue in queues.queues.values() {
                if let Err(error) = queues.release(queue).await {
                    tracing::error!(%error, queue = queue.spec.name, "delayed message lost its way");
                }
            }
            let next = queues.queues.values().filter_map(|queue| queue.later.next_due()).min();
            match next.map(|due| u64::try_from(due - queues.now()).unwrap_or_default()) {
                Some(millis) => tokio::time::sleep(Duration::from_millis(millis.max(1)).min(LOOK_AGAIN)).await,
                None => wait(queues).await,
            }
        }
    }
}

/// Waits for the first delayed message without keeping the queues alive for ever.
async fn wait(queues: Arc<Queues>) {
    let _ = tokio::time::timeout(Duration::from_secs(1), queues.later_changed.notified()).await;
}
