//! Sending clicks: clicks that wait at the same time share one message, so that durability costs no throughput.
//!
//! A visitor gets the response only when the click is on the queue. A request that finds a free sender takes all waiting
//! clicks, its own among them, sends them and replies to each with the result; requests that arrive meanwhile wait for the
//! next turn. With one request at a time, as on Lambda, each click is one message.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Semaphore, oneshot};

use domain::clicks::Click;

use crate::client::Sqs;
use crate::error::{Error, Result};

/// Messages in flight at once: one is filled while the others are sent.
const SENDERS: usize = 2;
/// Clicks in one message.
const MAX_CLICKS: usize = 100;
/// Bytes of clicks in one message, which SQS limits to 256 KiB: a session's segments can make a click as large as 15 KB.
const MAX_BYTES: usize = 250_000;

/// A message of the click queue.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClickMessage {
    /// Version of this message's layout.
    pub v: u8,
    /// The clicks.
    pub clicks: Vec<Click>,
}

/// The clicks that wait for a sender, as JSON, each with the channel of its result.
#[derive(Debug)]
pub(crate) struct ClickBatcher {
    waiting: Mutex<VecDeque<(String, oneshot::Sender<bool>)>>,
    senders: Semaphore,
}

impl Default for ClickBatcher {
    fn default() -> Self {
        Self { waiting: Mutex::default(), senders: Semaphore::new(SENDERS) }
    }
}

impl ClickBatcher {
    fn enqueue(&self, click: String) -> oneshot::Receiver<bool> {
        let (reply, result) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back((click, reply));
        result
    }

    fn take_batch(&self) -> Vec<(String, oneshot::Sender<bool>)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = 0;
        let fits = |(click, _): &&(String, oneshot::Sender<bool>)| {
            let is_first = bytes == 0;
            bytes += click.len() + 1;
            is_first || bytes <= MAX_BYTES
        };
        let count = waiting.iter().take(MAX_CLICKS).take_while(fits).count();
        waiting.drain(..count).collect()
    }
}

/// The message that carried a click could not be sent; the log has the cause.
#[derive(Debug, thiserror::Error)]
#[error("the message that carried this click could not be sent")]
struct BatchNotSent;

impl ClickBatcher {
    /// Sends a click to a queue, together with those that wait at the same time; returns when it is on the queue.
    pub(super) async fn send(&self, sqs: &Sqs, queue: &str, click: &Click) -> Result<()> {
        let json =
            serde_json::to_string(click).map_err(|error| Error::Unavailable { operation: "SendMessage", source: Box::new(error) })?;
        let mut result = self.enqueue(json);
        loop {
            tokio::select! {
                biased;
                sent = &mut result => return outcome(sent.unwrap_or(false)),
                permit = self.senders.acquire() => {
                    // The previous turn may have included this click; a full one may leave it to the next.
                    let _permit = permit;
                    match result.try_recv() {
                        Ok(sent) => return outcome(sent),
                        Err(TryRecvError::Closed) => return outcome(false),
                        Err(TryRecvError::Empty) => self.send_batch(sqs, queue).await,
                    }
                }
            }
        }
    }

    /// Sends waiting clicks as one message and reports the result to each.
    async fn send_batch(&self, sqs: &Sqs, queue: &str) {
        let batch = self.take_batch();
        let clicks: Vec<&str> = batch.iter().map(|(click, _)| click.as_str()).collect();
        let body = format!(r#"{{"v":1,"clicks":[{}]}}"#, clicks.join(","));
        let sent = sqs.low_latency().send_message().queue_url(queue).message_body(body).send().await;
        let sent = sent.map_err(Error::call("SendMessage"));
        if let Err(error) = &sent {
            tracing::warn!(error = error as &dyn std::error::Error, clicks = clicks.len(), "click message could not be sent");
        }
        for (_, reply) in batch {
            // A request that was cancelled meanwhile no longer receives its result.
            let _ = reply.send(sent.is_ok());
        }
    }
}

fn outcome(is_sent: bool) -> Result<()> {
    if is_sent { Ok(()) } else { Err(Error::Unavailable { operation: "SendMessage", source: Box::new(BatchNotSent) }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_takes_as_many_clicks_as_the_queue_allows_and_leaves_none_behind() {
        for (size, most) in [(500, 100), (15_000, 16), (MAX_BYTES, 1)] {
            let batcher = ClickBatcher::default();
            let _results: Vec<_> = (0..250).map(|_| batcher.enqueue("x".repeat(size))).collect();
            let batches: Vec<usize> = std::iter::from_fn(|| Some(batcher.take_batch().len()).filter(|count| *count > 0)).collect();
            assert_eq!((batches.iter().sum::<usize>(), batches.iter().max()), (250, Some(&most)), "clicks of {size} bytes");
        }
    }
}
