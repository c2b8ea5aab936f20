//! Counting clicks: the raw click and the cells it adds to are one transaction, so that a click that comes twice counts once.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;
use futures::future::try_join_all;

use domain::clicks::Click;
use domain::reports::{CellKey, Tally, cells};
use domain::values::id::ClickId;
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::Store;
use crate::dynamo::item::{doc, number, text, with_doc};
use crate::dynamo::table;
use crate::dynamo::transaction::{MAX_ACTIONS, Transacted, absent};
use crate::error::{Error, Result};
use crate::outbox::{GRACE_MS, Pointer};

/// Counters one update may add to, so that its expression stays under DynamoDB's 4 KB.
pub(crate) const MAX_COUNTERS: usize = 250;
/// Tries before contention is given back to the queue.
pub(crate) const TRIES: u32 = 6;

/// What became of a group of clicks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Counted now.
    pub new: usize,
    /// Counted before.
    pub known: usize,
}

/// Clicks of one handle and day that fit one transaction, with what they add to each cell.
struct Group<'a> {
    clicks: Vec<&'a Click>,
    tallies: BTreeMap<CellKey, Tally>,
}

impl<'a> Group<'a> {
    fn of(clicks: impl IntoIterator<Item = &'a Click>) -> Self {
        let mut group = Self { clicks: Vec::new(), tallies: BTreeMap::new() };
        for click in clicks {
            let tally = Tally::of_click(click);
            for cell in cells(&click.handle, &click.slug, click.campaign_id.as_ref(), click.day()) {
                group.tallies.entry(cell).or_default().merge(&tally);
            }
            group.clicks.push(click);
        }
        group
    }

    fn fits(&self) -> bool {
        self.clicks.len() + self.tallies.len() <= MAX_ACTIONS && self.tallies.values().all(|tally| tally.len() <= MAX_COUNTERS)
    }

    /// Splits clicks into groups, each of one handle and day.
    fn split(clicks: &'a [Click]) -> Vec<Self> {
        let mut days: BTreeMap<(&Handle, Day), BTreeMap<ClickId, &Click>> = BTreeMap::new();
        for click in clicks {
            days.entry((&click.handle, click.day())).or_default().insert(click.id, click);
        }
        let mut groups = Vec::new();
        for clicks in days.into_values() {
            let mut rest: Vec<&Click> = clicks.into_values().collect();
            while !rest.is_empty() {
                let mut taken = rest.len().min(MAX_ACTIONS - 3);
                let mut group = Self::of(rest.iter().take(taken).copied());
                while !group.fits() && taken > 1 {
                    // Fewer clicks touch no more cells, so leaving room for these is enough; too many counters have no such shortcut.
                    let beside_cells = MAX_ACTIONS.saturating_sub(group.tallies.len()).max(1);
                    taken = if beside_cells < taken { beside_cells } else { taken.div_ceil(2) };
                    group = Group::of(rest.iter().take(taken).copied());
                }
                rest.drain(..taken);
                groups.push(group);
            }
        }
        groups
    }
}

impl Store {
    /// Stores clicks and adds them to their cells, each exactly once however often it comes; those that `is_told` names are
    /// entries of the outbox until their subscriptions have heard of them.
    ///
    /// # Errors
    /// Per click, by id: those of a group that could not be written; the others are done.
    pub async fn count_clicks(
        &self,
        clicks: &[Click],
        is_told: &(dyn Fn(&Click) -> bool + Sync),
        now: Moment,
    ) -> (Counted, Vec<(ClickId, Error)>) {
        let mut counted = Counted::default();
        let mut failed = Vec::new();
        for group in Group::split(clicks) {
            let ids: Vec<ClickId> = group.clicks.iter().map(|click| click.id).collect();
            match self.count_group(group, is_told, now).await {
                Ok(done) => {
                    counted.new += done.new;
                    counted.known += done.known;
                }
                Err(error) => {
                    let what = error.to_string();
                    failed.extend(ids.iter().skip(1).map(|id| (*id, Error::Damaged { key: id.to_string(), what: what.clone() })));
                    failed.extend(ids.first().map(|id| (*id, error)));
                }
            }
        }
        (counted, failed)
    }

    async fn count_group(&self, mut group: Group<'_>, is_told: &(dyn Fn(&Click) -> bool + Sync), now: Moment) -> Result<Counted> {
        let mut counted = Counted::default();
        let mut shard = 0;
        for attempt in 1..=TRIES {
            if group.clicks.is_empty() {
                return Ok(counted);
            }
            let written = self.write_group(&group, is_told, shard, now).await?;
            if written.is_written() {
                counted.new += group.clicks.len();
                return Ok(counted);
            }
            let fresh: Vec<&Click> =
                group.clicks.iter().enumerate().filter(|(place, _)| !written.failed_at(*place)).map(|(_, click)| *click).collect();
            counted.known += group.clicks.len() - fresh.len();
            if fresh.len() == group.clicks.len() {
                // Another writer holds a cell: this one goes to another of its shards, which reads add up.
                shard = contended_shard(group.clicks.first().map(|click| click.id), attempt);
            }
            group = Group::of(fresh);
        }
        if group.clicks.is_empty() { Ok(counted) } else { Err(Error::Contended("TransactWriteItems")) }
    }

    /// Writes a group; the clicks stand first.
    async fn write_group(
        &self,
        group: &Group<'_>,
        is_told: &(dyn Fn(&Click) -> bool + Sync),
        shard: u32,
        now: Moment,
    ) -> Result<Transacted> {
        let mut parts = Vec::with_capacity(MAX_ACTIONS);
        for click in &group.clicks {
            let mut item = with_doc(&table::click(&click.handle, click.id), click)?;
            item.insert(table::SHARD.to_owned(), number(shard));
            if is_told(click) {
                item.insert("duePk".to_owned(), text(table::due_of(now)));
                item.insert("dueAt".to_owned(), number(now.plus_millis(GRACE_MS).millis()));
            }
            parts.push(self.put_part(item, absent)?);
        }
        parts.extend(self.cell_parts(&group.tallies, shard, now).await?);
        self.transact(parts).await
    }

    /// The updates of all cells of a tally, with keys beyond a cell's cap folded.
    pub(crate) async fn cell_parts(&self, tallies: &BTreeMap<CellKey, Tally>, shard: u32, now: Moment) -> Result<Vec<TransactWriteItem>> {
        let placed = tallies.iter().map(|(cell, tally)| ((cell.clone(), shard), tally.clone()));
        self.placed_parts(&placed.collect(), now).await
    }

    /// The same for cells each in a shard of its own.
    pub(crate) async fn placed_parts(&self, tallies: &BTreeMap<(CellKey, u32), Tally>, now: Moment) -> Result<Vec<TransactWriteItem>> {
        let shards = try_join_all(tallies.keys().map(|(cell, shard)| self.cell_shard(cell, *shard))).await?;
        let folded = tallies
            .iter()
            .zip(&shards)
            .map(|(((cell, shard), tally), counts)| self.add_to_cell(cell, *shard, &tally.folded_into(counts), now));
        folded.collect()
    }

    /// A counted click that is still to be told of.
    pub async fn click_to_tell(&self, pointer: &Pointer) -> Result<Option<Click>> {
        let waiting = self.get(&pointer.key()).await?.filter(|item| item.contains_key("duePk"));
        waiting.map(|item| doc(&item)).transpose()
    }

    /// A stored click, if it has been counted.
    pub async fn click(&self, handle: &Handle, id: ClickId) -> Result<Option<Click>> {
        self.get(&table::click(handle, id)).await?.map(|item| doc(&item)).transpose()
    }

    /// Every stored click of a handle's day.
    pub async fn clicks_of(&self, handle: &Handle, day: Day) -> Result<Vec<Click>> {
        let mut clicks = Vec::new();
        for shard in 0..table::CLICK_SHARDS {
            let query = self.db.query().table_name(&self.table).key_condition_expression("pk = :pk");
            let query = query.expression_attribute_values(":pk", text(table::clicks(handle, day, shard)));
            let mut pages = query.into_paginator().send();
            while let Some(page) = pages.next().await {
                for item in page.map_err(Error::call("Query"))?.items() {
                    clicks.push(doc(item)?);
                }
            }
        }
        Ok(clicks)
    }
}

/// A shard other than the first, spread by who asks and how often.
pub(crate) fn contended_shard(id: Option<ClickId>, attempt: u32) -> u32 {
    let spread = id.map_or(0, |id| u32::from(id.to_bytes().get(14).copied().unwrap_or_default()));
    1 + (spread + attempt) % (table::ROLLUP_SHARDS - 1)
}
