//! SQS batches with partial failure reports (`ReportBatchItemFailures`).

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use serde::de::DeserializeOwned;

/// A message that could be read.
#[derive(Debug)]
pub struct Received<M> {
    /// Its id, for reporting it as failed.
    pub message_id: String,
    /// Its content.
    pub body: M,
}

/// The messages of a batch, and the ids of those that cannot be decoded, which end in the dead-letter queue.
pub fn read<M: DeserializeOwned>(event: SqsEvent) -> (Vec<Received<M>>, Vec<String>) {
    let (mut received, mut poison) = (Vec::new(), Vec::new());
    for record in event.records {
        let message_id = record.message_id.clone().unwrap_or_default();
        match serde_json::from_str(record.body.as_deref().unwrap_or_default()) {
            Ok(body) => received.push(Received { message_id, body }),
            Err(error) => {
                let digest = domain::values::secret::sha256_hex(record.body.as_deref().unwrap_or_default().as_bytes());
                tracing::error!(message.id = %message_id, body.sha256 = %digest, %error, "message cannot be read");
                poison.push(message_id);
            }
        }
    }
    (received, poison)
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
