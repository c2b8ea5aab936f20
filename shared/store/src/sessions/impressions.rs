//! Impressions of a session: counted once, from the outbox entry of their batch.

use domain::reports::{Addition, Tally};
use domain::values::moment::Moment;
use domain::values::name::{Handle, SessionId};
use domain::values::secret::sha256_hex;

use crate::dynamo::integer;
use crate::error::Result;
use crate::outbox::{Pointer, is_due};
use crate::rollups::{CountOutcome, Entry};
use crate::sessions::read::Sessions;

impl Sessions<'_> {
    /// The session and the number of impressions of an outbox entry; none when they are counted.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn impressions_at(self, pointer: &Pointer) -> Result<Option<(Handle, SessionId, u32)>> {
        let Some((handle, session)) = pointer.session() else { return Ok(None) };
        let pending = self.db.get(&pointer.key()).await?.filter(is_due);
        let count = pending.and_then(|item| integer(&item, "observed")).and_then(|count| u32::try_from(count).ok());
        Ok(count.map(|count| (handle, session, count)))
    }

    /// Counts impressions under their session's segment, exactly once.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn count_impressions(
        self,
        pointer: &Pointer,
        handle: &Handle,
        segment: &str,
        count: u32,
        now: Moment,
    ) -> Result<CountOutcome> {
        let leave_outbox = self.db.update_part(&pointer.key(), |update| {
            update.update_expression("REMOVE duePk, dueAt").condition_expression("attribute_exists(duePk)")
        })?;
        let added = vec![Addition::of_handle(now.day(), Tally::of_impressions(segment, count))];
        let id = sha256_hex(format!("{} {}", pointer.pk, pointer.sk).as_bytes());
        let refused = self.rollups.append_one(handle, Entry { id, actions: vec![leave_outbox], added }, now).await?;
        Ok(refused.map_or(CountOutcome::Counted, |_| CountOutcome::AlreadyCounted))
    }
}
