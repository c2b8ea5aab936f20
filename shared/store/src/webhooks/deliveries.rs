//! Deliveries: each transition is one write on the condition that the delivery is as it was read.
//!
//! Creating and claiming a delivery, and a first attempt that another will follow, are plain conditional writes of its item. A transition
//! that ends the delivery counts it in the same transaction, and one that records a later attempt stores that attempt in it.

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::accounts::audit::AuditEvent;
use domain::values::id::DeliveryId;
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::webhooks::delivery::{Delivery, DeliveryAttempt, DeliveryTrigger, FIRST_LEASE, KEPT_DAYS};
use domain::webhooks::envelope::Envelope;

use crate::accounts::audit;
use crate::dynamo::table::{self, Key};
use crate::dynamo::{Database, Item, RetryPolicy, absent, applied, apply, doc, number, readable, string, text, to_json, with_doc};
use crate::error::{Error, Result};
use crate::outbox::{GRACE_MS, make_due};
use crate::webhooks::delivery_counts::{self, counter};
use crate::webhooks::events;

/// Deliveries created in one transaction: each takes up to two of its hundred parts.
pub const MAX_REQUESTED_DELIVERIES: usize = 32;
/// The condition of a transition, with the state before it as `:before`.
const UNCHANGED: &str = "#state = :before";

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

    /// Creates a delivery, one `PutItem`; false when it exists.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn create(self, delivery: &Delivery) -> Result<bool> {
        let put = self.db.put(item(delivery)?).condition_expression("attribute_not_exists(pk)");
        applied("PutItem", put.send().await)
    }

    /// Claims an attempt, one `UpdateItem`; false, without a change, when the delivery is not in the state `before` any more. It stays
    /// due when it was, so that the index is not written: the sweeper's message finds the lease.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn claim(self, before: &Delivery, claimed: &Delivery) -> Result<bool> {
        let at = table::delivery(&claimed.handle, claimed.id);
        let update = self
            .db
            .update(&at)
            .update_expression("SET doc = :doc, #state = :after")
            .condition_expression(UNCHANGED)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":doc", text(to_json(&at, claimed)?))
            .expression_attribute_values(":after", text(state(claimed)))
            .expression_attribute_values(":before", text(state(before)));
        apply("UpdateItem", || update.clone().send()).await
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
        for delivery in deliveries {
            parts.push(self.db.put_part(item(delivery)?, absent)?);
            if delivery.trigger == DeliveryTrigger::Manual {
                let mut newest = with_doc(&newest_replay_key(delivery), &delivery.id)?;
                newest.insert("ttl".to_owned(), number(delivery.created_at.plus_days(KEPT_DAYS).seconds()));
                parts.push(self.db.put_part(newest, |put| put)?);
            }
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

    /// A delivery that was read, with its attempts in order: one `Query`, unless it has at most one.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn with_attempts(self, delivery: Delivery) -> Result<(Delivery, Vec<DeliveryAttempt>)> {
        if !delivery.has_more_attempts() {
            let attempts = delivery.first_attempt.iter().cloned().collect();
            return Ok((delivery, attempts));
        }
        let found = self.get_with_attempts(&delivery.handle, delivery.id).await?;
        Ok(found.unwrap_or_else(|| (delivery, Vec::new())))
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
        let (mut delivery, mut later): (Option<Delivery>, Vec<DeliveryAttempt>) = (None, Vec::new());
        for item in found.items() {
            match string(item, "sk")? {
                "A" => delivery = Some(doc(item)?),
                _ => later.extend(readable(item, doc)?),
            }
        }
        Ok(delivery.map(|delivery| {
            let attempts = delivery.first_attempt.iter().cloned().chain(later).collect();
            (delivery, attempts)
        }))
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
    let beside = parts_beside(db, before, after, record, now)?;
    if beside.is_empty() {
        let put = db
            .put(item(&with_record(after, record))?)
            .condition_expression(UNCHANGED)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":before", text(state(before)));
        return apply("PutItem", || put.clone().send()).await;
    }
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
    let mut parts = vec![db.put_part(item(&with_record(after, record))?, |put| {
        put.condition_expression(UNCHANGED)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":before", text(state(before)))
    })?];
    parts.extend(parts_beside(db, before, after, record, now)?);
    Ok(parts)
}

/// The delivery with the attempt that was made under its first claim, and with the durations that are still to be counted.
fn with_record(after: &Delivery, record: Option<AttemptRecord<'_>>) -> Delivery {
    let mut recorded = after.clone();
    if let Some(AttemptRecord { attempt, lease }) = record {
        if lease == FIRST_LEASE {
            recorded.first_attempt = Some(attempt.clone());
        }
        recorded.durations_ms.push(attempt.duration_ms);
    }
    if counter(after.status).is_some() {
        recorded.durations_ms.clear();
    }
    recorded
}

/// What a transition writes beside the delivery's own item: an attempt that is not the first, and the count of a delivery that ends.
fn parts_beside(
    db: &Database,
    before: &Delivery,
    after: &Delivery,
    record: Option<AttemptRecord<'_>>,
    now: Moment,
) -> Result<Vec<TransactWriteItem>> {
    let mut parts = Vec::new();
    if let Some(AttemptRecord { attempt, lease }) = record.filter(|record| record.lease != FIRST_LEASE) {
        let mut stored = with_doc(&table::attempt(&after.handle, after.id, attempt.n, lease), attempt)?;
        stored.insert("ttl".to_owned(), number(after.created_at.plus_days(KEPT_DAYS).seconds()));
        parts.push(db.put_part(stored, |put| put)?);
    }
    parts.extend(delivery_counts::count_part(db, before, after, record.map(|record| record.attempt.duration_ms), now)?);
    Ok(parts)
}

fn newest_replay_key(delivery: &Delivery) -> Key {
    table::newest_replay(&delivery.handle, Delivery::id_of(delivery.event_id, delivery.subscription_id))
}

/// The state a transition depends on, in one word that no other state of the delivery has.
fn state(delivery: &Delivery) -> String {
    format!("{:?}#{}#{}", delivery.status, delivery.attempt, delivery.lease.as_ref().map_or(0, |lease| lease.seq))
}

fn item(delivery: &Delivery) -> Result<Item> {
    let mut item = with_doc(&table::delivery(&delivery.handle, delivery.id), delivery)?;
    item.insert("state".to_owned(), text(state(delivery)));
    let month = table::deliveries(&delivery.handle, delivery.id.moment().day());
    item.insert("listPk".to_owned(), text(table::listed_in(&month, delivery.id.to_bytes())));
    item.insert("listSk".to_owned(), text(delivery.id.to_string()));
    item.insert("ttl".to_owned(), number(delivery.created_at.plus_days(KEPT_DAYS).seconds()));
    if !delivery.status.is_final() {
        make_due(&mut item, delivery.created_at, delivery.due_at.plus_millis(GRACE_MS));
    }
    Ok(item)
}
