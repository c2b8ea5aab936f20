//! Deliveries: each transition is one write on the condition that the delivery is as it was read.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::accounts::audit::AuditEvent;
use domain::values::id::DeliveryId;
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::webhooks::delivery::{Delivery, DeliveryAttempt, DeliveryStatus, DeliveryTrigger, KEPT_DAYS};
use domain::webhooks::envelope::Envelope;

use crate::accounts::audit;
use crate::dynamo::table::{self, Key};
use crate::dynamo::{Database, Item, RetryPolicy, absent, doc, number, readable, string, text, with_doc};
use crate::error::{Error, Result};
use crate::outbox::{GRACE_MS, make_due};
use crate::webhooks::events;

/// Deliveries created in one transaction: each takes up to three of its hundred parts.
pub const MAX_REQUESTED_DELIVERIES: usize = 32;

/// A finished attempt and the lease it was made under.
#[derive(Clone, Copy, Debug)]
pub struct AttemptRecord<'a> {
    /// The attempt with its outcome.
    pub attempt: &'a DeliveryAttempt,
    /// The sequence number of the lease.
    pub lease: u32,
}

/// Handle of the deliveries: `store.deliveries()`.
#[derive(Clone, Copy, Debug)]
pub struct Deliveries<'a> {
    pub(super) db: &'a Database,
}

impl<'a> Deliveries<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// Creates a delivery; false when it exists.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn create(self, delivery: &Delivery) -> Result<bool> {
        let put = self.db.put_part(item(delivery)?, absent)?;
        let count = count_part(self.db, &count_key(delivery, delivery.created_at), &[("made", 1)], delivery.created_at)?;
        let written = self.db.transact_retrying(RetryPolicy::TRANSACTION, &[put, count], &[0]).await?;
        Ok(written.is_written())
    }

    /// Creates the deliveries that a user requested, at most [`MAX_REQUESTED_DELIVERIES`], with the audit event and, for a new
    /// event, its message: all of it or nothing.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn create_requested(
        self,
        deliveries: &[Delivery],
        message: Option<&Envelope>,
        (handle, event): (&Handle, &AuditEvent),
    ) -> Result<()> {
        let mut parts = vec![audit::part(self.db, handle, event)?];
        if let Some(envelope) = message {
            parts.push(events::message_part(self.db, envelope)?);
        }
        let mut counts: BTreeMap<Key, (i64, Moment)> = BTreeMap::new();
        for delivery in deliveries {
            parts.push(self.db.put_part(item(delivery)?, absent)?);
            if delivery.trigger == DeliveryTrigger::Manual {
                let mut newest = with_doc(&newest_replay_key(delivery), &delivery.id)?;
                newest.insert("ttl".to_owned(), number(delivery.created_at.plus_days(KEPT_DAYS).seconds()));
                parts.push(self.db.put_part(newest, |put| put)?);
            }
            counts.entry(count_key(delivery, delivery.created_at)).or_insert((0, delivery.created_at)).0 += 1;
        }
        for (at, (made, now)) in counts {
            parts.push(count_part(self.db, &at, &[("made", made)], now)?);
        }
        self.db.transact_retrying(RetryPolicy::TRANSACTION, &parts, &[]).await.map(drop)
    }

    /// A delivery.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get(self, handle: &Handle, id: DeliveryId) -> Result<Option<Delivery>> {
        self.db.get_doc(&table::delivery(handle, id)).await
    }

    /// The newest delivery of the same event to the same subscription: this one, unless it was replayed since.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn newest_of(self, delivery: &Delivery) -> Result<Delivery> {
        let Some(id) = self.db.get_doc(&newest_replay_key(delivery)).await? else { return Ok(delivery.clone()) };
        let newest = self.get(&delivery.handle, id).await?;
        Ok(newest.unwrap_or_else(|| delivery.clone()))
    }

    /// A delivery with its attempts in order: one `Query`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get_with_attempts(self, handle: &Handle, id: DeliveryId) -> Result<Option<(Delivery, Vec<DeliveryAttempt>)>> {
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk AND begins_with(sk, :itself)")
            .expression_attribute_values(":pk", text(table::delivery(handle, id).pk))
            .expression_attribute_values(":itself", text("A"))
            .consistent_read(true);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let (mut delivery, mut attempts) = (None, Vec::new());
        for item in found.items() {
            match string(item, "sk")? {
                "A" => delivery = Some(doc(item)?),
                _ => attempts.extend(readable(item, doc)?),
            }
        }
        Ok(delivery.map(|delivery| (delivery, attempts)))
    }

    /// Takes a delivery from one state to the next, with the attempt that led there; false, without a change, when it is not in
    /// the state `before` any more.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn advance(self, before: &Delivery, after: &Delivery, record: Option<AttemptRecord<'_>>, now: Moment) -> Result<bool> {
        advance(self.db, before, after, record, now).await
    }
}

/// See [`Deliveries::advance`].
pub(super) async fn advance(
    db: &Database,
    before: &Delivery,
    after: &Delivery,
    record: Option<AttemptRecord<'_>>,
    now: Moment,
) -> Result<bool> {
    let parts = transition_parts(db, before, after, record, now)?;
    let written = db.transact_retrying(RetryPolicy::TRANSACTION, &parts, &[0]).await?;
    Ok(written.is_written())
}

/// The parts of a transaction that take a delivery to its next state; the first holds the condition.
pub(super) fn transition_parts(
    db: &Database,
    before: &Delivery,
    after: &Delivery,
    record: Option<AttemptRecord<'_>>,
    now: Moment,
) -> Result<Vec<TransactWriteItem>> {
    let mut parts = vec![db.put_part(item(after)?, |put| {
        put.condition_expression("#state = :before")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":before", text(state(before)))
    })?];
    if let Some(AttemptRecord { attempt, lease }) = record {
        let mut stored = with_doc(&table::attempt(&after.handle, after.id, attempt.n, lease), attempt)?;
        stored.insert("ttl".to_owned(), number(after.created_at.plus_days(KEPT_DAYS).seconds()));
        parts.push(db.put_part(stored, |put| put)?);
    }
    // A success after the final state replaces what was counted for that state.
    let counted: Vec<(&str, i64)> = [(counter(before.status), -1), (counter(after.status), 1)]
        .into_iter()
        .filter_map(|(name, change)| name.map(|name| (name, change)))
        .collect();
    if !counted.is_empty() {
        parts.push(count_part(db, &count_key(after, now), &counted, now)?);
    }
    Ok(parts)
}

fn count_part(db: &Database, at: &Key, counted: &[(&str, i64)], now: Moment) -> Result<TransactWriteItem> {
    let sums: Vec<String> = counted.iter().map(|(name, _)| format!("{name} :{name}")).collect();
    db.update_part(at, |mut update| {
        for (name, change) in counted {
            update = update.expression_attribute_values(format!(":{name}"), number(change));
        }
        update
            .update_expression(format!("SET #ttl = :ttl ADD {}", sums.join(", ")))
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":ttl", number(now.plus_days(3).seconds()))
    })
}

fn newest_replay_key(delivery: &Delivery) -> Key {
    table::newest_replay(&delivery.handle, Delivery::id_of(delivery.event_id, delivery.subscription_id))
}

fn count_key(delivery: &Delivery, at: Moment) -> Key {
    table::delivery_count(&delivery.handle, delivery.subscription_id, at, delivery.id)
}

/// The counter of a final status.
fn counter(status: DeliveryStatus) -> Option<&'static str> {
    match status {
        DeliveryStatus::Delivered => Some("delivered"),
        DeliveryStatus::Exhausted => Some("failed"),
        DeliveryStatus::Cancelled => Some("cancelled"),
        DeliveryStatus::Pending | DeliveryStatus::InFlight | DeliveryStatus::Scheduled => None,
    }
}

/// The state a transition depends on, in one word that no other state of the delivery has.
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
        let due =
            delivery.lease.as_ref().filter(|_| delivery.status == DeliveryStatus::InFlight).map_or(delivery.due_at, |lease| lease.until);
        make_due(&mut item, delivery.created_at, due.plus_millis(GRACE_MS));
    }
    Ok(item)
}
