//! Lists of deliveries.

use domain::values::id::{DeliveryId, EventId, SubscriptionId};
use domain::values::moment::{MAX_CLOCK_SKEW_MS, Moment};
use domain::values::name::Handle;
use domain::webhooks::delivery::{Delivery, DeliveryStatus, KEPT_DAYS};
use domain::webhooks::event::WebhookEventType;

use crate::dynamo::{Found, ListRange, Page, damaged, decode_parts, doc, encode_parts, found, table};
use crate::error::Result;
use crate::webhooks::deliveries::Deliveries;

/// Reads of one call of the list; a page ends early when few deliveries pass the filter.
const MAX_READS: usize = 25;
/// Deliveries of one read.
const MAX_READ: usize = 200;
/// Deliveries that one call of the list reads at most.
pub const MAX_LISTED_DELIVERIES: usize = MAX_READS * MAX_READ;

/// The deliveries a list contains.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// Only those of these statuses; of all when empty.
    pub statuses: Vec<DeliveryStatus>,
    /// Only those of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Only those of events of this type.
    pub event_type: Option<WebhookEventType>,
    /// Only those of this event.
    pub event: Option<EventId>,
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

    /// Whether it leaves out deliveries of its time.
    fn is_selective(&self) -> bool {
        let of_event = self.event_type.is_some() || self.event.is_some();
        !self.statuses.is_empty() || self.subscription.is_some() || of_event
    }

    fn contains(&self, delivery: &Delivery) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&delivery.status))
            && self.subscription.is_none_or(|subscription| subscription == delivery.subscription_id)
            && self.event_type.is_none_or(|kind| kind == delivery.event_type)
            && self.event.is_none_or(|event| event == delivery.event_id)
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

impl Deliveries<'_> {
    /// A handle's deliveries, newest first, after the delivery `after`: reads the `list` index, which lags, and the deliveries it names,
    /// until the page is full, the kept 30 days are read, or 25 reads of at most 200 deliveries are made.
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
            // One that the filter leaves out is read all the same; without a filter the page is read and the delivery it starts after.
            let size = if filter.is_selective() { MAX_READ } else { (limit - items.len() + 1).min(MAX_READ) };
            let range = ListRange::of_month(size, table::deliveries(handle, day)).between(oldest, before).newest_first();
            let (entries, next) = self.db.list_entries(range).await?;
            reads += 1;
            for (position, item) in self.db.items_of(&entries).await? {
                let id = position.parse().map_err(|_| damaged(&position, "listSk is not the id of a delivery"))?;
                if id == before {
                    continue;
                }
                before = id;
                match found::<Delivery>(&item, doc)? {
                    Found::Intact(delivery) if filter.contains(&delivery) => items.push(delivery),
                    Found::Intact(_) => {}
                    // Whether the filter would contain it cannot be known.
                    Found::Damaged(_) => unreadable.push(id.to_string()),
                }
                if items.len() == limit {
                    return Ok(Page { items, next_cursor: Some(encode_parts(&[&before.to_string()])), damaged: unreadable });
                }
            }
            // Further than the last item, where the last entries have expired.
            before = entries.last().and_then(|entry| entry.position.parse().ok()).unwrap_or(before).min(before);
            if next.is_some() && reads == MAX_READS {
                return Ok(Page { items, next_cursor: Some(encode_parts(&[&before.to_string()])), damaged: unreadable });
            }
            if next.is_none() {
                day = day.first_of_month().plus(-1);
            }
        }
        Ok(Page { items, next_cursor: None, damaged: unreadable })
    }
}
