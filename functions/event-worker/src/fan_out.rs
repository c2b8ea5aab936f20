//! Fan-out of an event to subscriptions: one delivery each, created once however often this runs.

use domain::webhooks::delivery::{Delivery, Trigger};
use domain::webhooks::event::Envelope;
use domain::webhooks::subscription::Status;
use runtime::App;
use store::{AttemptMessage, Lane, Pointer};

/// Creates a delivery to every subscription that wants the event, and announces its first attempt.
pub(crate) async fn deliver_to_subscribers(app: &App, envelope: &Envelope, is_bot: bool) -> store::Result<()> {
    let now = app.now();
    let known = app.store().subscriptions(&envelope.handle, now).await?;
    let wanted = known.iter().filter(|known| known.status() == Status::Active && known.subscription.wants(envelope.kind, is_bot));
    let mut is_stored = false;
    for known in wanted {
        if !is_stored {
            app.store().keep_event(envelope).await?;
            is_stored = true;
        }
        let subscription = known.subscription.id;
        let id = Delivery::id_of(envelope.id, subscription);
        let event = (envelope.id, envelope.kind);
        let delivery = Delivery::new(id, envelope.handle.clone(), event, subscription, Trigger::Auto, now);
        app.store().open_delivery(&delivery).await?;
        // Announced even if it existed: the worker that created it may have crashed before announcing it.
        let lane = if known.is_slow { Lane::Retries } else { Lane::First };
        let first = AttemptMessage { v: 1, handle: envelope.handle.clone(), delivery_id: id, attempt: 1, lane };
        app.store().announce_attempt(&first, 0).await?;
    }
    Ok(())
}

/// Delivers an event of the outbox and removes it there.
pub(crate) async fn event(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some(envelope) = app.store().event_at(pointer).await? else {
        tracing::error!(item.pk = %pointer.pk, "announced event does not exist");
        return Ok(());
    };
    deliver_to_subscribers(app, &envelope, false).await?;
    app.store().close_event(pointer).await
}

/// Delivers the event of a counted click and removes it from the outbox.
pub(crate) async fn click(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some(click) = app.store().click_to_tell(pointer).await? else { return Ok(()) };
    deliver_to_subscribers(app, &Envelope::of_click(&click), click.bot).await?;
    app.store().close_event(pointer).await
}
