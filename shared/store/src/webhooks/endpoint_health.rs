//! What becomes of a subscription's receiver: slow, failing, given up. It stands beside the document that its owner writes.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem};

use domain::accounts::audit::Event;
use domain::values::id::{DeliveryId, SubscriptionId};
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::webhooks::delivery::Delivery;
use domain::webhooks::event::Envelope;
use domain::webhooks::subscription::{Disabled, FAILING_MS, Failing, MAX_FAILURES};

use crate::Store;
use crate::dynamo::item::{Item, key, number, text};
use crate::dynamo::table;
use crate::error::{Error, Result};
use crate::outbox::Pointer;
use crate::webhooks::deliveries::Made;
use crate::webhooks::subscriptions::{TRIES, failing};

/// What goes with giving a receiver up.
#[derive(Clone, Copy, Debug)]
pub struct GivingUp<'a> {
    /// Why.
    pub why: Disabled,
    /// The version of the subscription whose endpoint failed: what its owner has changed since is not given up.
    pub version: u64,
    /// What the other subscriptions are told.
    pub envelope: &'a Envelope,
    /// What the audit log tells.
    pub event: &'a Event,
}

/// How a delivery's last step went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The delivery had moved meanwhile; nothing is written.
    Not,
    /// It is taken; the subscription was given up before, or is no more what it was.
    Alone,
    /// It is taken and the subscription given up; there lies the event for the others.
    AndGivenUp(Pointer),
}

impl Store {
    /// Notes that a receiver takes long: for a while its messages wait apart from the others'.
    pub async fn note_slow(&self, handle: &Handle, id: SubscriptionId, until: Moment) -> Result<()> {
        let values = [(":until", number(until.millis()))];
        self.touch(handle, id, "SET slowUntil = :until", "attribute_exists(pk)", &values).await.map(drop)
    }

    /// Notes that a receiver took a message: its failures are forgotten.
    pub async fn note_success(&self, handle: &Handle, id: SubscriptionId) -> Result<()> {
        let change = "REMOVE streak, firstFailAt, lastExhausted";
        self.touch(handle, id, change, "attribute_exists(streak)", &[]).await.map(drop)
    }

    /// Counts an exhausted delivery, once however often this is asked; tells how long the receiver has been failing.
    pub async fn note_exhausted(&self, delivery: &Delivery, now: Moment) -> Result<Option<Failing>> {
        let change = "SET firstFailAt = if_not_exists(firstFailAt, :now), lastExhausted = :delivery ADD streak :one";
        let condition = "attribute_exists(pk) AND (attribute_not_exists(lastExhausted) OR lastExhausted <> :delivery)";
        let id: DeliveryId = delivery.id;
        let values = [(":now", number(now.millis())), (":one", number(1)), (":delivery", text(id.to_string()))];
        let item = self.touch(&delivery.handle, delivery.subscription_id, change, condition, &values).await?;
        Ok(item.map(|item| failing(&item)))
    }

    /// Changes what stands beside the document; tells the item as it is then, if there is one.
    async fn touch(
        &self,
        handle: &Handle,
        id: SubscriptionId,
        change: &str,
        condition: &str,
        values: &[(&str, AttributeValue)],
    ) -> Result<Option<Item>> {
        let at = table::subscription(handle, id);
        for _ in 0..TRIES {
            let mut update = self.db.update_item().table_name(&self.table).set_key(Some(key(&at)));
            update = update.update_expression(change).condition_expression(condition);
            update = update.return_values(ReturnValue::AllNew);
            update = update.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            for (name, value) in values {
                update = update.expression_attribute_values(*name, value.clone());
            }
            let error = match update.send().await {
                Ok(updated) => return Ok(updated.attributes),
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => return Ok(refused.item.clone()),
                // Its owner is changing it this moment.
                Some(UpdateItemError::TransactionConflictException(_)) => {}
                _ => return Err(Error::call("UpdateItem")(error)),
            }
        }
        Err(Error::Contended("UpdateItem"))
    }

    /// Gives a receiver up, with the audit event and the event for the other subscriptions, unless it took a message in the
    /// meantime or somebody did so before; tells where that event lies.
    pub async fn give_up(&self, delivery: &Delivery, giving_up: &GivingUp<'_>, now: Moment) -> Result<Option<Pointer>> {
        let parts = self.giving_up_parts(delivery, giving_up, now)?;
        for _ in 0..TRIES {
            let written = self.transact(parts.clone()).await?;
            if written.is_written() || written.failed_at(0) {
                return Ok(written.is_written().then(|| self.event_pointer(giving_up.envelope)));
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// Takes a delivery to its end and gives its receiver up, in one: a crash leaves both or neither.
    pub async fn move_and_give_up(
        &self,
        (before, after): (&Delivery, &Delivery),
        made: Made<'_>,
        giving_up: &GivingUp<'_>,
        now: Moment,
    ) -> Result<Moved> {
        let mut parts = self.moving_parts(before, after, Some(made), now)?;
        let first_of_rest = parts.len();
        parts.extend(self.giving_up_parts(before, giving_up, now)?);
        for _ in 0..TRIES {
            let written = self.transact(parts.clone()).await?;
            if written.is_written() {
                return Ok(Moved::AndGivenUp(self.event_pointer(giving_up.envelope)));
            }
            if written.failed_at(0) {
                return Ok(Moved::Not);
            }
            if written.failed_at(first_of_rest) {
                let is_moved = self.move_delivery(before, after, Some(made), now).await?;
                return Ok(if is_moved { Moved::Alone } else { Moved::Not });
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    fn giving_up_parts(&self, delivery: &Delivery, giving_up: &GivingUp<'_>, now: Moment) -> Result<Vec<TransactWriteItem>> {
        let (word, condition) = match giving_up.why {
            Disabled::Gone => ("GONE", "version = :version AND attribute_not_exists(disabled)"),
            Disabled::Auto => {
                ("AUTO", "version = :version AND attribute_not_exists(disabled) AND streak >= :most AND firstFailAt <= :long")
            }
        };
        let update = self.update_part(&table::subscription(&delivery.handle, delivery.subscription_id), |update| {
            let update = update
                .update_expression("SET disabled = :why, disabledAt = :now")
                .condition_expression(condition)
                .expression_attribute_values(":now", number(now.millis()))
                .expression_attribute_values(":why", text(word))
                .expression_attribute_values(":version", number(giving_up.version));
            match giving_up.why {
                Disabled::Gone => update,
                Disabled::Auto => update
                    .expression_attribute_values(":most", number(MAX_FAILURES))
                    .expression_attribute_values(":long", number(now.millis() - FAILING_MS)),
            }
        })?;
        Ok(vec![update, self.event_part(giving_up.envelope)?, self.audit_part(&delivery.handle, giving_up.event)?])
    }
}
