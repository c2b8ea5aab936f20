//! The event worker: entries of the outbox, each processed exactly once.

mod adjustment;
mod conversion;
mod fan_out;
mod wait;

use std::sync::Arc;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::chain::segments;
use domain::reports::NONE;
use futures::future::{join, join_all};
use runtime::{App, batch};
use store::{OutboxKind, Pointer};

/// Processes a batch concurrently, conversions of one handle together, and returns the messages that failed to the queue.
pub async fn handle(app: App, event: SqsEvent) -> SqsBatchResponse {
    let (received, mut failed) = batch::read::<Pointer>(event);
    let (conversions, others): (Vec<_>, Vec<_>) = received.iter().partition(|message| message.body.kind() == Some(OutboxKind::Conversion));
    // They are counted together, so each of their log lines names its request itself.
    let pointers: Vec<&Pointer> = conversions.iter().map(|message| &message.body).collect();
    let of_others = join_all(others.iter().map(|message| message.process(process(&app, &message.body))));
    let (of_conversions, of_others) = join(conversion::count_all(&app, &pointers), of_others).await;
    let of_others = of_others.into_iter().map(|outcome| outcome.map_err(Arc::new));
    for (message, outcome) in conversions.iter().zip(of_conversions).chain(others.iter().zip(of_others)) {
        if let Err(error) = outcome {
            tracing::warn!(message.id = %message.message_id, error = &error as &dyn std::error::Error, "event could not be processed");
            failed.push(message.message_id.clone());
        }
    }
    batch::failures(failed)
}

async fn process(app: &App, pointer: &Pointer) -> store::Result<()> {
    match pointer.kind() {
        Some(OutboxKind::Adjustment) => adjustment::count(app, pointer).await,
        Some(OutboxKind::Event) => fan_out::event(app, pointer).await,
        Some(OutboxKind::Click) => fan_out::click(app, pointer).await,
        Some(OutboxKind::Impressions) => impressions(app, pointer).await,
        Some(OutboxKind::Fold) => fold(app, pointer).await,
        Some(OutboxKind::Conversion | OutboxKind::Delivery | OutboxKind::ParkedClick | OutboxKind::Deletion | OutboxKind::Erasure)
        | None => {
            tracing::error!(item.pk = %pointer.pk, "item kind is not processed by the event worker");
            Ok(())
        }
    }
}

/// Folds the deltas of a day into its report cells.
async fn fold(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some((handle, day)) = pointer.fold() else { return Ok(()) };
    // Where another worker folds the day, that one announces it again when it leaves some.
    let Some(done) = app.store().rollups().fold_alone(&handle, day, app.now()).await? else { return Ok(()) };
    if done.folds > 0 {
        if done.is_unfinished {
            app.store().outbox().announce(pointer).await?;
        }
        tracing::info!(%handle, %day, folds = done.folds, deltas = done.deltas, cells = done.cells, "deltas folded");
    }
    Ok(())
}

/// Counts observations of intent under the first segment of their session.
async fn impressions(app: &App, pointer: &Pointer) -> store::Result<()> {
    let Some((handle, session, observed)) = app.store().sessions().impressions_at(pointer).await? else { return Ok(()) };
    let now = app.now();
    let kept = app.store().sessions().get(&handle, &session, now).await?;
    let segment = segments(&kept.session).into_iter().next().unwrap_or_else(|| NONE.to_owned());
    app.store().sessions().count_impressions(pointer, &handle, &segment, observed, now).await.map(|_| ())
}
