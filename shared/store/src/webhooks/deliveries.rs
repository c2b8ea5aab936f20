//! Deliveries: every step is one write under the condition that nobody else has taken one since.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::accounts::audit::Event;
use domain::values::id::{DeliveryId, SubscriptionId};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;
use domain::webhooks::delivery::{Attempt, Delivery, KEPT_DAYS, Status, Trigger};
use domain::webhooks::event::Envelope;

use crate::Store;
use crate::dynamo::item::{Item, Page, cursor, doc, integer, number, read_cursor, string, text, with_doc};
use crate::dynamo::table::{self, Key};
use crate::dynamo::transaction::absent;
use crate::error::{Error, Result};
use crate::outbox::GRACE_MS;

/// Which deliveries a list is to show.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of these statuses; of any when there are none.
    pub statuses: Vec<Status>,
    /// Only of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Not before this moment.
    pub since: Option<Moment>,
    /// Not after this moment.
    pub until: Option<Moment>,
}

impl Filter {
    /// Where a page of this list ended, as its cursor tells; none for a text that is no cursor of it.
    pub fn cursor(&self, text: &str) -> Option<DeliveryId> {
        let [id] = read_cursor(text)?;
        id.parse().ok().filter(|id: &DeliveryId| self.covers(id.moment()))
    }

    fn covers(&self, moment: Moment) -> bool {
        self.since.is_none_or(|since| since <= moment) && self.until.is_none_or(|until| moment <= until)
    }

    fn shows(&self, delivery: &Delivery) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&delivery.status))
            && self.subscription.is_none_or(|subscription| subscription == delivery.subscription_id)
            && self.covers(delivery.id.moment())
    }

    /// The first and the last id the list can hold, if it can hold any.
    fn bounds(&self, now: Moment) -> Option<(DeliveryId, DeliveryId)> {
        let kept_since = now.plus_days(-KEPT_DAYS);
        let oldest = self.since.map_or(kept_since, |since| since.max(kept_since));
        // Another machine's clock may be ahead of this one's.
        let ahead = now.plus_millis(60_000);
        let newest = self.until.map_or(ahead, |until| until.min(ahead));
        (oldest <= newest).then(|| (DeliveryId::new(oldest, 0), DeliveryId::new(newest, u128::MAX)))
    }
}

/// What became of a subscription's deliveries in some hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Made.
    pub made: i64,
    /// Delivered.
    pub delivered: i64,
    /// Exhausted.
    pub failed: i64,
    /// Cancelled.
    pub cancelled: i64,
}

impl DeliveryCounts {
    /// Those that have not ended.
    pub fn pending(&self) -> i64 {
        (self.made - self.delivered - self.failed - self.cancelled).max(0)
    }
}

/// An attempt that was made, and under which lease.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// What became of it.
    pub attempt: &'a Attempt,
    /// The number of the lease.
    pub lease: u32,
}

impl Store {
    /// Makes a delivery, once: false when it is there already.
    pub async fn open_delivery(&self, delivery: &Delivery) -> Result<bool> {
        let put = self.put_part(item(delivery)?, absent)?;
        let count = self.count_part(&count_of(delivery, delivery.created_at), &[("made", 1)], delivery.created_at)?;
        for _ in 0..TRIES {
            let written = self.transact(vec![put.clone(), count.clone()]).await?;
            if written.is_written() || written.failed_at(0) {
                return Ok(written.is_written());
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// Makes the deliveries somebody asked for, at most [`MAX_ASKED_FOR`], with the audit event of it and, when it is told for
    /// the first time, the message: all of it or nothing.
    pub async fn open_asked_for(
        &self,
        deliveries: &[Delivery],
        message: Option<&Envelope>,
        (handle, event): (&Handle, &Event),
    ) -> Result<()> {
        let mut parts = vec![self.audit_part(handle, event)?];
        if let Some(envelope) = message {
            parts.push(self.message_part(envelope)?);
        }
        let mut counts: BTreeMap<Key, (i64, Moment)> = BTreeMap::new();
        for delivery in deliveries {
            parts.push(self.put_part(item(delivery)?, absent)?);
            if delivery.trigger == Trigger::Manual {
                let mut newest = with_doc(&newest_replay(delivery), &delivery.id)?;
                newest.insert("ttl".to_owned(), number(delivery.created_at.plus_days(KEPT_DAYS).seconds()));
                parts.push(self.put_part(newest, |put| put)?);
            }
            counts.entry(count_of(delivery, delivery.created_at)).or_insert((0, delivery.created_at)).0 += 1;
        }
        for (at, (made, now)) in counts {
            parts.push(self.count_part(&at, &[("made", made)], now)?);
        }
        for _ in 0..TRIES {
            if self.transact(parts.clone()).await?.is_written() {
                return Ok(());
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// A delivery, consistently.
    pub async fn delivery(&self, handle: &Handle, id: DeliveryId) -> Result<Option<Delivery>> {
        self.get(&table::delivery(handle, id)).await?.map(|item| doc(&item)).transpose()
    }

    /// The newest delivery of the same event to the same subscription: this one, unless it was replayed since.
    pub async fn newest_of(&self, delivery: &Delivery) -> Result<Delivery> {
        let Some(item) = self.get(&newest_replay(delivery)).await? else { return Ok(delivery.clone()) };
        let newest = self.delivery(&delivery.handle, doc(&item)?).await?;
        Ok(newest.unwrap_or_else(|| delivery.clone()))
    }

    /// A delivery with its attempts, in order.
    pub async fn delivery_with_attempts(&self, handle: &Handle, id: DeliveryId) -> Result<Option<(Delivery, Vec<Attempt>)>> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :itself)")
            .expression_attribute_values(":pk", text(table::delivery(handle, id).pk))
            .expression_attribute_values(":itself", text("A"))
            .consistent_read(true);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let (mut delivery, mut attempts) = (None, Vec::new());
        for item in found.items() {
            match string(item, "sk")? {
                "A" => delivery = Some(doc(item)?),
                _ => attempts.push(doc(item)?),
            }
        }
        Ok(delivery.map(|delivery| (delivery, attempts)))
    }

    /// Takes a delivery from one state to the next, with the attempt that brought it there, unless it has moved meanwhile.
    pub async fn move_delivery(&self, before: &Delivery, after: &Delivery, made: Option<Made<'_>>, now: Moment) -> Result<bool> {
        let parts = self.moving_parts(before, after, made, now)?;
        for _ in 0..TRIES {
            let written = self.transact(parts.clone()).await?;
            if written.is_written() || written.failed_at(0) {
                return Ok(written.is_written());
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// The parts of a transaction that take a delivery to its next state; the first holds the condition.
    pub(crate) fn moving_parts(
        &self,
        before: &Delivery,
        after: &Delivery,
        made: Option<Made<'_>>,
        now: Moment,
    ) -> Result<Vec<TransactWriteItem>> {
        let mut parts = vec![self.step_part(before, after)?];
        if let Some(Made { attempt, lease }) = made {
            let mut kept = with_doc(&table::attempt(&after.handle, after.id, attempt.n, lease), attempt)?;
            kept.insert("ttl".to_owned(), number(after.created_at.plus_days(KEPT_DAYS).seconds()));
            parts.push(self.put_part(kept, |put| put)?);
        }
        // A success that comes after the end takes the place of what was counted then.
        let counted: Vec<(&str, i64)> = [(counted_as(before.status), -1), (counted_as(after.status), 1)]
            .into_iter()
            .filter_map(|(name, change)| name.map(|name| (name, change)))
            .collect();
        if !counted.is_empty() {
            parts.push(self.count_part(&count_of(after, now), &counted, now)?);
        }
        Ok(parts)
    }

    fn step_part(&self, before: &Delivery, after: &Delivery) -> Result<TransactWriteItem> {
        self.put_part(item(after)?, |put| {
            put.condition_expression("#state = :before")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":before", text(state(before)))
        })
    }

    fn count_part(&self, at: &Key, counted: &[(&str, i64)], now: Moment) -> Result<TransactWriteItem> {
        let sums: Vec<String> = counted.iter().map(|(name, _)| format!("{name} :{name}")).collect();
        self.update_part(at, |mut update| {
            for (name, change) in counted {
                update = update.expression_attribute_values(format!(":{name}"), number(change));
            }
            update
                .update_expression(format!("SET #ttl = :ttl ADD {}", sums.join(", ")))
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":ttl", number(now.plus_days(3).seconds()))
        })
    }

    /// What became of a subscription's deliveries in the last 24 hours, to the hour.
    pub async fn delivery_counts(&self, handle: &Handle, id: SubscriptionId, now: Moment) -> Result<DeliveryCounts> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
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

    /// A handle's deliveries, newest first, from behind `after`; reads on until the page is full or 30 days are through.
    pub async fn deliveries(
        &self,
        handle: &Handle,
        filter: &Filter,
        now: Moment,
        limit: usize,
        after: Option<DeliveryId>,
    ) -> Result<Page<Delivery>> {
        let mut items = Vec::new();
        let Some((oldest, newest)) = filter.bounds(now) else { return Ok(Page { items, next_cursor: None }) };
        let mut before = after.map_or(newest, |after| after.min(newest));
        let mut day = before.moment().day();
        let mut reads = 0;
        while oldest <= before && oldest.moment().day() <= day {
            let (found, more) = self.deliveries_of_month(handle, day, (oldest, before)).await?;
            reads += 1;
            for delivery in found {
                before = delivery.id;
                if filter.shows(&delivery) {
                    items.push(delivery);
                    if items.len() == limit {
                        return Ok(Page { items, next_cursor: Some(cursor(&[&before.to_string()])) });
                    }
                }
            }
            if more && reads == MAX_READS {
                return Ok(Page { items, next_cursor: Some(cursor(&[&before.to_string()])) });
            }
            if !more {
                day = first_of_month(day).plus(-1);
            }
        }
        Ok(Page { items, next_cursor: None })
    }

    async fn deliveries_of_month(
        &self,
        handle: &Handle,
        day: Day,
        (oldest, before): (DeliveryId, DeliveryId),
    ) -> Result<(Vec<Delivery>, bool)> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(table::LIST)
            .key_condition_expression("listPk = :month AND listSk BETWEEN :oldest AND :before")
            .expression_attribute_values(":month", text(table::deliveries(handle, day)))
            .expression_attribute_values(":oldest", text(oldest.to_string()))
            .expression_attribute_values(":before", text(before.to_string()))
            .scan_index_forward(false)
            .limit(200);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let mut deliveries = found.items().iter().map(doc).collect::<Result<Vec<Delivery>>>()?;
        deliveries.retain(|delivery| delivery.id != before);
        Ok((deliveries, found.last_evaluated_key().is_some()))
    }
}

/// Tries before contention is given back to the queue.
const TRIES: u32 = 6;
/// Reads of one call of a list, each of 200 deliveries; a page is short when fewer of them than asked for are wanted.
const MAX_READS: u32 = 25;
/// Deliveries that are made in one transaction: each has three parts, and DynamoDB takes a hundred.
pub const MAX_ASKED_FOR: usize = 32;

fn newest_replay(delivery: &Delivery) -> Key {
    table::newest_replay(&delivery.handle, Delivery::id_of(delivery.event_id, delivery.subscription_id))
}

fn count_of(delivery: &Delivery, at: Moment) -> Key {
    table::delivery_count(&delivery.handle, delivery.subscription_id, at, delivery.id)
}

fn counted_as(status: Status) -> Option<&'static str> {
    match status {
        Status::Delivered => Some("delivered"),
        Status::Exhausted => Some("failed"),
        Status::Cancelled => Some("cancelled"),
        Status::Pending | Status::InFlight | Status::Scheduled => None,
    }
}

fn first_of_month(day: Day) -> Day {
    let mut first = day;
    while first.plus(-1).month() == day.month() {
        first = first.plus(-1);
    }
    first
}

/// What a step depends on, in one word: no two states of a delivery have the same.
fn state(delivery: &Delivery) -> String {
    format!("{:?}#{}#{}", delivery.status, delivery.attempt, delivery.lease.as_ref().map_or(0, |lease| lease.seq))
}

fn item(delivery: &Delivery) -> Result<Item> {
    let mut item = with_doc(&table::delivery(&delivery.handle, delivery.id), delivery)?;
    item.insert("state".to_owned(), text(state(delivery)));
    item.insert("listPk".to_owned(), text(table::deliveries(&delivery.handle, delivery.id.moment().day())));
    item.insert("listSk".to_owned(), text(delivery.id.to_string()));
    item.insert("ttl".to_owned(), number(delivery.created_at.plus_days(KEPT_DAYS).seconds()));
    if !delivery.status.is_final() {
        let due = delivery.lease.as_ref().filter(|_| delivery.status == Status::InFlight).map_or(delivery.due_at, |lease| lease.until);
        item.insert("duePk".to_owned(), text(table::due_of(delivery.created_at)));
        item.insert("dueAt".to_owned(), number(due.plus_millis(GRACE_MS).millis()));
    }
    Ok(item)
}
