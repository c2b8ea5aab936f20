//! Webhook subscriptions: the owner's settings as the document, the health of the endpoint in attributes of the same item.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::DeleteBuilder;

use domain::accounts::audit::AuditEvent;
use domain::values::id::SubscriptionId;
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::webhooks::subscription::{Disabled, Failing, MAX_SUBSCRIPTIONS, Subscription, SubscriptionStatus};

use crate::accounts::audit;
use crate::dynamo::{
    DamagedItem, Database, Found, Item, ListRange, Page, RetryPolicy, absent, applied, doc, found, integer, number, optional, readable,
    string, table, text, to_json, with_doc,
};
use crate::error::{Error, Result};

/// A subscription with the health of its endpoint.
#[derive(Clone, Debug)]
pub struct SubscriptionWithHealth {
    /// The owner's settings; `updated_at` includes an automatic disabling.
    pub subscription: Subscription,
    /// Why the system disabled it, if it did.
    pub disabled: Option<Disabled>,
    /// How long its endpoint has been failing.
    pub failing: Failing,
    /// Whether its endpoint was slow recently, so that its messages use the retry queue.
    pub is_slow: bool,
}

impl SubscriptionWithHealth {
    /// Its status, which says whether events are delivered.
    pub fn status(&self) -> SubscriptionStatus {
        self.subscription.status(self.disabled)
    }
}

/// Outcome of creating a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subscribed {
    /// It is created.
    Created,
    /// The handle has the maximum number of subscriptions.
    LimitReached,
}

/// What an update does with the endpoint's recorded failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureRecord {
    /// They are kept.
    Keep,
    /// They are removed, and a disabled subscription is enabled.
    Reset,
}

/// Handle of the subscriptions: `store.subscriptions()`.
#[derive(Clone, Copy, Debug)]
pub struct Subscriptions<'a> {
    db: &'a Database,
}

impl<'a> Subscriptions<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// Creates a subscription with the audit event, unless the handle has the maximum number.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn create(self, subscription: &Subscription, event: &AuditEvent) -> Result<Subscribed> {
        let at = table::subscription(&subscription.handle, subscription.id);
        let mut item = with_doc(&at, subscription)?;
        item.insert("version".to_owned(), number(subscription.version));
        item.insert("listPk".to_owned(), sealed(subscription));
        item.insert("listSk".to_owned(), text(subscription.id.to_string()));
        let count = self.db.update_part(&table::subscription_count(&subscription.handle), |update| {
            update
                .update_expression("ADD used :one")
                .condition_expression("attribute_not_exists(used) OR used < :max")
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":max", number(MAX_SUBSCRIPTIONS))
        })?;
        let parts = [count, self.db.put_part(item, absent)?, audit::part(self.db, &subscription.handle, event)?];
        let written = self.db.transact_retrying(RetryPolicy::TRANSACTION, &parts, &[0]).await?;
        Ok(if written.is_written() { Subscribed::Created } else { Subscribed::LimitReached })
    }

    /// Writes the owner's changes with the audit event; returns false, without a change, when the stored version is not `before`.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn save(self, subscription: &Subscription, before: u64, failures: FailureRecord, event: &AuditEvent) -> Result<bool> {
        let at = table::subscription(&subscription.handle, subscription.id);
        let document = to_json(&at, subscription)?;
        let change = match failures {
            FailureRecord::Reset => {
                "SET doc = :doc, version = :version, listPk = :sealed \
                 REMOVE disabled, disabledAt, streak, firstFailAt, lastExhausted, slowUntil"
            }
            FailureRecord::Keep => "SET doc = :doc, version = :version, listPk = :sealed",
        };
        let update = self.db.update_part(&at, |update| {
            update
                .update_expression(change)
                .condition_expression("version = :before")
                .expression_attribute_values(":doc", text(document))
                .expression_attribute_values(":version", number(subscription.version))
                .expression_attribute_values(":sealed", sealed(subscription))
                .expression_attribute_values(":before", number(before))
        })?;
        let parts = [update, audit::part(self.db, &subscription.handle, event)?];
        let written = self.db.transact_retrying(RetryPolicy::TRANSACTION, &parts, &[0]).await?;
        Ok(written.is_written())
    }

    /// At most `limit` subscriptions whose secrets are sealed with this platform key, or for none with several keys: one `Query` of the
    /// `list` index, which lags, and one `BatchGetItem` for a hundred of them.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn sealed_with(self, key_id: Option<&str>, limit: usize) -> Result<Vec<Subscription>> {
        let (items, _) = self.db.listed(ListRange::first(limit, table::sealed(key_id))).await?;
        items.iter().filter_map(|(_, item)| readable(item, doc).transpose()).collect()
    }

    /// Replaces the secrets by the same ones sealed with another key; returns false when the subscription has changed since it
    /// was read. Its version stays: for its owner nothing has changed.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn reseal(self, subscription: &Subscription) -> Result<bool> {
        let at = table::subscription(&subscription.handle, subscription.id);
        let update = self
            .db
            .update(&at)
            .update_expression("SET doc = :doc, listPk = :sealed")
            .condition_expression("version = :version")
            .expression_attribute_values(":doc", text(to_json(&at, subscription)?))
            .expression_attribute_values(":sealed", sealed(subscription))
            .expression_attribute_values(":version", number(subscription.version));
        applied("UpdateItem", update.send().await)
    }

    /// Deletes a subscription with the audit event; its pending deliveries are cancelled when they are due. False when there was
    /// none.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn delete(self, subscription: &Subscription, event: &AuditEvent) -> Result<bool> {
        self.delete_with(&subscription.handle, subscription.id, event, |delete| delete.condition_expression("attribute_exists(pk)")).await
    }

    /// Deletes a subscription that cannot be decoded, like any other. False when it has changed since it was read.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn delete_damaged(self, handle: &Handle, id: SubscriptionId, damaged: &DamagedItem, event: &AuditEvent) -> Result<bool> {
        self.delete_with(handle, id, event, |delete| damaged.delete(delete)).await
    }

    async fn delete_with(
        self,
        handle: &Handle,
        id: SubscriptionId,
        event: &AuditEvent,
        condition: impl FnOnce(DeleteBuilder) -> DeleteBuilder,
    ) -> Result<bool> {
        let delete = self.db.delete_part(&table::subscription(handle, id), condition)?;
        let count = self.db.update_part(&table::subscription_count(handle), |update| {
            update.update_expression("ADD used :less").expression_attribute_values(":less", number(-1))
        })?;
        let parts = [delete, count, audit::part(self.db, handle, event)?];
        let written = self.db.transact_retrying(RetryPolicy::TRANSACTION, &parts, &[0]).await?;
        Ok(written.is_written())
    }

    /// A subscription.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get(self, handle: &Handle, id: SubscriptionId, now: Moment) -> Result<Option<SubscriptionWithHealth>> {
        self.db.get(&table::subscription(handle, id)).await?.map(|item| with_health(&item, now)).transpose()
    }

    /// A subscription, damaged or not.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn find(self, handle: &Handle, id: SubscriptionId, now: Moment) -> Result<Option<Found<SubscriptionWithHealth>>> {
        self.db.get(&table::subscription(handle, id)).await?.map(|item| found(&item, |item| with_health(item, now))).transpose()
    }

    /// A handle's subscriptions that can be decoded in the order of their creation, all at once, since a handle has few: one
    /// `Query`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn list(self, handle: &Handle, now: Moment) -> Result<Vec<SubscriptionWithHealth>> {
        Ok(self.read_all(handle, now).await?.0)
    }

    /// A page of the same; the first names those that cannot be decoded.
    ///
    /// # Errors
    /// When the cursor is not one of this list, or the table is unavailable.
    pub async fn list_page(self, handle: &Handle, now: Moment, limit: usize, cursor: Option<&str>) -> Result<Page<SubscriptionWithHealth>> {
        let (known, damaged) = self.read_all(handle, now).await?;
        let place = |known: &SubscriptionWithHealth| known.subscription.id.to_string();
        Ok(Page::paginate(&table::subscriptions(handle), known, limit, cursor, place)?.with_damaged(damaged, cursor))
    }

    async fn read_all(self, handle: &Handle, now: Moment) -> Result<(Vec<SubscriptionWithHealth>, Vec<String>)> {
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(table::subscriptions(handle)))
            .expression_attribute_values(":prefix", text("whs_"))
            .consistent_read(true);
        let answer = query.send().await.map_err(Error::call("Query"))?;
        let (mut known, mut damaged) = (Vec::new(), Vec::new());
        for item in answer.items() {
            match found(item, |item| with_health(item, now))? {
                Found::Intact(subscription) => known.push(subscription),
                Found::Damaged(_) => damaged.push(string(item, "sk")?.to_owned()),
            }
        }
        Ok((known, damaged))
    }
}

fn sealed(subscription: &Subscription) -> AttributeValue {
    text(table::sealed(subscription.secrets.key_id()))
}

/// How long the endpoint of a subscription's item has been failing.
pub(super) fn failing(item: &Item) -> Failing {
    Failing {
        streak: integer(item, "streak").and_then(|streak| u32::try_from(streak).ok()).unwrap_or(0),
        since: integer(item, "firstFailAt").map(Moment::from_millis),
    }
}

fn with_health(item: &Item, now: Moment) -> Result<SubscriptionWithHealth> {
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
    Ok(SubscriptionWithHealth { subscription, disabled, failing: failing(item), is_slow })
}
