//! The operations of the SQS protocol in terms of [`Queues`].

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

use super::{Draft, Queues, Want};

type Answer<T> = Result<T, SqsError>;

pub(super) async fn send(queues: Arc<Queues>, input: SendMessageInput) -> Answer<SendMessageOutput> {
    let draft = Draft { body: input.message_body, attributes: input.message_attributes, delay_secs: input.delay_seconds };
    let answers = queues.send(queues.by_url(&input.queue_url)?, vec![draft]).await?;
    answers.into_iter().next().unwrap_or_else(|| Err(SqsError::internal_error("a message without an answer")))
}

pub(super) async fn send_batch(queues: Arc<Queues>, input: SendMessageBatchInput) -> Answer<SendMessageBatchOutput> {
    let queue = queues.by_url(&input.queue_url)?;
    check_ids(input.entries.iter().map(|entry| entry.id.as_str()))?;
    let (ids, drafts): (Vec<_>, Vec<_>) = input
        .entries
        .into_iter()
        .map(|entry| {
            let (body, attributes) = (entry.message_body, entry.message_attributes);
            (entry.id, Draft { body, attributes, delay_secs: entry.delay_seconds })
        })
        .unzip();
    let mut output = SendMessageBatchOutput::default();
    for (id, answer) in ids.into_iter().zip(queues.send(queue, drafts).await?) {
        match answer {
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

pub(super) async fn receive(queues: Arc<Queues>, input: ReceiveMessageInput) -> Answer<ReceiveMessageOutput> {
    let queue = queues.by_url(&input.queue_url)?;
    let messages = input.max_number_of_messages.unwrap_or(1);
    let wait_secs = u64::try_from(input.wait_time_seconds.unwrap_or(0)).unwrap_or(0);
    if !(1..=10).contains(&messages) || wait_secs > 20 {
        return Err(SqsError::invalid_parameter_value("MaxNumberOfMessages is 1 to 10, WaitTimeSeconds 0 to 20."));
    }
    let wait = Duration::from_secs(wait_secs);
    let want = Want { messages, wait, visibility_secs: input.visibility_timeout };
    let mut messages = queues.receive(queue, want).await?;
    let system = [input.attribute_names, input.message_system_attribute_names].concat();
    for message in &mut messages {
        narrow(message, &system, &input.message_attribute_names);
    }
    Ok(ReceiveMessageOutput { messages })
}

pub(super) async fn delete(queues: Arc<Queues>, input: DeleteMessageInput) -> Answer<DeleteMessageOutput> {
    queues.delete(queues.by_url(&input.queue_url)?, input.receipt_handle).await?;
    Ok(DeleteMessageOutput {})
}

pub(super) async fn delete_batch(queues: Arc<Queues>, input: DeleteMessageBatchInput) -> Answer<DeleteMessageBatchOutput> {
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

pub(super) async fn hide(queues: Arc<Queues>, input: ChangeMessageVisibilityInput) -> Answer<ChangeMessageVisibilityOutput> {
    let queue = queues.by_url(&input.queue_url)?;
    queues.hide(queue, input.receipt_handle, input.visibility_timeout).await?;
    Ok(ChangeMessageVisibilityOutput {})
}

pub(super) async fn hide_batch(
    queues: Arc<Queues>,
    input: ChangeMessageVisibilityBatchInput,
) -> Answer<ChangeMessageVisibilityBatchOutput> {
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

pub(super) async fn purge(queues: Arc<Queues>, input: PurgeQueueInput) -> Answer<PurgeQueueOutput> {
    queues.purge(queues.by_url(&input.queue_url)?).await;
    Ok(PurgeQueueOutput {})
}

pub(super) async fn attributes(queues: Arc<Queues>, input: GetQueueAttributesInput) -> Answer<GetQueueAttributesOutput> {
    let queue = queues.by_url(&input.queue_url)?;
    let depth = queues.depth(queue);
    let mut output = queues.engine.get_queue_attributes(input).await?;
    let counts = [
        ("ApproximateNumberOfMessages", depth.visible),
        ("ApproximateNumberOfMessagesNotVisible", depth.in_flight),
        ("ApproximateNumberOfMessagesDelayed", depth.delayed),
    ];
    for (name, count) in counts {
        // The engine knows which attributes were asked for, and this side how many messages there are.
        if let Some(value) = output.attributes.get_mut(name) {
            *value = count.to_string();
        }
    }
    Ok(output)
}

fn check_ids<'a>(ids: impl ExactSizeIterator<Item = &'a str>) -> Answer<()> {
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

/// Leaves the attributes that were asked for.
fn narrow(message: &mut Message, system: &[String], own: &[String]) {
    let asked = |names: &[String], name: &str| {
        let fits = |pattern: &String| {
            let prefix = pattern.strip_suffix(".*");
            pattern == "All" || pattern == name || prefix.is_some_and(|prefix| name.starts_with(prefix))
        };
        names.iter().any(fits)
    };
    message.attributes.retain(|name, _| asked(system, name));
    message.message_attributes.retain(|name, _| asked(own, name));
    if message.message_attributes.is_empty() {
        message.md5_of_message_attributes = None;
    }
}
