//! The click worker: a batch of clicks off the queue, each stored and counted once however often it comes.

use std::collections::BTreeSet;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use domain::agent::judge_again;
use domain::click::Click;
use domain::id::ClickId;
use edge::{App, batch};
use store::ClickMessage;

/// Counts a batch and gives back the messages with a click that could not be written.
pub async fn handle(app: App, event: SqsEvent) -> SqsBatchResponse {
    let (received, mut failed) = batch::read::<ClickMessage>(event);
    let clicks: Vec<Click> = received.iter().flat_map(|message| message.body.clicks.iter().cloned()).collect();
    let clicks = with_bursts(&app, clicks);
    let (counted, errors) = app.store().count_clicks(&clicks, app.now()).await;
    for (id, error) in &errors {
        tracing::warn!(click.id = %id, error = error as &dyn std::error::Error, "click could not be counted");
    }
    let unwritten: BTreeSet<ClickId> = errors.iter().map(|(id, _)| *id).collect();
    let is_unwritten = |message: &&batch::Received<ClickMessage>| message.body.clicks.iter().any(|click| unwritten.contains(&click.id));
    failed.extend(received.iter().filter(is_unwritten).map(|message| message.message_id.clone()));
    tracing::info!(clicks.new = counted.new, clicks.known = counted.known, messages.failed = failed.len(), "clicks counted");
    batch::failures(failed)
}

/// The clicks, those in a burst judged again with that in mind. A click that was counted before keeps its first judgement.
fn with_bursts(app: &App, clicks: Vec<Click>) -> Vec<Click> {
    let bursts = app.bursts_among(&clicks);
    clicks.into_iter().map(|click| bursts.get(&click.id).map_or_else(|| click.clone(), |burst| judge_again(&click, *burst))).collect()
}
