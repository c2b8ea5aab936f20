//! The event worker: entries of the outbox, each processed exactly once.

mod adjustment;
mod conversion;
mod fan_out;
mod wait;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::chain::segments;
use domain::reports::NONE;
use futures::future::join_all;
use runtime::{App, batch};
use store::{OutboxKind, Pointer};

/// Processes a batch concurrently, and returns the messages that failed to the queue.
pub async fn handle(app: App, event: SqsEvent) -> SqsBatchResponse {
    let (received, mut failed) = batch::read::<Pointer>(event);
    let outcomes = join_all(received.iter().map(|message| process(&app, &message.body))).await;
    for (message, outcome) in received.iter().zip(outcomes) {
        if let Err(error) = outcome {
            tracing::warn!(message.id = %message.message_id, error = &error as &dyn std::error::Error, "event could not be processed");
            failed.push(message.message_id.clone());
        }
    }
    batch::failures(failed)
}

async fn process(app: &App, pointer: &Pointer) -> store::Result<()> {
    match pointer.kind() {
        Some(OutboxKind::Conversion) => conversion::count(app, pointer).await,
        Some(OutboxKind::Adjustment) => adjustment::count(app, pointer).await,
        Some(OutboxKind::Event) => fan_out::event(app, pointer).await,
        Some(OutboxKind::Click) => fan_out::click(app, pointer).await,
        Some(OutboxKind::Impressions) => impressions(app, pointer).await,
        Some(OutboxKind::Delivery | OutboxKind::ParkedClick) | None => {
            tracing::error!(item.pk = %pointer.pk, "item kind is not processed by the event worker");
            Ok(())
        }
    }
}

/// Counts observations of intent under the first segment of their session.
async fn impressions(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some((handle, session, observed)) = app.store().sessions().impressions_at(pointer).await? else { return Ok(()) };
    let now = app.now();
    let kept = app.store().sessions().get(&handle, &session, now).await?;
    let segment = segments(&kept.session).into_iter().next().unwrap_or_else(|| NONE.to_owned());
    app.store().sessions().count_impressions(pointer, &handle, &segment, observed, now).await.map(|_| ())
}
