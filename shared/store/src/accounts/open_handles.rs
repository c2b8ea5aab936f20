//! Handles this process has lately seen open, so that most public calls need not read them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::values::moment::Moment;
use domain::values::name::Handle;

use crate::accounts::Profiles;
use crate::error::Result;

/// Milliseconds for which a handle that was open counts as open: as long as a redirect uses a link it has read.
const FRESH_MS: i64 = 5_000;
/// Handles remembered; beyond them all are forgotten.
const MAX_REMEMBERED: usize = 10_000;

/// When each handle was last seen open.
#[derive(Debug, Default)]
pub(crate) struct OpenHandles(Mutex<HashMap<Handle, Moment>>);

impl OpenHandles {
    fn is_fresh(&self, handle: &Handle, now: Moment) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(handle).is_some_and(|at| now.millis() - at.millis() < FRESH_MS)
    }

    fn remember(&self, handle: &Handle, now: Moment) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MAX_REMEMBERED {
            seen.clear();
        }
        seen.insert(handle.clone(), now);
    }
}

impl Profiles<'_> {
    /// Whether a handle exists and is not deleted, as it was at most five seconds ago: at most one `GetItem`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn is_open(self, handle: &Handle, now: Moment) -> Result<bool> {
        if self.open.is_fresh(handle, now) {
            return Ok(true);
        }
        let is_open = self.open(handle).await?.is_some();
        if is_open {
            self.open.remember(handle, now);
        }
        Ok(is_open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_seen_open_counts_as_open_for_five_seconds() {
        let (seen, handle, now) = (OpenHandles::default(), "demo".parse().unwrap(), Moment::from_millis(0));
        seen.remember(&handle, now);
        assert!(seen.is_fresh(&handle, now.plus_millis(4_999)) && !seen.is_fresh(&handle, now.plus_millis(5_000)));
        assert!(!seen.is_fresh(&"other".parse().unwrap(), now));
    }
}
