//! Sending clicks: those that wait at the same time share one message, so that durability costs no throughput.
//!
//! A visitor is answered only when the click is on the queue. Whoever finds a free sender takes every click that waits,
//! its own among them, and tells each how it went; whoever comes meanwhile waits for the next turn. One request at a time,
//! as on Lambda, is one message a click.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot::error::TryRecvError;
use tokio::sync::{Semaphore, oneshot};

use domain::clicks::Click;

use crate::Store;
use crate::error::{Error, Result};

/// Messages under way at once: one is filled while the others travel.
const SENDERS: usize = 2;
/// Clicks one message carries.
const MAX_CLICKS: usize = 100;
/// Bytes of clicks one message carries, of the 256 KiB it may have: a session's segments can make a click as large as 15 KB.
const LARGEST: usize = 250_000;

/// A message of the click queue.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClickMessage {
    /// Layout of this message.
    pub v: u8,
    /// The clicks.
    pub clicks: Vec<Click>,
}

/// The clicks that wait for a sender.
#[derive(Debug)]
pub(crate) struct Lane {
    waiting: Mutex<VecDeque<(String, oneshot::Sender<bool>)>>,
    senders: Semaphore,
}

impl Default for Lane {
    fn default() -> Self {
        Self { waiting: Mutex::default(), senders: Semaphore::new(SENDERS) }
    }
}

impl Lane {
    fn join(&self, click: String) -> oneshot::Receiver<bool> {
        let (told, hears) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back((click, told));
        hears
    }

    fn take(&self) -> Vec<(String, oneshot::Sender<bool>)> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = 0;
        let fits = |(click, _): &&(String, oneshot::Sender<bool>)| {
            let is_first = bytes == 0;
            bytes += click.len() + 1;
            is_first || bytes <= LARGEST
        };
        let many = waiting.iter().take(MAX_CLICKS).take_while(fits).count();
        waiting.drain(..many).collect()
    }
}

/// The message that carried a click could not be sent; the log says why.
#[derive(Debug, thiserror::Error)]
#[error("the message that carried this click could not be sent")]
struct SharedMessageLost;

impl Store {
    /// Queues a click, together with those that wait beside it.
    pub async fn send_click(&self, click: &Click) -> Result<()> {
        let json =
            serde_json::to_string(click).map_err(|error| Error::Unavailable { operation: "SendMessage", source: Box::new(error) })?;
        let mut hears = self.click_lane.join(json);
        loop {
            tokio::select! {
                biased;
                sent = &mut hears => return told(sent.unwrap_or(false)),
                permit = self.click_lane.senders.acquire() => {
                    // The turn before may have taken this click along; a turn that is full may leave it for the next.
                    let _permit = permit;
                    match hears.try_recv() {
                        Ok(sent) => return told(sent),
                        Err(TryRecvError::Closed) => return told(false),
                        Err(TryRecvError::Empty) => self.send_waiting().await,
                    }
                }
            }
        }
    }

    /// Sends what waits as one message and tells everybody in it.
    async fn send_waiting(&self) {
        let taken = self.click_lane.take();
        let clicks: Vec<&str> = taken.iter().map(|(click, _)| click.as_str()).collect();
        let sent = self.send_click_message(format!(r#"{{"v":1,"clicks":[{}]}}"#, clicks.join(","))).await;
        if let Err(error) = &sent {
            tracing::warn!(error = error as &dyn std::error::Error, clicks = clicks.len(), "click message could not be sent");
        }
        for (_, tell) in taken {
            // Whoever is gone by now no longer asks.
            let _ = tell.send(sent.is_ok());
        }
    }

    async fn send_click_message(&self, body: String) -> Result<()> {
        let queue = self.queues.clicks.as_deref().ok_or(Error::NoQueue("clicks"))?;
        let send = self.sqs.hasty().send_message().queue_url(queue).message_body(body);
        send.send().await.map_err(Error::call("SendMessage"))?;
        Ok(())
    }
}

fn told(sent: bool) -> Result<()> {
    if sent { Ok(()) } else { Err(Error::Unavailable { operation: "SendMessage", source: Box::new(SharedMessageLost) }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_takes_as_many_clicks_as_the_queue_lets_it_carry_and_leaves_none_behind() {
        for (size, most) in [(500, 100), (15_000, 16), (LARGEST, 1)] {
            let lane = Lane::default();
            let _hears: Vec<_> = (0..250).map(|_| lane.join("x".repeat(size))).collect();
            let taken: Vec<usize> = std::iter::from_fn(|| Some(lane.take().len()).filter(|many| *many > 0)).collect();
            assert_eq!((taken.iter().sum::<usize>(), taken.iter().max()), (250, Some(&most)), "clicks of {size} bytes");
        }
    }
}
