//! The queues: their addresses and what is sent to them.

use serde::Serialize;

use domain::clicks::Click;

use crate::client::{AwsConnection, Sqs};
use crate::error::{Error, Result};
use crate::outbox::attempt_message::{AttemptMessage, Lane};
use crate::outbox::click_batcher::ClickBatcher;
use crate::outbox::pointer::Pointer;

/// The longest delay of a message in seconds (SQS).
const MAX_DELAY_SECS: i32 = 900;

/// Addresses of the queues; a function has only those it sends to.
#[derive(Clone, Debug, Default)]
pub struct QueueUrls {
    /// Clicks to be counted.
    pub clicks: Option<String>,
    /// Outbox entries to be processed by the event worker.
    pub events: Option<String>,
    /// First attempts of deliveries.
    pub deliveries: Option<String>,
    /// Later attempts and those to slow endpoints, so that they delay no others.
    pub retries: Option<String>,
}

/// The clients and addresses of the queues.
#[derive(Debug)]
pub(crate) struct QueueClients {
    sqs: Sqs,
    urls: QueueUrls,
    click_batcher: ClickBatcher,
}

impl QueueClients {
    pub(crate) fn new(connection: AwsConnection, urls: QueueUrls) -> Self {
        Self { sqs: Sqs::new(connection), urls, click_batcher: ClickBatcher::default() }
    }

    /// Sends a click; returns when it is on the queue.
    pub(crate) async fn send_click(&self, click: &Click) -> Result<()> {
        let queue = self.urls.clicks.as_deref().ok_or(Error::NoQueue("clicks"))?;
        self.click_batcher.send(&self.sqs, queue, click).await
    }

    pub(super) async fn send_pointer(&self, pointer: &Pointer, delay_seconds: i32) -> Result<()> {
        let queue = self.urls.events.as_deref().ok_or(Error::NoQueue("events"))?;
        self.send(queue, pointer, delay_seconds).await
    }

    /// The delay is rounded up to whole seconds, so that no attempt is early.
    pub(super) async fn send_attempt(&self, attempt: &AttemptMessage, wait_ms: i64) -> Result<()> {
        let queue = match attempt.lane {
            Lane::First => self.urls.deliveries.as_deref().ok_or(Error::NoQueue("deliveries"))?,
            Lane::Retries => self.urls.retries.as_deref().ok_or(Error::NoQueue("retries"))?,
        };
        let seconds = i32::try_from((wait_ms.max(0) + 999) / 1000).unwrap_or(MAX_DELAY_SECS).min(MAX_DELAY_SECS);
        self.send(queue, attempt, seconds).await
    }

    async fn send(&self, queue: &str, message: &impl Serialize, delay_seconds: i32) -> Result<()> {
        let body =
            serde_json::to_string(message).map_err(|error| Error::Unavailable { operation: "SendMessage", source: Box::new(error) })?;
        let send = self.sqs.standard().send_message().queue_url(queue).message_body(body).delay_seconds(delay_seconds);
        send.send().await.map_err(Error::call("SendMessage"))?;
        Ok(())
    }
}
