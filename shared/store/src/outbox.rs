//! The outbox: what was written and must be heard of, found again by the sweeper when its message was lost.

pub(crate) mod click_batcher;
pub(crate) mod queues;

use serde::{Deserialize, Serialize};

use domain::clicks::Click;
use domain::values::id::DeliveryId;
use domain::values::moment::Moment;
use domain::values::name::{Handle, SessionId};

use crate::Store;
use crate::dynamo::item::{doc, key, number, string, text, with_doc};
use crate::dynamo::table::{self, Key};
use crate::error::{Error, Result};

/// How long a message has before the sweeper looks after its item.
pub(crate) const GRACE_MS: i64 = 60_000;

/// What can wait in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutboxKind {
    /// A conversion that is to be counted and told of.
    Conversion,
    /// An adjustment that is to be counted.
    Adjustment,
    /// A counted click that is to be told of.
    Click,
    /// An event that is to be told of.
    Event,
    /// A delivery that has not ended.
    Delivery,
    /// Observations of intent that are to be counted.
    Impressions,
    /// A click whose message could not be sent.
    ParkedClick,
}

/// A message that names an item of the table; what it says stays in the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// Layout of this message.
    pub v: u8,
    /// Partition of the item.
    pub pk: String,
    /// Its place within.
    pub sk: String,
}

impl Pointer {
    pub(crate) fn to(at: &Key) -> Self {
        Self { v: 1, pk: at.pk.clone(), sk: at.sk.clone() }
    }

    /// To a stored click.
    pub fn to_click(click: &Click) -> Self {
        Self::to(&table::click(&click.handle, click.id))
    }

    /// To a signal's item, back to whose it is.
    pub fn session(&self) -> Option<(Handle, SessionId)> {
        let (handle, session) = self.pk.strip_prefix("SESS#")?.split_once('#')?;
        Some((handle.parse().ok()?, session.parse().ok()?))
    }

    /// To a delivery's item, back to whose it is.
    pub fn delivery(&self) -> Option<(Handle, DeliveryId)> {
        let mut parts = self.pk.strip_prefix("DLV#")?.split('#');
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }

    /// The item's key.
    pub fn key(&self) -> Key {
        Key { pk: self.pk.clone(), sk: self.sk.clone() }
    }

    /// What it names.
    pub fn kind(&self) -> Option<OutboxKind> {
        Some(match self.pk.split('#').next()? {
            "CONV" => OutboxKind::Conversion,
            "ADJ" => OutboxKind::Adjustment,
            "CLICK" => OutboxKind::Click,
            "EVT" => OutboxKind::Event,
            "DLV" => OutboxKind::Delivery,
            "SESS" => OutboxKind::Impressions,
            "PARKED" => OutboxKind::ParkedClick,
            _ => return None,
        })
    }
}

impl Store {
    /// What one shard of the index says is overdue, oldest first. The index lags; whoever acts on it reads the item again.
    pub async fn overdue(&self, shard: u32, now: Moment, limit: i32) -> Result<Vec<Pointer>> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .index_name(table::DUE)
            .key_condition_expression("duePk = :shard AND dueAt <= :now")
            .expression_attribute_values(":shard", text(table::due(shard)))
            .expression_attribute_values(":now", number(now.millis()))
            .limit(limit);
        let found = query.send().await.map_err(Error::call("Query"))?;
        found
            .items()
            .iter()
            .map(|item| Ok(Pointer { v: 1, pk: string(item, "pk")?.to_owned(), sk: string(item, "sk")?.to_owned() }))
            .collect()
    }

    /// Keeps a click whose message could not be sent; the sweeper sends it again.
    pub async fn park_click(&self, click: &Click, now: Moment) -> Result<()> {
        let mut item = with_doc(&table::parked(&click.handle, click.id), click)?;
        item.insert("duePk".to_owned(), text(table::due_of(now)));
        item.insert("dueAt".to_owned(), number(now.millis()));
        self.db.put_item().table_name(&self.table).set_item(Some(item)).send().await.map_err(Error::call("PutItem"))?;
        Ok(())
    }

    /// A parked click, unless somebody sent it meanwhile.
    pub async fn parked_click(&self, pointer: &Pointer) -> Result<Option<Click>> {
        self.get(&pointer.key()).await?.map(|item| doc(&item)).transpose()
    }

    /// Forgets a parked click after it has been sent.
    pub async fn unpark_click(&self, pointer: &Pointer) -> Result<()> {
        let delete = self.db.delete_item().table_name(&self.table).set_key(Some(key(&pointer.key())));
        delete.send().await.map_err(Error::call("DeleteItem"))?;
        Ok(())
    }
}
