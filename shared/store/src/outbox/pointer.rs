//! Pointers: messages that name an entry of the outbox.

use serde::{Deserialize, Serialize};

use domain::clicks::Click;
use domain::values::id::{DeliveryId, RequestId};
use domain::values::moment::Day;
use domain::values::name::{Handle, SessionId};

use crate::dynamo::logged_pk;
use crate::dynamo::table::{self, Key};
use crate::invocation::request;
use crate::outbox::{MESSAGE_VERSION, Message};

/// What an entry of the outbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxKind {
    /// A conversion to be counted and sent to webhooks.
    Conversion,
    /// An adjustment to be counted.
    Adjustment,
    /// A counted click to be sent to webhooks.
    Click,
    /// An event to be sent to webhooks.
    Event,
    /// A delivery that is not final.
    Delivery,
    /// Impressions of a session to be counted.
    Impressions,
    /// A click whose message could not be sent.
    ParkedClick,
    /// A day of a handle whose deltas are to be folded.
    Fold,
    /// A deleted handle to be erased.
    Deletion,
    /// A person to be erased.
    Erasure,
}

/// A message that names an item of the table; the content stays in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pointer {
    /// Version of this message's layout.
    pub v: u8,
    /// Partition key of the item.
    pub pk: String,
    /// Sort key of the item.
    pub sk: String,
    /// The request that caused the work; none in messages of the sweeper, and of senders that did not name one yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
}

impl Message for Pointer {
    fn version(&self) -> u8 {
        self.v
    }

    fn request_id(&self) -> Option<RequestId> {
        self.request_id
    }
}

impl Pointer {
    pub(crate) fn to(at: &Key) -> Self {
        Self { v: MESSAGE_VERSION, pk: at.pk.clone(), sk: at.sk.clone(), request_id: request() }
    }

    /// A pointer to a stored click.
    pub fn to_click(click: &Click) -> Self {
        Self::to(&table::click(&click.handle, click.id))
    }

    /// A pointer to the fold state of a day.
    pub(crate) fn to_fold(handle: &Handle, day: Day) -> Self {
        Self::to(&table::fold(handle, day))
    }

    /// The handle and day of the fold state it points to; none for any other item.
    pub fn fold(&self) -> Option<(Handle, Day)> {
        Some((self.pk.strip_prefix("FOLD#")?.parse().ok()?, Day::from_compact(&self.sk)?))
    }

    /// The session of the signal it points to; none for any other item.
    pub fn session(&self) -> Option<(Handle, SessionId)> {
        let (handle, session) = self.pk.strip_prefix("SESS#")?.split_once('#')?;
        Some((handle.parse().ok()?, session.parse().ok()?))
    }

    /// The delivery it points to; none for any other item.
    pub fn delivery(&self) -> Option<(Handle, DeliveryId)> {
        let mut parts = self.pk.strip_prefix("DLV#")?.split('#');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }

    /// The handle whose reports lack the record until it is processed; none for entries that no report counts.
    pub fn counted_handle(&self) -> Option<Handle> {
        use OutboxKind::{Adjustment, Conversion, Impressions, ParkedClick};
        matches!(self.kind()?, Conversion | Adjustment | Impressions | ParkedClick).then(|| self.group().parse().ok())?
    }

    /// The message group it is sent in: the handle, which is the second part of every key of an outbox entry.
    pub(super) fn group(&self) -> &str {
        self.pk.split('#').nth(1).unwrap_or("none")
    }

    /// The partition key as log lines have it.
    pub fn logged_pk(&self) -> &str {
        logged_pk(&self.pk)
    }

    /// The item's primary key.
    pub fn key(&self) -> Key {
        Key { pk: self.pk.clone(), sk: self.sk.clone() }
    }

    /// What the item is; none for a class that is never in the outbox.
    pub fn kind(&self) -> Option<OutboxKind> {
        Some(match self.pk.split('#').next()? {
            "CONV" => OutboxKind::Conversion,
            "ADJ" => OutboxKind::Adjustment,
            "CLICK" => OutboxKind::Click,
            "EVT" => OutboxKind::Event,
            "DLV" => OutboxKind::Delivery,
            "SESS" => OutboxKind::Impressions,
            "PARKED" => OutboxKind::ParkedClick,
            "FOLD" => OutboxKind::Fold,
            "HANDLE" => OutboxKind::Deletion,
            "ERASE" => OutboxKind::Erasure,
            _ => return None,
        })
    }
}
