//! What one message means: look at the delivery, claim the attempt, send, record, announce what follows.

use std::time::Duration;

use domain::webhooks::delivery::{Delivery, Meeting, Outcome, Status};
use domain::webhooks::subscription::Status as Reachable;
use futures::future::{Either, join, select};
use runtime::App;
use store::{AttemptMessage, Lane, Result, SubscriptionWithHealth};

use crate::message;
use crate::post::{Reply, post};
use crate::record::{self, Sent};

/// What becomes of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It has done its work.
    Done,
    /// It must come again.
    GiveBack,
}

/// A receiver that has not answered by then is slow. It may take its time, but nobody else is to wait behind it.
const SLOW_AFTER: Duration = Duration::from_secs(1);
/// How long messages of a slow receiver wait apart from the others'.
const SLOW_MS: i64 = 60_000;

/// Carries a message out.
pub(crate) async fn carry_out(app: &App, message: &AttemptMessage) -> Result<Verdict> {
    for _ in store::RetryPolicy::OPTIMISTIC_WRITE.attempts() {
        let Some(delivery) = app.store().deliveries().get(&message.handle, message.delivery_id).await? else {
            tracing::error!(delivery.id = %message.delivery_id, "an announced delivery is not there");
            return Ok(Verdict::Done);
        };
        match delivery.meet(message.attempt, app.now()) {
            Meeting::Done => return Ok(Verdict::Done),
            Meeting::Held => return Ok(Verdict::GiveBack),
            Meeting::TooEarly { wait_ms } => {
                app.store().outbox().announce_attempt(message, wait_ms).await?;
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

/// Announces an attempt that is due in so long.
pub(crate) async fn announce(app: &App, delivery: &Delivery, attempt: u8, wait_ms: i64) -> Result<()> {
    let next = AttemptMessage { attempt, ..AttemptMessage::of(delivery, Lane::Retries) };
    app.store().outbox().announce_attempt(&next, wait_ms).await
}

/// Takes the attempt to its end; false when the delivery moved meanwhile and must be looked at again.
async fn take(app: &App, delivery: &Delivery, message: &AttemptMessage) -> Result<bool> {
    let now = app.now();
    let known = app.store().subscriptions().get(&delivery.handle, delivery.subscription_id, now).await?;
    let text = app.store().events().message(&delivery.handle, delivery.event_id).await?;
    let (Some(known), Some(text)) = (known.filter(|known| known.status() == Reachable::Active), text) else {
        let cancelled = Delivery { status: Status::Cancelled, ..delivery.clone() };
        return app.store().deliveries().advance(delivery, &cancelled, None, now).await;
    };
    if known.is_slow && message.lane == Lane::First {
        app.store().outbox().announce_attempt(&AttemptMessage { lane: Lane::Retries, ..message.clone() }, 0).await?;
        return Ok(true);
    }
    // Before the claim: without keys nothing is begun that would have to wait for its lease to end.
    let secrets = message::secrets(app, &known).await?;
    let claimed = delivery.claimed(now);
    if !app.store().deliveries().advance(delivery, &claimed, None, now).await? {
        return Ok(false);
    }
    let started_at = app.now();
    let reply = match secrets {
        Some(secrets) => {
            let headers = message::headers(&claimed, &secrets, &text, started_at);
            let exchange = post(app.egress(), &known.subscription.settings.endpoint_url, headers, text);
            watched(app, &known, exchange).await
        }
        None => Reply::without_answer(Outcome::NoSecret),
    };
    tracing::info!(delivery.id = %claimed.id, attempt = claimed.attempt, outcome = reply.outcome.class(), "webhook attempted");
    let sent = Sent { delivery: claimed, known, reply, started_at };
    if sent.reply.outcome.is_delivered() { record::delivered(app, &sent).await } else { record::failed(app, &sent).await }
}

/// Lets an exchange end; while it takes long, says so to whoever sends to the same receiver next.
async fn watched(app: &App, known: &SubscriptionWithHealth, exchange: impl Future<Output = Reply>) -> Reply {
    let exchange = std::pin::pin!(exchange);
    let patience = std::pin::pin!(tokio::time::timeout(SLOW_AFTER, std::future::pending::<()>()));
    match select(exchange, patience).await {
        Either::Left((reply, _)) => reply,
        Either::Right((_, exchange)) => {
            let subscription = &known.subscription;
            let until = app.now().plus_millis(SLOW_MS);
            let (noted, reply) =
                join(app.store().endpoint_health().record_slow(&subscription.handle, subscription.id, until), exchange).await;
            record::softly(&subscription.id, noted);
            reply
        }
    }
}
