//! Appending: records and what they add to the cells are written in one transaction, each record on a condition that holds once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::reports::{Addition, Delta};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::dynamo::{MAX_ACTIONS, RetryPolicy, RetryStep, TRANSACT, absent, applied, number, retry, table, text, with_doc};
use crate::error::{Error, Result};
use crate::outbox::Pointer;
use crate::rollups::Rollups;

/// One delta in this many announces a fold of its day, so that deltas gather without a counter that all writers share.
const ANNOUNCED: u32 = 32;
/// One delta in this many schedules a fold for the time when the day is over; days with few deltas need none.
const SCHEDULED: u32 = 4;
/// Seconds an announced fold waits.
const FOLD_DELAY_SECS: i32 = 2;
/// After the end of a day it is folded completely, in milliseconds: clicks may still be on their way.
pub(super) const DAY_END_GRACE_MS: i64 = 3_600_000;
/// Deltas that one group may write: of the days its records belong to.
const MAX_DAYS: usize = 3;

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

/// A record with what it adds.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Names the delta, unique among all of the handle: no later entry has it.
    pub(crate) id: String,
    /// The writes of the record. At least one has a condition that stops holding with the write.
    pub(crate) actions: Vec<TransactWriteItem>,
    /// What it adds.
    pub(crate) added: Vec<Addition>,
}

/// How one entry ended.
#[derive(Clone, Debug)]
pub(crate) enum Appended {
    /// It is written with what it adds.
    Written,
    /// Nothing of it is written: the condition of this action, counted from 0, does not hold.
    Refused(usize),
    /// Nothing of it is written.
    Failed(Arc<Error>),
}

impl Appended {
    /// The outcome, with a failure as the error it is.
    pub(crate) fn settled(self) -> std::result::Result<Option<usize>, Arc<Error>> {
        match self {
            Self::Written => Ok(None),
            Self::Refused(action) => Ok(Some(action)),
            Self::Failed(error) => Err(error),
        }
    }
}

/// How a group ended.
enum GroupOutcome {
    /// The entries whose conditions did not hold, by place; the others are written.
    Settled(BTreeMap<usize, usize>),
    /// Nothing is written, because of one or several of its entries.
    Unwritable(Error),
}

impl Rollups<'_> {
    /// Appends entries of one handle in groups, and returns how each ended, in their order. An entry that DynamoDB does not accept
    /// fails alone: its group is divided until the others are written.
    pub(crate) async fn append(self, handle: &Handle, entries: &[Entry], now: Moment) -> Vec<Appended> {
        let mut outcomes: Vec<Option<Appended>> = vec![None; entries.len()];
        let mut groups: VecDeque<Vec<usize>> = groups(entries).into();
        while let Some(group) = groups.pop_front() {
            match self.append_group(handle, entries, &group, now).await {
                Ok(GroupOutcome::Settled(refused)) => {
                    for place in group {
                        let outcome = refused.get(&place).map_or(Appended::Written, |action| Appended::Refused(*action));
                        set(&mut outcomes, place, outcome);
                    }
                }
                Ok(GroupOutcome::Unwritable(_)) if group.len() > 1 => {
                    let (first, second) = group.split_at(group.len() / 2);
                    groups.extend([first.to_vec(), second.to_vec()]);
                }
                Ok(GroupOutcome::Unwritable(error)) | Err(error) => {
                    let error = Arc::new(error);
                    for place in group {
                        set(&mut outcomes, place, Appended::Failed(Arc::clone(&error)));
                    }
                }
            }
        }
        let unsettled = || Appended::Failed(Arc::new(Error::Contended(TRANSACT)));
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unsettled)).collect()
    }

    /// Appends a single entry.
    pub(crate) async fn append_one(self, handle: &Handle, entry: Entry, now: Moment) -> Result<Option<usize>> {
        let outcome = self.append(handle, &[entry], now).await.pop().unwrap_or(Appended::Written);
        outcome.settled().map_err(Error::of_shared)
    }

    async fn append_group(self, handle: &Handle, entries: &[Entry], group: &[usize], now: Moment) -> Result<GroupOutcome> {
        let start = (group.to_vec(), BTreeMap::new());
        let written = retry(RetryPolicy::TRANSACTION, TRANSACT, start, |_, (group, mut refused)| async move {
            let chosen: Vec<(usize, &Entry)> = group.iter().filter_map(|place| Some((*place, entries.get(*place)?))).collect();
            let mut parts: Vec<TransactWriteItem> = Vec::with_capacity(MAX_ACTIONS);
            let mut actions: Vec<(usize, usize)> = Vec::with_capacity(MAX_ACTIONS);
            for (place, entry) in &chosen {
                parts.extend(entry.actions.iter().cloned());
                actions.extend((0..entry.actions.len()).map(|action| (*place, action)));
            }
            let Some((_, first)) = chosen.first() else { return Ok(RetryStep::Done(refused)) };
            let deltas = merged(chosen.iter().map(|(_, entry)| *entry));
            for (day, delta) in &deltas {
                let at = table::delta(handle, *day, &first.id);
                let mut item = with_doc(&at, delta)?;
                item.insert("at".to_owned(), text(now.to_string()));
                parts.push(self.db.put_part(item, absent)?);
            }
            let outcome = self.db.transact(parts).await?;
            if outcome.is_written() {
                for day in deltas.keys() {
                    self.arrange_fold(handle, *day, &first.id, now).await;
                }
                return Ok(RetryStep::Done(refused));
            }
            for (part, (place, action)) in actions.into_iter().enumerate() {
                if outcome.failed_at(part) {
                    refused.entry(place).or_insert(action);
                }
            }
            let rest = group.into_iter().filter(|place| !refused.contains_key(place)).collect();
            Ok(RetryStep::Again((rest, refused)))
        });
        match written.await {
            Ok(refused) => Ok(GroupOutcome::Settled(refused)),
            Err(error @ (Error::Contended(_) | Error::NotAccepted { .. })) => Ok(GroupOutcome::Unwritable(error)),
            Err(error) => Err(error),
        }
    }

    /// Announces or schedules a fold after some of the appended deltas. Failures are logged only: figures are exact without it.
    async fn arrange_fold(self, handle: &Handle, day: Day, id: &str, now: Moment) {
        let draw = spread(id);
        if draw.is_multiple_of(ANNOUNCED) {
            match self.outbox.announce_later(&Pointer::to_fold(handle, day), FOLD_DELAY_SECS).await {
                // An operator's job has no queue; the functions' deltas announce the fold.
                Ok(()) | Err(Error::NoQueue(_)) => {}
                Err(error) => tracing::warn!(%handle, %day, error = &error as &dyn std::error::Error, "fold could not be announced"),
            }
        }
        if (draw / ANNOUNCED).is_multiple_of(SCHEDULED)
            && self.scheduled.is_new(handle, day)
            && let Err(error) = self.schedule_fold(handle, day, now).await
        {
            tracing::warn!(%handle, %day, error = &error as &dyn std::error::Error, "fold could not be scheduled");
        }
    }

    /// Makes the fold state of a day an entry of the outbox, due when the day is over.
    async fn schedule_fold(self, handle: &Handle, day: Day, now: Moment) -> Result<()> {
        let due_at = day.plus(1).start().max(now).plus_millis(DAY_END_GRACE_MS);
        let update = self
            .db
            .update(&table::fold(handle, day))
            .update_expression("SET duePk = :shard, dueAt = :at")
            .condition_expression("attribute_not_exists(duePk)")
            .expression_attribute_values(":shard", text(table::due_of(now)))
            .expression_attribute_values(":at", number(due_at.millis()));
        applied("UpdateItem", update.send().await).map(drop)
    }
}

/// What entries add together.
fn merged<'e>(entries: impl Iterator<Item = &'e Entry>) -> BTreeMap<Day, Delta> {
    let mut deltas: BTreeMap<Day, Delta> = BTreeMap::new();
    for addition in entries.flat_map(|entry| &entry.added).filter(|addition| !addition.is_empty()) {
        deltas.entry(addition.day).or_default().add(addition);
    }
    deltas
}

/// Divides entries, by place, into groups that fit one transaction each.
fn groups(entries: &[Entry]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut actions = usize::MAX;
    for (place, entry) in entries.iter().enumerate() {
        actions = actions.saturating_add(entry.actions.len());
        match groups.last_mut().filter(|_| actions <= MAX_ACTIONS - MAX_DAYS) {
            Some(group) => group.push(place),
            None => {
                groups.push(vec![place]);
                actions = entry.actions.len();
            }
        }
    }
    groups
}

fn set(outcomes: &mut [Option<Appended>], place: usize, outcome: Appended) {
    if let Some(slot) = outcomes.get_mut(place) {
        *slot = Some(outcome);
    }
}

/// A number that is the same each time for an id and spread evenly over ids: FNV-1a.
fn spread(id: &str) -> u32 {
    id.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
