//! Counts of the deliveries that end in an hour, and of how long their attempts took: of each subscription and hour up to sixteen items,
//! each added to in the transaction that ends a delivery.
//!
//! An item has the attributes `delivered` and `failed`, and one for each bucket of durations that is not empty: `ms100` counts the
//! attempts of at most 100 ms that were longer than the bound before, `msMore` those beyond every bound.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::values::id::SubscriptionId;
use domain::values::moment::{HOUR_MS, Moment};
use domain::values::name::Handle;
use domain::webhooks::delivery::{Delivery, DeliveryStatus, KEPT_DAYS};
use domain::webhooks::durations::AttemptDurations;
use futures::future::try_join_all;

use crate::dynamo::{Database, Item, integer, number, string, table, text};
use crate::error::{Error, Result};
use crate::webhooks::deliveries::Deliveries;

/// The attribute of delivered deliveries.
const DELIVERED: &str = "delivered";
/// The attribute of exhausted deliveries.
const FAILED: &str = "failed";
/// Days the counts of an hour are kept: no hour of the days in the delivery log is missing.
const COUNTS_KEPT_DAYS: i64 = KEPT_DAYS + 2;

/// Numbers of a subscription's deliveries that have ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Delivered.
    pub delivered: i64,
    /// Exhausted.
    pub failed: i64,
    /// How long their attempts took, failed ones included.
    pub durations: AttemptDurations,
}

impl DeliveryCounts {
    /// Adds others.
    pub fn merge(&mut self, other: &Self) {
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.durations.merge(&other.durations);
    }

    fn of(item: &Item) -> Self {
        let count = |name: &str| integer(item, name).unwrap_or_default();
        Self {
            delivered: count(DELIVERED),
            failed: count(FAILED),
            durations: AttemptDurations::from_buckets(|bound| count(&bucket_name(bound))),
        }
    }
}

impl Deliveries<'_> {
    /// A subscription's deliveries that ended in the hours from that of `from` to that of `to`, by the beginning of the hour; hours without
    /// any are left out. One eventually consistent `Query` of each of its four lanes, and one more of a lane for every further MB: an item
    /// has less than 400 bytes, so that seven days fit in the first.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn counts(self, handle: &Handle, id: SubscriptionId, from: Moment, to: Moment) -> Result<BTreeMap<Moment, DeliveryCounts>> {
        let lanes = (0..table::COUNT_LANES).map(|lane| self.counts_of_lane(handle, id, lane, (from, to)));
        let mut hours: BTreeMap<Moment, DeliveryCounts> = BTreeMap::new();
        for item in try_join_all(lanes).await?.iter().flatten() {
            if let Some(hour) = table::read_hour(string(item, "sk")?) {
                hours.entry(hour).or_default().merge(&DeliveryCounts::of(item));
            }
        }
        Ok(hours)
    }

    async fn counts_of_lane(self, handle: &Handle, id: SubscriptionId, lane: u32, (from, to): (Moment, Moment)) -> Result<Vec<Item>> {
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", text(table::delivery_counts(handle, id, lane)))
            .expression_attribute_values(":from", text(table::hour(from)))
            // The items of an hour are behind its name.
            .expression_attribute_values(":to", text(table::hour(to.plus_millis(HOUR_MS))));
        query.into_paginator().items().send().try_collect().await.map_err(Error::call("Query"))
    }
}

/// The counter of a final status that is counted.
pub(super) const fn counter(status: DeliveryStatus) -> Option<&'static str> {
    match status {
        DeliveryStatus::Delivered => Some(DELIVERED),
        DeliveryStatus::Exhausted => Some(FAILED),
        DeliveryStatus::Cancelled | DeliveryStatus::Pending | DeliveryStatus::InFlight | DeliveryStatus::Scheduled => None,
    }
}

/// What a transition adds to the counts, if it ends the delivery: its status, and the durations of its attempts, `last_ms` that of the
/// attempt that it records. A success after the final state replaces what was counted for that state, in the hour of that state.
pub(super) fn count_part(
    db: &Database,
    before: &Delivery,
    after: &Delivery,
    last_ms: Option<i64>,
    now: Moment,
) -> Result<Option<TransactWriteItem>> {
    let Some(ended) = counter(after.status) else { return Ok(None) };
    let counted_before = counter(before.status);
    let (at, uncounted) = match counted_before {
        Some(_) => (before.due_at, &[][..]),
        None => (now, before.durations_ms.as_slice()),
    };
    let statuses = counted_before.map(|name| (name.to_owned(), -1)).into_iter().chain([(ended.to_owned(), 1)]);
    let durations = AttemptDurations::of(uncounted.iter().copied().chain(last_ms));
    let attempts = durations.buckets().filter(|(_, attempts)| *attempts > 0).map(|(bound, attempts)| (bucket_name(bound), attempts));
    let changes: Vec<(String, i64)> = statuses.chain(attempts).collect();
    let sums: Vec<String> = changes.iter().map(|(name, _)| format!("{name} :{name}")).collect();
    let key = table::delivery_count(&after.handle, after.subscription_id, at, after.id);
    let part = db.update_part(&key, |update| {
        let update = update
            .update_expression(format!("SET #ttl = :ttl ADD {}", sums.join(", ")))
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":ttl", number(at.plus_days(COUNTS_KEPT_DAYS).seconds()));
        changes.iter().fold(update, |update, (name, change)| update.expression_attribute_values(format!(":{name}"), number(change)))
    });
    part.map(Some)
}

/// The attribute of a bucket of durations, named by its bound.
fn bucket_name(bound: Option<i64>) -> String {
    bound.map_or_else(|| "msMore".to_owned(), |bound| format!("ms{bound}"))
}
