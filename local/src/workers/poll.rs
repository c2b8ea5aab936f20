//! The pollers: receive, gather a batch, call the function, several batches at a time.

use std::{sync::Arc, time::Duration};

use rustack_sqs_model::{error::SqsError, types::Message};
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::Instant,
};

use super::{Source, batch, stopped};
use crate::{
    LocalServer,
    queues::{Queue, Want},
};

/// Invocations at a time where the template does not say.
const DEFAULT_CONCURRENCY: usize = 4;

/// SQS's longest wait for a message.
const LONG_POLL: Duration = Duration::from_secs(20);

/// SQS's largest receive.
const RECEIVE: usize = 10;

/// While a window is open, messages are fetched this often.
const GATHER_EVERY: Duration = Duration::from_millis(25);

/// A queue that cannot be received from is asked again after this long.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Polls for one source until `stop` says so, then lets the batches under way end.
pub(super) async fn run(server: LocalServer, source: Arc<Source>, mut stop: watch::Receiver<bool>) {
    let Some(queue) = server.queues().find(&source.spec.queue_arn) else { return };
    let permits = Arc::new(Semaphore::new(source.spec.concurrency.unwrap_or(DEFAULT_CONCURRENCY)));
    let mut batches = JoinSet::new();
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await.ok()?;
            Some((permit, gather(&server, &source, queue).await))
        };
        let next = tokio::select! {
            // A receive that is given up here leaves its messages to the visibility timeout.
            () = stopped(&mut stop) => break,
            next = next => next,
        };
        while batches.try_join_next().is_some() {}
        let Some((permit, messages)) = next else { break };
        match messages {
            Ok(messages) if messages.is_empty() => {}
            Ok(messages) => {
                let (server, source) = (server.clone(), Arc::clone(&source));
                batches.spawn(async move {
                    deliver(&server, &source, messages).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::error!(%error, queue = queue.spec.name, "cannot receive");
                pause(RETRY_AFTER).await;
            }
        }
    }
    while batches.join_next().await.is_some() {}
}

async fn deliver(server: &LocalServer, source: &Source, messages: Vec<Message>) {
    let Some(queue) = server.queues().find(&source.spec.queue_arn) else { return };
    let started = Instant::now();
    let count = messages.len();
    let arn = &queue.spec.arn;
    let records = messages.into_iter().map(|message| batch::record(message, arn)).collect();
    let outcome = batch::deliver(server, source, queue, records).await;
    tracing::info!(
        messages = count,
        kept = outcome.kept,
        us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        function = source.slot.spec.binary,
        "batch from {}",
        queue.spec.name
    );
}

/// The next batch: whatever is there, or, within the window, as much as the batch size allows.
async fn gather(server: &LocalServer, source: &Source, queue: &Queue) -> Result<Vec<Message>, SqsError> {
    let size = source.spec.batch_size;
    let mut batch = receive(server, queue, size, LONG_POLL).await?;
    if batch.is_empty() {
        return Ok(batch);
    }
    let until = Instant::now() + source.spec.window;
    while batch.len() < size {
        let more = match receive(server, queue, size - batch.len(), Duration::ZERO).await {
            Ok(more) => more,
            // What is in hand is delivered all the same.
            Err(_) => break,
        };
        let is_short = more.len() < RECEIVE;
        batch.extend(more);
        if is_short {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            pause(left.min(GATHER_EVERY)).await;
        }
    }
    Ok(batch)
}

async fn receive(server: &LocalServer, queue: &Queue, slot: usize, wait: Duration) -> Result<Vec<Message>, SqsError> {
    let messages = i32::try_from(slot.min(RECEIVE)).unwrap_or(1);
    server.queues().receive(queue, Want { messages, wait, visibility_secs: None }).await
}

#[expect(clippy::disallowed_methods, reason = "pollers wait on the wall clock")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
