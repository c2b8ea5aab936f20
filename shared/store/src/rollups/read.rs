//! Reading reports: cells plus the deltas that no fold has removed.

use std::collections::{BTreeMap, HashSet};

use futures::future::{try_join, try_join_all};

use domain::reports::{CellPart, CellScope, Counts, Dimension, Rows, Selection};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::dynamo::{Item, RetryPolicy, RetryStep, damaged, doc, optional, retry, string, table};
use crate::error::Result;
use crate::rollups::Rollups;
use crate::rollups::outstanding::{FoldState, StoredDelta, delta_items, query, states};

/// The counters of one selection over some days.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// Counters by day.
    pub days: BTreeMap<Day, Counts>,
    /// When the latest of them was added to.
    pub updated_at: Option<Moment>,
}

impl Cells {
    fn add(&mut self, day: Day, updated_at: Option<Moment>) -> &mut Counts {
        self.updated_at = self.updated_at.max(updated_at);
        self.days.entry(day).or_default()
    }
}

impl Rollups<'_> {
    /// The counters of a selection from one day to another, both included: totals, and the keys of one dimension, or of all when
    /// none is named.
    ///
    /// Consistent reads: two `Query` of fold states, one of each lane of deltas, and one or two of cells, per MB.
    ///
    /// # Errors
    /// When the table is unavailable, or folds kept changing what was read.
    pub async fn read(self, handle: &Handle, selection: &Selection, by: Option<Dimension>, from: Day, to: Day) -> Result<Cells> {
        let read = self.read_many(handle, std::slice::from_ref(selection), by, from, to).await?;
        Ok(read.into_iter().next().unwrap_or_default())
    }

    /// As [`Rollups::read`] for several selections of a handle, in their order; the deltas are read once.
    ///
    /// # Errors
    /// When the table is unavailable, or folds kept changing what was read.
    pub async fn read_many(
        self,
        handle: &Handle,
        selections: &[Selection],
        by: Option<Dimension>,
        from: Day,
        to: Day,
    ) -> Result<Vec<Cells>> {
        retry(RetryPolicy::OPTIMISTIC_WRITE, "Query", (), |_, ()| async move {
            let (before, items) = try_join(states(self.db, handle, from, to), delta_items(self.db, handle, from, to)).await?;
            let mut read = Vec::with_capacity(selections.len());
            for selections in selections.chunks(MAX_CONCURRENT) {
                read.extend(try_join_all(selections.iter().map(|selection| self.cells(handle, selection, by, from, to))).await?);
            }
            if versions(&before) != versions(&states(self.db, handle, from, to).await?) {
                return Ok(RetryStep::Again(()));
            }
            let removed: HashSet<&str> = before.values().flat_map(|state| &state.removed).map(String::as_str).collect();
            let is_outstanding = |item: &&Item| optional(item, "sk").is_none_or(|sk| !removed.contains(sk));
            let is_wanted = |scope: &CellScope| selections.iter().any(|selection| scope.is_in(selection));
            // Most scopes of a delta belong to other reports, and parsing them is most of the work.
            for delta in items.iter().filter(is_outstanding).filter_map(|item| StoredDelta::of(item, is_wanted)) {
                for (cells, selection) in read.iter_mut().zip(selections) {
                    if delta.delta.covers(selection) {
                        delta.delta.add_to(selection, cells.add(delta.day, delta.written_at));
                    }
                }
            }
            Ok(RetryStep::Done(read))
        })
        .await
    }

    /// The cells of a selection.
    async fn cells(self, handle: &Handle, selection: &Selection, by: Option<Dimension>, from: Day, to: Day) -> Result<Cells> {
        let pk = table::rollups(handle, selection);
        let ranges = parts(selection, by).into_iter().map(|part| query(self.db, pk.clone(), table::cell_range(part, from, to)));
        let mut cells = Cells::default();
        for item in try_join_all(ranges).await?.iter().flatten() {
            let mut sk = string(item, "sk")?.split('#').skip(1);
            let day = sk.next().and_then(Day::from_compact);
            let day = day.ok_or_else(|| damaged(optional(item, "pk").unwrap_or("?"), "its sk has no day"))?;
            if let Selection::LinkInCampaign(_, campaign) = selection
                && sk.next() != Some(campaign.as_str())
            {
                continue;
            }
            let updated_at = optional(item, "updatedAt").and_then(|text| text.parse().ok());
            if let Some(rows) = rows(item) {
                rows.add_to(cells.add(day, updated_at));
            }
        }
        Ok(cells)
    }
}

/// Selections whose cells are read concurrently.
const MAX_CONCURRENT: usize = 16;

/// The rows of a cell; none, with a line in the log, of one that cannot be decoded. A recount shows what is missing then.
fn rows(item: &Item) -> Option<Rows> {
    doc(item).map_err(|error| tracing::error!(error = &error as &dyn std::error::Error, damaged = 1, "cell is left out")).ok()
}

/// The parts of a selection's cells that have the totals and a dimension, or all dimensions.
fn parts(selection: &Selection, by: Option<Dimension>) -> Vec<CellPart> {
    match (selection, by) {
        (Selection::Link(_) | Selection::LinkInCampaign(..), _) => vec![CellPart::All],
        (_, None) => Dimension::ALL.iter().copied().map(CellPart::Of).collect(),
        (_, Some(Dimension::Day)) => vec![CellPart::Of(Dimension::Day)],
        (_, Some(by)) => vec![CellPart::Of(Dimension::Day), CellPart::Of(by)],
    }
}

fn versions(states: &BTreeMap<Day, FoldState>) -> BTreeMap<Day, i64> {
    states.iter().map(|(day, state)| (*day, state.version)).filter(|(_, version)| *version > 0).collect()
}
