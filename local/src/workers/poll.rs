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
    queues::{Queue, ReceiveOptions},
};

/// Concurrent invocations where the template sets no limit.
const DEFAULT_CONCURRENCY: usize = 4;

/// SQS's longest long poll.
const LONG_POLL: Duration = Duration::from_secs(20);

/// SQS's largest batch of a receive.
const RECEIVE: usize = 10;

/// Interval of receives while a batch window is open.
const GATHER_EVERY: Duration = Duration::from_millis(25);

/// Time until the next receive after one that failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Polls for one source until `stop` becomes true, then waits for the batches in progress.
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
            // The messages of a cancelled receive return after their visibility timeout.
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
    let counts = batch::deliver(server, source, queue, records).await;
    tracing::info!(
        messages = count,
        kept = counts.kept,
        us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        function = source.slot.spec.binary,
        "batch from {}",
        queue.spec.name
    );
}

/// The next batch: what is there, and what arrives within the window, up to the batch size.
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
            // What was received so far is delivered.
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

async fn receive(server: &LocalServer, queue: &Queue, limit: usize, wait: Duration) -> Result<Vec<Message>, SqsError> {
    let max_messages = i32::try_from(limit.min(RECEIVE)).unwrap_or(1);
    server.queues().receive(queue, ReceiveOptions { max_messages, wait, visibility_secs: None }).await
}

#[expect(clippy::disallowed_methods, reason = "pollers wait on the wall clock")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
