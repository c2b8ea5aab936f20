//! Processing one message: read the delivery, claim the attempt, send it, record it, announce the next one.

use std::time::Duration;

use domain::webhooks::delivery::{Delivery, DeliveryStatus, NextStep, PostOutcome};
use domain::webhooks::subscription::SubscriptionStatus;
use futures::future::{Either, join, select};
use runtime::App;
use store::invocation::{Metric, measure};
use store::{AttemptMessage, Lane, Result, SubscriptionWithHealth};

use crate::message;
use crate::next::announce;
use crate::post::{Reply, post};
use crate::record::{self, CompletedAttempt, Recorded};

/// What happens to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MessageDisposition {
    /// It is processed and can be deleted.
    Done,
    /// It goes back to the queue and is received again.
    Return,
}

/// A receiver that has not answered by then is slow: from then on its messages go through the queue of retries.
const SLOW_AFTER: Duration = Duration::from_secs(1);
/// How long a receiver counts as slow, in milliseconds.
const SLOW_MS: i64 = 60_000;

/// Processes a message.
pub(crate) async fn process(app: &App, message: &AttemptMessage) -> Result<MessageDisposition> {
    for _ in store::RetryPolicy::OPTIMISTIC_WRITE.attempts() {
        let Some(delivery) = app.store().deliveries().get(&message.handle, message.delivery_id).await? else {
            tracing::error!(delivery.id = %message.delivery_id, "announced delivery does not exist");
            return Ok(MessageDisposition::Done);
        };
        match delivery.next_step(message.attempt, app.now()) {
            NextStep::Done => return Ok(MessageDisposition::Done),
            NextStep::Held => return Ok(MessageDisposition::Return),
            NextStep::TooEarly { wait_ms } => {
                app.store().outbox().announce_attempt(message, wait_ms).await?;
                return Ok(MessageDisposition::Done);
            }
            NextStep::AnnounceNext { attempt, wait_ms } => {
                announce(app, &delivery, attempt, wait_ms).await?;
                return Ok(MessageDisposition::Done);
            }
            NextStep::Claim => {
                if claim_and_send(app, &delivery, message).await? == Recorded::Done {
                    return Ok(MessageDisposition::Done);
                }
            }
        }
    }
    Ok(MessageDisposition::Return)
}

/// Claims the attempt, sends it and records its outcome.
async fn claim_and_send(app: &App, delivery: &Delivery, message: &AttemptMessage) -> Result<Recorded> {
    let now = app.now();
    let known = app.store().subscriptions().get(&delivery.handle, delivery.subscription_id, now).await?;
    let text = app.store().events().message(&delivery.handle, delivery.event_id).await?;
    let (Some(known), Some(text)) = (known.filter(|known| known.status() == SubscriptionStatus::Active), text) else {
        let cancelled = Delivery { status: DeliveryStatus::Cancelled, ..delivery.clone() };
        return app.store().deliveries().advance(delivery, &cancelled, None, now).await.map(Recorded::of);
    };
    if known.is_slow && message.lane == Lane::First {
        app.store().outbox().announce_attempt(&AttemptMessage { lane: Lane::Retries, ..message.clone() }, 0).await?;
        return Ok(Recorded::Done);
    }
    // Before the claim: without keys an attempt would hold its lease for nothing.
    let secrets = message::secrets(app, &known).await?;
    let claimed = delivery.claimed(now);
    if !app.store().deliveries().claim(delivery, &claimed).await? {
        return Ok(Recorded::Changed);
    }
    let started_at = app.now();
    let reply = match secrets {
        Some(secrets) => {
            let headers = message::headers(&claimed, &secrets, &text, started_at);
            let exchange = post(app.egress(), &known.subscription.settings.endpoint_url, headers, text);
            with_slow_marker(app, &known, exchange).await
        }
        None => Reply::without_response(PostOutcome::NoSecret),
    };
    tracing::info!(delivery.id = %claimed.id, attempt = claimed.attempt, outcome = reply.outcome.class(), "webhook attempted");
    measure(if reply.outcome.is_delivered() { Metric::Delivered } else { Metric::NotDelivered }, 1);
    let outcome = CompletedAttempt { delivery: claimed, known, reply, started_at };
    if outcome.reply.outcome.is_delivered() { record::delivered(app, &outcome).await } else { record::failed(app, &outcome).await }
}

/// Waits for an exchange; when it takes long, marks the receiver as slow for the workers that send to it next.
async fn with_slow_marker(app: &App, known: &SubscriptionWithHealth, exchange: impl Future<Output = Reply>) -> Reply {
    let exchange = std::pin::pin!(exchange);
    let slow = std::pin::pin!(tokio::time::timeout(SLOW_AFTER, std::future::pending::<()>()));
    match select(exchange, slow).await {
        Either::Left((reply, _)) => reply,
        Either::Right((_, exchange)) => {
            let subscription = &known.subscription;
            let until = app.now().plus_millis(SLOW_MS);
            let (noted, reply) =
                join(app.store().endpoint_health().record_slow(&subscription.handle, subscription.id, until), exchange).await;
            record::log_failure(&subscription.id, noted);
            reply
        }
    }
}
