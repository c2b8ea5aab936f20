//! The totals that stay of an erased handle: those of each day, without any dimension.

use std::collections::BTreeMap;

use domain::reports::{Counts, Dimension, Selection};
use domain::values::moment::Day;
use domain::values::name::Handle;

use crate::dynamo::{MAX_BATCH, table, with_doc};
use crate::error::Result;
use crate::handle_erasure::HandleErasure;

/// Days whose totals one step writes.
pub(super) const DAYS_A_STEP: i64 = 100;

impl HandleErasure<'_> {
    /// Writes the totals of the days from one to another, both included. They are those of the reports, so that a step which is repeated
    /// writes the same: figures are erased later.
    pub(super) async fn keep_totals(self, handle: &Handle, from: Day, to: Day) -> Result<()> {
        let cells = self.rollups.read(handle, &Selection::Handle, Some(Dimension::Day), from, to).await?;
        let days = cells.days.iter().map(|(day, counts)| (day, totals(counts))).filter(|(_, totals)| !totals.is_empty());
        let items = days.map(|(day, totals)| with_doc(&table::totals(handle, *day), &totals)).collect::<Result<Vec<_>>>()?;
        for items in items.chunks(MAX_BATCH) {
            self.db.batch_put(items.to_vec()).await?;
        }
        Ok(())
    }
}

/// The totals of a day that are not zero: `c`, `b`, `v`, `i`, and revenue by currency, as `m|USD`.
fn totals(counts: &Counts) -> BTreeMap<&str, i128> {
    counts.totals().filter(|(_, value)| *value != 0).collect()
}
