//! Adjustments: counted on their own day, with the origin of their conversion.

use domain::conversions::ledger::Adjustment;
use runtime::App;
use store::invocation::{Metric, measure};
use store::{CountOutcome, Pointer};

use crate::wait::seconds_until_next_try;

/// How long an adjustment is announced again until its conversion is counted and its click is stored, in milliseconds; the sweeper takes
/// over then.
const TIMEOUT_MS: i64 = 60_000;

/// Counts an adjustment once its conversion is counted.
pub(crate) async fn count(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some(found) = app.store().ledger().adjustment_at(pointer).await? else {
        tracing::error!(item.pk = %pointer.pk, "announced item does not exist");
        return Ok(());
    };
    if found.counted {
        return Ok(());
    }
    let adjustment = &found.adjustment;
    let conversion = app.store().ledger().conversion_of(&found).await?;
    let Some(origin) = conversion.origin.filter(|_| conversion.counted) else { return wait(app, pointer, adjustment).await };
    match app.store().ledger().count(pointer, adjustment, &origin, app.now()).await? {
        CountOutcome::Counted => {
            measure(Metric::SettleLag, app.now().millis() - adjustment.created_at.millis());
            let Adjustment { id, conversion_id, handle, .. } = adjustment;
            tracing::info!(adjustment.id = %id, conversion.id = %conversion_id, %handle, "adjustment counted");
            Ok(())
        }
        // The click it counts under is still on its way.
        CountOutcome::ClickChanged => wait(app, pointer, adjustment).await,
        CountOutcome::AlreadyCounted => Ok(()),
    }
}

/// Announces an adjustment again while what it waits for may come soon.
async fn wait(app: &App, pointer: &Pointer, adjustment: &Adjustment) -> store::Result<()> {
    let age_ms = app.now().millis() - adjustment.created_at.millis();
    match age_ms < TIMEOUT_MS {
        true => app.store().outbox().announce_later(pointer, seconds_until_next_try(age_ms)).await,
        false => Ok(()),
    }
}
