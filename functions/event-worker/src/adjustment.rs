//! Adjustments: counted on their own day, where their conversion came from.

use runtime::App;
use store::{CountOutcome, Pointer};

use crate::wait;

/// How long an adjustment looks after its conversion by itself; after that the sweeper does so every minute.
const PATIENCE_MS: i64 = 60_000;

/// Counts an adjustment once its conversion is counted.
pub(crate) async fn settle(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some(found) = app.store().ledger().adjustment_at(pointer).await? else {
        tracing::error!(item.pk = %pointer.pk, "an announced item is not there");
        return Ok(());
    };
    if found.counted {
        return Ok(());
    }
    let adjustment = &found.adjustment;
    let conversion = app.store().ledger().conversion_of(&found).await?;
    let Some(origin) = conversion.origin.filter(|_| conversion.counted) else {
        let age_ms = app.now().millis() - adjustment.created_at.millis();
        return if age_ms < PATIENCE_MS { app.store().outbox().announce_later(pointer, wait(age_ms)).await } else { Ok(()) };
    };
    if app.store().ledger().count(pointer, adjustment, &origin, app.now()).await? == CountOutcome::Counted {
        tracing::info!(adjustment.id = %adjustment.id, conversion.id = %adjustment.conversion_id, handle = %adjustment.handle, "adjustment counted");
    }
    Ok(())
}
