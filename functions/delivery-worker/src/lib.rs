//! The delivery worker: makes one signed attempt a message, records it under its lease, and announces the next one.

mod attempt;
mod message;
mod next;
mod post;
mod record;
mod resolve;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures::future::join_all;
use runtime::{App, batch};
use store::AttemptMessage;

use attempt::MessageDisposition;

/// Processes a batch concurrently. Returns to the queue the messages whose attempt another worker still holds, or whose outcome
/// could not be written.
pub async fn handle(app: App, event: SqsEvent) -> SqsBatchResponse {
    let (received, mut failed) = batch::read::<AttemptMessage>(event);
    let dispositions = join_all(received.iter().map(|message| message.process(attempt::process(&app, &message.body)))).await;
    for (message, disposition) in received.iter().zip(dispositions) {
        match disposition {
            Ok(MessageDisposition::Done) => {}
            Ok(MessageDisposition::Return) => failed.push(message.message_id.clone()),
            Err(error) => {
                let id = message.body.delivery_id;
                tracing::warn!(delivery.id = %id, error = &error as &dyn std::error::Error, "attempt could not be processed");
                failed.push(message.message_id.clone());
            }
        }
    }
    batch::failures(failed)
}
