//! Clicks on their way to the click worker: sent to the queue, or parked in the table while it is unavailable.

use domain::clicks::Click;
use domain::values::moment::Moment;

use crate::clicks::Clicks;
use crate::dynamo::{table, with_doc};
use crate::error::{Error, Result};
use crate::outbox::{Pointer, make_due};

impl Clicks<'_> {
    /// Sends a click to the queue, in one message with others that wait at the same time; returns when it is on the queue.
    ///
    /// # Errors
    /// When the function has no clicks queue, or SQS is unavailable.
    pub async fn send(self, click: &Click, now: Moment) -> Result<()> {
        self.queues.send_click(click, now).await
    }

    /// Stores a click whose message could not be sent; the sweeper sends it.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn park(self, click: &Click, now: Moment) -> Result<()> {
        let mut item = with_doc(&table::parked(&click.handle, click.id), click)?;
        make_due(&mut item, now, now);
        self.db.put(item).send().await.map_err(Error::call("PutItem"))?;
        Ok(())
    }

    /// The parked click a pointer names; none when it was sent meanwhile.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn parked(self, pointer: &Pointer) -> Result<Option<Click>> {
        self.db.get_doc(&pointer.key()).await
    }

    /// Deletes a parked click after it has been sent.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn unpark(self, pointer: &Pointer) -> Result<()> {
        self.db.delete(&pointer.key()).send().await.map_err(Error::call("DeleteItem"))?;
        Ok(())
    }
}
