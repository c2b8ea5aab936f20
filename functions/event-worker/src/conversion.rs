//! Conversions: counted once, when their click is known or has not arrived in time.

use domain::clicks::Click;
use domain::clicks::agent::reclassify;
use domain::clicks::burst::Burst;
use domain::conversions::Conversion;
use domain::reports::Origin;
use domain::webhooks::envelope::Envelope;
use runtime::App;
use store::{CountOutcome, Pointer, Restatement, StoredClick};

use crate::fan_out;
use crate::wait::seconds_until_next_try;

/// How long a conversion waits for its click, which may still be in its own queue, in milliseconds.
const CLICK_TIMEOUT_MS: i64 = 300_000;

/// Counts a conversion and delivers its event.
pub(crate) async fn count(app: &App, pointer: &Pointer) -> store::Result<()> {
    for _ in store::RetryPolicy::CLICK_RESTATEMENT.attempts() {
        let Some(stored) = app.store().conversions().at(pointer).await? else {
            tracing::error!(item.pk = %pointer.pk, "announced item does not exist");
            return Ok(());
        };
        if stored.counted {
            return Ok(());
        }
        let conversion = stored.conversion;
        // Before it leaves the outbox: after a crash in between, this runs again and creates no second delivery.
        fan_out::deliver_to_subscribers(app, &Envelope::of_conversion(&conversion), conversion.bot).await?;
        if let Some(session) = &conversion.session_id {
            app.store().sessions().mark_converted(&conversion.handle, session, conversion.accepted_at, app.now()).await?;
        }
        let click = app.store().clicks().get_stored(&conversion.handle, conversion.click_id).await?;
        let Some(origin) = origin(app, &conversion, click.as_ref().map(|stored| &stored.click)) else {
            return app.store().outbox().announce_later(pointer, seconds_until_next_try(age_ms(app, &conversion))).await;
        };
        let instant = click.and_then(|click| instant_conversion_restatement(&conversion, click));
        match app.store().conversions().count(pointer, &conversion, &origin, instant.as_ref(), app.now()).await? {
            CountOutcome::Counted => {
                tracing::info!(conversion.id = %conversion.id, handle = %conversion.handle, "conversion counted");
                return Ok(());
            }
            CountOutcome::AlreadyCounted => return Ok(()),
            CountOutcome::ClickChanged => {}
        }
    }
    Err(store::Error::Contended("TransactWriteItems"))
}

/// The origin of the conversion's visitor; none while its click may still arrive.
fn origin(app: &App, conversion: &Conversion, click: Option<&Click>) -> Option<Origin> {
    match click {
        Some(click) => Some(Origin::of(click)),
        // A test conversion has no click.
        None if !conversion.test && age_ms(app, conversion) < CLICK_TIMEOUT_MS => None,
        None => Some(Origin::unknown()),
    }
}

/// The new classification of a click whose conversion came faster than a person can act; none where that is not so or already
/// recorded.
fn instant_conversion_restatement(conversion: &Conversion, stored: StoredClick) -> Option<Restatement> {
    if !conversion.is_instant() || stored.click.instant_conversion {
        return None;
    }
    // Only this is new: what the clicks around it showed when it was counted is kept.
    let marked = Click { instant_conversion: true, ..stored.click.clone() };
    let after = reclassify(&marked, Burst::of_reasons(&stored.click));
    Some(Restatement { before: stored, after })
}

fn age_ms(app: &App, conversion: &Conversion) -> i64 {
    app.now().millis() - conversion.accepted_at.millis()
}
