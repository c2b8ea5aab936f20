//! The recounter: every night it recounts yesterday, handle by handle, and measures how many counters differ from their raw records and
//! how long accepted records have been waiting to be counted.
//!
//! It is invoked every few minutes. A run goes on where the one before ended and does a bounded part of the work; once the day is done, the
//! runs until the next night do nothing. It writes nothing but where it is.

mod pages;
mod recount;

use domain::values::moment::{Day, Moment};
use domain::values::name::Handle;
use runtime::App;
use store::invocation::{Metric, measure};
use store::{Error, NightlyRecount, Result};

pub use pages::ClickPages;
pub use recount::{MAX_WAIT_MS, OnRead, RecountSummary, parked_clicks, recount_day};

/// Time after midnight before the day is recounted, in milliseconds: by then its records are counted.
const SETTLED_MS: i64 = 2 * MAX_WAIT_MS;
/// Handles listed at once.
const PAGE: usize = 100;
/// Counters that differ and are named in the log, of one handle.
const MAX_LOGGED: usize = 20;

/// How much a run does.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Records after which no further handle is begun. A handle with more on one day is left to an operator, and measured as left out.
    pub records: usize,
    /// Time after which no further handle is begun, in milliseconds.
    pub millis: i64,
}

/// A run reads for at most a few minutes; its function has 15.
const BOUNDS: Bounds = Bounds { records: 2_000_000, millis: 240_000 };

/// Recounts the next part of yesterday.
pub async fn recount_yesterday(app: App) {
    if let Err(error) = run(&app, BOUNDS).await {
        measure(Metric::Errors, 1);
        tracing::error!(error = &error as &dyn std::error::Error, "yesterday could not be recounted; the next run tries again");
    }
}

/// Recounts the next part of yesterday within these bounds.
///
/// # Errors
/// When the table is unavailable. The next run goes on where this one began.
pub async fn run(app: &App, bounds: Bounds) -> Result<()> {
    let started = app.now();
    let day = started.plus_millis(-SETTLED_MS).day().plus(-1);
    let before = app.store().system().nightly_recount().await?;
    let begun = before.clone().filter(|state| state.day == day);
    let mut state = begun.unwrap_or_else(|| NightlyRecount::of(day));
    if state.is_done {
        return Ok(());
    }
    let found = next_handles(app, bounds, started, &mut state).await?;
    // Another run that got ahead of this one has measured the same.
    if !app.store().system().record_nightly_recount(before.as_ref(), &state).await? {
        return Ok(());
    }
    measure(Metric::Drift, i64::try_from(found.summary.drift.len()).unwrap_or(i64::MAX));
    measure(Metric::RecountLeftOut, found.left_out);
    if let Some(oldest) = found.summary.oldest_uncounted {
        measure(Metric::UncountedAge, (started.millis() - oldest.millis()) / 1_000);
    }
    if state.is_done {
        measure(Metric::RecountedDays, 1);
        tracing::info!(%day, records = state.records, drift = state.drift, "day is recounted");
    }
    Ok(())
}

/// What a run has found.
#[derive(Default)]
struct Found {
    summary: RecountSummary,
    left_out: i64,
}

/// Recounts handles until the bounds are reached or all are done.
async fn next_handles(app: &App, bounds: Bounds, started: Moment, state: &mut NightlyRecount) -> Result<Found> {
    let (mut found, mut read) = (Found::default(), 0);
    loop {
        let handles = app.store().admin_scans().handles_after(state.after.as_ref(), PAGE).await?;
        if handles.is_empty() {
            state.is_done = true;
            return Ok(found);
        }
        for handle in handles {
            if read >= bounds.records || app.now().millis() - started.millis() >= bounds.millis {
                return Ok(found);
            }
            let mut of_handle = 0;
            match recount_handle(app, &handle, state.day, bounds.records, &mut of_handle).await {
                Ok(Some(summary)) => {
                    state.records += summary.records;
                    state.drift += u64::try_from(summary.drift.len()).unwrap_or_default();
                    found.summary.add(summary);
                }
                Ok(None) => {
                    found.left_out += 1;
                    tracing::error!(%handle, day = %state.day, "more records than a run reads: recount this handle by command");
                }
                // What is damaged stays so, and must not keep the others from being recounted.
                Err(error @ Error::Damaged { .. }) => {
                    found.left_out += 1;
                    tracing::error!(%handle, error = &error as &dyn std::error::Error, damaged = 1, "handle cannot be recounted");
                }
                Err(error) => return Err(error),
            }
            read += of_handle;
            state.after = Some(handle);
        }
    }
}

/// Recounts a handle's day, and its clicks that wait to be sent; none when there are more records than `limit`.
async fn recount_handle(app: &App, handle: &Handle, day: Day, limit: usize, read: &mut usize) -> Result<Option<RecountSummary>> {
    let on_read = &mut |records| {
        *read += records;
        *read <= limit
    };
    let Some(mut summary) = recount_day(app.store(), handle, day, on_read).await? else { return Ok(None) };
    for line in summary.drift.iter().take(MAX_LOGGED) {
        tracing::error!("{line}");
    }
    summary.add(parked_clicks(app.store(), handle).await?);
    Ok(Some(summary))
}
