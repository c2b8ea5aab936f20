//! The sweeper: every minute, what a crash or a lost message left behind is announced again, and what a former key seals sealed anew.

mod reseal;

use runtime::App;
use store::{AttemptMessage, Lane, OutboxKind, Pointer, table};

/// Entries of one shard looked at in one run; the rest waits for the next minute.
const MOST: i32 = 200;

/// Looks through every shard of the `due` index, then for secrets under former keys. Running it twice at once only announces
/// and seals twice, which changes nothing.
pub async fn sweep(app: App) {
    for shard in 0..table::DUE_SHARDS {
        match app.store().outbox().overdue(shard, app.now(), MOST).await {
            Ok(pointers) => {
                for pointer in pointers {
                    if let Err(error) = send_again(&app, &pointer).await {
                        tracing::warn!(item.pk = %pointer.pk, error = &error as &dyn std::error::Error, "overdue item could not be announced");
                    }
                }
            }
            Err(error) => tracing::error!(shard, error = &error as &dyn std::error::Error, "shard could not be swept"),
        }
    }
    reseal::former(&app).await;
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

/// Announces the attempt a delivery is at. The index lags: one that has ended meanwhile is left alone.
async fn send_delivery_again(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some((handle, id)) = pointer.delivery() else { return Ok(()) };
    let Some(delivery) = app.store().deliveries().get(&handle, id).await?.filter(|delivery| !delivery.status.is_final()) else {
        return Ok(());
    };
    let attempt = AttemptMessage::of(&delivery, Lane::Retries);
    app.store().outbox().announce_attempt(&attempt, 0).await
}
