//! Recording an attempt: its record and the delivery's next state in one transaction, and what it says about the receiver.

use domain::accounts::audit::AuditEvent;
use domain::values::id::{EventId, SubscriptionId};
use domain::values::moment::Moment;
use domain::webhooks::delivery::{Delivery, DeliveryAttempt, DeliveryStatus, Ending, PostOutcome};
use domain::webhooks::envelope::Envelope;
use domain::webhooks::payload::{DisabledPayload, Payload};
use domain::webhooks::subscription::{Disabled, Subscription};
use runtime::App;
use serde_json::{Value, json};
use store::{AttemptRecord, Disabling, Result, SubscriptionWithHealth, Transition};

use crate::next::announce;
use crate::post::Reply;

/// A completed attempt.
pub(crate) struct CompletedAttempt {
    /// The claimed delivery.
    pub(crate) delivery: Delivery,
    /// The subscription it was sent to.
    pub(crate) known: SubscriptionWithHealth,
    /// Its result.
    pub(crate) reply: Reply,
    /// When it began.
    pub(crate) started_at: Moment,
}

/// Whether an attempt was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// It was.
    Done,
    /// Another worker changed the delivery; it must be read again.
    Changed,
}

impl Recorded {
    /// As a conditional write reports it.
    pub(crate) fn of(is_written: bool) -> Self {
        if is_written { Self::Done } else { Self::Changed }
    }
}

impl CompletedAttempt {
    /// The record of the attempt, ended now.
    fn to_record(&self, now: Moment, next_attempt_at: Option<Moment>) -> DeliveryAttempt {
        let status_code = match self.reply.outcome {
            PostOutcome::Status(status) => Some(status),
            _ => None,
        };
        DeliveryAttempt {
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

/// Records a success whichever worker holds the lease by now: the receiver has the event.
pub(crate) async fn delivered(app: &App, outcome: &CompletedAttempt) -> Result<Recorded> {
    let (now, subscription) = (app.now(), &outcome.known.subscription);
    // Before the record: a crash in between sends again, and does not keep failures that have ended.
    if outcome.known.failing.streak > 0 {
        log_failure(&subscription.id, app.store().endpoint_health().record_success(&subscription.handle, subscription.id).await);
    }
    let attempt = outcome.to_record(now, None);
    let made = AttemptRecord { attempt: &attempt, lease: outcome.lease() };
    let mut current = outcome.delivery.clone();
    for _ in store::RetryPolicy::OPTIMISTIC_WRITE.attempts() {
        let done = Delivery { status: DeliveryStatus::Delivered, ..current.clone() };
        if app.store().deliveries().advance(&current, &done, Some(made), now).await? {
            return Ok(Recorded::Done);
        }
        match app.store().deliveries().get(&current.handle, current.id).await? {
            Some(moved) if moved.status != DeliveryStatus::Delivered => current = moved,
            _ => return Ok(Recorded::Done),
        }
    }
    Ok(Recorded::Changed)
}

/// Records a failure if the lease still holds, announces the next attempt, and counts the failure of the receiver.
pub(crate) async fn failed(app: &App, outcome: &CompletedAttempt) -> Result<Recorded> {
    let (now, before) = (app.now(), &outcome.delivery);
    let ending = outcome.reply.outcome.ending();
    let after = before.failed(ending, now);
    let next = (after.status == DeliveryStatus::Scheduled).then_some(after.due_at);
    let attempt = outcome.to_record(now, next);
    let made = AttemptRecord { attempt: &attempt, lease: outcome.lease() };
    if ending == Ending::Gone {
        return gone(app, outcome, &after, made, now).await;
    }
    if !app.store().deliveries().advance(before, &after, Some(made), now).await? {
        return Ok(Recorded::Changed);
    }
    match next {
        Some(due_at) => announce(app, &after, after.attempt, due_at.millis() - now.millis()).await?,
        None => log_failure(&before.subscription_id, exhausted(app, outcome).await),
    }
    Ok(Recorded::Done)
}

/// The receiver answered 410: ends the delivery and disables the subscription.
async fn gone(app: &App, outcome: &CompletedAttempt, after: &Delivery, made: AttemptRecord<'_>, now: Moment) -> Result<Recorded> {
    let (envelope, event) = disabled_event(app, &outcome.known.subscription, Disabled::Gone);
    let disabling = Disabling { reason: Disabled::Gone, version: outcome.known.subscription.version, envelope: &envelope, event: &event };
    match app.store().endpoint_health().advance_and_disable((&outcome.delivery, after), made, &disabling, now).await? {
        Transition::Stale => Ok(Recorded::Changed),
        Transition::Applied => Ok(Recorded::Done),
        Transition::AppliedAndDisabled(pointer) => {
            app.store().outbox().announce_best_effort(&pointer).await;
            Ok(Recorded::Done)
        }
    }
}

/// Counts an exhausted delivery, and disables the subscription when its receiver has failed for too long.
async fn exhausted(app: &App, outcome: &CompletedAttempt) -> Result<()> {
    let now = app.now();
    if app.store().endpoint_health().record_exhausted(&outcome.delivery, now).await?.is_none_or(|failing| !failing.exceeds_limit(now)) {
        return Ok(());
    }
    let (envelope, event) = disabled_event(app, &outcome.known.subscription, Disabled::Auto);
    let disabling = Disabling { reason: Disabled::Auto, version: outcome.known.subscription.version, envelope: &envelope, event: &event };
    if let Some(pointer) = app.store().endpoint_health().disable(&outcome.delivery, &disabling, now).await? {
        app.store().outbox().announce_best_effort(&pointer).await;
    }
    Ok(())
}

/// The event for the other subscriptions, and for the audit log, that one was disabled.
fn disabled_event(app: &App, subscription: &Subscription, why: Disabled) -> (Envelope, AuditEvent) {
    let now = app.now();
    let payload = DisabledPayload::of(subscription.id, why);
    let after = json!({"status": payload.status});
    let event = AuditEvent::of_system(app.id(), now, "delivery-worker", "webhook.disabled", subscription.id);
    // The message has the id of the audit event, so that it is found again when the handle is erased.
    let id = EventId::from_bytes(event.audit_id.to_bytes());
    let envelope = Envelope::new(id, subscription.handle.clone(), now, &Payload::WebhookDisabled(payload));
    (envelope, event.between(Value::Null, after))
}

/// Logs what could not be recorded about a receiver: that is not worth sending a message twice.
pub(crate) fn log_failure<T>(id: &SubscriptionId, noted: Result<T>) {
    if let Err(error) = noted {
        tracing::warn!(subscription.id = %id, error = &error as &dyn std::error::Error, "health of a receiver could not be recorded");
    }
}
