//! How long attempts took, as a histogram of fixed buckets (specification §10.4): a few counters, however many attempts there are.

use crate::webhooks::delivery::DEADLINE_MS;

/// The longest duration of each bucket in milliseconds, included. One more bucket has the attempts that took longer.
pub const BUCKETS_MS: [i64; 12] = [10, 25, 50, 100, 200, 400, 700, 1_000, 2_000, 4_000, 7_000, DEADLINE_MS];
const BUCKETS: usize = BUCKETS_MS.len() + 1;

/// Numbers of attempts by how long they took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AttemptDurations([i64; BUCKETS]);

impl AttemptDurations {
    /// One attempt each that took this many milliseconds.
    pub fn of(durations_ms: impl IntoIterator<Item = i64>) -> Self {
        let mut durations = Self::default();
        for duration_ms in durations_ms {
            durations.add(bucket_of(duration_ms), 1);
        }
        durations
    }

    /// The buckets, the shortest first: the longest duration of each, none of the last, and the attempts in it.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<i64>, i64)> {
        BUCKETS_MS.into_iter().map(Some).chain([None]).zip(self.0)
    }

    /// The same, made of the attempts that `count` has of each bucket.
    pub fn from_buckets(count: impl Fn(Option<i64>) -> i64) -> Self {
        let mut durations = Self::default();
        for (bucket, bound) in BUCKETS_MS.into_iter().map(Some).chain([None]).enumerate() {
            durations.add(bucket, count(bound));
        }
        durations
    }

    /// Adds those of another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (own, others) in self.0.iter_mut().zip(other.0) {
            *own += others;
        }
    }

    /// The number of attempts.
    pub fn attempts(&self) -> i64 {
        self.0.iter().sum()
    }

    /// The duration in milliseconds that `percent` of the attempts do not exceed; none without attempts.
    ///
    /// It is interpolated within the bucket of the attempt of that rank, so that it is in the same bucket as the exact one: the attempts
    /// of a bucket share it evenly, each in the middle of its part. Attempts longer than every bound count as the longest bound.
    pub fn percentile_ms(&self, percent: i64) -> Option<i64> {
        let rank = div_ceil(self.attempts() * percent, 100).max(1);
        let (mut before, mut lower) = (0, 0);
        for (bound, count) in self.buckets() {
            let Some(upper) = bound.filter(|_| rank <= before + count) else {
                before += count;
                lower = bound.unwrap_or(lower);
                continue;
            };
            return Some(lower + div_ceil((upper - lower) * (2 * (rank - before) - 1), 2 * count));
        }
        (rank <= before).then_some(lower)
    }

    fn add(&mut self, bucket: usize, attempts: i64) {
        if let Some(count) = self.0.get_mut(bucket) {
            *count += attempts;
        }
    }
}

fn bucket_of(duration_ms: i64) -> usize {
    BUCKETS_MS.partition_point(|bound| *bound < duration_ms)
}

/// The quotient, rounded up, of numbers that are not negative.
const fn div_ceil(dividend: i64, divisor: i64) -> i64 {
    (dividend + divisor - 1) / divisor
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The exact percentile, by the nearest rank.
    fn exact(durations: &[i64], percent: i64) -> i64 {
        let mut sorted = durations.to_vec();
        sorted.sort_unstable();
        let rank = (sorted.len() * usize::try_from(percent).unwrap()).div_ceil(100).max(1);
        sorted[rank - 1]
    }

    fn durations() -> impl Strategy<Value = Vec<i64>> {
        // As many short ones as long ones, and every bound with its neighbours.
        let near_bound = (prop::sample::select(&BUCKETS_MS[..]), -1..=1_i64).prop_map(|(bound, off)| bound + off);
        prop::collection::vec(prop_oneof![0..60_i64, 0..25_000_i64, near_bound], 1..200)
    }

    proptest! {
        #[test]
        fn a_percentile_is_in_the_bucket_of_the_exact_one(durations in durations(), percent in 1..=100_i64) {
            let estimate = AttemptDurations::of(durations.iter().copied()).percentile_ms(percent).unwrap();
            let exact = exact(&durations, percent).min(DEADLINE_MS);
            prop_assert_eq!(bucket_of(estimate), bucket_of(exact), "{} for {}", estimate, exact);
        }

        #[test]
        fn percentiles_grow_with_the_percentage(durations in durations(), low in 1..=100_i64, high in 1..=100_i64) {
            let durations = AttemptDurations::of(durations);
            prop_assert!(durations.percentile_ms(low.min(high)) <= durations.percentile_ms(low.max(high)));
        }

        #[test]
        fn histograms_add_up_and_are_read_back(one in durations(), other in durations()) {
            let mut sum = AttemptDurations::of(one.iter().copied());
            sum.merge(&AttemptDurations::of(other.iter().copied()));
            prop_assert_eq!(sum, AttemptDurations::of(one.iter().chain(&other).copied()));
            let stored: Vec<_> = sum.buckets().collect();
            let count = |bound| stored.iter().find(|(known, _)| *known == bound).unwrap().1;
            prop_assert_eq!(AttemptDurations::from_buckets(count), sum);
            prop_assert_eq!(sum.attempts(), i64::try_from(one.len() + other.len()).unwrap());
        }
    }

    #[test]
    fn percentiles_are_interpolated_within_their_bucket() {
        assert_eq!(AttemptDurations::default().percentile_ms(50), None);
        // Four attempts between 100 and 200 ms: a quarter of the bucket each.
        let four = AttemptDurations::of([110, 120, 130, 140]);
        assert_eq!((four.percentile_ms(50), four.percentile_ms(95)), (Some(138), Some(188)));
        let one = AttemptDurations::of([3]);
        assert_eq!((one.percentile_ms(50), one.percentile_ms(95)), (Some(5), Some(5)));
        let timeouts = AttemptDurations::of([5, 10_004, 10_012]);
        assert_eq!((timeouts.percentile_ms(50), timeouts.percentile_ms(95)), (Some(DEADLINE_MS), Some(DEADLINE_MS)));
    }
}
