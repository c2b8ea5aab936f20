//! Counting clicks: each is stored in one transaction with what it adds to the report cells, so that a click received twice counts once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::stream::{self, StreamExt};

use domain::clicks::Click;
use domain::reports::{Addition, Tally};
use domain::values::id::ClickId;
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;

use crate::clicks::Clicks;
use crate::dynamo::{Item, absent, number, table, with_doc};
use crate::error::{Error, Result};
use crate::outbox::{GRACE_MS, make_due};
use crate::rollups::{Appended, Entry};

/// Groups of a handle and a day that are written at the same time.
const MAX_CONCURRENT: usize = 16;

/// Numbers of counted clicks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClicksCounted {
    /// Counted now.
    pub new: usize,
    /// Counted before.
    pub known: usize,
}

impl Clicks<'_> {
    /// Stores clicks and counts them, each exactly once however often it is received. Those that `is_event` selects stay in the
    /// outbox until their subscriptions have deliveries. Each is kept for `kept_days` days after its own; what it added to figures stays.
    ///
    /// # Errors
    /// Per click, by id: those that could not be written; the others are counted.
    pub async fn count(
        self,
        clicks: &[Click],
        is_event: &(dyn Fn(&Click) -> bool + Sync),
        kept_days: u16,
        now: Moment,
    ) -> (ClicksCounted, Vec<(ClickId, Arc<Error>)>) {
        let groups = by_handle_and_day(clicks).into_iter();
        let item = |click: &Click| item(click, is_event(click), kept_days, now);
        let item: &(dyn Fn(&Click) -> Result<Item> + Sync) = &item;
        let groups: Vec<_> = groups.map(|((handle, _), clicks)| self.count_group(handle, clicks, item, now)).collect();
        let mut groups = stream::iter(groups).buffer_unordered(MAX_CONCURRENT);
        let (mut counted, mut failed) = (ClicksCounted::default(), Vec::new());
        while let Some((of_group, failed_of_group)) = groups.next().await {
            counted.new += of_group.new;
            counted.known += of_group.known;
            failed.extend(failed_of_group);
        }
        (counted, failed)
    }

    /// Counts clicks of one handle and day.
    async fn count_group(
        self,
        handle: &Handle,
        clicks: Vec<(ClickId, &Click)>,
        item: &(dyn Fn(&Click) -> Result<Item> + Sync),
        now: Moment,
    ) -> (ClicksCounted, Vec<(ClickId, Arc<Error>)>) {
        let (mut counted, mut failed) = (ClicksCounted::default(), Vec::new());
        let (mut entries, mut ids) = (Vec::with_capacity(clicks.len()), Vec::with_capacity(clicks.len()));
        for (id, click) in clicks {
            match item(click).and_then(|item| self.entry(click, item)) {
                Ok(entry) => {
                    entries.push(entry);
                    ids.push(id);
                }
                Err(error) => failed.push((id, Arc::new(error))),
            }
        }
        for (id, outcome) in ids.into_iter().zip(self.rollups.append(handle, &entries, now).await) {
            match outcome {
                Appended::Written => counted.new += 1,
                Appended::Refused(_) => counted.known += 1,
                Appended::Failed(error) => failed.push((id, error)),
            }
        }
        (counted, failed)
    }

    fn entry(self, click: &Click, item: Item) -> Result<Entry> {
        let added = Addition::of_record(click.day(), &click.slug, click.campaign_id.as_ref(), Tally::of_click(click));
        Ok(Entry { id: click.id.to_string(), actions: vec![self.db.put_part(item, absent)?], added: vec![added] })
    }
}

/// The item of a click, which expires.
fn item(click: &Click, is_event: bool, kept_days: u16, now: Moment) -> Result<Item> {
    let mut item = with_doc(&table::click(&click.handle, click.id), click)?;
    item.insert("ttl".to_owned(), number(click.day().plus(i64::from(kept_days) + 1).start().seconds()));
    if is_event {
        make_due(&mut item, now, now.plus_millis(GRACE_MS));
    }
    Ok(item)
}

/// Clicks by handle and day, each id once. One of another day would need another delta.
fn by_handle_and_day(clicks: &[Click]) -> BTreeMap<(&Handle, Day), Vec<(ClickId, &Click)>> {
    let mut seen = BTreeSet::new();
    let mut groups: BTreeMap<(&Handle, Day), Vec<(ClickId, &Click)>> = BTreeMap::new();
    for click in clicks.iter().filter(|click| seen.insert(click.id)) {
        groups.entry((&click.handle, click.day())).or_default().push((click.id, click));
    }
    groups
}
