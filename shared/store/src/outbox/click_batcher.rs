//! Sending clicks: clicks that wait at the same time share one message, so that durability costs no throughput.
//!
//! A visitor gets the response only when the click is on the queue. A request that finds a free sender takes all waiting
//! clicks, its own among them, sends them and replies to each with the result; requests that arrive meanwhile wait for the
//! next turn. With one request at a time, as on Lambda, each click is one message.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Semaphore, oneshot};

use domain::clicks::Click;
use domain::values::id::RequestId;
use domain::values::moment::Moment;
use domain::values::name::Handle;

use crate::error::{Error, Result};
use crate::invocation::request;
use crate::message_sender::MessageSender;
use crate::outbox::{MESSAGE_VERSION, Message};

/// Messages in flight at once: one is filled while the others are sent.
const SENDERS: usize = 2;
/// Clicks in one message: a worker gets up to a hundred messages at once and must count them within its timeout.
const MAX_CLICKS: usize = 25;
/// Bytes of clicks in one message, which SQS limits to 256 KiB: a session's segments can make a click as large as 15 KB.
const MAX_BYTES: usize = 250_000;

/// After a failure one click a second tries the queue, in milliseconds; the others fail at once, so that no visitor waits for a queue
/// that does not answer.
const RETRY_AFTER_MS: i64 = 1_000;

/// A message of the click queue.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClickMessage {
    /// Version of this message's layout.
    pub v: u8,
    /// The request of the visitor, in a message of one click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// The clicks.
    pub clicks: Vec<Click>,
}

impl Message for ClickMessage {
    fn version(&self) -> u8 {
        self.v
    }

    fn request_id(&self) -> Option<RequestId> {
        self.request_id
    }
}

/// The clicks that wait for a sender, as JSON, each with the channel of its result.
#[derive(Debug)]
pub(crate) struct ClickBatcher {
    waiting: Mutex<VecDeque<(String, oneshot::Sender<bool>)>>,
    senders: Semaphore,
    /// When the queue is tried again after a failure, in milliseconds; 0 while it works.
    retry_at: AtomicI64,
}

impl Default for ClickBatcher {
    fn default() -> Self {
        Self { waiting: Mutex::default(), senders: Semaphore::new(SENDERS), retry_at: AtomicI64::new(0) }
    }
}

impl ClickBatcher {
    fn enqueue(&self, click: String) -> oneshot::Receiver<bool> {
        let (reply, result) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back((click, reply));
        result
    }

    /// Whether a click may try the queue at this moment: after a failure only the first one of each second.
    fn may_try(&self, now_ms: i64) -> bool {
        let retry_at = self.retry_at.load(Ordering::Relaxed);
        let claim = || self.retry_at.compare_exchange(retry_at, now_ms + RETRY_AFTER_MS, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        retry_at == 0 || (retry_at <= now_ms && claim())
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
    pub(super) async fn send(&self, sender: &MessageSender, queue: &str, click: &Click, now: Moment) -> Result<()> {
        let json =
            serde_json::to_string(click).map_err(|error| Error::Unavailable { operation: "SendMessage", source: Box::new(error) })?;
        let now_ms = now.millis();
        if !self.may_try(now_ms) {
            return outcome(false);
        }
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
                        Err(TryRecvError::Empty) => {
                            let is_sent = self.send_batch(sender, queue, &click.handle, now).await;
                            self.retry_at.store(if is_sent { 0 } else { now_ms + RETRY_AFTER_MS }, Ordering::Relaxed);
                        }
                    }
                }
            }
        }
    }

    /// Sends waiting clicks as one message and reports the result to each; returns whether it was sent. The message counts for one
    /// handle when SQS shares the queue fairly: on Lambda it has one click.
    async fn send_batch(&self, sender: &MessageSender, queue: &str, handle: &Handle, now: Moment) -> bool {
        let batch = self.take_batch();
        let clicks: Vec<&str> = batch.iter().map(|(click, _)| click.as_str()).collect();
        // A message of several clicks is one of several requests.
        let request = request().filter(|_| clicks.len() == 1).map(|id| format!(r#""requestId":"{id}","#)).unwrap_or_default();
        let body = format!(r#"{{"v":{MESSAGE_VERSION},{request}"clicks":[{}]}}"#, clicks.join(","));
        let sent = sender.send(queue, &body, handle.as_str(), now).await;
        if let Err(error) = &sent {
            tracing::warn!(error = error as &dyn std::error::Error, clicks = clicks.len(), "click message could not be sent");
        }
        for (_, reply) in batch {
            // A request that was cancelled meanwhile no longer receives its result.
            let _ = reply.send(sent.is_ok());
        }
        sent.is_ok()
    }
}

fn outcome(is_sent: bool) -> Result<()> {
    if is_sent { Ok(()) } else { Err(Error::Unavailable { operation: "SendMessage", source: Box::new(BatchNotSent) }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_one_click_a_second_tries_the_queue() {
        let batcher = ClickBatcher::default();
        assert!(batcher.may_try(5_000) && batcher.may_try(5_000), "while it works, all do");
        batcher.retry_at.store(6_000, Ordering::Relaxed);
        assert_eq!([5_999, 6_000, 6_000, 6_999, 7_000, 7_001].map(|now| batcher.may_try(now)), [false, true, false, false, true, false]);
    }

    #[test]
    fn a_message_takes_as_many_clicks_as_the_queue_allows_and_leaves_none_behind() {
        for (size, most) in [(500, 25), (15_000, 16), (MAX_BYTES, 1)] {
            let batcher = ClickBatcher::default();
            let _results: Vec<_> = (0..250).map(|_| batcher.enqueue("x".repeat(size))).collect();
            let batches: Vec<usize> = std::iter::from_fn(|| Some(batcher.take_batch().len()).filter(|count| *count > 0)).collect();
            assert_eq!((batches.iter().sum::<usize>(), batches.iter().max()), (250, Some(&most)), "clicks of {size} bytes");
        }
    }
}
