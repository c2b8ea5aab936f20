//! What this process has seen of limits, so that refusing a subject again costs no call, and counting it one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::values::moment::Moment;

/// Counters remembered; each has about a hundred bytes.
const MAX_REMEMBERED: usize = 10_000;

/// What this process has seen of limits.
#[derive(Debug, Default)]
pub(crate) struct LimitMemory {
    /// Counters that have reached their maximum.
    pub(super) exhausted: Counters,
    /// Windows that are running.
    pub(super) running: Counters,
}

/// Counters by name, with the end of their window; none when they never start again.
#[derive(Debug, Default)]
pub(super) struct Counters(Mutex<HashMap<String, Option<Moment>>>);

impl Counters {
    /// Whether a counter is known at this moment, and until when.
    pub(super) fn get(&self, name: &str, now: Moment) -> Option<Option<Moment>> {
        let counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counters.get(name).copied().filter(|until| until.is_none_or(|until| until > now))
    }

    /// Remembers a counter. When there are too many, those of ended windows are forgotten, or else all.
    pub(super) fn remember(&self, name: String, until: Option<Moment>, now: Moment) {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.len() >= MAX_REMEMBERED {
            counters.retain(|_, until| until.is_none_or(|until| until > now));
        }
        if counters.len() >= MAX_REMEMBERED {
            counters.clear();
        }
        counters.insert(name, until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_remembered_to_the_end_of_its_window_and_their_number_is_bounded() {
        let (counters, now) = (Counters::default(), Moment::from_millis(0));
        counters.remember("a".to_owned(), Some(now.plus_millis(10)), now);
        counters.remember("b".to_owned(), None, now);
        assert_eq!(counters.get("a", now.plus_millis(9)), Some(Some(now.plus_millis(10))));
        assert_eq!(
            (counters.get("a", now.plus_millis(10)), counters.get("b", now.plus_days(1)), counters.get("c", now)),
            (None, Some(None), None)
        );
        for number in 0..MAX_REMEMBERED * 2 {
            counters.remember(number.to_string(), Some(now.plus_millis(10)), now);
            assert!(counters.0.lock().unwrap().len() <= MAX_REMEMBERED);
        }
    }
}
