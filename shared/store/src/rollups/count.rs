//! Counting an outbox entry exactly once: its tallies and its removal from the outbox are one transaction.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::reports::{CellKey, Tally};
use domain::values::id::ClickId;
use domain::values::moment::Moment;

use crate::dynamo::{Database, RetryPolicy, RetryStep, TRANSACT, retry, table};
use crate::error::Result;
use crate::rollups::cells;

/// Outcome of counting an outbox entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountOutcome {
    /// It is counted now.
    Counted,
    /// It was counted before.
    AlreadyCounted,
    /// It is not counted: its click is not stored yet, or has changed since it was read to be restated.
    ClickChanged,
}

/// The change of a click that is restated with the entry.
pub(crate) struct ClickChange {
    /// Replaces the click, on the condition that it is as it was read.
    pub(crate) part: TransactWriteItem,
    /// What that adds to the cells in which the click was counted.
    pub(crate) tallies: BTreeMap<(CellKey, u32), Tally>,
}

/// Adds tallies to their cells, makes the change of the click, and takes the entry out of the outbox with `leave_outbox`, whose
/// condition is that the entry is in it. Under contention `spread` chooses other shards of the cells.
pub(crate) async fn count_once(
    db: &Database,
    tallies: &BTreeMap<CellKey, Tally>,
    change: Option<&ClickChange>,
    spread: ClickId,
    now: Moment,
    leave_outbox: &TransactWriteItem,
) -> Result<CountOutcome> {
    retry(RetryPolicy::TRANSACTION, TRANSACT, 0, |attempt, shard| async move {
        let mut parts = vec![leave_outbox.clone()];
        parts.extend(change.map(|change| change.part.clone()));
        parts.extend(cells::parts(db, &in_shards(tallies, shard, change), now).await?);
        let written = db.transact(parts).await?;
        Ok(if written.is_written() {
            RetryStep::Done(CountOutcome::Counted)
        } else if written.failed_at(0) {
            RetryStep::Done(CountOutcome::AlreadyCounted)
        } else if change.is_some() && written.failed_at(1) {
            RetryStep::Done(CountOutcome::ClickChanged)
        } else {
            RetryStep::Again(contended_shard(Some(spread), attempt))
        })
    })
    .await
}

/// The tallies in a shard, and those of the changed click in the shard it was counted in; both can be the same cell.
fn in_shards(tallies: &BTreeMap<CellKey, Tally>, shard: u32, change: Option<&ClickChange>) -> BTreeMap<(CellKey, u32), Tally> {
    let mut sum = change.map(|change| change.tallies.clone()).unwrap_or_default();
    for (cell, tally) in tallies {
        sum.entry((cell.clone(), shard)).or_default().merge(tally);
    }
    sum
}

/// A shard other than the first, for the next attempt on a contended cell: spread by the click and the attempt's number.
pub(crate) fn contended_shard(id: Option<ClickId>, attempt: u32) -> u32 {
    let spread = id.map_or(0, |id| u32::from(id.to_bytes().get(14).copied().unwrap_or_default()));
    1 + (spread + attempt) % (table::ROLLUP_SHARDS - 1)
}
