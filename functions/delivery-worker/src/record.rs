//! What an attempt leaves behind: its record and the delivery's next state in one transaction, and what it says of the receiver.

use domain::accounts::audit::Event;
use domain::values::id::SubscriptionId;
use domain::values::moment::Moment;
use domain::webhooks::delivery::{Attempt, Delivery, Ending, Outcome, Status};
use domain::webhooks::event::{Envelope, EventType};
use domain::webhooks::subscription::{Disabled, Subscription};
use runtime::App;
use serde_json::{Value, json};
use store::{AttemptRecord, Disabling, Result, SubscriptionWithHealth, Transition};

use crate::attempt::announce;
use crate::post::Reply;

/// An attempt that was made.
pub(crate) struct Sent {
    /// The delivery as it was claimed for it.
    pub(crate) delivery: Delivery,
    /// To whom.
    pub(crate) known: SubscriptionWithHealth,
    /// What came of it.
    pub(crate) reply: Reply,
    /// When it began.
    pub(crate) started_at: Moment,
}

impl Sent {
    /// As it is kept, ended now.
    fn kept(&self, now: Moment, next_attempt_at: Option<Moment>) -> Attempt {
        let status_code = match self.reply.outcome {
            Outcome::Status(status) => Some(status),
            _ => None,
        };
        Attempt {
            n: self.delivery.attempt,
            started_at: self.started_at,
            duration_ms: now.millis() - self.started_at.millis(),
            outcome: self.reply.outcome.class(),
            status_code,
            response_snippet: self.reply.snippet.clone(),
            next_attempt_at,
        }
    }

    fn lease(&self) -> u32 {
        self.delivery.lease.as_ref().map_or(0, |lease| lease.seq)
    }
}

/// Records a success, whoever holds the lease by now: the receiver has the event. False when the delivery did not hold still.
pub(crate) async fn delivered(app: &App, sent: &Sent) -> Result<bool> {
    let (now, subscription) = (app.now(), &sent.known.subscription);
    // Before the record: a crash in between sends again, and does not leave failures standing that have ended.
    if sent.known.failing.streak > 0 {
        softly(&subscription.id, app.store().endpoint_health().record_success(&subscription.handle, subscription.id).await);
    }
    let attempt = sent.kept(now, None);
    let made = AttemptRecord { attempt: &attempt, lease: sent.lease() };
    let mut current = sent.delivery.clone();
    for _ in store::RetryPolicy::OPTIMISTIC_WRITE.attempts() {
        let done = Delivery { status: Status::Delivered, ..current.clone() };
        if app.store().deliveries().advance(&current, &done, Some(made), now).await? {
            return Ok(true);
        }
        match app.store().deliveries().get(&current.handle, current.id).await? {
            Some(moved) if moved.status != Status::Delivered => current = moved,
            _ => return Ok(true),
        }
    }
    Ok(false)
}

/// Records a failure if the lease still holds, announces what follows, and counts what it says of the receiver. False when
/// the delivery had moved.
pub(crate) async fn failed(app: &App, sent: &Sent) -> Result<bool> {
    let (now, before) = (app.now(), &sent.delivery);
    let ending = sent.reply.outcome.ending();
    let after = before.failed(ending, now);
    let next = (after.status == Status::Scheduled).then_some(after.due_at);
    let attempt = sent.kept(now, next);
    let made = AttemptRecord { attempt: &attempt, lease: sent.lease() };
    if ending == Ending::Gone {
        return gone(app, sent, &after, made).await;
    }
    if !app.store().deliveries().advance(before, &after, Some(made), now).await? {
        return Ok(false);
    }
    match next {
        Some(due_at) => announce(app, &after, after.attempt, due_at.millis() - now.millis()).await?,
        None => softly(&before.subscription_id, exhausted(app, sent).await),
    }
    Ok(true)
}

/// The receiver says that it is gone for good: the delivery ends and the subscription with it.
async fn gone(app: &App, sent: &Sent, after: &Delivery, made: AttemptRecord<'_>) -> Result<bool> {
    let (envelope, event) = told(app, &sent.known.subscription, "DISABLED_GONE");
    let giving_up = Disabling { reason: Disabled::Gone, version: sent.known.subscription.version, envelope: &envelope, event: &event };
    match app.store().endpoint_health().advance_and_disable((&sent.delivery, after), made, &giving_up, app.now()).await? {
        Transition::Stale => Ok(false),
        Transition::Applied => Ok(true),
        Transition::AppliedAndDisabled(pointer) => {
            app.store().outbox().announce_best_effort(&pointer).await;
            Ok(true)
        }
    }
}

/// Counts an exhausted delivery and gives the receiver up when it has failed for too long.
async fn exhausted(app: &App, sent: &Sent) -> Result<()> {
    let now = app.now();
    if app.store().endpoint_health().record_exhausted(&sent.delivery, now).await?.is_none_or(|failing| !failing.is_hopeless(now)) {
        return Ok(());
    }
    let (envelope, event) = told(app, &sent.known.subscription, "DISABLED_AUTO");
    let giving_up = Disabling { reason: Disabled::Auto, version: sent.known.subscription.version, envelope: &envelope, event: &event };
    if let Some(pointer) = app.store().endpoint_health().disable(&sent.delivery, &giving_up, now).await? {
        app.store().outbox().announce_best_effort(&pointer).await;
    }
    Ok(())
}

/// What the other subscriptions and the audit log are told when one is switched off.
fn told(app: &App, subscription: &Subscription, status: &str) -> (Envelope, Event) {
    let now = app.now();
    let payload = json!({"subscriptionId": subscription.id, "status": status});
    let envelope =
        Envelope { id: app.id(), kind: EventType::WebhookDisabled, handle: subscription.handle.clone(), occurred_at: now, payload };
    let event = Event::of_system(app.id(), now, "delivery-worker", "webhook.disabled", subscription.id);
    (envelope, event.between(Value::Null, json!({"status": status})))
}

/// What could not be noted of a receiver is not worth sending a message twice.
pub(crate) fn softly<T>(id: &SubscriptionId, noted: Result<T>) {
    if let Err(error) = noted {
        tracing::warn!(subscription.id = %id, error = &error as &dyn std::error::Error, "could not be noted of a receiver");
    }
}
