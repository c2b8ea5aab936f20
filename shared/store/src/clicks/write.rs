//! Counting clicks: the stored click and the cells it adds to are one transaction, so that a click received twice counts once.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::TransactWriteItem;

use domain::clicks::Click;
use domain::reports::{CellKey, Tally, cells};
use domain::values::id::ClickId;
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::clicks::Clicks;
use crate::dynamo::{MAX_ACTIONS, RetryPolicy, RetryStep, TRANSACT, Transacted, absent, number, retry, table, with_doc};
use crate::error::{Error, Result};
use crate::outbox::{GRACE_MS, make_due};
use crate::rollups::{self, MAX_COUNTERS, contended_shard};

/// Numbers of counted clicks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClicksCounted {
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
                    // Fewer clicks have no more cells, so leaving room for these is enough; with too many counters, halve.
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

    fn first_id(&self) -> Option<ClickId> {
        self.clicks.first().map(|click| click.id)
    }
}

impl Clicks<'_> {
    /// Stores clicks and adds them to their cells, each exactly once however often it is received. Those that `is_event` selects
    /// stay in the outbox until their subscriptions have deliveries.
    ///
    /// # Errors
    /// Per click, by id: those of a group that could not be written; the others are counted.
    pub async fn count(
        self,
        clicks: &[Click],
        is_event: &(dyn Fn(&Click) -> bool + Sync),
        now: Moment,
    ) -> (ClicksCounted, Vec<(ClickId, Error)>) {
        let mut counted = ClicksCounted::default();
        let mut failed = Vec::new();
        for group in Group::split(clicks) {
            let ids: Vec<ClickId> = group.clicks.iter().map(|click| click.id).collect();
            match self.count_group(group, is_event, now).await {
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

    async fn count_group(self, group: Group<'_>, is_event: &(dyn Fn(&Click) -> bool + Sync), now: Moment) -> Result<ClicksCounted> {
        let start = (group, 0, ClicksCounted::default());
        retry(RetryPolicy::TRANSACTION, TRANSACT, start, |attempt, (group, mut shard, mut counted)| async move {
            let written = self.write_group(&group, is_event, shard, now).await?;
            if written.is_written() {
                counted.new += group.clicks.len();
                return Ok(RetryStep::Done(counted));
            }
            let is_new = |place: &usize| !written.failed_at(*place);
            let new: Vec<&Click> = group.clicks.iter().enumerate().filter(|(place, _)| is_new(place)).map(|(_, click)| *click).collect();
            counted.known += group.clicks.len() - new.len();
            if new.is_empty() {
                return Ok(RetryStep::Done(counted));
            }
            if new.len() == group.clicks.len() {
                // Another writer holds a cell: continue with another of its shards, which reads add up.
                shard = contended_shard(group.first_id(), attempt);
            }
            Ok(RetryStep::Again((Group::of(new), shard, counted)))
        })
        .await
    }

    /// Writes a group; its clicks are the first parts of the transaction.
    async fn write_group(
        self,
        group: &Group<'_>,
        is_event: &(dyn Fn(&Click) -> bool + Sync),
        shard: u32,
        now: Moment,
    ) -> Result<Transacted> {
        let mut parts: Vec<TransactWriteItem> = Vec::with_capacity(MAX_ACTIONS);
        for click in &group.clicks {
            let mut item = with_doc(&table::click(&click.handle, click.id), click)?;
            item.insert(table::SHARD.to_owned(), number(shard));
            if is_event(click) {
                make_due(&mut item, now, now.plus_millis(GRACE_MS));
            }
            parts.push(self.db.put_part(item, absent)?);
        }
        parts.extend(rollups::parts(self.db, &rollups::in_shard(&group.tallies, shard), now).await?);
        self.db.transact(parts).await
    }
}
