//! The sweeper: every minute it announces overdue work again, and seals webhook secrets of previous platform keys with the current one.

mod reseal;

use runtime::App;
use store::{AttemptMessage, Lane, OutboxKind, Pointer, table};

/// Entries of one shard processed in one run; the rest follows in the next one.
const MAX_ENTRIES: i32 = 200;

/// Processes every shard of the `due` index, then secrets under previous keys. Concurrent runs announce and seal twice, which has no
/// further effect.
pub async fn sweep(app: App) {
    for shard in 0..table::DUE_SHARDS {
        match app.store().outbox().overdue(shard, app.now(), MAX_ENTRIES).await {
            Ok(pointers) => {
                for pointer in pointers {
                    if let Err(error) = send_again(&app, &pointer).await {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(item.pk = %pointer.pk, error, "overdue item could not be announced");
                    }
                }
            }
            Err(error) => tracing::error!(shard, error = &error as &dyn std::error::Error, "shard could not be swept"),
        }
    }
    reseal::reseal_previous_keys(&app).await;
}

async fn send_again(app: &App, pointer: &Pointer) -> store::Result<()> {
    match pointer.kind() {
        Some(OutboxKind::ParkedClick) => {
            if let Some(click) = app.store().clicks().parked(pointer).await? {
                app.store().clicks().send(&click).await?;
                app.store().clicks().unpark(pointer).await?;
            }
            Ok(())
        }
        Some(OutboxKind::Delivery) => send_delivery_again(app, pointer).await,
        Some(OutboxKind::Impressions | OutboxKind::Conversion | OutboxKind::Adjustment | OutboxKind::Click | OutboxKind::Event) | None => {
            app.store().outbox().announce(pointer).await
        }
    }
}

/// Announces the current attempt of a delivery, unless it has ended: the index is eventually consistent.
async fn send_delivery_again(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some((handle, id)) = pointer.delivery() else { return Ok(()) };
    let Some(delivery) = app.store().deliveries().get(&handle, id).await?.filter(|delivery| !delivery.status.is_final()) else {
        return Ok(());
    };
    let attempt = AttemptMessage::of(&delivery, Lane::Retries);
    app.store().outbox().announce_attempt(&attempt, 0).await
}
