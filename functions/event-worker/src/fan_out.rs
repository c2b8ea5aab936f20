//! Fan-out of an event to subscriptions: one delivery each, created once however often this runs.

use domain::values::id::RequestId;
use domain::webhooks::delivery::{Delivery, DeliveryTrigger};
use domain::webhooks::envelope::Envelope;
use domain::webhooks::subscription::SubscriptionStatus;
use runtime::App;
use store::{AttemptMessage, Lane, Pointer};

/// Creates a delivery to every subscription that wants the event, and announces its first attempt. `request` caused the event.
pub(crate) async fn deliver_to_subscribers(app: &App, envelope: &Envelope, is_bot: bool, request: Option<RequestId>) -> store::Result<()> {
    let now = app.now();
    let known = app.store().subscriptions().list(&envelope.handle, now).await?;
    let wanted =
        known.iter().filter(|known| known.status() == SubscriptionStatus::Active && known.subscription.wants(envelope.kind, is_bot));
    let mut is_stored = false;
    for known in wanted {
        if !is_stored {
            app.store().events().put(envelope).await?;
            is_stored = true;
        }
        let subscription = known.subscription.id;
        let id = Delivery::id_of(envelope.id, subscription);
        let event = (envelope.id, envelope.kind);
        let delivery = Delivery::new(id, envelope.handle.clone(), event, subscription, DeliveryTrigger::Auto, now);
        let delivery = Delivery { request_id: request, ..delivery };
        app.store().deliveries().create(&delivery).await?;
        // Announced even if it existed: the worker that created it may have crashed before announcing it.
        let lane = if known.is_slow { Lane::Retries } else { Lane::First };
        let first = AttemptMessage::of(&delivery, lane);
        app.store().outbox().announce_attempt(&first, 0).await?;
    }
    Ok(())
}

/// Delivers an event of the outbox and removes it there.
pub(crate) async fn event(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some(envelope) = app.store().events().at(pointer).await? else {
        tracing::error!(item.pk = %pointer.pk, "announced event does not exist");
        return Ok(());
    };
    deliver_to_subscribers(app, &envelope, false, pointer.request_id).await?;
    app.store().outbox().close(pointer).await
}

/// Delivers the event of a counted click and removes it from the outbox.
pub(crate) async fn click(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some(click) = app.store().clicks().pending(pointer).await? else { return Ok(()) };
    deliver_to_subscribers(app, &Envelope::of_click(&click), click.bot, pointer.request_id).await?;
    app.store().outbox().close(pointer).await
}
