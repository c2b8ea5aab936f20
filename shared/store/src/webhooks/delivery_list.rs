//! Lists and counts of deliveries.

use domain::values::id::{DeliveryId, SubscriptionId};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;
use domain::webhooks::delivery::{Delivery, DeliveryStatus, KEPT_DAYS};

use crate::dynamo::{Found, Page, damaged, decode_parts, doc, encode_parts, found, integer, string, table, text};
use crate::error::{Error, Result};
use crate::webhooks::deliveries::Deliveries;

/// Reads of one call of the list, each of at most 200 deliveries; a page ends early when few of them pass the filter.
const MAX_READS: u32 = 25;
/// How far the clock of another machine may be ahead, in milliseconds.
const MAX_CLOCK_SKEW_MS: i64 = 60_000;

/// The deliveries a list contains.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Only those of these statuses; of all when empty.
    pub statuses: Vec<DeliveryStatus>,
    /// Only those of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Only those created at or after this moment.
    pub since: Option<Moment>,
    /// Only those created at or before this moment.
    pub until: Option<Moment>,
}

impl DeliveryFilter {
    /// The last delivery before a cursor's page; none for a text that is not a cursor of this list.
    pub fn cursor(&self, text: &str) -> Option<DeliveryId> {
        let [id] = decode_parts(text)?;
        id.parse().ok().filter(|id: &DeliveryId| self.covers(id.moment()))
    }

    fn covers(&self, moment: Moment) -> bool {
        self.since.is_none_or(|since| since <= moment) && self.until.is_none_or(|until| moment <= until)
    }

    fn contains(&self, delivery: &Delivery) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&delivery.status))
            && self.subscription.is_none_or(|subscription| subscription == delivery.subscription_id)
            && self.covers(delivery.id.moment())
    }

    /// The first and the last id the list can contain; none when it is empty.
    fn bounds(&self, now: Moment) -> Option<(DeliveryId, DeliveryId)> {
        let kept_since = now.plus_days(-KEPT_DAYS);
        let oldest = self.since.map_or(kept_since, |since| since.max(kept_since));
        let latest = now.plus_millis(MAX_CLOCK_SKEW_MS);
        let newest = self.until.map_or(latest, |until| until.min(latest));
        (oldest <= newest).then(|| (DeliveryId::new(oldest, 0), DeliveryId::new(newest, u128::MAX)))
    }
}

/// Numbers of a subscription's deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Created.
    pub made: i64,
    /// Delivered.
    pub delivered: i64,
    /// Exhausted.
    pub failed: i64,
    /// Cancelled.
    pub cancelled: i64,
}

impl DeliveryCounts {
    /// Those that are not final.
    pub fn pending(&self) -> i64 {
        (self.made - self.delivered - self.failed - self.cancelled).max(0)
    }
}

impl Deliveries<'_> {
    /// The numbers of a subscription's deliveries in the last 24 hours, to the hour: one eventually consistent `Query`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn counts(self, handle: &Handle, id: SubscriptionId, now: Moment) -> Result<DeliveryCounts> {
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk AND sk > :from")
            .expression_attribute_values(":pk", text(table::delivery_counts(handle, id, now).pk))
            .expression_attribute_values(":from", text(table::delivery_counts(handle, id, now.plus_secs(-23 * 3600)).sk));
        let found = query.send().await.map_err(Error::call("Query"))?;
        let mut counts = DeliveryCounts::default();
        for item in found.items() {
            let of = |name| integer(item, name).unwrap_or(0);
            counts.made += of("made");
            counts.delivered += of("delivered");
            counts.failed += of("failed");
            counts.cancelled += of("cancelled");
        }
        Ok(counts)
    }

    /// A handle's deliveries, newest first, after the delivery `after`: reads the `list` index, which lags, until the page is
    /// full, the kept 30 days are read, or 25 reads are made.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn list(
        self,
        handle: &Handle,
        filter: &DeliveryFilter,
        now: Moment,
        limit: usize,
        after: Option<DeliveryId>,
    ) -> Result<Page<Delivery>> {
        let (mut items, mut unreadable) = (Vec::new(), Vec::new());
        let Some((oldest, newest)) = filter.bounds(now) else { return Ok(Page::new(items, None)) };
        let mut before = after.map_or(newest, |after| after.min(newest));
        let mut day = before.moment().day();
        let mut reads = 0;
        while oldest <= before && oldest.moment().day() <= day {
            let (found, is_more) = self.list_month(handle, day, (oldest, before)).await?;
            reads += 1;
            for (id, delivery) in found {
                before = id;
                match delivery {
                    Found::Intact(delivery) if filter.contains(&delivery) => items.push(delivery),
                    Found::Intact(_) => {}
                    // Whether the filter would contain it cannot be known.
                    Found::Damaged(_) => unreadable.push(id.to_string()),
                }
                if items.len() == limit {
                    return Ok(Page { items, next_cursor: Some(encode_parts(&[&before.to_string()])), damaged: unreadable });
                }
            }
            if is_more && reads == MAX_READS {
                return Ok(Page { items, next_cursor: Some(encode_parts(&[&before.to_string()])), damaged: unreadable });
            }
            if !is_more {
                day = first_of_month(day).plus(-1);
            }
        }
        Ok(Page { items, next_cursor: None, damaged: unreadable })
    }

    /// At most 200 deliveries of a month before `before`, newest first, and whether more follow.
    async fn list_month(
        self,
        handle: &Handle,
        day: Day,
        (oldest, before): (DeliveryId, DeliveryId),
    ) -> Result<(Vec<(DeliveryId, Found<Delivery>)>, bool)> {
        let query = self
            .db
            .query_index(table::LIST)
            .key_condition_expression("listPk = :month AND listSk BETWEEN :oldest AND :before")
            .expression_attribute_values(":month", text(table::deliveries(handle, day)))
            .expression_attribute_values(":oldest", text(oldest.to_string()))
            .expression_attribute_values(":before", text(before.to_string()))
            .scan_index_forward(false)
            .limit(200);
        let answer = query.send().await.map_err(Error::call("Query"))?;
        let mut deliveries = Vec::new();
        for item in answer.items() {
            let id = string(item, "listSk")?;
            let id: DeliveryId = id.parse().map_err(|_| damaged(id, "listSk is not the id of a delivery"))?;
            if id != before {
                deliveries.push((id, found(item, doc)?));
            }
        }
        Ok((deliveries, answer.last_evaluated_key().is_some()))
    }
}

fn first_of_month(day: Day) -> Day {
    let mut first = day;
    while first.plus(-1).month() == day.month() {
        first = first.plus(-1);
    }
    first
}
