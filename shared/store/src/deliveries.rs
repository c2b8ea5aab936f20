//! Deliveries: every step is one write under the condition that nobody else has taken one since.

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::id::{DeliveryId, SubscriptionId};
use domain::moment::{Day, Moment};
use domain::name::Handle;
use domain::webhook::delivery::{Attempt, Delivery, KEPT_DAYS, Status};

use crate::Store;
use crate::error::{Error, Result};
use crate::item::{Item, Page, cursor, doc, integer, number, read_cursor, string, text, with_doc};
use crate::outbox::GRACE_MS;
use crate::table;
use crate::transaction::absent;

/// Which deliveries a list is to show.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this status.
    pub status: Option<Status>,
    /// Only of this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Not before this moment.
    pub since: Option<Moment>,
    /// Not after this moment.
    pub until: Option<Moment>,
}

impl Filter {
    fn shows(&self, delivery: &Delivery) -> bool {
        self.status.is_none_or(|status| status == delivery.status)
            && self.subscription.is_none_or(|subscription| subscription == delivery.subscription_id)
            && self.since.is_none_or(|since| since <= delivery.id.moment())
            && self.until.is_none_or(|until| delivery.id.moment() <= until)
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

impl Store {
    /// Makes a delivery, once: false when it is there already.
    pub async fn open_delivery(&self, delivery: &Delivery) -> Result<bool> {
        let put = self.put_part(item(delivery)?, absent)?;
        let count = self.count_part(delivery, "made", delivery.created_at)?;
        for _ in 0..TRIES {
            let written = self.transact(vec![put.clone(), count.clone()]).await?;
            if written.is_written() || written.failed_at(0) {
                return Ok(written.is_written());
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// A delivery, consistently.
    pub async fn delivery(&self, handle: &Handle, id: DeliveryId) -> Result<Option<Delivery>> {
        self.get(&table::delivery(handle, id)).await?.map(|item| doc(&item)).transpose()
    }

    /// A delivery with its attempts, in order.
    pub async fn delivery_with_attempts(&self, handle: &Handle, id: DeliveryId) -> Result<Option<(Delivery, Vec<Attempt>)>> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(table::delivery(handle, id).pk))
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
    pub async fn move_delivery(&self, before: &Delivery, after: &Delivery, attempt: Option<&Attempt>, now: Moment) -> Result<bool> {
        let mut parts = vec![self.step_part(before, after)?];
        if let Some(attempt) = attempt {
            let seq = before.lease.as_ref().map_or(0, |lease| lease.seq);
            let mut kept = with_doc(&table::attempt(&after.handle, after.id, attempt.n, seq), attempt)?;
            kept.insert("ttl".to_owned(), number(after.created_at.plus_days(KEPT_DAYS).seconds()));
            parts.push(self.put_part(kept, |put| put)?);
        }
        if let Some(name) = counted_as(after.status).filter(|_| !before.status.is_final()) {
            parts.push(self.count_part(after, name, now)?);
        }
        for _ in 0..TRIES {
            let written = self.transact(parts.clone()).await?;
            if written.is_written() || written.failed_at(0) {
                return Ok(written.is_written());
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    fn step_part(&self, before: &Delivery, after: &Delivery) -> Result<TransactWriteItem> {
        self.put_part(item(after)?, |put| {
            put.condition_expression("#state = :before")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":before", text(state(before)))
        })
    }

    fn count_part(&self, delivery: &Delivery, name: &str, now: Moment) -> Result<TransactWriteItem> {
        self.update_part(&table::delivery_counts(&delivery.handle, delivery.subscription_id, now), |update| {
            update
                .update_expression("SET #ttl = :ttl ADD #name :one")
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_names("#name", name)
                .expression_attribute_values(":ttl", number(now.plus_days(3).seconds()))
                .expression_attribute_values(":one", number(1))
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
            .expression_attribute_values(":from", text(table::delivery_counts(handle, id, now.plus_days(-1)).sk));
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

    /// A handle's deliveries, newest first; reads on until the page is full or 30 days are through.
    pub async fn deliveries(
        &self,
        handle: &Handle,
        filter: &Filter,
        now: Moment,
        limit: usize,
        from: Option<&str>,
    ) -> Result<Page<Delivery>> {
        let newest = filter.until.unwrap_or(now).min(now).plus_millis(60_000);
        let oldest = filter.since.unwrap_or(now).max(now.plus_days(-KEPT_DAYS)).min(now).day();
        let oldest = if filter.since.is_some() { oldest } else { now.plus_days(-KEPT_DAYS).day() };
        let mut before = from.and_then(read_cursor).map_or_else(|| format!("{}~", DeliveryId::new(newest, u128::MAX)), |[id]| id);
        let mut day = before.trim_end_matches('~').parse::<DeliveryId>().map_or(newest.day(), |id| id.moment().day());
        let mut items = Vec::new();
        loop {
            let (found, more) = self.deliveries_of_month(handle, day, &before).await?;
            for delivery in &found {
                before = delivery.id.to_string();
                if filter.shows(delivery) {
                    items.push(delivery.clone());
                    if items.len() == limit {
                        return Ok(Page { items, next_cursor: Some(cursor(&[&before])) });
                    }
                }
            }
            if !more {
                day = first_of_month(day).plus(-1);
                before = "~".to_owned();
                if day < oldest {
                    return Ok(Page { items, next_cursor: None });
                }
            }
        }
    }

    async fn deliveries_of_month(&self, handle: &Handle, day: Day, before: &str) -> Result<(Vec<Delivery>, bool)> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(table::LIST)
            .key_condition_expression("listPk = :month AND listSk < :before")
            .expression_attribute_values(":month", text(table::deliveries(handle, day)))
            .expression_attribute_values(":before", text(before))
            .scan_index_forward(false)
            .limit(200);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let deliveries = found.items().iter().map(doc).collect::<Result<_>>()?;
        Ok((deliveries, found.last_evaluated_key().is_some()))
    }
}

/// Tries before contention is given back to the queue.
const TRIES: u32 = 6;

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
