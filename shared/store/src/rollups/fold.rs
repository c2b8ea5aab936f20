//! Folding: deltas of a day become part of its cells, each exactly once.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use futures::future::try_join_all;

use domain::reports::{CellScope, Delta, Rows, is_worth_writing};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::dynamo::table::Key;
use crate::dynamo::{absent, applied, doc, number, optional, string, table, text, with_doc};
use crate::error::Result;
use crate::invocation::{Metric, measure};
use crate::rollups::Rollups;
use crate::rollups::append::DAY_END_GRACE_MS;
use crate::rollups::outstanding::{FoldState, REMOVED, StoredDelta, VERSION, first_deltas};

/// Deltas of a day from which on a fold is worth it.
const MIN_DELTAS: usize = 128;
/// Bytes of deltas from which on it is, too.
const MIN_BYTES: usize = 128 * 1024;
/// Of a day that is over: bytes of deltas up to which they stay as they are, since a report reads them as cheaply as cells.
const SMALL_DAY_BYTES: usize = 4 * 1024;
/// Deltas that may stay of such a day.
const SMALL_DAY_DELTAS: usize = 4;
/// Deltas that one fold removes at most.
const MAX_DELTAS: usize = 256;
/// Deltas of one lane that one fold reads: those of all lanes are more than it removes.
const MAX_PER_LANE: i32 = 128;
/// Bytes that the deltas of one fold have at most when they are merged: what it leaves is one item, which DynamoDB limits to 400 KB.
const MAX_MERGED_BYTES: usize = 300 * 1024;
/// Folds of one call; the rest is left to the next announcement.
const MAX_ROUNDS: usize = 16;
/// How long a fold state is kept after its day, in days: longer than deltas of the day can be written.
const STATE_DAYS: i64 = 400;

/// What folding a day led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoldOutcome {
    /// Transactions made.
    pub folds: usize,
    /// Deltas they removed.
    pub deltas: usize,
    /// Cells they wrote.
    pub cells: usize,
    /// Whether more deltas are to be folded.
    pub is_unfinished: bool,
}

/// How much of a day is folded.
#[derive(Clone, Copy, Debug)]
struct Extent {
    /// Whether the day is over, so that few deltas are folded too.
    is_over: bool,
    /// Whether all deltas are folded.
    is_whole: bool,
}

/// One step.
enum Step {
    /// A fold was made.
    Folded { deltas: usize, cells: usize },
    /// All that was read belonged to the fold before and is deleted now.
    Cleaned,
    /// Another fold of the day was faster.
    Overtaken,
    /// There is nothing to fold; none of the deltas that this state lists as removed is left.
    Idle(FoldState),
}

/// A cell as a fold writes it.
struct NewCell {
    at: Key,
    rows: Rows,
}

impl Rollups<'_> {
    /// Folds the deltas of a day while enough of them are there; of a day that is over, all.
    ///
    /// It may be called by several processes at once and may die at any moment: each delta is in exactly one of the cells and the
    /// outstanding deltas for every reader.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn fold(self, handle: &Handle, day: Day, now: Moment) -> Result<FoldOutcome> {
        let is_over = day.plus(1).start().plus_millis(DAY_END_GRACE_MS) <= now;
        self.fold_rounds(handle, day, Extent { is_over, is_whole: false }, now).await
    }

    /// Folds all deltas of a day into cells, however few they are, so that keys of which everything was taken back are stored nowhere.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn fold_whole(self, handle: &Handle, day: Day, now: Moment) -> Result<FoldOutcome> {
        let is_over = day.plus(1).start().plus_millis(DAY_END_GRACE_MS) <= now;
        self.fold_rounds(handle, day, Extent { is_over, is_whole: true }, now).await
    }

    async fn fold_rounds(self, handle: &Handle, day: Day, extent: Extent, now: Moment) -> Result<FoldOutcome> {
        let mut outcome = FoldOutcome::default();
        for _ in 0..MAX_ROUNDS {
            match self.fold_once(handle, day, extent, now).await? {
                Step::Folded { deltas, cells } => {
                    outcome.folds += 1;
                    outcome.deltas += deltas;
                    outcome.cells += cells;
                }
                Step::Cleaned => {}
                // The other fold may have left deltas that belong to a whole fold.
                Step::Overtaken => return Ok(FoldOutcome { is_unfinished: extent.is_whole, ..outcome }),
                Step::Idle(state) => {
                    if extent.is_over {
                        self.close_day(handle, day, &state).await?;
                    }
                    return Ok(outcome);
                }
            }
        }
        Ok(FoldOutcome { is_unfinished: true, ..outcome })
    }

    async fn fold_once(self, handle: &Handle, day: Day, extent: Extent, now: Moment) -> Result<Step> {
        let is_over = extent.is_over || extent.is_whole;
        let at = table::fold(handle, day);
        let state = self.db.get(&at).await?.as_ref().map(FoldState::of).unwrap_or_default();
        let (stored, are_all) = first_deltas(self.db, handle, day, MAX_PER_LANE).await?;
        let (removed, outstanding): (Vec<_>, Vec<_>) = stored.into_iter().partition(|delta| state.removed.contains(&delta.at.sk));
        // The next fold replaces the list of removed deltas, so those of this list must be gone first: the ones that are left, or, where
        // not all deltas were read, every one, since deleting what does not exist costs a write unit too.
        if are_all {
            self.delete(&removed).await?;
        } else {
            self.db.batch_delete(&removed_keys(handle, day, &state)).await?;
            if outstanding.is_empty() && !removed.is_empty() {
                return Ok(Step::Cleaned);
            }
        }
        let are_many = !are_all && !outstanding.is_empty();
        let is_wanted = extent.is_whole && !outstanding.is_empty();
        if !are_many && !is_wanted && !is_due(&outstanding, is_over) {
            return Ok(Step::Idle(state));
        }
        let (batch, mut left) = merge(outstanding);
        let is_small = extent.is_over && !extent.is_whole && left.bytes() <= SMALL_DAY_BYTES;
        let cells = if is_small { Vec::new() } else { self.new_cells(handle, day, &left, is_over).await? };
        for (scope, _) in &cells {
            left.remove(scope);
        }
        if cells.is_empty() && batch.len() < 2 {
            return Ok(Step::Idle(state));
        }
        left.limit();
        let mut parts = vec![self.state_part(&at, &state, &batch, day)?];
        for cell in cells.iter().flat_map(|(_, cells)| cells) {
            let mut item = with_doc(&cell.at, &cell.rows)?;
            measure(Metric::CellBytes, string(&item, "doc").map_or(0, |doc| i64::try_from(doc.len()).unwrap_or(i64::MAX)));
            item.insert("updatedAt".to_owned(), text(now.to_string()));
            parts.push(self.db.put_part(item, |put| put)?);
        }
        if !left.is_empty() {
            // Named by the fold that leaves it, so no other delta of the day has its name.
            let mut item = with_doc(&table::delta(handle, day, &format!("left{:010}", state.version + 1)), &left)?;
            item.extend(batch.iter().filter_map(|delta| delta.written_at).max().map(|at| ("at".to_owned(), text(at.to_string()))));
            parts.push(self.db.put_part(item, absent)?);
        }
        let written = parts.len() - 1;
        if !self.db.transact(parts).await?.is_written() {
            return Ok(Step::Overtaken);
        }
        self.delete(&batch).await?;
        Ok(Step::Folded { deltas: batch.len(), cells: written - usize::from(!left.is_empty()) })
    }

    /// The part of a fold that records it, on the condition that it is the next one.
    fn state_part(self, at: &Key, state: &FoldState, batch: &[StoredDelta], day: Day) -> Result<TransactWriteItem> {
        let removed = batch.iter().map(|delta| delta.at.sk.clone()).collect();
        self.db.update_part(at, |update| {
            let update = update
                .update_expression(format!("SET {VERSION} = :next, {REMOVED} = :removed, #ttl = :ttl"))
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":next", number(state.version + 1))
                .expression_attribute_values(":removed", AttributeValue::Ss(removed))
                .expression_attribute_values(":ttl", number(day.plus(STATE_DAYS).start().seconds()));
            let (condition, version) = unchanged(state);
            let update = update.condition_expression(condition);
            version.into_iter().fold(update, |update, version| update.expression_attribute_values(":version", version))
        })
    }

    /// The cells of the scopes that are worth writing now, with what the deltas add to them.
    async fn new_cells(self, handle: &Handle, day: Day, merged: &Delta, is_over: bool) -> Result<Vec<(CellScope, Vec<NewCell>)>> {
        let mut chosen = Vec::new();
        for scope in merged.foldable(is_over) {
            let Some(added) = merged.rows(&scope) else { continue };
            let parts = scope.parts().into_iter().filter(|part| !added.part(*part).is_empty());
            let cells = try_join_all(parts.map(|part| self.new_cell(table::cell(handle, &scope, part, day), added.part(part)))).await;
            match cells {
                Ok(cells) => {
                    let bytes: Vec<usize> = cells.iter().map(|cell| cell.rows.bytes()).collect();
                    if is_over || merged.is_large() || is_worth_writing(added.records(), &bytes) {
                        chosen.push((scope, cells));
                    }
                }
                // It stays outstanding, so that its figures are not lost; the others are folded.
                Err(error @ crate::Error::Damaged { .. }) => {
                    tracing::error!(%handle, %day, %scope, error = &error as &dyn std::error::Error, damaged = 1, "cell is not folded into");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(chosen)
    }

    async fn new_cell(self, at: Key, added: Rows) -> Result<NewCell> {
        let mut rows: Rows = self.db.get(&at).await?.as_ref().map(doc).transpose()?.unwrap_or_default();
        rows.add(&added);
        rows.limit();
        Ok(NewCell { at, rows })
    }

    /// Deletes deltas that a fold has removed; a missing one is no error.
    async fn delete(self, deltas: &[StoredDelta]) -> Result<()> {
        let keys: Vec<Key> = deltas.iter().map(|delta| delta.at.clone()).collect();
        self.db.batch_delete(&keys).await
    }

    /// Takes the fold state of a finished day out of the outbox, and forgets the deltas it removed, which are deleted. Does nothing when
    /// another fold was made since: that one closes the day.
    async fn close_day(self, handle: &Handle, day: Day, state: &FoldState) -> Result<()> {
        let at = table::fold(handle, day);
        let Some(item) = self.db.get(&at).await? else { return Ok(()) };
        let is_scheduled = optional(&item, "duePk").is_some();
        if FoldState::of(&item) != *state || (!is_scheduled && state.removed.is_empty()) {
            return Ok(());
        }
        let update = self
            .db
            .update(&at)
            .update_expression(format!("SET {VERSION} = :next REMOVE duePk, dueAt, {REMOVED}"))
            .expression_attribute_values(":next", number(state.version + 1));
        let (condition, version) = unchanged(state);
        let update = update.condition_expression(condition);
        let update = version.into_iter().fold(update, |update, version| update.expression_attribute_values(":version", version));
        applied("UpdateItem", update.send().await).map(drop)
    }
}

/// The keys of the deltas that a state lists as removed.
fn removed_keys(handle: &Handle, day: Day, state: &FoldState) -> Vec<Key> {
    state.removed.iter().filter_map(|sk| Some(table::delta(handle, day, sk.split_once('#')?.1))).collect()
}

/// The condition that no fold was made since a state was read, and its value `:version`, if it has one.
fn unchanged(state: &FoldState) -> (String, Option<AttributeValue>) {
    match state.version {
        0 => (format!("attribute_not_exists({VERSION})"), None),
        version => (format!("{VERSION} = :version"), Some(number(version))),
    }
}

/// Whether a fold of these is worth it.
fn is_due(outstanding: &[StoredDelta], is_over: bool) -> bool {
    let bytes: usize = outstanding.iter().map(|delta| delta.bytes).sum();
    if is_over {
        outstanding.len() > SMALL_DAY_DELTAS || bytes > SMALL_DAY_BYTES
    } else {
        outstanding.len() >= MIN_DELTAS || bytes >= MIN_BYTES
    }
}

/// As many deltas as one fold may merge, at least one, and what they add together.
fn merge(outstanding: Vec<StoredDelta>) -> (Vec<StoredDelta>, Delta) {
    let (mut batch, mut merged) = (Vec::new(), Delta::default());
    // Deltas of the same links add few bytes to each other, so the sum of theirs is only a first bound.
    let mut bound = 0;
    for stored in outstanding.into_iter().take(MAX_DELTAS) {
        let bytes = stored.delta.bytes();
        if bound + bytes > MAX_MERGED_BYTES {
            bound = merged.bytes();
        }
        if bound + bytes > MAX_MERGED_BYTES && !batch.is_empty() {
            break;
        }
        bound += bytes;
        merged.merge(&stored.delta);
        batch.push(stored);
    }
    (batch, merged)
}
