//! The delivery worker: one signed attempt a message, recorded under its lease, and the next one announced.

mod attempt;
mod message;
mod post;
mod record;
mod resolve;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures::future::join_all;
use runtime::{App, batch};
use store::AttemptMessage;

use attempt::Verdict;

/// Works off a batch, its messages side by side, and gives back those whose attempt somebody else still holds or whose
/// outcome could not be written.
pub async fn handle(app: App, event: SqsEvent) -> SqsBatchResponse {
    let (received, mut failed) = batch::read::<AttemptMessage>(event);
    let verdicts = join_all(received.iter().map(|message| attempt::carry_out(&app, &message.body))).await;
    for (message, verdict) in received.iter().zip(verdicts) {
        match verdict {
            Ok(Verdict::Done) => {}
            Ok(Verdict::GiveBack) => failed.push(message.message_id.clone()),
            Err(error) => {
                let id = message.body.delivery_id;
                tracing::warn!(delivery.id = %id, error = &error as &dyn std::error::Error, "attempt could not be carried out");
                failed.push(message.message_id.clone());
            }
        }
    }
    batch::failures(failed)
}
