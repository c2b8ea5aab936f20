//! The messages in the engine, by the id that the engine gave them.
//!
//! The engine gives a message a new id whenever it is added: after a restart, and in its dead-letter queue. Consumers see
//! the first id and the counts since then.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{RwLock, RwLockReadGuard},
    time::Instant,
};

/// A message in the engine: its own id, its times in milliseconds since 1970, and its receive count.
#[derive(Debug, Clone)]
pub(super) struct TrackedMessage {
    pub(super) id: String,
    pub(super) sent_at: i64,
    pub(super) receives: u32,
    pub(super) first_received_at: Option<i64>,
    pub(super) hidden_until: Option<Instant>,
}

/// The messages of one queue.
#[derive(Debug, Default)]
pub(super) struct TrackedMessages {
    entries: Mutex<HashMap<String, TrackedMessage>>,
    additions: RwLock<()>,
}

impl TrackedMessages {
    /// A guard to hold from before a message is added to the engine until its entry is added here.
    pub(super) async fn adding(&self) -> RwLockReadGuard<'_, ()> {
        self.additions.read().await
    }

    /// Waits until every message that the engine may have returned has its entry.
    pub(super) async fn all_added(&self) {
        drop(self.additions.write().await);
    }

    /// Locks the entries.
    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<String, TrackedMessage>> {
        // The map is consistent at every step, so a panic while it was locked does no harm.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many messages are visible, and how many in flight.
    pub(super) fn counts(&self) -> (usize, usize) {
        let now = Instant::now();
        let entries = self.lock();
        let hidden = |entry: &&TrackedMessage| entry.hidden_until.is_some_and(|until| until > now);
        let in_flight = entries.values().filter(hidden).count();
        (entries.len() - in_flight, in_flight)
    }
}
