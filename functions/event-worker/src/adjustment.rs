//! Adjustments: counted on their own day, where their conversion came from.

use runtime::App;
use store::{Pointer, Settled};

use crate::wait;

/// How long an adjustment looks after its conversion by itself; after that the sweeper does so every minute.
const PATIENCE_MS: i64 = 60_000;

/// Counts an adjustment once its conversion is counted.
pub(crate) async fn settle(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some(found) = app.store().adjustment_at(pointer).await? else {
        tracing::error!(item.pk = %pointer.pk, "an announced item is not there");
        return Ok(());
    };
    if found.settled {
        return Ok(());
    }
    let adjustment = &found.adjustment;
    let conversion = app.store().adjusted_conversion(&found).await?;
    let Some(origin) = conversion.origin.filter(|_| conversion.settled) else {
        let age_ms = app.now().millis() - adjustment.created_at.millis();
        return if age_ms < PATIENCE_MS { app.store().announce_later(pointer, wait(age_ms)).await } else { Ok(()) };
    };
    if app.store().settle_adjustment(pointer, adjustment, &origin, app.now()).await? == Settled::Now {
        tracing::info!(adjustment.id = %adjustment.id, conversion.id = %adjustment.conversion_id, handle = %adjustment.handle, "adjustment counted");
    }
    Ok(())
}
