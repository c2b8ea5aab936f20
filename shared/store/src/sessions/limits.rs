//! The limits of a session: signals in total and per minute.

use domain::chain::{MAX_A_MINUTE, MAX_IN_A_SESSION};
use domain::values::moment::Moment;

use crate::dynamo::{Item, integer};

const MINUTE_MS: i64 = 60_000;

/// Outcome of appending a batch of signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// They are stored.
    Kept {
        /// Signals stored now.
        accepted: u32,
        /// Signals stored before, recognized by their ids.
        deduped: u32,
        /// Signals of the session that count.
        total: u32,
        /// When the last of them expires.
        ends: Option<Moment>,
    },
    /// The session has the maximum number of signals.
    Full {
        /// When the first of them expires.
        until: Moment,
    },
    /// The session has the maximum number of signals of this minute.
    TooFast {
        /// The end of the minute.
        until: Moment,
    },
}

/// The state of a session's limits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SessionLimits {
    /// Signals that count, as long as none of them has expired.
    pub(super) total: u32,
    /// When the first of them expires, and when the last.
    pub(super) ends: Option<(Moment, Moment)>,
    pub(super) minute_used: u32,
    minute_ends: Option<Moment>,
    pub(super) version: i64,
}

impl SessionLimits {
    /// The limits of a session's item; those of a new session without one.
    pub(super) fn of(item: Option<&Item>, now: Moment) -> Self {
        let Some(item) = item else { return Self::default() };
        let count = |name| integer(item, name).and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
        let moment = |name| integer(item, name).map(Moment::from_millis);
        let minute_ends = moment("minuteEndsAt").filter(|ends| now < *ends);
        Self {
            total: count("total"),
            ends: moment("firstEndsAt").zip(moment("lastEndsAt")),
            minute_used: if minute_ends.is_some() { count("minuteUsed") } else { 0 },
            minute_ends,
            version: integer(item, "version").unwrap_or(0),
        }
    }

    /// Whether a counted signal has expired.
    pub(super) fn is_outdated(self, now: Moment) -> bool {
        self.ends.is_some_and(|(first, _)| first <= now)
    }

    /// The same without any signal in total.
    pub(super) fn emptied(self) -> Self {
        Self { total: 0, ends: None, ..self }
    }

    /// The same with one more signal that expires at `ends`.
    pub(super) fn with(self, ends: Moment) -> Self {
        let (first, last) = self.ends.unwrap_or((ends, ends));
        Self { total: self.total + 1, ends: Some((first.min(ends), last.max(ends))), ..self }
    }

    /// The refusal of `count` more signals; none when they are within the limits.
    pub(super) fn refuse(self, count: u32, now: Moment) -> Option<Appended> {
        if self.total + count > MAX_IN_A_SESSION {
            return Some(Appended::Full { until: self.ends.map_or(now, |(first, _)| first) });
        }
        (self.minute_used + count > MAX_A_MINUTE).then(|| Appended::TooFast { until: self.minute(now) })
    }

    /// The end of the minute of this moment.
    pub(super) fn minute(self, now: Moment) -> Moment {
        self.minute_ends.unwrap_or(now.plus_millis(MINUTE_MS))
    }
}
