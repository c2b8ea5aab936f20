//! Keeps the platform keys of a process: a request waits for them only while there are none.
//!
//! Keys live much longer than an outage of the place they come from, so old ones remain in use while newer ones are loaded. One
//! request at a time loads; the others go on with what there is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use domain::values::moment::Moment;
use tokio::time::timeout;

use super::{KeysError, PlatformKeys};
use crate::log;

/// Age in milliseconds after which keys are reloaded.
const FRESH_MS: i64 = 300_000;
/// Age in milliseconds after which keys are reloaded for an unknown key id.
const NEWER_MS: i64 = 10_000;
/// Milliseconds after a failure in which old keys are not reloaded.
const REST_MS: i64 = 60_000;
/// Milliseconds after a failure in which a request that can do without keys does not wait for them. Shorter than [`REST_MS`]: a sale
/// after a redirect without `ctx` cannot be credited.
const COLD_REST_MS: i64 = 2_000;
/// How long a request waits for a reload it started, and one that can do without keys for the first ones. Then the load goes on by
/// itself. On Lambda a process is frozen between requests: a reload that no request waits for at all might never end.
const BRIEFLY: Duration = Duration::from_millis(300);

/// Where keys are loaded from.
pub(crate) trait Load: Send + Sync + 'static {
    /// Loads them.
    fn load(&self) -> impl Future<Output = Result<PlatformKeys, KeysError>> + Send;
}

/// The keys of a process.
pub(crate) struct KeyCache<L>(Arc<Inner<L>>);

struct Inner<L> {
    source: L,
    state: Mutex<State>,
    /// Held while keys are loaded.
    loading: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    loaded: Option<(Moment, Arc<PlatformKeys>)>,
    /// When the last attempt was made, if it failed.
    failed_at: Option<Moment>,
    /// Attempts so far.
    attempts: u64,
    /// Whether a request reloads old keys.
    is_reloading: bool,
}

impl State {
    fn failed_within(&self, period_ms: i64, now: Moment) -> bool {
        self.failed_at.is_some_and(|at| now.millis() - at.millis() < period_ms)
    }

    fn keys(&self) -> Option<Arc<PlatformKeys>> {
        self.loaded.as_ref().map(|(_, keys)| Arc::clone(keys))
    }

    fn younger_than(&self, age_ms: i64, now: Moment) -> Option<Arc<PlatformKeys>> {
        self.loaded.as_ref().filter(|(at, _)| now.millis() - at.millis() < age_ms).map(|(_, keys)| Arc::clone(keys))
    }
}

impl<L: Load> KeyCache<L> {
    pub(crate) fn new(source: L) -> Self {
        Self(Arc::new(Inner { source, state: Mutex::default(), loading: tokio::sync::Mutex::default() }))
    }

    /// The keys, for a request that cannot do without them: old ones at once, the first ones as long as loading takes.
    ///
    /// # Errors
    /// When there are none and they cannot be loaded.
    pub(crate) async fn get(&self, now: Moment) -> Result<Arc<PlatformKeys>, KeysError> {
        match self.kept(now).await {
            Some(keys) => Ok(keys),
            None => self.load(now).await,
        }
    }

    /// The keys, for a request that goes on without them: old ones at once, the first ones within [`BRIEFLY`].
    ///
    /// # Errors
    /// When there are none and they cannot be loaded in that time, or could not be loaded a moment ago.
    pub(crate) async fn get_soon(&self, now: Moment) -> Result<Arc<PlatformKeys>, KeysError> {
        if let Some(keys) = self.kept(now).await {
            return Ok(keys);
        }
        if self.0.state().failed_within(COLD_REST_MS, now) {
            return Err(KeysError::NotYet);
        }
        timeout(BRIEFLY, self.load(now)).await.unwrap_or(Err(KeysError::NotYet))
    }

    /// The keys, reloaded if they are older than ten seconds: for a key id that the present ones lack.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(crate) async fn get_newer(&self, now: Moment) -> Result<Arc<PlatformKeys>, KeysError> {
        {
            let state = self.0.state();
            let young = state.younger_than(NEWER_MS, now);
            if let Some(keys) = young.or_else(|| state.keys().filter(|_| state.failed_within(REST_MS, now))) {
                return Ok(keys);
            }
        }
        self.load(now).await
    }

    /// The keys there are. When they are old, one request reloads them and waits briefly for that.
    async fn kept(&self, now: Moment) -> Option<Arc<PlatformKeys>> {
        let old = {
            let mut state = self.0.state();
            if let Some(keys) = state.younger_than(FRESH_MS, now) {
                return Some(keys);
            }
            let old = state.keys()?;
            if state.is_reloading || state.failed_within(REST_MS, now) {
                return Some(old);
            }
            state.is_reloading = true;
            old
        };
        match timeout(BRIEFLY, self.load(now)).await {
            Ok(Ok(newer)) => Some(newer),
            Ok(Err(_)) | Err(_) => Some(old),
        }
    }

    /// Loads keys, in a task of its own that ends also if no request waits for it. Requests that come meanwhile share its result.
    async fn load(&self, now: Moment) -> Result<Arc<PlatformKeys>, KeysError> {
        let (inner, seen) = (Arc::clone(&self.0), self.0.state().attempts);
        let mut attempt = Box::pin(async move { inner.attempt(now, seen).await });
        // Keys from the environment are there at once: they do not wait until a task is scheduled, which takes long under load.
        if let Poll::Ready(loaded) = attempt.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return loaded;
        }
        tokio::spawn(log::continued(attempt)).await.unwrap_or(Err(KeysError::NotYet))
    }
}

impl<L: Load> Inner<L> {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, and each change of the state is complete in itself.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Loads keys, unless another attempt has ended since `seen` were made.
    async fn attempt(&self, now: Moment, seen: u64) -> Result<Arc<PlatformKeys>, KeysError> {
        let _loading = self.loading.lock().await;
        if self.state().attempts != seen {
            return self.state().keys().ok_or(KeysError::NotYet);
        }
        let loaded = self.source.load().await;
        let mut state = self.state();
        state.attempts = state.attempts.wrapping_add(1);
        state.is_reloading = false;
        match loaded {
            Ok(keys) => {
                let keys = Arc::new(keys);
                state.loaded = Some((now, Arc::clone(&keys)));
                state.failed_at = None;
                Ok(keys)
            }
            Err(error) => {
                state.failed_at = Some(now);
                let Some(old) = state.keys() else { return Err(error) };
                tracing::warn!(
                    metric = "keys_not_reloaded",
                    error = &error as &dyn std::error::Error,
                    "platform keys could not be reloaded; the old ones remain in use"
                );
                Ok(old)
            }
        }
    }
}

#[cfg(test)]
mod tests;
