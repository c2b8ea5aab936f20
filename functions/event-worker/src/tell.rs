//! Telling subscriptions of an event: one delivery each, made once however often this is done.

use domain::webhooks::delivery::{Delivery, Trigger};
use domain::webhooks::event::Envelope;
use domain::webhooks::subscription::Status;
use runtime::App;
use store::{AttemptMessage, Lane, Pointer};

/// Makes a delivery to every subscription that wants the event and announces its first attempt.
pub(crate) async fn tell(app: &App, envelope: &Envelope, is_bot: bool) -> store::Result<()> {
    let now = app.now();
    let known = app.store().subscriptions().list(&envelope.handle, now).await?;
    let wanted = known.iter().filter(|known| known.status() == Status::Active && known.subscription.wants(envelope.kind, is_bot));
    let mut is_kept = false;
    for known in wanted {
        if !is_kept {
            app.store().events().put(envelope).await?;
            is_kept = true;
        }
        let subscription = known.subscription.id;
        let id = Delivery::id_of(envelope.id, subscription);
        let event = (envelope.id, envelope.kind);
        let delivery = Delivery::new(id, envelope.handle.clone(), event, subscription, Trigger::Auto, now);
        app.store().deliveries().create(&delivery).await?;
        // Announced even if it was there already: whoever made it may have died before this.
        let lane = if known.is_slow { Lane::Retries } else { Lane::First };
        let first = AttemptMessage::of(&delivery, lane);
        app.store().outbox().announce_attempt(&first, 0).await?;
    }
    Ok(())
}

/// Tells of an event that lies in the outbox, and takes it out.
pub(crate) async fn event(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some(envelope) = app.store().events().at(pointer).await? else {
        tracing::error!(item.pk = %pointer.pk, "an announced event is not there");
        return Ok(());
    };
    tell(app, &envelope, false).await?;
    app.store().outbox().close(pointer).await
}

/// Tells of a counted click, and takes it out of the outbox.
pub(crate) async fn click(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some(click) = app.store().clicks().pending(pointer).await? else { return Ok(()) };
    tell(app, &Envelope::of_click(&click), click.bot).await?;
    app.store().outbox().close(pointer).await
}
