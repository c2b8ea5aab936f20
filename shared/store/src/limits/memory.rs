//! What this process has seen of limits, so that refusing a subject again costs no call, and counting it one at most.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::values::moment::Moment;

/// Counters remembered; each has about a hundred bytes.
const MAX_REMEMBERED: usize = 10_000;

/// What this process has seen of limits.
#[derive(Debug, Default)]
pub(crate) struct LimitMemory {
    /// Counters that have reached their maximum.
    pub(super) exhausted: Counters,
    /// Windows that are running.
    pub(super) windows: Windows,
}

/// Counters by name, with the end of their window; none when they never start again.
#[derive(Debug, Default)]
pub(super) struct Counters(Mutex<HashMap<String, Option<Moment>>>);

impl Counters {
    /// Whether a counter is known at this moment, and until when.
    pub(super) fn get(&self, name: &str, now: Moment) -> Option<Option<Moment>> {
        lock(&self.0).get(name).copied().filter(|until| until.is_none_or(|until| until > now))
    }

    /// Remembers a counter.
    pub(super) fn remember(&self, name: String, until: Option<Moment>, now: Moment) {
        insert(&mut lock(&self.0), name, until, |until| until.is_none_or(|until| until > now));
    }
}

/// Windows that are running, by the name of their counter.
#[derive(Debug, Default)]
pub(super) struct Windows(Mutex<HashMap<String, Running>>);

/// A window that is running.
#[derive(Clone, Copy, Debug)]
struct Running {
    ends: Moment,
    /// Uses that may be taken without a call.
    free: u32,
    /// Uses that have been taken without one since the last.
    uncounted: u32,
}

/// How one is taken of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WindowUse {
    /// It is not known to be running.
    Unknown,
    /// Without a call.
    Free,
    /// By adding to its counter this use and those taken without a call before.
    Counted {
        /// The uses to add.
        uses: u32,
        /// The end of the window.
        ends: Moment,
    },
}

impl Windows {
    /// Takes one of a window, if it is running at this moment.
    pub(super) fn take(&self, name: &str, now: Moment) -> WindowUse {
        let mut windows = lock(&self.0);
        let Some(window) = windows.get_mut(name).filter(|window| window.ends > now) else { return WindowUse::Unknown };
        if window.free > 0 {
            window.free -= 1;
            window.uncounted += 1;
            return WindowUse::Free;
        }
        WindowUse::Counted { uses: std::mem::take(&mut window.uncounted) + 1, ends: window.ends }
    }

    /// Remembers a window of which `free` uses may be taken without a call.
    pub(super) fn remember(&self, name: String, ends: Moment, free: u32, now: Moment) {
        let mut windows = lock(&self.0);
        // Of what was taken meanwhile, nothing is forgotten.
        let uncounted = windows.get(&name).filter(|window| window.ends > now).map_or(0, |window| window.uncounted);
        insert(&mut windows, name, Running { ends, free, uncounted }, |window| window.ends > now);
    }
}

fn lock<T>(counters: &Mutex<T>) -> MutexGuard<'_, T> {
    counters.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Adds a counter. When there are too many, those that are no longer current are forgotten, or else all.
fn insert<T>(counters: &mut HashMap<String, T>, name: String, value: T, is_current: impl Fn(&T) -> bool) {
    if counters.len() >= MAX_REMEMBERED {
        counters.retain(|_, value| is_current(value));
    }
    if counters.len() >= MAX_REMEMBERED {
        counters.clear();
    }
    counters.insert(name, value);
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

    #[test]
    fn what_is_taken_without_a_call_is_added_at_the_next_one_and_lost_with_its_window() {
        let (windows, now) = (Windows::default(), Moment::from_millis(0));
        let ends = now.plus_millis(10);
        assert_eq!(windows.take("a", now), WindowUse::Unknown);
        windows.remember("a".to_owned(), ends, 2, now);
        assert_eq!(
            [(); 4].map(|()| windows.take("a", now)),
            [WindowUse::Free, WindowUse::Free, WindowUse::Counted { uses: 3, ends }, WindowUse::Counted { uses: 1, ends }]
        );
        assert_eq!((windows.take("b", now), windows.take("a", ends)), (WindowUse::Unknown, WindowUse::Unknown));
        windows.remember("a".to_owned(), ends, 1, now);
        windows.take("a", now);
        // Another call, begun before, ends now.
        windows.remember("a".to_owned(), ends, 0, now);
        assert_eq!(windows.take("a", now), WindowUse::Counted { uses: 2, ends });
        windows.remember("a".to_owned(), ends, 1, now);
        windows.take("a", now);
        windows.remember("a".to_owned(), ends.plus_millis(10), 0, ends);
        assert_eq!(windows.take("a", ends), WindowUse::Counted { uses: 1, ends: ends.plus_millis(10) });
        for number in 0..MAX_REMEMBERED * 2 {
            windows.remember(number.to_string(), ends, 1, now);
            assert!(windows.0.lock().unwrap().len() <= MAX_REMEMBERED);
        }
    }
}
