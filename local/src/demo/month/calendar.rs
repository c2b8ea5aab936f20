//! The days of the month and how many clicks each has, all in simulated time.

use domain::values::moment::Moment;

use super::content::{STORY_DAYS, Traffic};

/// A day in milliseconds.
pub(super) const DAY_MS: i64 = 86_400_000;

/// The days of the month; the last one is today.
#[derive(Clone, Copy)]
pub(super) struct Calendar {
    /// The beginning of the first day, in milliseconds since 1970.
    first: i64,
    days: usize,
}

impl Calendar {
    /// The `days` days that end with the one of `now`.
    pub(super) fn ending(now: Moment, days: usize) -> Self {
        let before = i64::try_from(days.saturating_sub(1)).unwrap_or_default();
        Self { first: now.day().start().millis() - before * DAY_MS, days }
    }

    /// The number of days.
    pub(super) const fn days(self) -> usize {
        self.days
    }

    /// The beginning of a day, counted from 0.
    pub(super) fn start_of(self, day: usize) -> i64 {
        self.first + i64::try_from(day).unwrap_or_default() * DAY_MS
    }

    /// A moment of the story (days since its beginning), at the pace of this month.
    pub(super) fn at(self, story_days: f64) -> i64 {
        self.first + millis(story_days * self.pace() * days_ms(1.0))
    }

    /// The day of the story, from 1, that this day (from 0) is.
    pub(super) fn story_day(self, day: usize) -> f64 {
        (count(day) / self.pace()).floor() + 1.0
    }

    /// A time of the story, at the pace of this month, in milliseconds.
    pub(super) fn paced(self, story_ms: i64) -> i64 {
        millis(story_ms as f64 * self.pace())
    }

    /// Days of this month for each day of the story.
    pub(super) fn pace(self) -> f64 {
        count(self.days) / STORY_DAYS
    }

    /// What each day's share of `total` is: by weekday, growth and spikes.
    pub(super) fn shares(self, traffic: &Traffic, total: f64) -> Vec<usize> {
        let weight = |day: usize| {
            // 1970-01-01 was a Thursday, the fourth day of a week.
            let weekday = usize::try_from((self.start_of(day) / DAY_MS + 3).rem_euclid(7)).unwrap_or_default();
            let weekday = traffic.weekdays.get(weekday).copied().unwrap_or(1.0);
            let growth = 1.0 + traffic.growth * count(day) / count(self.days.max(2) - 1);
            let is_today = |spike: &&super::content::Spike| same(spike.day, self.story_day(day));
            weekday * growth * traffic.spikes.iter().find(is_today).map_or(1.0, |spike| spike.factor)
        };
        allot(total, &(0..self.days).map(weight).collect::<Vec<_>>())
    }
}

/// Divides a total among weights into whole numbers that add up to it.
pub(super) fn allot(total: f64, weights: &[f64]) -> Vec<usize> {
    let sum: f64 = weights.iter().sum();
    let (mut before, mut reached) = (0.0, 0);
    let share = |weight: &f64| {
        before += weight;
        let until = whole(total * before / sum);
        let share = until - reached;
        reached = until;
        share
    };
    weights.iter().map(share).collect()
}

/// Whether two numbers of a table are the same one.
pub(super) fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.5
}

/// A number of things as a factor.
pub(super) fn count(number: usize) -> f64 {
    number as f64
}

/// The nearest whole number of a factor that is not negative.
pub(super) fn whole(number: f64) -> usize {
    usize::try_from(millis(number)).unwrap_or_default()
}

/// The nearest whole number of milliseconds.
pub(super) fn millis(number: f64) -> i64 {
    number.round() as i64
}

/// Days in milliseconds.
pub(super) fn days_ms(days: f64) -> f64 {
    days * 86_400_000.0
}
