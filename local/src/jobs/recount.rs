//! Recounting: compares every counter of the rollups with the raw records it was made of. There must be no difference.

use domain::reports::recount::{Recount, drift};
use domain::reports::{Origin, Selection, Tally};
use domain::values::moment::Day;
use domain::values::name::Handle;
use store::Store;

use super::{ClickPages, JobScope, Progress};
use crate::Error;

/// Attempts on a day that differs: clicks that are counted while they are read look like drift, but not the next time.
const ATTEMPTS: usize = 3;

/// The result of a recount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecountSummary {
    /// Raw clicks, settled conversions and settled adjustments counted.
    pub records: u64,
    /// Counters compared.
    pub counters: u64,
    /// The counters that differ from the raw records, a line each.
    pub drift: Vec<String>,
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
            all.records += of_day.records;
            all.counters += of_day.counters;
            all.drift.extend(of_day.drift);
            progress.day_done();
        }
    }
    Ok(all)
}

/// Recounts one day of one handle and compares it with every cell it has.
async fn recount_day(store: &Store, handle: &Handle, day: Day, progress: &mut impl Progress) -> Result<RecountSummary, Error> {
    let (recount, records) = raw_records(store, handle, day, progress).await?;
    let mut summary = RecountSummary { records, ..RecountSummary::default() };
    let of_handle = store.rollups().read(handle, &Selection::Handle, day, day).await.map_err(Error::database)?;
    let of_handle = of_handle.days.get(&day).cloned().unwrap_or_default();
    for selection in recount.selections(&of_handle) {
        let cells = store.rollups().read(handle, &selection, day, day).await.map_err(Error::database)?;
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

/// Counts all raw records of a day: clicks, settled conversions, settled adjustments.
async fn raw_records(store: &Store, handle: &Handle, day: Day, progress: &mut impl Progress) -> Result<(Recount, u64), Error> {
    let (mut recount, mut records) = (Recount::default(), 0);

    let mut clicks = ClickPages::of(store, handle, day);
    while let Some(page) = clicks.next().await? {
        progress.records_read(page.len());
        for stored in page {
            let click = stored.click;
            recount.count(&click.slug, click.campaign_id.as_ref(), &Tally::of_click(&click));
            records += 1;
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
            if !stored.counted || conversion.test || conversion.accepted_at.day() != day {
                continue;
            }
            let origin = stored.origin.unwrap_or_else(Origin::unknown);
            recount.count(&conversion.slug, conversion.campaign_id.as_ref(), &Tally::of_conversion(&conversion, &origin));
            records += 1;
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
            if !stored.counted || adjustment.created_at.day() != day {
                continue;
            }
            let origin = stored.origin.clone().unwrap_or_else(Origin::unknown);
            recount.count(&adjustment.slug, adjustment.campaign_id.as_ref(), &Tally::of_adjustment(adjustment, &origin));
            records += 1;
        }
    }

    Ok((recount, records))
}

fn describe(selection: &Selection) -> String {
    match selection {
        Selection::Handle => "handle".to_owned(),
        Selection::Campaign(campaign) => format!("campaign {campaign}"),
        Selection::Link(slug) => format!("link {slug}"),
        Selection::LinkInCampaign(slug, campaign) => format!("link {slug} in campaign {campaign}"),
    }
}
