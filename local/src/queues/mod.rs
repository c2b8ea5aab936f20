//! The embedded SQS, and what its engine lacks: messages that survive the process, delays on the server's clock,
//! receive counts that survive a restart, and deletes under expired receipt handles.
//!
//! The engine implements visibility and long polls. Around it this module stores, for every message that is not
//! deleted, its own id and counts ([`tracked`]), and the messages that are still delayed ([`delayed`]).

use std::{collections::HashMap, fs::File, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use rustack_sqs_core::{config::SqsConfig, provider::RustackSqs, queue::extract_queue_name};
use rustack_sqs_model::{error::SqsError, input::CreateQueueInput};

mod delayed;
mod handler;
mod journal;
mod operations;
mod receive;
mod remove;
mod send;
#[cfg(test)]
mod tests;
mod tracked;

pub(crate) use handler::serve;
pub(crate) use receive::ReceiveOptions;
pub(crate) use send::NewMessage;

use crate::{
    Error, MillisClock, private_files,
    template::{QueueSpec, Site},
};
use delayed::DelayedMessages;
use journal::{Journal, StoredMessage};
use tracked::TrackedMessages;

/// Attempts to lock a data directory, and the time between two.
const LOCK_ATTEMPTS: u32 = 100;
const LOCK_INTERVAL: Duration = Duration::from_millis(20);

/// All queues.
pub(crate) struct EmbeddedQueues {
    engine: Arc<RustackSqs>,
    queues: HashMap<String, Queue>,
    journal: Option<Journal>,
    clock: MillisClock,
    delay_added: tokio::sync::Notify,
}

/// One queue.
pub(crate) struct Queue {
    /// Its part of the template.
    pub(crate) spec: QueueSpec,
    tracked: TrackedMessages,
    delayed: DelayedMessages,
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages that the next receive may return.
    pub visible: usize,
    /// Messages that a consumer has received and not deleted.
    pub in_flight: usize,
    /// Messages whose delay has not ended.
    pub delayed: usize,
}

impl EmbeddedQueues {
    /// Starts the engine with the template's queues and the messages of `folder`'s journal.
    pub(crate) async fn open(
        folder: Option<&Path>,
        site: &Site,
        address: SocketAddr,
        specs: &[QueueSpec],
        clock: MillisClock,
    ) -> Result<Self, Error> {
        let engine = RustackSqs::new(SqsConfig {
            skip_signature_validation: true,
            default_region: site.region.clone(),
            account_id: site.account.clone(),
            host: address.ip().to_string(),
            port: address.port(),
        });
        let mut queues = HashMap::new();
        for spec in specs {
            // Delay and redrive are implemented here, so the engine only gets the visibility timeout.
            let visibility = ("VisibilityTimeout".to_owned(), spec.visibility_secs.to_string());
            let input =
                CreateQueueInput { queue_name: spec.name.clone(), attributes: HashMap::from([visibility]), ..CreateQueueInput::default() };
            engine.create_queue(input).await?;
            let queue = Queue { spec: spec.clone(), tracked: TrackedMessages::default(), delayed: DelayedMessages::default() };
            queues.insert(spec.name.clone(), queue);
        }
        let (journal, messages) = match folder {
            Some(folder) => {
                let lock = lock(folder).await?;
                let (journal, messages) = Journal::open(&folder.join("messages.journal"), lock).map_err(Error::on(folder))?;
                (Some(journal), messages)
            }
            None => (None, Vec::new()),
        };
        let engine = Arc::new(engine);
        let delay_added = tokio::sync::Notify::new();
        let queues = Self { engine, queues, journal, clock, delay_added };
        queues.restore(messages).await?;
        Ok(queues)
    }

    async fn restore(&self, messages: Vec<StoredMessage>) -> Result<(), SqsError> {
        if !messages.is_empty() {
            tracing::info!(messages = messages.len(), "messages restored");
        }
        for message in messages {
            match self.queues.get(&message.queue) {
                Some(queue) => self.admit(queue, message).await?,
                // It stays in the journal, in case a later template has its queue again.
                None => tracing::warn!(queue = message.queue, "message of a queue that the template does not have"),
            }
        }
        Ok(())
    }

    /// The queue with this URL.
    pub(crate) fn by_url(&self, url: &str) -> Result<&Queue, SqsError> {
        let queue = extract_queue_name(url).and_then(|name| self.queues.get(name));
        queue.ok_or_else(|| SqsError::non_existent_queue("The specified queue does not exist."))
    }

    /// The queue with this ARN, template id or name.
    pub(crate) fn find(&self, name: &str) -> Option<&Queue> {
        let by_id = || self.queues.values().find(|queue| queue.spec.id == name);
        let short = name.rsplit(':').next().unwrap_or(name);
        self.queues.get(short).or_else(by_id)
    }

    /// How many messages `queue` holds.
    pub(crate) fn depth(&self, queue: &Queue) -> Depth {
        let now = (self.clock)();
        let (due, delayed) = queue.delayed.counts(now);
        let (visible, in_flight) = queue.tracked.counts();
        Depth { visible: visible + due, in_flight, delayed }
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }

    fn record(&self, records: &[journal::Record]) {
        if let Some(journal) = &self.journal {
            journal.append(records);
        }
    }
}

/// Locks a data directory: two journals on the same file would lose each other's messages. The lock is released after the
/// journal's last write, so this waits for a server that was dropped just before.
#[expect(clippy::disallowed_methods, reason = "nothing signals that another process released the lock")]
async fn lock(folder: &Path) -> Result<File, Error> {
    let lock = private_files::create(&folder.join("lock")).map_err(Error::on(folder))?;
    for _ in 0..LOCK_ATTEMPTS {
        if lock.try_lock().is_ok() {
            return Ok(lock);
        }
        tokio::time::sleep(LOCK_INTERVAL).await;
    }
    Err(Error::InUse(folder.to_owned()))
}
