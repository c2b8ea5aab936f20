//! Recounting: compares every counter of the reports with the raw records it was made of, and what is accepted with what is counted.
//! There must be no difference of the first kind, and none of the second that lasts.

use domain::reports::recount::{Recount, drift};
use domain::reports::{Origin, Selection, Tally};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;
use store::{Result, Store};

use crate::ClickPages;

/// Attempts on a day that differs: clicks that are counted while they are read look like drift, but not the next time.
const ATTEMPTS: usize = 3;

/// How long an accepted record may wait to be counted, in milliseconds: a conversion waits up to five minutes for its click.
pub const MAX_WAIT_MS: i64 = 900_000;

/// The result of a recount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecountSummary {
    /// Raw clicks, counted conversions and counted adjustments.
    pub records: u64,
    /// Counters compared.
    pub counters: u64,
    /// The counters that differ from the raw records, a line each.
    pub drift: Vec<String>,
    /// Conversions, adjustments and parked clicks that are accepted and not counted. A click in a queue is in no table.
    pub uncounted: u64,
    /// When the oldest of them was accepted.
    pub oldest_uncounted: Option<Moment>,
}

impl RecountSummary {
    /// Adds that of other days or handles.
    pub fn add(&mut self, other: Self) {
        self.records += other.records;
        self.counters += other.counters;
        self.drift.extend(other.drift);
        self.uncounted += other.uncounted;
        self.oldest_uncounted = oldest(self.oldest_uncounted, other.oldest_uncounted);
    }

    fn wait(&mut self, accepted_at: Moment) {
        self.uncounted += 1;
        self.oldest_uncounted = oldest(self.oldest_uncounted, Some(accepted_at));
    }

    /// How long the oldest uncounted record has been waiting, in milliseconds, when that is too long.
    pub fn overdue_ms(&self, now: Moment) -> Option<i64> {
        self.oldest_uncounted.map(|oldest| now.millis() - oldest.millis()).filter(|waited| *waited > MAX_WAIT_MS)
    }
}

fn oldest(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    one.into_iter().chain(other).min()
}

/// Called with the number of records that were read; it ends the recount of the day when it answers false.
pub type OnRead<'r> = &'r mut (dyn FnMut(usize) -> bool + Send);

/// Recounts one day of one handle; none when `on_read` ended it. A day that differs is recounted again, because records that are counted
/// meanwhile look like a difference.
///
/// # Errors
/// When the table is unavailable, or an item is damaged.
pub async fn recount_day(store: &Store, handle: &Handle, day: Day, on_read: OnRead<'_>) -> Result<Option<RecountSummary>> {
    let mut summary = compare(store, handle, day, on_read).await?;
    for _ in 1..ATTEMPTS {
        if summary.as_ref().is_none_or(|summary| summary.drift.is_empty()) {
            break;
        }
        summary = compare(store, handle, day, on_read).await?;
    }
    Ok(summary)
}

/// The clicks of a handle that wait to be sent.
///
/// # Errors
/// When the table is unavailable.
pub async fn parked_clicks(store: &Store, handle: &Handle) -> Result<RecountSummary> {
    let (parked, oldest) = store.admin_scans().parked_clicks(handle).await?;
    Ok(RecountSummary { uncounted: parked, oldest_uncounted: oldest, ..RecountSummary::default() })
}

/// Recounts the day and compares it with every cell it has; none when `on_read` ended it.
async fn compare(store: &Store, handle: &Handle, day: Day, on_read: OnRead<'_>) -> Result<Option<RecountSummary>> {
    let Some((recount, mut summary)) = raw_records(store, handle, day, on_read).await? else { return Ok(None) };
    let of_handle = store.rollups().read(handle, &Selection::Handle, None, day, day).await?;
    let of_handle = of_handle.days.get(&day).cloned().unwrap_or_default();
    for selection in recount.selections(&of_handle) {
        let cells = store.rollups().read(handle, &selection, None, day, day).await?;
        let stored = cells.days.get(&day).cloned().unwrap_or_default();
        let recounted = recount.counts(&selection);
        summary.counters += u64::try_from(recounted.counters().count()).unwrap_or_default();
        summary.drift.extend(drift(&recounted, &stored).into_iter().map(|drift| {
            let (counter, recounted, stored) = (drift.counter, drift.recounted, drift.stored);
            format!("{handle} {day} {}: {counter} is {stored}, raw records make it {recounted}", describe(&selection))
        }));
    }
    Ok(Some(summary))
}

/// Raw records that are counted, and what was seen on the way.
type Counted = (Recount, RecountSummary);

/// Counts all raw records of a day: clicks, counted conversions and adjustments.
async fn raw_records(store: &Store, handle: &Handle, day: Day, on_read: OnRead<'_>) -> Result<Option<Counted>> {
    let mut counted = Counted::default();
    let is_whole = clicks(store, handle, day, on_read, &mut counted).await?
        && conversions(store, handle, day, on_read, &mut counted).await?
        && adjustments(store, handle, day, on_read, &mut counted).await?;
    Ok(is_whole.then_some(counted))
}

async fn clicks(store: &Store, handle: &Handle, day: Day, on_read: OnRead<'_>, (recount, summary): &mut Counted) -> Result<bool> {
    let mut clicks = ClickPages::of(store, handle, day);
    while let Some(page) = clicks.next().await? {
        if !on_read(page.len()) {
            return Ok(false);
        }
        for stored in page {
            let click = stored.click;
            recount.count(&click.slug, click.campaign_id.as_ref(), &Tally::of_click(&click));
            summary.records += 1;
        }
    }
    Ok(true)
}

async fn conversions(store: &Store, handle: &Handle, day: Day, on_read: OnRead<'_>, (recount, summary): &mut Counted) -> Result<bool> {
    let mut after = None;
    loop {
        let page = store.admin_scans().conversions_of_day(handle, day, after).await?;
        let Some(last) = page.last() else { return Ok(true) };
        after = Some(last.conversion.id);
        if !on_read(page.len()) {
            return Ok(false);
        }
        for stored in page {
            let conversion = stored.conversion;
            // Test conversions are not counted.
            if conversion.test || conversion.accepted_at.day() != day {
                continue;
            }
            if !stored.counted {
                summary.wait(conversion.accepted_at);
                continue;
            }
            let origin = stored.origin.unwrap_or_else(Origin::unknown);
            recount.count(&conversion.slug, conversion.campaign_id.as_ref(), &Tally::of_conversion(&conversion, &origin));
            summary.records += 1;
        }
    }
}

async fn adjustments(store: &Store, handle: &Handle, day: Day, on_read: OnRead<'_>, (recount, summary): &mut Counted) -> Result<bool> {
    let mut after = None;
    loop {
        let page = store.admin_scans().adjustments_of_day(handle, day, after).await?;
        let Some(last) = page.last() else { return Ok(true) };
        after = Some(last.adjustment.id);
        if !on_read(page.len()) {
            return Ok(false);
        }
        for stored in page {
            let adjustment = &stored.adjustment;
            if adjustment.created_at.day() != day {
                continue;
            }
            if !stored.counted {
                summary.wait(adjustment.created_at);
                continue;
            }
            let origin = stored.origin.clone().unwrap_or_else(Origin::unknown);
            recount.count(&adjustment.slug, adjustment.campaign_id.as_ref(), &Tally::of_adjustment(adjustment, &origin));
            summary.records += 1;
        }
    }
}

fn describe(selection: &Selection) -> String {
    match selection {
        Selection::Handle => "handle".to_owned(),
        Selection::Campaign(campaign) => format!("campaign {campaign}"),
        Selection::Link(slug) => format!("link {slug}"),
        Selection::LinkInCampaign(slug, campaign) => format!("link {slug} in campaign {campaign}"),
    }
}
