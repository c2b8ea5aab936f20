//! Webhook subscriptions: what their owner set in the document, what became of their receiver beside it.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;

use domain::accounts::audit::Event;
use domain::values::id::SubscriptionId;
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::webhooks::subscription::{Disabled, Failing, MAX_SUBSCRIPTIONS, Status, Subscription};

use crate::Store;
use crate::error::{Error, Result};
use crate::item::{Item, doc, integer, key, number, optional, text, to_json, with_doc};
use crate::table;
use crate::transaction::absent;

/// A subscription with what became of its receiver.
#[derive(Clone, Debug)]
pub struct KnownSubscription {
    /// What its owner set; it was updated as well when the system switched it off.
    pub subscription: Subscription,
    /// Whether the system switched it off.
    pub disabled: Option<Disabled>,
    /// How long its receiver has been failing.
    pub failing: Failing,
    /// Whether a receiver took too long lately, so that its messages wait apart from the others'.
    pub is_slow: bool,
}

impl KnownSubscription {
    /// Whether it gets anything.
    pub fn status(&self) -> Status {
        self.subscription.status(self.disabled)
    }
}

/// How the making of a subscription ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribed {
    /// It is made.
    Made,
    /// The handle has as many as it may.
    Full,
}

/// What a change makes of a receiver's failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failures {
    /// They stand.
    Kept,
    /// The receiver starts anew.
    Forgotten,
}

impl Store {
    /// Makes a subscription, unless the handle has as many as it may.
    pub async fn create_subscription(&self, subscription: &Subscription, event: &Event) -> Result<Subscribed> {
        let at = table::subscription(&subscription.handle, subscription.id);
        let mut item = with_doc(&at, subscription)?;
        item.insert("version".to_owned(), number(subscription.version));
        item.insert("listPk".to_owned(), sealed(subscription));
        item.insert("listSk".to_owned(), text(subscription.id.to_string()));
        for _ in 0..TRIES {
            let count = self.update_part(&table::subscription_count(&subscription.handle), |update| {
                update
                    .update_expression("ADD used :one")
                    .condition_expression("attribute_not_exists(used) OR used < :most")
                    .expression_attribute_values(":one", number(1))
                    .expression_attribute_values(":most", number(MAX_SUBSCRIPTIONS))
            })?;
            let parts = vec![count, self.put_part(item.clone(), absent)?, self.audit_part(&subscription.handle, event)?];
            let written = self.transact(parts).await?;
            if written.is_written() {
                return Ok(Subscribed::Made);
            }
            if written.failed_at(0) {
                return Ok(Subscribed::Full);
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// Writes what its owner changed if it is still at the version before.
    pub async fn save_subscription(&self, subscription: &Subscription, before: u64, failures: Failures, event: &Event) -> Result<bool> {
        let at = table::subscription(&subscription.handle, subscription.id);
        let document = to_json(&at, subscription)?;
        let change = match failures {
            Failures::Forgotten => {
                "SET doc = :doc, version = :version, listPk = :sealed REMOVE disabled, disabledAt, streak, firstFailAt, lastExhausted, slowUntil"
            }
            Failures::Kept => "SET doc = :doc, version = :version, listPk = :sealed",
        };
        let update = self.update_part(&at, |update| {
            update
                .update_expression(change)
                .condition_expression("version = :before")
                .expression_attribute_values(":doc", text(document))
                .expression_attribute_values(":version", number(subscription.version))
                .expression_attribute_values(":sealed", sealed(subscription))
                .expression_attribute_values(":before", number(before))
        })?;
        for _ in 0..TRIES {
            let written = self.transact(vec![update.clone(), self.audit_part(&subscription.handle, event)?]).await?;
            if written.is_written() || written.failed_at(0) {
                return Ok(written.is_written());
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// Some subscriptions whose secrets are sealed with this platform key, or with several. The index lags; what is written
    /// after it holds only for the version it tells.
    pub async fn sealed_with(&self, key_id: Option<&str>, limit: i32) -> Result<Vec<Subscription>> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(table::LIST)
            .key_condition_expression("listPk = :sealed")
            .expression_attribute_values(":sealed", text(table::sealed(key_id)))
            .limit(limit);
        let found = query.send().await.map_err(Error::call("Query"))?;
        found.items().iter().map(doc).collect()
    }

    /// Replaces the secrets by the same ones under another key, if nobody has changed the subscription since. Its version
    /// stands: for its owner nothing has changed.
    pub async fn reseal_subscription(&self, subscription: &Subscription) -> Result<bool> {
        let at = table::subscription(&subscription.handle, subscription.id);
        let update = self.db.update_item().table_name(&self.table).set_key(Some(key(&at)));
        let update = update
            .update_expression("SET doc = :doc, listPk = :sealed")
            .condition_expression("version = :version")
            .expression_attribute_values(":doc", text(to_json(&at, subscription)?))
            .expression_attribute_values(":sealed", sealed(subscription))
            .expression_attribute_values(":version", number(subscription.version));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) => Ok(false),
            Err(error) => Err(Error::call("UpdateItem")(error)),
        }
    }

    /// Deletes a subscription; what is on its way to it is cancelled when its turn comes. False when there was none.
    pub async fn delete_subscription(&self, subscription: &Subscription, event: &Event) -> Result<bool> {
        let delete = self.delete_part(&table::subscription(&subscription.handle, subscription.id), |delete| {
            delete.condition_expression("attribute_exists(pk)")
        })?;
        let count = self.update_part(&table::subscription_count(&subscription.handle), |update| {
            update.update_expression("ADD used :less").expression_attribute_values(":less", number(-1))
        })?;
        for _ in 0..TRIES {
            let parts = vec![delete.clone(), count.clone(), self.audit_part(&subscription.handle, event)?];
            let written = self.transact(parts).await?;
            if written.is_written() || written.failed_at(0) {
                return Ok(written.is_written());
            }
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// A subscription, consistently.
    pub async fn subscription(&self, handle: &Handle, id: SubscriptionId, now: Moment) -> Result<Option<KnownSubscription>> {
        self.get(&table::subscription(handle, id)).await?.map(|item| known(&item, now)).transpose()
    }

    /// A handle's subscriptions, in the order in which they were made; all at once, for there are few.
    pub async fn subscriptions(&self, handle: &Handle, now: Moment) -> Result<Vec<KnownSubscription>> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(table::subscriptions(handle)))
            .expression_attribute_values(":prefix", text("whs_"))
            .consistent_read(true);
        let found = query.send().await.map_err(Error::call("Query"))?;
        found.items().iter().map(|item| known(item, now)).collect()
    }
}

fn sealed(subscription: &Subscription) -> AttributeValue {
    text(table::sealed(subscription.secrets.key_id()))
}

/// Tries before contention is given back to the caller.
pub(crate) const TRIES: u32 = 6;

pub(crate) fn failing(item: &Item) -> Failing {
    Failing {
        streak: integer(item, "streak").and_then(|streak| u32::try_from(streak).ok()).unwrap_or(0),
        since: integer(item, "firstFailAt").map(Moment::from_millis),
    }
}

fn known(item: &Item, now: Moment) -> Result<KnownSubscription> {
    let disabled = match optional(item, "disabled") {
        Some("AUTO") => Some(Disabled::Auto),
        Some(_) => Some(Disabled::Gone),
        None => None,
    };
    let is_slow = integer(item, "slowUntil").is_some_and(|until| now.millis() < until);
    let mut subscription: Subscription = doc(item)?;
    if let Some(disabled_at) = integer(item, "disabledAt").map(Moment::from_millis) {
        subscription.updated_at = subscription.updated_at.max(disabled_at);
    }
    Ok(KnownSubscription { subscription, disabled, failing: failing(item), is_slow })
}
