//! The operations of the SQS protocol on [`EmbeddedQueues`].

use std::{collections::HashSet, sync::Arc, time::Duration};

use rustack_sqs_model::{
    error::SqsError,
    input::{
        ChangeMessageVisibilityBatchInput, ChangeMessageVisibilityInput, DeleteMessageBatchInput, DeleteMessageInput,
        GetQueueAttributesInput, PurgeQueueInput, ReceiveMessageInput, SendMessageBatchInput, SendMessageInput,
    },
    output::{
        ChangeMessageVisibilityBatchOutput, ChangeMessageVisibilityOutput, DeleteMessageBatchOutput, DeleteMessageOutput,
        GetQueueAttributesOutput, PurgeQueueOutput, ReceiveMessageOutput, SendMessageBatchOutput, SendMessageOutput,
    },
    types::{
        BatchResultErrorEntry, ChangeMessageVisibilityBatchResultEntry, DeleteMessageBatchResultEntry, Message, SendMessageBatchResultEntry,
    },
};

use super::{EmbeddedQueues, NewMessage, ReceiveOptions};

type OperationResult<T> = Result<T, SqsError>;

pub(super) async fn send(queues: Arc<EmbeddedQueues>, input: SendMessageInput) -> OperationResult<SendMessageOutput> {
    let message = NewMessage { body: input.message_body, attributes: input.message_attributes, delay_secs: input.delay_seconds };
    let results = queues.send(queues.by_url(&input.queue_url)?, vec![message]).await?;
    results.into_iter().next().unwrap_or_else(|| Err(SqsError::internal_error("a message without a result")))
}

pub(super) async fn send_batch(queues: Arc<EmbeddedQueues>, input: SendMessageBatchInput) -> OperationResult<SendMessageBatchOutput> {
    let queue = queues.by_url(&input.queue_url)?;
    check_ids(input.entries.iter().map(|entry| entry.id.as_str()))?;
    let (ids, messages): (Vec<_>, Vec<_>) = input
        .entries
        .into_iter()
        .map(|entry| {
            let (body, attributes) = (entry.message_body, entry.message_attributes);
            (entry.id, NewMessage { body, attributes, delay_secs: entry.delay_seconds })
        })
        .unzip();
    let mut output = SendMessageBatchOutput::default();
    for (id, result) in ids.into_iter().zip(queues.send(queue, messages).await?) {
        match result {
            Ok(sent) => output.successful.push(SendMessageBatchResultEntry {
                id,
                message_id: sent.message_id.unwrap_or_default(),
                md5_of_message_body: sent.md5_of_message_body.unwrap_or_default(),
                md5_of_message_attributes: sent.md5_of_message_attributes,
                sequence_number: None,
            }),
            Err(error) => output.failed.push(failure(id, error)),
        }
    }
    Ok(output)
}

pub(super) async fn receive(queues: Arc<EmbeddedQueues>, input: ReceiveMessageInput) -> OperationResult<ReceiveMessageOutput> {
    let queue = queues.by_url(&input.queue_url)?;
    let messages = input.max_number_of_messages.unwrap_or(1);
    let wait_secs = u64::try_from(input.wait_time_seconds.unwrap_or(0)).unwrap_or(0);
    if !(1..=10).contains(&messages) || wait_secs > 20 {
        return Err(SqsError::invalid_parameter_value("MaxNumberOfMessages is 1 to 10, WaitTimeSeconds 0 to 20."));
    }
    let wait = Duration::from_secs(wait_secs);
    let options = ReceiveOptions { max_messages: messages, wait, visibility_secs: input.visibility_timeout };
    let mut messages = queues.receive(queue, options).await?;
    let system = [input.attribute_names, input.message_system_attribute_names].concat();
    for message in &mut messages {
        narrow(message, &system, &input.message_attribute_names);
    }
    Ok(ReceiveMessageOutput { messages })
}

pub(super) async fn delete(queues: Arc<EmbeddedQueues>, input: DeleteMessageInput) -> OperationResult<DeleteMessageOutput> {
    queues.delete(queues.by_url(&input.queue_url)?, input.receipt_handle).await?;
    Ok(DeleteMessageOutput {})
}

pub(super) async fn delete_batch(queues: Arc<EmbeddedQueues>, input: DeleteMessageBatchInput) -> OperationResult<DeleteMessageBatchOutput> {
    let queue = queues.by_url(&input.queue_url)?;
    check_ids(input.entries.iter().map(|entry| entry.id.as_str()))?;
    let mut output = DeleteMessageBatchOutput::default();
    for entry in input.entries {
        match queues.delete(queue, entry.receipt_handle).await {
            Ok(()) => output.successful.push(DeleteMessageBatchResultEntry { id: entry.id }),
            Err(error) => output.failed.push(failure(entry.id, error)),
        }
    }
    Ok(output)
}

pub(super) async fn hide(
    queues: Arc<EmbeddedQueues>,
    input: ChangeMessageVisibilityInput,
) -> OperationResult<ChangeMessageVisibilityOutput> {
    let queue = queues.by_url(&input.queue_url)?;
    queues.hide(queue, input.receipt_handle, input.visibility_timeout).await?;
    Ok(ChangeMessageVisibilityOutput {})
}

pub(super) async fn hide_batch(
    queues: Arc<EmbeddedQueues>,
    input: ChangeMessageVisibilityBatchInput,
) -> OperationResult<ChangeMessageVisibilityBatchOutput> {
    let queue = queues.by_url(&input.queue_url)?;
    check_ids(input.entries.iter().map(|entry| entry.id.as_str()))?;
    let mut output = ChangeMessageVisibilityBatchOutput::default();
    for entry in input.entries {
        match queues.hide(queue, entry.receipt_handle, entry.visibility_timeout).await {
            Ok(()) => output.successful.push(ChangeMessageVisibilityBatchResultEntry { id: entry.id }),
            Err(error) => output.failed.push(failure(entry.id, error)),
        }
    }
    Ok(output)
}

pub(super) async fn purge(queues: Arc<EmbeddedQueues>, input: PurgeQueueInput) -> OperationResult<PurgeQueueOutput> {
    queues.purge(queues.by_url(&input.queue_url)?).await;
    Ok(PurgeQueueOutput {})
}

pub(super) async fn attributes(queues: Arc<EmbeddedQueues>, input: GetQueueAttributesInput) -> OperationResult<GetQueueAttributesOutput> {
    let queue = queues.by_url(&input.queue_url)?;
    let depth = queues.depth(queue);
    let mut output = queues.engine.get_queue_attributes(input).await?;
    let counts = [
        ("ApproximateNumberOfMessages", depth.visible),
        ("ApproximateNumberOfMessagesNotVisible", depth.in_flight),
        ("ApproximateNumberOfMessagesDelayed", depth.delayed),
    ];
    for (name, count) in counts {
        // The engine returns the requested attributes; the counts are those of this module.
        if let Some(value) = output.attributes.get_mut(name) {
            *value = count.to_string();
        }
    }
    Ok(output)
}

fn check_ids<'a>(ids: impl ExactSizeIterator<Item = &'a str>) -> OperationResult<()> {
    let entries = ids.len();
    match (entries, ids.collect::<HashSet<_>>().len()) {
        (0, _) => Err(SqsError::empty_batch_request()),
        (11.., _) => Err(SqsError::too_many_entries_in_batch()),
        (entries, distinct) if entries != distinct => Err(SqsError::batch_entry_ids_not_distinct()),
        _ => Ok(()),
    }
}

fn failure(id: String, error: SqsError) -> BatchResultErrorEntry {
    BatchResultErrorEntry {
        id,
        sender_fault: error.code.is_sender_fault(),
        code: error.code.error_type().to_owned(),
        message: Some(error.message),
    }
}

/// Removes the attributes that were not requested.
fn narrow(message: &mut Message, system: &[String], own: &[String]) {
    let is_requested = |names: &[String], name: &str| {
        let matches = |pattern: &String| {
            let prefix = pattern.strip_suffix(".*");
            pattern == "All" || pattern == name || prefix.is_some_and(|prefix| name.starts_with(prefix))
        };
        names.iter().any(matches)
    };
    message.attributes.retain(|name, _| is_requested(system, name));
    message.message_attributes.retain(|name, _| is_requested(own, name));
    if message.message_attributes.is_empty() {
        message.md5_of_message_attributes = None;
    }
}
