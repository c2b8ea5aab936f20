//! The health of a subscription's endpoint: slow, failing, disabled. It is stored in attributes beside the owner's document.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem};

use domain::accounts::audit::AuditEvent;
use domain::values::id::{DeliveryId, SubscriptionId};
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::webhooks::delivery::Delivery;
use domain::webhooks::envelope::Envelope;
use domain::webhooks::subscription::{Disabled, FAILING_MS, Failing, MAX_FAILURES};

use crate::accounts::audit;
use crate::dynamo::{Database, Item, RetryPolicy, RetryStep, number, retry, table, text};
use crate::error::{Error, Result};
use crate::outbox::Pointer;
use crate::webhooks::deliveries::{self, AttemptRecord};
use crate::webhooks::events;
use crate::webhooks::subscriptions::failing;

/// The disabling of a subscription.
#[derive(Clone, Copy, Debug)]
pub struct Disabling<'a> {
    /// Why.
    pub reason: Disabled,
    /// The version of the subscription whose endpoint failed: one that its owner has changed since is not disabled.
    pub version: u64,
    /// The event for the handle's other subscriptions.
    pub envelope: &'a Envelope,
    /// The audit event.
    pub event: &'a AuditEvent,
}

/// Outcome of a delivery's last transition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The delivery has changed since it was read; nothing is written.
    Stale,
    /// It is applied; the subscription was disabled or changed before.
    Applied,
    /// It is applied and the subscription is disabled; the pointer names the event for the others.
    AppliedAndDisabled(Pointer),
}

/// Handle of the endpoints' health: `store.endpoint_health()`.
#[derive(Clone, Copy, Debug)]
pub struct EndpointHealth<'a> {
    db: &'a Database,
}

impl<'a> EndpointHealth<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// Records that an endpoint is slow: until then its messages use the retry queue.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn record_slow(self, handle: &Handle, id: SubscriptionId, until: Moment) -> Result<()> {
        let values = [(":until", number(until.millis()))];
        self.update(handle, id, "SET slowUntil = :until", "attribute_exists(pk)", &values).await.map(drop)
    }

    /// Records that an endpoint accepted a message: its failures are removed.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn record_success(self, handle: &Handle, id: SubscriptionId) -> Result<()> {
        let change = "REMOVE streak, firstFailAt, lastExhausted";
        self.update(handle, id, change, "attribute_exists(streak)", &[]).await.map(drop)
    }

    /// Counts an exhausted delivery, once however often it is recorded; returns how long the endpoint has been failing, or none
    /// when the subscription does not exist.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn record_exhausted(self, delivery: &Delivery, now: Moment) -> Result<Option<Failing>> {
        let change = "SET firstFailAt = if_not_exists(firstFailAt, :now), lastExhausted = :delivery ADD streak :one";
        let condition = "attribute_exists(pk) AND (attribute_not_exists(lastExhausted) OR lastExhausted <> :delivery)";
        let id: DeliveryId = delivery.id;
        let values = [(":now", number(now.millis())), (":one", number(1)), (":delivery", text(id.to_string()))];
        let item = self.update(&delivery.handle, delivery.subscription_id, change, condition, &values).await?;
        Ok(item.map(|item| failing(&item)))
    }

    /// Changes the health attributes if the condition holds; returns the item as it is afterwards, if it exists.
    async fn update(
        self,
        handle: &Handle,
        id: SubscriptionId,
        change: &str,
        condition: &str,
        values: &[(&str, AttributeValue)],
    ) -> Result<Option<Item>> {
        let mut update = self
            .db
            .update(&table::subscription(handle, id))
            .update_expression(change)
            .condition_expression(condition)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        for (name, value) in values {
            update = update.expression_attribute_values(*name, value.clone());
        }
        let update = &update;
        retry(RetryPolicy::TRANSACTION, "UpdateItem", (), |_, ()| async move {
            let error = match update.clone().send().await {
                Ok(updated) => return Ok(RetryStep::Done(updated.attributes)),
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => Ok(RetryStep::Done(refused.item.clone())),
                // The owner is changing it at this moment.
                Some(UpdateItemError::TransactionConflictException(_)) => Ok(RetryStep::Again(())),
                _ => Err(Error::call("UpdateItem")(error)),
            }
        })
        .await
    }

    /// Disables a subscription, with the audit event and the event for the handle's other subscriptions, unless its endpoint has
    /// accepted a message meanwhile or it was disabled before. Returns the pointer to that event when it is disabled.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn disable(self, delivery: &Delivery, disabling: &Disabling<'_>, now: Moment) -> Result<Option<Pointer>> {
        let parts = self.disabling_parts(delivery, disabling, now)?;
        let written = self.db.transact_retrying(RetryPolicy::TRANSACTION, &parts, &[0]).await?;
        Ok(written.is_written().then(|| events::pointer(disabling.envelope)))
    }

    /// Makes a delivery final and disables its subscription in one transaction: a crash leaves both or neither. When the
    /// subscription cannot be disabled any more, only the delivery is written.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn advance_and_disable(
        self,
        (before, after): (&Delivery, &Delivery),
        record: AttemptRecord<'_>,
        disabling: &Disabling<'_>,
        now: Moment,
    ) -> Result<Transition> {
        let mut parts = deliveries::transition_parts(self.db, before, after, Some(record), now)?;
        let disabling_at = parts.len();
        parts.extend(self.disabling_parts(before, disabling, now)?);
        let written = self.db.transact_retrying(RetryPolicy::TRANSACTION, &parts, &[0, disabling_at]).await?;
        if written.is_written() {
            return Ok(Transition::AppliedAndDisabled(events::pointer(disabling.envelope)));
        }
        if written.failed_at(0) {
            return Ok(Transition::Stale);
        }
        let is_applied = deliveries::advance(self.db, before, after, Some(record), now).await?;
        Ok(if is_applied { Transition::Applied } else { Transition::Stale })
    }

    fn disabling_parts(self, delivery: &Delivery, disabling: &Disabling<'_>, now: Moment) -> Result<Vec<TransactWriteItem>> {
        let (word, condition) = match disabling.reason {
            Disabled::Gone => ("GONE", "version = :version AND attribute_not_exists(disabled)"),
            Disabled::Auto => {
                ("AUTO", "version = :version AND attribute_not_exists(disabled) AND streak >= :min AND firstFailAt <= :since")
            }
        };
        let update = self.db.update_part(&table::subscription(&delivery.handle, delivery.subscription_id), |update| {
            let update = update
                .update_expression("SET disabled = :reason, disabledAt = :now")
                .condition_expression(condition)
                .expression_attribute_values(":now", number(now.millis()))
                .expression_attribute_values(":reason", text(word))
                .expression_attribute_values(":version", number(disabling.version));
            match disabling.reason {
                Disabled::Gone => update,
                Disabled::Auto => update
                    .expression_attribute_values(":min", number(MAX_FAILURES))
                    .expression_attribute_values(":since", number(now.millis() - FAILING_MS)),
            }
        })?;
        Ok(vec![update, events::outbox_part(self.db, disabling.envelope)?, audit::part(self.db, &delivery.handle, disabling.event)?])
    }
}
