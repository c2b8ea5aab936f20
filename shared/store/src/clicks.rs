//! Clicks: counted once, read in time order, restated, and parked while their queue is unavailable.

mod read;
mod restate;
mod send;
mod write;

use domain::clicks::Click;
use domain::values::id::ClickId;
use domain::values::name::Handle;

use crate::dynamo::{Database, doc, table};
use crate::error::Result;
use crate::outbox::{Pointer, QueueClients, is_due};
use crate::rollups::Rollups;

pub use read::ClicksInOrder;
pub use restate::{Restated, Restatement, StoredClick, restatement_groups};
pub use write::ClicksCounted;

/// Handle of the clicks: `store.clicks()`.
#[derive(Clone, Copy, Debug)]
pub struct Clicks<'a> {
    db: &'a Database,
    queues: &'a QueueClients,
    rollups: Rollups<'a>,
}

impl<'a> Clicks<'a> {
    pub(crate) fn new(db: &'a Database, queues: &'a QueueClients, rollups: Rollups<'a>) -> Self {
        Self { db, queues, rollups }
    }

    /// A stored click; none when it has not been counted.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get(self, handle: &Handle, id: ClickId) -> Result<Option<Click>> {
        self.db.get_doc(&table::click(handle, id)).await
    }

    /// The counted click a pointer names; none when it is not in the outbox any more.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn pending(self, pointer: &Pointer) -> Result<Option<Click>> {
        let pending = self.db.get(&pointer.key()).await?.filter(is_due);
        pending.map(|item| doc(&item)).transpose()
    }
}
