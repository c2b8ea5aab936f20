//! The embedded SQS with what it lacks: messages that outlive the process, delays on the house's clock,
//! receive counts that survive a restart, and deletes that hold.
//!
//! The engine keeps who may receive what, visibility and long polls. Around it this module keeps, for every message
//! that is not deleted, its own id and counts ([`live`]), and the messages that nobody may see yet ([`later`]).

use std::{collections::HashMap, fs::File, path::Path, sync::Arc, time::Duration};

use rustack_sqs_core::{config::SqsConfig, provider::RustackSqs, queue::extract_queue_name};
use rustack_sqs_model::{error::SqsError, input::CreateQueueInput};

mod handler;
mod journal;
mod later;
mod live;
mod operations;
mod receive;
mod remove;
mod send;
#[cfg(test)]
mod tests;

pub(crate) use handler::Handler;
pub(crate) use receive::Want;
pub(crate) use send::Draft;

use crate::{
    Clock, Error,
    template::{QueueSpec, Site},
};
use journal::{Journal, Letter};
use later::Later;
use live::Live;

/// A data directory in use is tried this often, and this long apart.
const LOCK_TRIES: u32 = 100;
const LOCK_WAIT: Duration = Duration::from_millis(20);

/// All queues.
pub(crate) struct Queues {
    engine: Arc<RustackSqs>,
    queues: HashMap<String, Queue>,
    journal: Option<Journal>,
    clock: Clock,
    later_changed: tokio::sync::Notify,
}

/// One queue.
pub(crate) struct Queue {
    /// What the template says of it.
    pub(crate) spec: QueueSpec,
    live: Live,
    later: Later,
}

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages that the next receive may return.
    pub visible: usize,
    /// Messages that a consumer has in hand.
    pub in_flight: usize,
    /// Messages whose delay has not ended.
    pub delayed: usize,
}

impl Queues {
    /// Starts the engine with the template's queues and gives back to them what `folder`'s journal holds.
    pub(crate) async fn open(folder: Option<&Path>, site: &Site, port: u16, specs: &[QueueSpec], clock: Clock) -> Result<Self, Error> {
        let engine = RustackSqs::new(SqsConfig {
            skip_signature_validation: true,
            default_region: site.region.clone(),
            account_id: site.account.clone(),
            host: "127.0.0.1".to_owned(),
            port,
        });
        let mut queues = HashMap::new();
        for spec in specs {
            // Delay and redrive are kept here, so the engine only hears of visibility.
            let visibility = ("VisibilityTimeout".to_owned(), spec.visibility_secs.to_string());
            let input =
                CreateQueueInput { queue_name: spec.name.clone(), attributes: HashMap::from([visibility]), ..CreateQueueInput::default() };
            engine.create_queue(input).await?;
            let queue = Queue { spec: spec.clone(), live: Live::default(), later: Later::default() };
            queues.insert(spec.name.clone(), queue);
        }
        let (journal, letters) = match folder {
            Some(folder) => {
                let lock = lock(folder).await?;
                let (journal, letters) = Journal::open(&folder.join("messages.journal"), lock).map_err(Error::on(folder))?;
                (Some(journal), letters)
            }
            None => (None, Vec::new()),
        };
        let engine = Arc::new(engine);
        let later_changed = tokio::sync::Notify::new();
        let queues = Self { engine, queues, journal, clock, later_changed };
        queues.restore(letters).await?;
        Ok(queues)
    }

    async fn restore(&self, letters: Vec<Letter>) -> Result<(), SqsError> {
        if !letters.is_empty() {
            tracing::info!(messages = letters.len(), "messages restored");
        }
        for letter in letters {
            match self.queues.get(&letter.queue) {
                Some(queue) => self.place(queue, letter).await?,
                // It stays in the journal, for a template that knows its queue again.
                None => tracing::warn!(queue = letter.queue, "a message waits for a queue that is gone"),
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
        let (due, delayed) = queue.later.counts(now);
        let (visible, in_flight) = queue.live.counts();
        Depth { visible: visible + due, in_flight, delayed }
    }

    fn now(&self) -> i64 {
        (self.clock)()
    }

    fn note(&self, records: &[journal::Record]) {
        if let Some(journal) = &self.journal {
            journal.note(records);
        }
    }
}

/// Two journals over the same file would lose each other's messages. The lock goes with the journal's last write, so a
/// house that was dropped a moment ago is waited for.
#[expect(clippy::disallowed_methods, reason = "the lock may be held by another process, which tells nobody")]
async fn lock(folder: &Path) -> Result<File, Error> {
    let lock = File::create(folder.join("lock")).map_err(Error::on(folder))?;
    for _ in 0..LOCK_TRIES {
        if lock.try_lock().is_ok() {
            return Ok(lock);
        }
        tokio::time::sleep(LOCK_WAIT).await;
    }
    Err(Error::InUse(folder.to_owned()))
}
