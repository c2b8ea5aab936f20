//! Webhook events: the exact bytes of the message, kept as long as it can be replayed.

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::values::id::EventId;
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::webhooks::delivery::KEPT_DAYS;
use domain::webhooks::envelope::Envelope;

use crate::dynamo::{Database, Item, absent, applied, key, number, string, table, text, to_json};
use crate::error::Result;
use crate::outbox::{GRACE_MS, Pointer, make_due};

/// Handle of the events: `store.events()`.
#[derive(Clone, Copy, Debug)]
pub struct Events<'a> {
    db: &'a Database,
}

impl<'a> Events<'a> {
    pub(crate) fn new(db: &'a Database) -> Self {
        Self { db }
    }

    /// Stores the message of an event whose outbox entry is another item, a conversion or a click. A stored message stays.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn put(self, envelope: &Envelope) -> Result<()> {
        let put = self.db.put(item(envelope)?).condition_expression("attribute_not_exists(pk)");
        applied("PutItem", put.send().await).map(drop)
    }

    /// The message of an event, byte for byte.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn message(self, handle: &Handle, id: EventId) -> Result<Option<String>> {
        let found = self.db.get(&table::event(handle, id)).await?;
        found.map(|item| string(&item, "doc").map(str::to_owned)).transpose()
    }

    /// The event a pointer names.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn at(self, pointer: &Pointer) -> Result<Option<Envelope>> {
        self.db.get_doc(&pointer.key()).await
    }
}

/// The part of a transaction that puts an event into the outbox.
pub(crate) fn outbox_part(db: &Database, envelope: &Envelope) -> Result<TransactWriteItem> {
    let mut item = item(envelope)?;
    make_due(&mut item, envelope.occurred_at, envelope.occurred_at.plus_millis(GRACE_MS));
    db.put_part(item, absent)
}

/// The part of a transaction that stores the message of an event that is not fanned out to subscriptions.
pub(crate) fn message_part(db: &Database, envelope: &Envelope) -> Result<TransactWriteItem> {
    db.put_part(item(envelope)?, absent)
}

/// The outbox entry of an event, for announcing it.
pub(crate) fn pointer(envelope: &Envelope) -> Pointer {
    Pointer::to(&table::event(&envelope.handle, envelope.id))
}

fn item(envelope: &Envelope) -> Result<Item> {
    let at = table::event(&envelope.handle, envelope.id);
    let mut item = key(&at);
    item.insert("doc".to_owned(), text(to_json(&at, envelope)?));
    item.insert("ttl".to_owned(), number(expires(envelope.occurred_at).seconds()));
    Ok(item)
}

/// A delivery can be created some time after its event; the message outlives every delivery.
fn expires(at: Moment) -> Moment {
    at.plus_days(2 * KEPT_DAYS)
}
