//! The sweeper: every minute it announces overdue work again, and seals webhook secrets of previous platform keys with the current one.
//!
//! An entry that was announced waits 1, 2, 4 … 60 minutes for its next announcement, and is set aside after the twelfth: entries that
//! cannot be processed, however many, neither hide others from the sweeper nor come back each minute.

mod reseal;

use domain::values::moment::Moment;
use futures::stream::{self, StreamExt};
use runtime::App;
use store::{AttemptMessage, Error, Lane, OutboxKind, Overdue, Pointer, Postponed, Sweep, table};

/// Entries of one shard read at once.
const PAGE_SIZE: i32 = 200;
/// Shards swept at the same time.
const MAX_SHARDS: usize = 8;
/// Entries of a shard processed at the same time.
const MAX_ENTRIES: usize = 16;
/// Announcements after which an entry is late: with the waits between them a quarter of an hour.
const LATE_AFTER: u32 = 4;
/// Time after which no further page is read, in milliseconds; the rest follows in the next run.
const BUDGET_MS: i64 = 20_000;

/// Processes every shard of the `due` index, then secrets under previous keys. Concurrent runs announce and seal twice, which has no
/// further effect.
pub async fn sweep(app: App) {
    let started = app.now();
    // Each run begins with another shard, so that a long one does not always leave the same shards to the next.
    let first = u32::try_from((started.millis() / 60_000).rem_euclid(i64::from(table::DUE_SHARDS))).unwrap_or_default();
    let shards = (0..table::DUE_SHARDS).map(|number| (first + number) % table::DUE_SHARDS);
    let app = &app;
    let late = stream::iter(shards).map(|shard| sweep_shard(app, shard, started)).buffer_unordered(MAX_SHARDS);
    let late = late.fold(0, |sum, late| async move { sum + late }).await;
    record(app, late, started).await;
    reseal::reseal_previous_keys(app).await;
}

/// Records what was seen, for the health of the API.
async fn record(app: &App, late: u64, started: Moment) {
    let recorded = async {
        let set_aside = !app.store().outbox().set_aside(1).await?.is_empty();
        app.store().system().record_sweep(&Sweep { swept_at: Some(started), late, set_aside }).await
    };
    if let Err(error) = recorded.await {
        tracing::warn!(error = &error as &dyn std::error::Error, "what was seen could not be recorded");
    }
}

/// Returns how many entries are late.
async fn sweep_shard(app: &App, shard: u32, started: Moment) -> u64 {
    let (mut after, mut late) = (None, 0);
    while app.now().millis() - started.millis() < BUDGET_MS {
        let (entries, next) = match app.store().outbox().overdue(shard, started, PAGE_SIZE, after).await {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(shard, error = &error as &dyn std::error::Error, "shard could not be swept");
                return late;
            }
        };
        late += entries.iter().map(|entry| u64::from(entry.announced >= LATE_AFTER)).sum::<u64>();
        let (announced, others): (Vec<Overdue>, Vec<Overdue>) = entries.into_iter().partition(|entry| is_announced(&entry.pointer));
        announce(app, announced).await;
        let send = |entry: Overdue| async move {
            let sent = send_again(app, &entry.pointer).await;
            settle(app, &entry, sent).await;
        };
        stream::iter(others).for_each_concurrent(MAX_ENTRIES, send).await;
        match next {
            Some(cursor) => after = Some(cursor),
            None => return late,
        }
    }
    late
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
    let pk = &entry.pointer.pk;
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
