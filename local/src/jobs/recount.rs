//! Recounting: compares every counter of the reports with the raw records it was made of, and what is accepted with what is counted.
//! There must be no difference of the first kind, and none of the second that lasts.

use domain::reports::recount::{Recount, drift};
use domain::reports::{Origin, Selection, Tally};
use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;
use store::Store;

use super::{ClickPages, JobScope, Progress};
use crate::Error;

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
    fn add(&mut self, other: Self) {
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

/// Recounts every day of the scope.
///
/// # Errors
/// When the table cannot be read.
pub async fn run(scope: &JobScope, progress: &mut impl Progress) -> Result<RecountSummary, Error> {
    let mut all = RecountSummary::default();
    for handle in &scope.handles {
        for day in scope.days() {
            progress.day_started(handle, day);
            let mut of_day = recount_day(&scope.store, handle, day, progress).await?;
            for _ in 1..ATTEMPTS {
                if of_day.drift.is_empty() {
                    break;
                }
                of_day = recount_day(&scope.store, handle, day, progress).await?;
            }
            for line in &of_day.drift {
                progress.message(line);
            }
            all.add(of_day);
            progress.day_done();
        }
        let (parked, oldest) = scope.store.admin_scans().parked_clicks(handle).await.map_err(Error::database)?;
        all.add(RecountSummary { uncounted: parked, oldest_uncounted: oldest, ..RecountSummary::default() });
    }
    Ok(all)
}

/// Recounts one day of one handle and compares it with every cell it has.
async fn recount_day(store: &Store, handle: &Handle, day: Day, progress: &mut impl Progress) -> Result<RecountSummary, Error> {
    let (recount, mut summary) = raw_records(store, handle, day, progress).await?;
    let of_handle = store.rollups().read(handle, &Selection::Handle, None, day, day).await.map_err(Error::database)?;
    let of_handle = of_handle.days.get(&day).cloned().unwrap_or_default();
    for selection in recount.selections(&of_handle) {
        let cells = store.rollups().read(handle, &selection, None, day, day).await.map_err(Error::database)?;
        let stored = cells.days.get(&day).cloned().unwrap_or_default();
        let recounted = recount.counts(&selection);
        summary.counters += u64::try_from(recounted.counters().count()).unwrap_or_default();
        summary.drift.extend(drift(&recounted, &stored).into_iter().map(|drift| {
            let (counter, recounted, stored) = (drift.counter, drift.recounted, drift.stored);
            format!("{handle} {day} {}: {counter} is {stored}, raw records make it {recounted}", describe(&selection))
        }));
    }
    Ok(summary)
}

/// Counts all raw records of a day: clicks, counted conversions and adjustments.
async fn raw_records(store: &Store, handle: &Handle, day: Day, progress: &mut impl Progress) -> Result<(Recount, RecountSummary), Error> {
    let (mut recount, mut summary) = (Recount::default(), RecountSummary::default());

    let mut clicks = ClickPages::of(store, handle, day);
    while let Some(page) = clicks.next().await? {
        progress.records_read(page.len());
        for stored in page {
            let click = stored.click;
            recount.count(&click.slug, click.campaign_id.as_ref(), &Tally::of_click(&click));
            summary.records += 1;
        }
    }

    let mut after = None;
    loop {
        let page = store.admin_scans().conversions_of_day(handle, day, after).await.map_err(Error::database)?;
        let Some(last) = page.last() else { break };
        after = Some(last.conversion.id);
        progress.records_read(page.len());
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

    let mut after = None;
    loop {
        let page = store.admin_scans().adjustments_of_day(handle, day, after).await.map_err(Error::database)?;
        let Some(last) = page.last() else { break };
        after = Some(last.adjustment.id);
        progress.records_read(page.len());
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

    Ok((recount, summary))
}

fn describe(selection: &Selection) -> String {
    match selection {
        Selection::Handle => "handle".to_owned(),
        Selection::Campaign(campaign) => format!("campaign {campaign}"),
        Selection::Link(slug) => format!("link {slug}"),
        Selection::LinkInCampaign(slug, campaign) => format!("link {slug} in campaign {campaign}"),
    }
}
