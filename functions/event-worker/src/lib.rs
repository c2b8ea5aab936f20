//! The event worker: entries of the outbox, each carried to whatever must hear of it exactly once.

mod adjustment;
mod tell;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::chain::segments;
use domain::clicks::Click;
use domain::clicks::agent::judge_again;
use domain::clicks::burst::Burst;
use domain::conversions::Conversion;
use domain::reports::{NONE, Origin};
use domain::webhooks::event::Envelope;
use futures::future::join_all;
use runtime::{App, batch};
use store::{CountOutcome, OutboxKind, Pointer, Restatement, StoredClick};

/// How long a conversion waits for its click, which may still be in its own queue.
const CLICK_PATIENCE_MS: i64 = 300_000;

/// Settles a batch, its messages side by side, and gives back those that could not be.
pub async fn handle(app: App, event: SqsEvent) -> SqsBatchResponse {
    let (received, mut failed) = batch::read::<Pointer>(event);
    let outcomes = join_all(received.iter().map(|message| settle(&app, &message.body))).await;
    for (message, outcome) in received.iter().zip(outcomes) {
        if let Err(error) = outcome {
            tracing::warn!(message.id = %message.message_id, error = &error as &dyn std::error::Error, "event could not be settled");
            failed.push(message.message_id.clone());
        }
    }
    batch::failures(failed)
}

async fn settle(app: &App, pointer: &Pointer) -> store::Result<()> {
    match pointer.kind() {
        Some(OutboxKind::Conversion) => settle_conversion(app, pointer).await,
        Some(OutboxKind::Adjustment) => adjustment::settle(app, pointer).await,
        Some(OutboxKind::Event) => tell::event(app, pointer).await,
        Some(OutboxKind::Click) => tell::click(app, pointer).await,
        Some(OutboxKind::Impressions) => impressions(app, pointer).await,
        Some(OutboxKind::Delivery | OutboxKind::ParkedClick) | None => {
            tracing::error!(item.pk = %pointer.pk, "this is nothing for the event worker");
            Ok(())
        }
    }
}

async fn settle_conversion(app: &App, pointer: &Pointer) -> store::Result<()> {
    for _ in store::RetryPolicy::CLICK_RESTATEMENT.attempts() {
        let Some(stored) = app.store().conversions().at(pointer).await? else {
            tracing::error!(item.pk = %pointer.pk, "an announced item is not there");
            return Ok(());
        };
        if stored.counted {
            return Ok(());
        }
        let conversion = stored.conversion;
        // Before it leaves the outbox: a crash in between tells again, which makes no second delivery.
        tell::tell(app, &Envelope::of_conversion(&conversion), conversion.bot).await?;
        if let Some(session) = &conversion.session_id {
            app.store().sessions().mark_converted(&conversion.handle, session, conversion.accepted_at, app.now()).await?;
        }
        let click = app.store().clicks().get_stored(&conversion.handle, conversion.click_id).await?;
        let Some(origin) = origin(app, &conversion, click.as_ref().map(|stored| &stored.click)) else {
            return app.store().outbox().announce_later(pointer, wait(age_ms(app, &conversion))).await;
        };
        let instant = click.and_then(|click| told_of_click(&conversion, click));
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

/// Counts observations of intent under the first segment of their session.
async fn impressions(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some((handle, session, observed)) = app.store().sessions().impressions_at(pointer).await? else { return Ok(()) };
    let now = app.now();
    let kept = app.store().sessions().get(&handle, &session, now).await?;
    let segment = segments(&kept.session).into_iter().next().unwrap_or_else(|| NONE.to_owned());
    app.store().sessions().count_impressions(pointer, &handle, &segment, observed, now).await.map(|_| ())
}

/// Where the conversion's visitor came from; none while its click may still arrive.
fn origin(app: &App, conversion: &Conversion, click: Option<&Click>) -> Option<Origin> {
    match click {
        Some(click) => Some(Origin::of(click)),
        // The click of a test was never made.
        None if !conversion.test && age_ms(app, conversion) < CLICK_PATIENCE_MS => None,
        None => Some(Origin::unknown()),
    }
}

/// What becomes of a click whose conversion came faster than a person can act; none where that is known or not so.
fn told_of_click(conversion: &Conversion, stored: StoredClick) -> Option<Restatement> {
    if !conversion.is_instant() || stored.click.instant_conversion {
        return None;
    }
    // Only this is new. What the clicks around it said when it was counted stands.
    let marked = Click { instant_conversion: true, ..stored.click.clone() };
    let after = judge_again(&marked, Burst::kept_with(&stored.click));
    Some(Restatement { before: stored, after })
}

/// Seconds until another look: short at first, since what is waited for is usually a second behind.
fn wait(age_ms: i64) -> i32 {
    if age_ms < 10_000 { 2 } else { 20 }
}

fn age_ms(app: &App, conversion: &Conversion) -> i64 {
    app.now().millis() - conversion.accepted_at.millis()
}
