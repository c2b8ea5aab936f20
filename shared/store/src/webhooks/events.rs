//! Events that webhooks tell of: the exact bytes of the message, kept as long as it can be replayed.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::values::id::EventId;
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::webhooks::delivery::KEPT_DAYS;
use domain::webhooks::event::Envelope;

use crate::Store;
use crate::dynamo::item::{Item, key, number, string, text, to_json};
use crate::dynamo::table;
use crate::dynamo::transaction::absent;
use crate::error::{Error, Result};
use crate::outbox::{GRACE_MS, Pointer};

impl Store {
    /// The part of a transaction that puts an event into the outbox.
    pub(crate) fn event_part(&self, envelope: &Envelope) -> Result<TransactWriteItem> {
        let mut item = item(envelope)?;
        item.insert("duePk".to_owned(), text(table::due_of(envelope.occurred_at)));
        item.insert("dueAt".to_owned(), number(envelope.occurred_at.plus_millis(GRACE_MS).millis()));
        self.put_part(item, absent)
    }

    /// The part of a transaction that keeps the message of an event that nobody else need hear of.
    pub(crate) fn message_part(&self, envelope: &Envelope) -> Result<TransactWriteItem> {
        self.put_part(item(envelope)?, absent)
    }

    /// Where the event lies, for announcing it.
    pub(crate) fn event_pointer(&self, envelope: &Envelope) -> Pointer {
        Pointer::to(&table::event(&envelope.handle, envelope.id))
    }

    /// Keeps the message of an event whose outbox entry is another item: a conversion, a click.
    pub async fn keep_event(&self, envelope: &Envelope) -> Result<()> {
        let put = self.db.put_item().table_name(&self.table).set_item(Some(item(envelope)?));
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Err(error) if !error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Err(Error::call("PutItem")(error))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// The message of an event, byte for byte.
    pub async fn event_message(&self, handle: &Handle, id: EventId) -> Result<Option<String>> {
        let found = self.get(&table::event(handle, id)).await?;
        found.map(|item| string(&item, "doc").map(str::to_owned)).transpose()
    }

    /// The event an outbox message names.
    pub async fn event_at(&self, pointer: &Pointer) -> Result<Option<Envelope>> {
        self.get(&pointer.key()).await?.map(|item| crate::dynamo::item::doc(&item)).transpose()
    }

    /// Takes an event out of the outbox once every subscription has its delivery.
    pub async fn close_event(&self, pointer: &Pointer) -> Result<()> {
        let update = self.db.update_item().table_name(&self.table).set_key(Some(key(&pointer.key())));
        let update = update.update_expression("REMOVE duePk, dueAt").condition_expression("attribute_exists(pk)");
        match update.send().await {
            Err(error) if !error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) => {
                Err(Error::call("UpdateItem")(error))
            }
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

fn item(envelope: &Envelope) -> Result<Item> {
    let at = table::event(&envelope.handle, envelope.id);
    let mut item = key(&at);
    item.insert("doc".to_owned(), text(to_json(&at, envelope)?));
    item.insert("ttl".to_owned(), number(expires(envelope.occurred_at).seconds()));
    Ok(item)
}

/// A delivery may be made for an event some time after it happened; its message outlives every delivery.
fn expires(at: Moment) -> Moment {
    at.plus_days(2 * KEPT_DAYS)
}
