//! A batch of messages: the event, the invocation, and the deletion of what it processed.

use std::collections::HashSet;

use aws_lambda_events::{
    encodings::Base64Data,
    sqs::{SqsEvent, SqsMessage, SqsMessageAttribute},
};
use rustack_sqs_model::types::Message;

use super::{Source, batch_result::BatchResult};
use crate::{LocalServer, queues::Queue, server::REGION};

/// How many messages of a batch were deleted and kept.
#[derive(Debug, Default)]
pub(super) struct BatchCounts {
    /// Deleted messages.
    pub(super) deleted: usize,
    /// Messages that stay in the queue.
    pub(super) kept: usize,
}

/// Converts a received message into a record of an SQS event.
pub(super) fn record(message: Message, queue_arn: &str) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = message.message_id;
    record.receipt_handle = message.receipt_handle;
    record.body = message.body;
    record.md5_of_body = message.md5_of_body;
    record.md5_of_message_attributes = message.md5_of_message_attributes;
    record.attributes = message.attributes;
    record.event_source = Some("aws:sqs".to_owned());
    record.event_source_arn = Some(queue_arn.to_owned());
    record.aws_region = Some(REGION.to_owned());
    for (name, value) in message.message_attributes {
        let mut attribute = SqsMessageAttribute::default();
        attribute.data_type = Some(value.data_type);
        attribute.string_value = value.string_value;
        attribute.binary_value = value.binary_value.map(base64);
        record.message_attributes.insert(name, attribute);
    }
    record
}

fn base64(bytes: Vec<u8>) -> Base64Data {
    let mut data = Base64Data::default();
    data.0 = bytes;
    data
}

/// Calls the source's function with `records` and deletes what it processed.
pub(super) async fn deliver(server: &LocalServer, source: &Source, queue: &Queue, records: Vec<SqsMessage>) -> BatchCounts {
    let keys: Vec<(String, String)> = records
        .iter()
        .map(|record| {
            let (id, handle) = (&record.message_id, &record.receipt_handle);
            (id.clone().unwrap_or_default(), handle.clone().unwrap_or_default())
        })
        .collect();
    let result = invoke(source, records, &keys).await;
    let mut counts = BatchCounts::default();
    for (id, receipt_handle) in keys {
        if !result.is_done(&id) {
            counts.kept += 1;
            continue;
        }
        match server.queues().delete(queue, receipt_handle).await {
            Ok(()) => counts.deleted += 1,
            Err(error) => tracing::warn!(%error, message = id, "message not deleted"),
        }
    }
    counts
}

async fn invoke(source: &Source, records: Vec<SqsMessage>, keys: &[(String, String)]) -> BatchResult {
    let Some(function) = source.slot.queue() else {
        tracing::error!(function = source.slot.spec.binary, "function is not mounted");
        return BatchResult::Failed;
    };
    let mut event = SqsEvent::default();
    event.records = records;
    let response = super::call(&source.slot, async { function(event).await }).await;
    let ids: HashSet<&str> = keys.iter().map(|(id, _)| id.as_str()).collect();
    BatchResult::of(&ids, response.as_ref(), source.spec.reports_failures)
}
