//! What accompanies the work of one invocation: the request it is for, and what it measures.
//!
//! Both are carried beside the work: log lines name the request, whatever sends a message names the request in it, and whatever
//! retries a write counts a conflict, without an argument through every call. Neither decides anything. Outside an invocation, such as in
//! a job, there is no request and nothing is measured.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::values::id::RequestId;

tokio::task_local! {
    static REQUEST: Option<RequestId>;
    static MEASURED: Arc<Measured>;
}

/// The unit of a metric, as CloudWatch calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// Its name in CloudWatch.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Bytes => "Bytes",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
        }
    }
}

/// Declares the metrics: variant, name, unit and meaning.
macro_rules! metrics {
    ($($variant:ident, $name:literal, $unit:ident, $meaning:literal;)*) => {
        /// What an invocation measures. The names are those of docs/operations.md, template.yaml's alarms and its dashboard.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Metric {
            $(#[doc = $meaning] $variant,)*
        }

        impl Metric {
            /// Every metric.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Its name in CloudWatch.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Its unit.
            pub fn unit(self) -> Unit {
                match self {
                    $(Self::$variant => Unit::$unit,)*
                }
            }
        }
    };
}

metrics! {
    Latency, "latency_ms", Milliseconds, "From the first to the last statement of the invocation.";
    Errors, "errors", Count, "Answers with 5xx, messages returned to their queue, failed steps of a schedule.";
    ColdStart, "cold_start", Count, "1 on the first invocation of a process.";
    Conflicts, "conflicts", Count, "Writes that were made again because another one came first.";
    ClickSend, "click_send_ms", Milliseconds, "How long a visitor waited for the clicks queue.";
    SettleLag, "settle_lag_ms", Milliseconds, "From accepted to counted, the longest of the invocation.";
    CellBytes, "cell_bytes", Bytes, "The largest report cell that was written.";
    UnknownVersion, "unknown_version", Count, "Messages of a version that this code does not know.";
    Delivered, "delivered", Count, "Attempts that a receiver accepted.";
    NotDelivered, "not_delivered", Count, "Attempts that failed.";
    Sweeps, "sweeps", Count, "1 for each run of the sweeper that was recorded.";
    OverdueConversions, "overdue_conversions", Count, "Conversions in the outbox that were overdue.";
    OverdueAdjustments, "overdue_adjustments", Count, "Adjustments in the outbox that were overdue.";
    OverdueClicks, "overdue_clicks", Count, "Clicks for webhooks in the outbox that were overdue.";
    OverdueEvents, "overdue_events", Count, "Events in the outbox that were overdue.";
    OverdueDeliveries, "overdue_deliveries", Count, "Deliveries in the outbox that were overdue.";
    OverdueImpressions, "overdue_impressions", Count, "Impressions in the outbox that were overdue.";
    OverdueParkedClicks, "overdue_parked_clicks", Count, "Parked clicks that were overdue.";
    OverdueFolds, "overdue_folds", Count, "Folds in the outbox that were overdue.";
    SetAside, "set_aside", Count, "Entries of the outbox that are set aside.";
    Drift, "drift", Count, "Counters that differ from their raw records.";
    RecountedDays, "recounted_days", Count, "1 when the recounter has finished a day.";
    RecountLeftOut, "recount_left_out", Count, "Handles that the recounter could not recount.";
    UncountedAge, "uncounted_age_s", Seconds, "Age of the oldest record that is accepted and not counted, once it is late.";
}

impl Metric {
    /// Whether several values of one invocation are added up; of the others the highest counts.
    fn is_sum(self) -> bool {
        self.unit() == Unit::Count
    }
}

/// The values of one invocation.
#[derive(Debug)]
pub struct Measured([AtomicI64; Metric::ALL.len()]);

/// A metric that was not measured. No value is negative.
const NONE: i64 = -1;

impl Default for Measured {
    fn default() -> Self {
        Self([const { AtomicI64::new(NONE) }; Metric::ALL.len()])
    }
}

impl Measured {
    /// Adds a value, which is 0 at least.
    pub fn add(&self, metric: Metric, value: i64) {
        let Some(slot) = self.0.get(metric as usize) else { return };
        let value = value.max(0);
        if metric.is_sum() {
            let sum = |before: i64| Some(before.max(0).saturating_add(value));
            // The sum is always some value, so this never fails.
            let _ = slot.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum);
        } else {
            slot.fetch_max(value, Ordering::Relaxed);
        }
    }

    /// What was measured, in the order of [`Metric::ALL`].
    pub fn values(&self) -> impl Iterator<Item = (Metric, i64)> {
        let values = Metric::ALL.into_iter().zip(&self.0).map(|(metric, value)| (metric, value.load(Ordering::Relaxed)));
        values.filter(|(_, value)| *value != NONE)
    }
}

/// Does `work` as one invocation, which measures into `measured`.
pub async fn measured<F: Future>(measured: Arc<Measured>, work: F) -> F::Output {
    MEASURED.scope(measured, work).await
}

/// Measures something of the present invocation.
pub fn measure(metric: Metric, value: i64) {
    // Outside an invocation there is nothing to measure into.
    let _ = MEASURED.try_with(|measured| measured.add(metric, value));
}

/// Does `work` for a request, if it is known: the messages it sends name the request.
pub async fn for_request<F: Future>(request: impl Into<Option<RequestId>>, work: F) -> F::Output {
    REQUEST.scope(request.into(), work).await
}

/// The request that the present work is for.
pub fn request() -> Option<RequestId> {
    REQUEST.try_with(|request| *request).ok().flatten()
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn counts_are_added_up_and_of_other_values_the_highest_counts() {
        let all = Arc::new(Measured::default());
        let work = async {
            for value in [3, 5, 4] {
                measure(Metric::Conflicts, value);
                measure(Metric::SettleLag, value);
            }
            measure(Metric::ClickSend, -7);
        };
        measured(all.clone(), work).now_or_never().expect("nothing is waited for");
        let values: Vec<_> = all.values().collect();
        assert_eq!(values, [(Metric::Conflicts, 12), (Metric::ClickSend, 0), (Metric::SettleLag, 5)]);
        measure(Metric::Conflicts, 1);
        assert_eq!(all.values().count(), 3, "outside an invocation nothing is measured");
    }

    #[test]
    fn the_request_is_known_within_its_work_only() {
        let id = RequestId::new(domain::values::moment::Moment::from_millis(1), 1);
        assert_eq!(for_request(id, async { request() }).now_or_never(), Some(Some(id)));
        assert_eq!(request(), None);
    }

    #[test]
    fn no_two_metrics_have_one_name() {
        let names: std::collections::BTreeSet<_> = Metric::ALL.map(Metric::name).into();
        assert_eq!(names.len(), Metric::ALL.len());
    }
}
