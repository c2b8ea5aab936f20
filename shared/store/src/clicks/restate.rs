//! Restating stored clicks: a new judgement of a click and what it changes in its cells are one transaction.
//!
//! The difference goes to the shards in which the click was counted, so that a key that was folded into `other` there is
//! taken from `other` again. A click is restated only from the very document that was read: whoever comes second finds
//! it changed and looks again, so that doing it twice, at the same time or after a crash, changes nothing.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::accounts::audit::Event;
use domain::clicks::Click;
use domain::reports::{CellKey, Tally, cells};
use domain::values::id::ClickId;
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::Store;
use crate::clicks::write::{MAX_COUNTERS, TRIES};
use crate::dynamo::item::{Item, doc, integer, string, text, to_json};
use crate::dynamo::table;
use crate::dynamo::transaction::MAX_ACTIONS;
use crate::error::{Error, Result};

/// A stored click as it was read, and where it was counted.
#[derive(Clone, Debug)]
pub struct StoredClick {
    /// The click.
    pub click: Click,
    doc: String,
    /// Of each of its cells. Clicks stored before it was noted say the first.
    pub(crate) shard: u32,
}

impl StoredClick {
    fn of(item: &Item) -> Result<Self> {
        let shard = integer(item, table::SHARD).and_then(|shard| u32::try_from(shard).ok()).unwrap_or_default();
        Ok(Self { click: doc(item)?, doc: string(item, "doc")?.to_owned(), shard })
    }
}

/// A stored click and what it is to become: the same visit of the same link, judged differently.
#[derive(Clone, Debug)]
pub struct Restatement {
    /// As it was read.
    pub before: StoredClick,
    /// As it is to be.
    pub after: Click,
}

impl Restatement {
    /// What it changes in each of the click's cells.
    pub(crate) fn tallies(&self) -> BTreeMap<(CellKey, u32), Tally> {
        let before = &self.before.click;
        let difference = Tally::of_click(&self.after).minus(&Tally::of_click(before));
        let cells = cells(&before.handle, &before.slug, before.campaign_id.as_ref(), before.day()).into_iter();
        cells.map(|cell| ((cell, self.before.shard), difference.clone())).collect()
    }
}

/// How restating a group ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restated {
    /// All of it is written.
    Written,
    /// Nothing is: these have changed since they were read.
    Changed(Vec<ClickId>),
}

/// What a group changes in all its cells together, without what cancels out.
fn tallies<'a>(group: impl IntoIterator<Item = &'a Restatement>) -> BTreeMap<(CellKey, u32), Tally> {
    let mut sum: BTreeMap<(CellKey, u32), Tally> = BTreeMap::new();
    for restatement in group {
        for (place, tally) in restatement.tallies() {
            sum.entry(place).or_default().merge(&tally);
        }
    }
    let pruned = sum.into_iter().map(|(place, tally)| (place, tally.minus(&Tally::default())));
    pruned.filter(|(_, tally)| !tally.is_empty()).collect()
}

/// Splits restatements into groups that fit one transaction each, with an audit event beside them.
pub fn restatement_groups(restatements: Vec<Restatement>) -> Vec<Vec<Restatement>> {
    let mut groups = Vec::new();
    let mut rest: Vec<Vec<Restatement>> = Vec::new();
    let mut all = restatements.into_iter().peekable();
    while all.peek().is_some() {
        rest.push(all.by_ref().take(MAX_ACTIONS / 2).collect());
    }
    rest.reverse();
    while let Some(mut group) = rest.pop() {
        let tallies = tallies(&group);
        let fits = group.len() + tallies.len() < MAX_ACTIONS && tallies.values().all(|tally| tally.len() <= MAX_COUNTERS);
        if fits || group.len() < 2 {
            groups.push(group);
        } else {
            rest.push(group.split_off(group.len() / 2));
            rest.push(group);
        }
    }
    groups
}

impl Store {
    /// A stored click with what restating it needs, if it has been counted.
    pub async fn stored_click(&self, handle: &Handle, id: ClickId) -> Result<Option<StoredClick>> {
        self.get(&table::click(handle, id)).await?.as_ref().map(StoredClick::of).transpose()
    }

    /// A page of one shard of a handle's day of clicks, in the order of their ids, after the one before; and whether more follow.
    pub async fn stored_clicks(&self, handle: &Handle, day: Day, shard: u32, after: Option<ClickId>) -> Result<(Vec<StoredClick>, bool)> {
        let query = self
            .db
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":pk", text(table::clicks(handle, day, shard)))
            .expression_attribute_values(":after", text(after.map_or(" ".to_owned(), |id| id.to_string())))
            .consistent_read(true);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let clicks = found.items().iter().map(StoredClick::of).collect::<Result<_>>()?;
        Ok((clicks, found.last_evaluated_key().is_some()))
    }

    /// Restates a group of one handle in one transaction, together with the audit event that tells of it.
    pub async fn restate_clicks(&self, group: &[Restatement], event: &Event, now: Moment) -> Result<Restated> {
        let tallies = tallies(group);
        for _ in 0..TRIES {
            let mut parts = group.iter().map(|restatement| self.restate_part(restatement)).collect::<Result<Vec<_>>>()?;
            if let Some(first) = group.first() {
                parts.push(self.audit_part(&first.after.handle, event)?);
            }
            parts.extend(self.placed_parts(&tallies, now).await?);
            let written = self.transact(parts).await?;
            if written.is_written() {
                return Ok(Restated::Written);
            }
            let changed = group.iter().enumerate().filter(|(place, _)| written.failed_at(*place));
            let changed: Vec<ClickId> = changed.map(|(_, restatement)| restatement.after.id).collect();
            if !changed.is_empty() {
                return Ok(Restated::Changed(changed));
            }
            // Another writer holds a cell. It is this shard that counted the clicks, so there is no other to go to.
        }
        Err(Error::Contended("TransactWriteItems"))
    }

    /// The part of a transaction that replaces a click unless it has changed since it was read.
    pub(crate) fn restate_part(&self, restatement: &Restatement) -> Result<TransactWriteItem> {
        let at = table::click(&restatement.after.handle, restatement.after.id);
        let after = to_json(&at, &restatement.after)?;
        self.update_part(&at, |update| {
            update
                .update_expression("SET doc = :after")
                .condition_expression("doc = :before")
                .expression_attribute_values(":before", text(&restatement.before.doc))
                .expression_attribute_values(":after", text(after))
        })
    }
}
