//! SQS batches with partial failure reports (`ReportBatchItemFailures`).

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use serde::Deserialize;
use store::invocation::{Metric, for_request, measure};
use store::{MESSAGE_VERSION, Message};

/// A message that could be read.
#[derive(Debug)]
pub struct Received<M> {
    /// Its id, for reporting it as failed.
    pub message_id: String,
    /// Its content.
    pub body: M,
}

impl<M: Message> Received<M> {
    /// Processes the message: log lines, and messages that are sent, name the request that caused it.
    pub async fn process<F: Future>(&self, work: F) -> F::Output {
        for_request(self.body.request_id(), work).await
    }
}

/// The messages of a batch, and the ids of those that are returned to the queue: those of a newer version wait there for a worker that
/// knows it; those that cannot be decoded end in the dead-letter queue.
pub fn read<M: Message>(event: SqsEvent) -> (Vec<Received<M>>, Vec<String>) {
    let (mut received, mut returned) = (Vec::new(), Vec::new());
    for record in event.records {
        let message_id = record.message_id.unwrap_or_default();
        let body = record.body.as_deref().unwrap_or_default();
        match serde_json::from_str::<M>(body) {
            Ok(message) if message.version() <= MESSAGE_VERSION => received.push(Received { message_id, body: message }),
            unread => {
                report(&message_id, body, unread.err());
                returned.push(message_id);
            }
        }
    }
    (received, returned)
}

/// Reports a message that this code cannot process: one of a newer version, whose layout may be another, or a damaged one.
fn report(message_id: &str, body: &str, error: Option<serde_json::Error>) {
    /// What every message has, whatever its version.
    #[derive(Deserialize)]
    struct Versioned {
        v: u64,
    }
    match serde_json::from_str(body) {
        Ok(Versioned { v }) if v > u64::from(MESSAGE_VERSION) => {
            measure(Metric::UnknownVersion, 1);
            tracing::warn!(message.id = %message_id, version = v, "message of a newer version is returned to its queue");
        }
        _ => {
            let digest = domain::values::secret::sha256_hex(body.as_bytes());
            let error = error.map(tracing::field::display);
            tracing::error!(message.id = %message_id, body.sha256 = %digest, error, "message cannot be read");
        }
    }
}

/// The response that returns these messages to the queue.
pub fn failures(ids: impl IntoIterator<Item = String>) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for id in ids {
        // An empty id would fail the whole batch; a message without one cannot be returned.
        if !id.is_empty() {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            response.batch_item_failures.push(failure);
        }
    }
    response
}
