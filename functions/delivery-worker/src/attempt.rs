//! What one message means: look at the delivery, claim the attempt, send, record, announce what follows.

use domain::audit::Event;
use domain::moment::Moment;
use domain::webhook::delivery::{Attempt, Delivery, Ending, Meeting, Outcome, Status};
use domain::webhook::event::{Envelope, EventType};
use domain::webhook::secret::Place;
use domain::webhook::signature;
use domain::webhook::subscription::{Disabled, Status as Reachable};
use edge::App;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use serde_json::{Value, json};
use store::{AttemptMessage, KnownSubscription, Lane, Result};

use crate::post::{Reply, post};

/// What becomes of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has done its work.
    Done,
    /// It must come again.
    GiveBack,
}

/// How often a worker looks again when the delivery moved under it before it gives the message back.
const LOOKS: usize = 8;
/// How long messages of a receiver that took too long wait apart from the others'.
const SLOW_MS: i64 = 60_000;

/// Carries a message out.
pub(crate) async fn carry_out(app: &App, message: &AttemptMessage) -> Result<Verdict> {
    for _ in 0..LOOKS {
        let Some(delivery) = app.store().delivery(&message.handle, message.delivery_id).await? else {
            tracing::error!(delivery.id = %message.delivery_id, "an announced delivery is not there");
            return Ok(Verdict::Done);
        };
        match delivery.meet(message.attempt, app.now()) {
            Meeting::Done => return Ok(Verdict::Done),
            Meeting::Held => return Ok(Verdict::GiveBack),
            Meeting::TooEarly { wait_ms } => {
                app.store().announce_attempt(message, wait_ms).await?;
                return Ok(Verdict::Done);
            }
            Meeting::AnnounceNext { attempt, wait_ms } => {
                announce(app, &delivery, attempt, wait_ms).await?;
                return Ok(Verdict::Done);
            }
            Meeting::Claim => {
                if take(app, &delivery, message).await? {
                    return Ok(Verdict::Done);
                }
            }
        }
    }
    Ok(Verdict::GiveBack)
}

async fn announce(app: &App, delivery: &Delivery, attempt: u8, wait_ms: i64) -> Result<()> {
    let next = AttemptMessage { v: 1, handle: delivery.handle.clone(), delivery_id: delivery.id, attempt, lane: Lane::Retries };
    app.store().announce_attempt(&next, wait_ms).await
}

/// Takes the attempt to its end; false when the delivery moved meanwhile and must be looked at again.
async fn take(app: &App, delivery: &Delivery, message: &AttemptMessage) -> Result<bool> {
    let now = app.now();
    let known = app.store().subscription(&delivery.handle, delivery.subscription_id, now).await?;
    let text = app.store().event_message(&delivery.handle, delivery.event_id).await?;
    let (Some(known), Some(text)) = (known.filter(|known| known.status() == Reachable::Active), text) else {
        let cancelled = Delivery { status: Status::Cancelled, ..delivery.clone() };
        return app.store().move_delivery(delivery, &cancelled, None, now).await;
    };
    if known.is_slow && message.lane == Lane::First {
        app.store().announce_attempt(&AttemptMessage { lane: Lane::Retries, ..message.clone() }, 0).await?;
        return Ok(true);
    }
    let claimed = delivery.claimed(now);
    if !app.store().move_delivery(delivery, &claimed, None, now).await? {
        return Ok(false);
    }
    let headers = headers(app, &claimed, &known, &text).await?;
    let reply = post(app.settings().egress, &known.subscription.settings.endpoint_url, headers, text).await;
    tracing::info!(delivery.id = %claimed.id, attempt = claimed.attempt, outcome = reply.outcome.class(), "webhook sent");
    if reply.outcome.is_delivered() {
        delivered(app, &claimed, &known, &reply, now).await
    } else {
        failed(app, &claimed, &reply, now).await
    }
}

/// Everything a receiver needs to know who sends what, and that it is true.
async fn headers(app: &App, delivery: &Delivery, known: &KnownSubscription, text: &str) -> Result<HeaderMap> {
    let damaged = |what: String| store::Error::Damaged { key: delivery.subscription_id.to_string(), what };
    let keys = app.keys().await.map_err(|problem| damaged(problem.causes().unwrap_or_else(|| "no platform keys".to_owned())))?;
    let place = Place { handle: &delivery.handle, subscription: delivery.subscription_id };
    let now = app.now();
    let secrets = known.subscription.secrets.live(place, |id| keys.opening(id), now).map_err(|error| damaged(error.to_string()))?;
    // A receiver that has not learned the new secret yet must not break: the one value is the oldest live secret's.
    let of_body = secrets.last().map(|secret| signature::of_body(secret, text.as_bytes())).unwrap_or_default();
    let values = [
        ("webhook-id", delivery.event_id.to_string()),
        ("webhook-timestamp", now.seconds().to_string()),
        ("webhook-signature", signature::standard(&secrets, delivery.event_id, now, text.as_bytes())),
        ("x-10x-signature", of_body),
        ("x-10x-event-type", delivery.event_type.as_str().to_owned()),
        ("x-10x-attempt", delivery.attempt.to_string()),
        ("x-10x-delivery-id", delivery.id.to_string()),
    ];
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static("10x-Webhooks/1"));
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    Ok(headers)
}

fn kept(delivery: &Delivery, reply: &Reply, started_at: Moment, now: Moment, next: Option<Moment>) -> Attempt {
    let status_code = match reply.outcome {
        Outcome::Status(status) => Some(status),
        _ => None,
    };
    Attempt {
        n: delivery.attempt,
        started_at,
        duration_ms: now.millis() - started_at.millis(),
        outcome: reply.outcome.class(),
        status_code,
        response_snippet: reply.snippet.clone(),
        next_attempt_at: next,
    }
}

/// Records a success, whoever holds the lease by now: the receiver has the event.
async fn delivered(app: &App, claimed: &Delivery, known: &KnownSubscription, reply: &Reply, started_at: Moment) -> Result<bool> {
    let now = app.now();
    let attempt = kept(claimed, reply, started_at, now, None);
    let mut current = claimed.clone();
    for _ in 0..LOOKS {
        let done = Delivery { status: Status::Delivered, ..current.clone() };
        if app.store().move_delivery(&current, &done, Some(&attempt), now).await? {
            if known.failing.streak > 0 || known.is_slow {
                app.store().note_success(&claimed.handle, claimed.subscription_id).await?;
            }
            return Ok(true);
        }
        match app.store().delivery(&claimed.handle, claimed.id).await? {
            Some(moved) if moved.status != Status::Delivered => current = moved,
            _ => return Ok(true),
        }
    }
    Ok(false)
}

/// Records a failure if the lease still holds, announces what follows, and counts what it says of the receiver.
async fn failed(app: &App, claimed: &Delivery, reply: &Reply, started_at: Moment) -> Result<bool> {
    let now = app.now();
    let after = claimed.failed(reply.outcome.ending(), now);
    let next = (after.status == Status::Scheduled).then_some(after.due_at);
    if !app.store().move_delivery(claimed, &after, Some(&kept(claimed, reply, started_at, now, next)), now).await? {
        return Ok(false);
    }
    let (handle, id) = (&claimed.handle, claimed.subscription_id);
    if reply.outcome == Outcome::Timeout {
        app.store().note_slow(handle, id, now.plus_millis(SLOW_MS)).await?;
    }
    if after.status == Status::Scheduled {
        announce(app, &after, after.attempt, after.due_at.millis() - now.millis()).await?;
        return Ok(true);
    }
    if reply.outcome.ending() == Ending::Gone {
        give_up(app, claimed, Disabled::Gone).await?;
    } else if app.store().note_exhausted(handle, id, now).await?.is_some_and(|failing| failing.is_hopeless(now)) {
        give_up(app, claimed, Disabled::Auto).await?;
    }
    Ok(true)
}

/// Switches the subscription off and tells the others.
async fn give_up(app: &App, delivery: &Delivery, why: Disabled) -> Result<()> {
    let now = app.now();
    let reason = match why {
        Disabled::Auto => "DISABLED_AUTO",
        Disabled::Gone => "DISABLED_GONE",
    };
    let payload = json!({"subscriptionId": delivery.subscription_id, "status": reason});
    let envelope = Envelope { id: app.id(), kind: EventType::WebhookDisabled, handle: delivery.handle.clone(), occurred_at: now, payload };
    let event = Event::of_system(app.id(), now, "delivery-worker", "webhook.disabled", delivery.subscription_id)
        .between(Value::Null, json!({"status": reason}));
    let place = (&delivery.handle, delivery.subscription_id);
    if let Some(pointer) = app.store().disable_subscription(place, why, &envelope, &event, now).await? {
        app.store().announce(&pointer).await?;
    }
    Ok(())
}
