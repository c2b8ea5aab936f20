//! The click worker: a batch of clicks off the queue, each stored and counted once however often it comes.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::click::Click;
use domain::id::ClickId;
use edge::{App, batch};

/// Counts a batch and gives back the messages whose clicks could not be written.
pub async fn handle(app: App, event: SqsEvent) -> SqsBatchResponse {
    let (received, mut failed) = batch::read::<Click>(event);
    let messages: BTreeMap<ClickId, Vec<String>> = received.iter().fold(BTreeMap::new(), |mut messages, message| {
        messages.entry(message.body.id).or_insert_with(Vec::new).push(message.message_id.clone());
        messages
    });
    let clicks: Vec<Click> = received.into_iter().map(|message| message.body).collect();
    let (counted, errors) = app.store().count_clicks(&clicks, app.now()).await;
    let unwritten: BTreeSet<ClickId> = errors.iter().map(|(id, _)| *id).collect();
    for (id, error) in &errors {
        tracing::warn!(click.id = %id, error = error as &dyn std::error::Error, "click could not be counted");
    }
    failed.extend(unwritten.iter().filter_map(|id| messages.get(id)).flatten().cloned());
    tracing::info!(clicks.new = counted.new, clicks.known = counted.known, messages.failed = failed.len(), "clicks counted");
    batch::failures(failed)
}
