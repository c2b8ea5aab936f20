//! Restating stored clicks: a new classification of a click and what it changes in its cells are one transaction.
//!
//! The difference goes to the shards in which the click was counted, so that a key that was folded into `other` there is taken
//! from `other` again. A click is restated only from the very document that was read: of two concurrent writers the second finds
//! it changed and reads it again, so that restating twice, concurrently or after a crash, changes nothing.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::accounts::audit::AuditEvent;
use domain::clicks::Click;
use domain::reports::{CellKey, Tally, cells};
use domain::values::id::ClickId;
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::accounts::audit;
use crate::clicks::Clicks;
use crate::dynamo::{Database, Item, MAX_ACTIONS, RetryPolicy, RetryStep, TRANSACT, doc, integer, retry, string, table, text, to_json};
use crate::error::{Error, Result};
use crate::rollups::{self, ClickChange, MAX_COUNTERS};

/// A stored click as it was read, and where it was counted.
#[derive(Clone, Debug)]
pub struct StoredClick {
    /// The click.
    pub click: Click,
    doc: String,
    /// The shard of its cells; 0 for clicks stored before the shard was.
    shard: u32,
}

impl StoredClick {
    fn of(item: &Item) -> Result<Self> {
        let shard = integer(item, table::SHARD).and_then(|shard| u32::try_from(shard).ok()).unwrap_or_default();
        Ok(Self { click: doc(item)?, doc: string(item, "doc")?.to_owned(), shard })
    }
}

/// A stored click and its replacement: the same visit of the same link, classified differently.
#[derive(Clone, Debug)]
pub struct Restatement {
    /// As it was read.
    pub before: StoredClick,
    /// As it is to be.
    pub after: Click,
}

impl Restatement {
    /// What it adds to each of the click's cells.
    fn tallies(&self) -> BTreeMap<(CellKey, u32), Tally> {
        let before = &self.before.click;
        let difference = Tally::of_click(&self.after).minus(&Tally::of_click(before));
        let cells = cells(&before.handle, &before.slug, before.campaign_id.as_ref(), before.day()).into_iter();
        cells.map(|cell| ((cell, self.before.shard), difference.clone())).collect()
    }

    /// The part of a transaction that replaces the click unless it has changed since it was read.
    fn part(&self, db: &Database) -> Result<TransactWriteItem> {
        let at = table::click(&self.after.handle, self.after.id);
        let after = to_json(&at, &self.after)?;
        db.update_part(&at, |update| {
            update
                .update_expression("SET doc = :after")
                .condition_expression("doc = :before")
                .expression_attribute_values(":before", text(&self.before.doc))
                .expression_attribute_values(":after", text(after))
        })
    }

    /// The restatement as part of counting another entry.
    pub(crate) fn change(&self, db: &Database) -> Result<ClickChange> {
        Ok(ClickChange { part: self.part(db)?, tallies: self.tallies() })
    }
}

/// Outcome of restating a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restated {
    /// All of it is written.
    Written,
    /// Nothing is written: these clicks have changed since they were read.
    Changed(Vec<ClickId>),
}

/// What a group adds to all its cells, without counters that cancel out.
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

/// Splits restatements into groups that fit one transaction each, together with an audit event.
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

impl Clicks<'_> {
    /// A stored click with what restating it needs; none when it has not been counted.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn get_stored(self, handle: &Handle, id: ClickId) -> Result<Option<StoredClick>> {
        self.db.get(&table::click(handle, id)).await?.as_ref().map(StoredClick::of).transpose()
    }

    /// A page of one shard of a handle's clicks of a day, by id, after the given one; and whether more follow. One `Query`.
    ///
    /// # Errors
    /// When the table is unavailable.
    pub async fn stored_page(self, handle: &Handle, day: Day, shard: u32, after: Option<ClickId>) -> Result<(Vec<StoredClick>, bool)> {
        let query = self
            .db
            .query()
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":pk", text(table::clicks(handle, day, shard)))
            .expression_attribute_values(":after", text(after.map_or(" ".to_owned(), |id| id.to_string())))
            .consistent_read(true);
        let found = query.send().await.map_err(Error::call("Query"))?;
        let clicks = found.items().iter().map(StoredClick::of).collect::<Result<_>>()?;
        Ok((clicks, found.last_evaluated_key().is_some()))
    }

    /// Restates a group of one handle in one transaction, with the audit event.
    ///
    /// # Errors
    /// When the table is unavailable or contended.
    pub async fn restate(self, group: &[Restatement], event: &AuditEvent, now: Moment) -> Result<Restated> {
        let tallies = &tallies(group);
        let mut own_parts = group.iter().map(|restatement| restatement.part(self.db)).collect::<Result<Vec<_>>>()?;
        if let Some(first) = group.first() {
            own_parts.push(audit::part(self.db, &first.after.handle, event)?);
        }
        let own_parts = &own_parts;
        retry(RetryPolicy::TRANSACTION, TRANSACT, (), |_, ()| async move {
            let mut parts = own_parts.clone();
            parts.extend(rollups::parts(self.db, tallies, now).await?);
            let written = self.db.transact(parts).await?;
            if written.is_written() {
                return Ok(RetryStep::Done(Restated::Written));
            }
            let changed = group.iter().enumerate().filter(|(place, _)| written.failed_at(*place));
            let changed: Vec<ClickId> = changed.map(|(_, restatement)| restatement.after.id).collect();
            // Without a changed click another writer holds a cell. The clicks were counted in this shard, so it cannot be avoided.
            Ok(if changed.is_empty() { RetryStep::Again(()) } else { RetryStep::Done(Restated::Changed(changed)) })
        })
        .await
    }
}
