//! The queues: their addresses and what is sent to them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use serde::Serialize;

use domain::clicks::Click;
use domain::values::moment::Moment;

use crate::client::{AwsConnection, Sqs};
use crate::error::{Error, Result};
use crate::message_sender::MessageSender;
use crate::outbox::attempt_message::{AttemptMessage, Lane};
use crate::outbox::click_batcher::ClickBatcher;
use crate::outbox::pointer::{OutboxKind, Pointer};

/// The longest delay of a message in seconds (SQS).
const MAX_DELAY_SECS: i32 = 900;

/// Messages of one batch (SQS).
const MAX_BATCH: usize = 10;
/// The operation, as errors name it.
const BATCH: &str = "SendMessageBatch";

/// Addresses of the queues; a function has only those it sends to.
#[derive(Clone, Debug, Default)]
pub struct QueueUrls {
    /// Clicks to be counted.
    pub clicks: Option<String>,
    /// Outbox entries to be processed by the event worker.
    pub events: Option<String>,
    /// Those of clicks, so that a popular link delays no conversion.
    pub click_events: Option<String>,
    /// First attempts of deliveries.
    pub deliveries: Option<String>,
    /// Later attempts and those to slow endpoints, so that they delay no others.
    pub retries: Option<String>,
}

/// The clients and addresses of the queues.
#[derive(Debug)]
pub(crate) struct QueueClients {
    sqs: Sqs,
    click_sender: MessageSender,
    urls: QueueUrls,
    click_batcher: ClickBatcher,
}

impl QueueClients {
    pub(crate) fn new(connection: AwsConnection, urls: QueueUrls) -> Self {
        Self {
            sqs: Sqs::new(connection.clone()),
            click_sender: MessageSender::new(connection),
            urls,
            click_batcher: ClickBatcher::default(),
        }
    }

    /// Sends a click; returns when it is on the queue.
    pub(crate) async fn send_click(&self, click: &Click, now: Moment) -> Result<()> {
        let queue = self.urls.clicks.as_deref().ok_or(Error::NoQueue("clicks"))?;
        self.click_batcher.send(&self.click_sender, queue, click, now).await
    }

    pub(super) async fn send_pointer(&self, pointer: &Pointer, delay_seconds: i32) -> Result<()> {
        self.send(self.queue_of(pointer)?, pointer, pointer.group(), delay_seconds).await
    }

    /// Sends pointers in batches; the result of each, in their order.
    pub(super) async fn send_pointers(&self, pointers: &[Pointer]) -> Vec<Result<()>> {
        let mut results: Vec<Option<Result<()>>> = pointers.iter().map(|_| None).collect();
        let mut by_queue: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, pointer) in pointers.iter().enumerate() {
            match self.queue_of(pointer) {
                Ok(queue) => by_queue.entry(queue).or_default().push(place),
                Err(error) => set(&mut results, place, Err(error)),
            }
        }
        for (queue, places) in by_queue {
            for places in places.chunks(MAX_BATCH) {
                let batch: Vec<(usize, &Pointer)> = places.iter().filter_map(|place| Some((*place, pointers.get(*place)?))).collect();
                let sent = self.send_batch(queue, &batch).await.map_err(Arc::new);
                for (place, _) in batch {
                    let result = match &sent {
                        Ok(unsent) if unsent.contains(&place) => Err(Error::Contended(BATCH)),
                        Ok(_) => Ok(()),
                        Err(error) => Err(Error::Unavailable { operation: BATCH, source: Box::new(Arc::clone(error)) }),
                    };
                    set(&mut results, place, result);
                }
            }
        }
        results.into_iter().map(|result| result.unwrap_or(Err(Error::Contended(BATCH)))).collect()
    }

    /// Sends at most ten pointers, each named by its place, and returns the places of those that SQS did not take.
    async fn send_batch(&self, queue: &str, batch: &[(usize, &Pointer)]) -> Result<BTreeSet<usize>> {
        let unbuilt = |source: Box<dyn std::error::Error + Send + Sync>| Error::Unavailable { operation: BATCH, source };
        let mut send = self.sqs.client().send_message_batch().queue_url(queue);
        for (place, pointer) in batch {
            let body = serde_json::to_string(pointer).map_err(|error| unbuilt(Box::new(error)))?;
            let entry =
                SendMessageBatchRequestEntry::builder().id(place.to_string()).message_body(body).message_group_id(pointer.group()).build();
            send = send.entries(entry.map_err(|error| unbuilt(Box::new(error)))?);
        }
        let sent = send.send().await.map_err(Error::call(BATCH))?;
        Ok(sent.failed().iter().filter_map(|failed| failed.id().parse().ok()).collect())
    }

    fn queue_of(&self, pointer: &Pointer) -> Result<&str> {
        match pointer.kind() {
            Some(OutboxKind::Click) => self.urls.click_events.as_deref().ok_or(Error::NoQueue("click events")),
            _ => self.urls.events.as_deref().ok_or(Error::NoQueue("events")),
        }
    }

    /// The delay is rounded up to whole seconds, so that no attempt is early.
    pub(super) async fn send_attempt(&self, attempt: &AttemptMessage, wait_ms: i64) -> Result<()> {
        let queue = match attempt.lane {
            Lane::First => self.urls.deliveries.as_deref().ok_or(Error::NoQueue("deliveries"))?,
            Lane::Retries => self.urls.retries.as_deref().ok_or(Error::NoQueue("retries"))?,
        };
        let seconds = i32::try_from((wait_ms.max(0) + 999) / 1000).unwrap_or(MAX_DELAY_SECS).min(MAX_DELAY_SECS);
        self.send(queue, attempt, attempt.handle.as_str(), seconds).await
    }

    /// Sends a message of a group: SQS serves the groups of a queue fairly, so that one handle's backlog delays no other.
    async fn send(&self, queue: &str, message: &impl Serialize, group: &str, delay_seconds: i32) -> Result<()> {
        let body =
            serde_json::to_string(message).map_err(|error| Error::Unavailable { operation: "SendMessage", source: Box::new(error) })?;
        let send =
            self.sqs.client().send_message().queue_url(queue).message_body(body).message_group_id(group).delay_seconds(delay_seconds);
        send.send().await.map_err(Error::call("SendMessage"))?;
        Ok(())
    }
}

fn set(results: &mut [Option<Result<()>>], place: usize, result: Result<()>) {
    if let Some(slot) = results.get_mut(place) {
        *slot = Some(result);
    }
}
