//! A poller for tests: one pass over what is visible, without waiting; the test may change each batch.

use std::time::Duration;

use aws_lambda_events::sqs::SqsMessage;
use rustack_sqs_model::types::Message;

use super::{Source, batch};
use crate::{
    Error, LocalServer,
    queues::{Queue, ReceiveOptions},
};

/// What draining a queue did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// Messages that were visible.
    pub received: usize,
    /// Invocations.
    pub batches: usize,
    /// Messages that were processed and deleted; a duplicate counts again.
    pub deleted: usize,
    /// Messages that failed and are visible again.
    pub failed: usize,
    /// Messages that the hook dropped and that are visible again.
    pub dropped: usize,
}

/// What a test does to a batch before the function sees it.
pub type Hook<'a> = &'a mut (dyn FnMut(Vec<SqsMessage>) -> Vec<SqsMessage> + Send);

/// Delivers what is visible now, in batches of at most `batch_size`. What failed or was dropped is visible again afterwards, as if its visibility timeout had passed.
pub(crate) async fn drain(server: &LocalServer, queue: &str, batch_size: usize, hook: Hook<'_>) -> Result<DrainReport, Error> {
    let queues = server.queues();
    let unknown = || Error::Unknown(queue.to_owned());
    let queue = queues.find(queue).ok_or_else(unknown)?;
    let source = server.sources().iter().find(|source| source.spec.queue_arn == queue.spec.arn).ok_or_else(unknown)?;
    let messages = all_visible(server, queue).await?;
    let mut report = DrainReport { received: messages.len(), ..DrainReport::default() };
    let mut messages = messages.into_iter().peekable();
    while messages.peek().is_some() {
        let records: Vec<_> =
            messages.by_ref().take(source.spec.batch_size.min(batch_size)).map(|message| batch::record(message, &queue.spec.arn)).collect();
        pass(server, source, queue, records, &mut *hook, &mut report).await?;
    }
    Ok(report)
}

async fn pass(
    server: &LocalServer,
    source: &Source,
    queue: &Queue,
    records: Vec<SqsMessage>,
    hook: Hook<'_>,
    report: &mut DrainReport,
) -> Result<(), Error> {
    let handles: Vec<String> = records.iter().filter_map(|record| record.receipt_handle.clone()).collect();
    let records = hook(records);
    let given = |handle: &&String| records.iter().any(|record| record.receipt_handle.as_ref() == Some(*handle));
    report.dropped += handles.len() - handles.iter().filter(given).count();
    if !records.is_empty() {
        let counts = batch::deliver(server, source, queue, records).await;
        report.batches += 1;
        report.deleted += counts.deleted;
        report.failed += counts.kept;
    }
    for handle in handles {
        // Fails for messages that are deleted by now, as it should.
        let _ = server.queues().hide(queue, handle, 0).await;
    }
    Ok(())
}

async fn all_visible(server: &LocalServer, queue: &Queue) -> Result<Vec<Message>, Error> {
    let options = ReceiveOptions { max_messages: 10, wait: Duration::ZERO, visibility_secs: None };
    let mut all = Vec::new();
    loop {
        let messages = server.queues().receive(queue, options).await?;
        if messages.is_empty() {
            return Ok(all);
        }
        all.extend(messages);
    }
}
