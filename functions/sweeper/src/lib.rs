//! The sweeper: every minute it announces overdue work again, works on the jobs that are due, and seals webhook secrets of previous
//! platform keys with the current one.
//!
//! An entry that was announced waits 1, 2, 4 … 60 minutes for its next announcement, and is set aside after the twelfth: entries that
//! cannot be processed, however many, neither hide others from the sweeper nor come back each minute.

mod jobs;
mod reseal;

use domain::values::moment::Moment;
use futures::stream::{self, StreamExt};
use jobs::{Budget, is_job};
use runtime::App;
use store::invocation::{Metric, measure};
use store::{AttemptMessage, Error, Lane, OutboxKind, Overdue, Pointer, Postponed, Sweep, Waiting, table};

/// Entries of one shard read at once.
const PAGE_SIZE: i32 = 200;
/// Shards swept at the same time.
const MAX_SHARDS: usize = 8;
/// Entries of a shard processed at the same time.
const MAX_ENTRIES: usize = 16;
/// Time after which an overdue entry is late, in milliseconds.
const LATE_MS: i64 = 900_000;
/// Entries that are set aside, read at once and in one run, to say which handles' reports lack them.
const SET_ASIDE_PAGE: i32 = 1_000;
const MAX_SET_ASIDE_PAGES: usize = 10;
/// Time after which no further page is read, in milliseconds; the rest follows in the next run.
const BUDGET_MS: i64 = 20_000;

/// Processes every shard of the `due` index, then the jobs found there, then secrets under previous keys. Concurrent runs announce and
/// seal twice, which has no further effect.
pub async fn sweep(app: App) {
    let started = app.now();
    // Each run begins with another shard, so that a long one does not always leave the same shards to the next.
    let first = u32::try_from((started.millis() / 60_000).rem_euclid(i64::from(table::DUE_SHARDS))).unwrap_or_default();
    let shards = (0..table::DUE_SHARDS).map(|number| (first + number) % table::DUE_SHARDS);
    let app = &app;
    let late = stream::iter(shards).map(|shard| sweep_shard(app, shard, started)).buffer_unordered(MAX_SHARDS);
    let late = late.fold((Late::default(), Vec::new()), |(sum, mut jobs), (late, more)| async move {
        jobs.extend(more);
        (sum.and(late), jobs)
    });
    let (late, jobs) = late.await;
    record(app, late, started).await;
    jobs::run(app, jobs, Budget::of_run(started)).await;
    reseal::reseal_previous_keys(app).await;
}

/// The late entries of some shards.
#[derive(Default)]
struct Late {
    entries: u64,
    waiting: Waiting,
}

impl Late {
    fn and(mut self, other: Self) -> Self {
        self.entries += other.entries;
        self.waiting.extend(other.waiting);
        self
    }

    /// Adds those entries of a page that are late at this moment.
    fn add(&mut self, page: &[Overdue], now: Moment) {
        for entry in page.iter().filter(|entry| now.millis() - entry.waiting_since().millis() >= LATE_MS) {
            self.entries += 1;
            if let Some(handle) = entry.pointer.counted_handle() {
                self.waiting.add(handle, entry.waiting_since());
            }
        }
    }
}

/// Records what was seen, for the health of the API and the freshness of reports.
async fn record(app: &App, late: Late, started: Moment) {
    let recorded = async {
        let Late { entries, mut waiting } = late;
        let set_aside = add_set_aside(app, &mut waiting).await?;
        measure(Metric::SetAside, i64::try_from(set_aside).unwrap_or(i64::MAX));
        measure(Metric::UncountedAge, waiting.oldest().map_or(0, |since| (started.millis() - since.millis()) / 1_000));
        let sweep = Sweep { swept_at: Some(started), late: entries, set_aside: set_aside > 0, waiting };
        app.store().system().record_sweep(&sweep).await?;
        measure(Metric::Sweeps, 1);
        Ok::<_, Error>(())
    };
    if let Err(error) = recorded.await {
        measure(Metric::Errors, 1);
        tracing::warn!(error = &error as &dyn std::error::Error, "what was seen could not be recorded");
    }
}

/// Adds the entries that are set aside to those that wait; returns how many were read.
async fn add_set_aside(app: &App, waiting: &mut Waiting) -> store::Result<usize> {
    let (mut after, mut found, mut oldest_unread) = (None, 0, None);
    for _ in 0..MAX_SET_ASIDE_PAGES {
        let (entries, next) = app.store().outbox().set_aside(SET_ASIDE_PAGE, after).await?;
        found += entries.len();
        for entry in &entries {
            if let Some(handle) = entry.pointer().counted_handle() {
                waiting.add(handle, entry.waiting_since);
            }
        }
        after = next;
        match (&after, entries.last()) {
            (None, _) => return Ok(found),
            (Some(_), last) => oldest_unread = last.map_or(oldest_unread, |entry| Some(entry.waiting_since)),
        }
    }
    // Entries come in the order of their last announcement; those that were not read may be of any handle.
    if let Some(since) = oldest_unread {
        waiting.add_others(since);
    }
    Ok(found)
}

/// Returns the late entries, and the jobs that are due.
async fn sweep_shard(app: &App, shard: u32, started: Moment) -> (Late, Vec<Overdue>) {
    let (mut after, mut late, mut jobs) = (None, Late::default(), Vec::new());
    while app.now().millis() - started.millis() < BUDGET_MS {
        let (entries, next) = match app.store().outbox().overdue(shard, started, PAGE_SIZE, after).await {
            Ok(page) => page,
            Err(error) => {
                measure(Metric::Errors, 1);
                tracing::error!(shard, error = &error as &dyn std::error::Error, "shard could not be swept");
                return (late, jobs);
            }
        };
        let (found, entries): (Vec<Overdue>, Vec<Overdue>) = entries.into_iter().partition(is_job);
        jobs.extend(found);
        late.add(&entries, started);
        for metric in entries.iter().filter_map(|entry| overdue(entry.pointer.kind()?)) {
            measure(metric, 1);
        }
        let (announced, others): (Vec<Overdue>, Vec<Overdue>) = entries.into_iter().partition(|entry| is_announced(&entry.pointer));
        announce(app, announced).await;
        let send = |entry: Overdue| async move {
            let sent = send_again(app, &entry.pointer).await;
            settle(app, &entry, sent).await;
        };
        stream::iter(others).for_each_concurrent(MAX_ENTRIES, send).await;
        match next {
            Some(cursor) => after = Some(cursor),
            None => break,
        }
    }
    (late, jobs)
}

/// The metric of overdue entries of a kind; jobs have none.
fn overdue(kind: OutboxKind) -> Option<Metric> {
    Some(match kind {
        OutboxKind::Conversion => Metric::OverdueConversions,
        OutboxKind::Adjustment => Metric::OverdueAdjustments,
        OutboxKind::Click => Metric::OverdueClicks,
        OutboxKind::Event => Metric::OverdueEvents,
        OutboxKind::Delivery => Metric::OverdueDeliveries,
        OutboxKind::Impressions => Metric::OverdueImpressions,
        OutboxKind::ParkedClick => Metric::OverdueParkedClicks,
        OutboxKind::Fold => Metric::OverdueFolds,
        OutboxKind::Deletion | OutboxKind::Erasure => return None,
    })
}

/// Whether a pointer to the entry is all that must be sent.
fn is_announced(pointer: &Pointer) -> bool {
    !matches!(pointer.kind(), Some(OutboxKind::ParkedClick | OutboxKind::Delivery))
}

async fn announce(app: &App, entries: Vec<Overdue>) {
    let pointers: Vec<Pointer> = entries.iter().map(|entry| entry.pointer.clone()).collect();
    let sent = app.store().outbox().announce_all(&pointers).await;
    let settle = |(entry, sent): (Overdue, store::Result<()>)| async move { settle(app, &entry, sent.map(|()| true)).await };
    stream::iter(entries.into_iter().zip(sent)).for_each_concurrent(MAX_ENTRIES, settle).await;
}

/// Moves an entry on that was sent, or that cannot be; one that could not be sent now stays due.
async fn settle(app: &App, entry: &Overdue, sent: store::Result<bool>) {
    let pk = entry.pointer.logged_pk();
    match sent {
        Ok(false) => return,
        Ok(true) => {}
        Err(error) => {
            let is_permanent = matches!(error, Error::Damaged { .. } | Error::NotAccepted { .. });
            tracing::warn!(item.pk = %pk, error = &error as &dyn std::error::Error, "overdue item could not be announced");
            if !is_permanent {
                return;
            }
        }
    }
    match app.store().outbox().postpone(entry, app.now()).await {
        Ok(Postponed::SetAside) => {
            tracing::error!(item.pk = %pk, item.sk = %entry.pointer.sk, outbox.set_aside = 1, "overdue item is set aside for an operator");
        }
        Ok(Postponed::Waiting | Postponed::Changed) => {}
        Err(error) => tracing::warn!(item.pk = %pk, error = &error as &dyn std::error::Error, "overdue item could not be postponed"),
    }
}

/// Sends a parked click or the attempt of a delivery; false when the entry is done with.
async fn send_again(app: &App, pointer: &Pointer) -> store::Result<bool> {
    if pointer.kind() == Some(OutboxKind::Delivery) {
        return send_delivery_again(app, pointer).await;
    }
    if let Some(click) = app.store().clicks().parked(pointer).await? {
        app.store().clicks().send(&click, app.now()).await?;
        app.store().clicks().unpark(pointer).await?;
    }
    Ok(false)
}

/// Announces the current attempt of a delivery, unless it has ended: the index is eventually consistent.
async fn send_delivery_again(app: &App, pointer: &Pointer) -> store::Result<bool> {
    let Some((handle, id)) = pointer.delivery() else { return Ok(true) };
    let Some(delivery) = app.store().deliveries().get(&handle, id).await?.filter(|delivery| !delivery.status.is_final()) else {
        return Ok(false);
    };
    let attempt = AttemptMessage::of(&delivery, Lane::Retries);
    app.store().outbox().announce_attempt(&attempt, 0).await?;
    Ok(true)
}
