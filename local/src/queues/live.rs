//! What is known of each message in the engine, by the id that the engine gave it.
//!
//! The engine makes up an id whenever it takes a message, so a message that comes back after a restart or moves to its
//! dead-letter queue has a new one there. Consumers see the first id and the true counts.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{
    sync::{RwLock, RwLockReadGuard},
    time::Instant,
};

/// A message in the engine.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) sent_at: i64,
    pub(super) receives: u32,
    pub(super) first_received_at: Option<i64>,
    pub(super) hidden_until: Option<Instant>,
}

/// The messages of one queue.
#[derive(Debug, Default)]
pub(super) struct Live {
    entries: Mutex<HashMap<String, Entry>>,
    arrivals: RwLock<()>,
}

impl Live {
    /// Held from before the engine takes a message until its entry is here.
    pub(super) async fn arriving(&self) -> RwLockReadGuard<'_, ()> {
        self.arrivals.read().await
    }

    /// Waits until every message that the engine could have handed out has its entry.
    pub(super) async fn settled(&self) {
        drop(self.arrivals.write().await);
    }

    /// The entries, for a moment.
    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        // The map is whole at every step, so a panic elsewhere does not spoil it.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many messages are visible, and how many in flight.
    pub(super) fn counts(&self) -> (usize, usize) {
        let now = Instant::now();
        let entries = self.lock();
        let hidden = |entry: &&Entry| entry.hidden_until.is_some_and(|until| until > now);
        let in_flight = entries.values().filter(hidden).count();
        (entries.len() - in_flight, in_flight)
    }
}
