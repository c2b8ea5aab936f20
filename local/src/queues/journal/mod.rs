//! The journal: messages that were accepted and not deleted survive the process.
//!
//! The embedded SQS stores messages in memory, so what it accepts is written here first. Sends wait for the disk;
//! receives and deletes do not, since losing one only means one more delivery.

use std::{fs::File, io, path::Path, thread};

use tokio::sync::{mpsc, oneshot};

mod record;
mod replay;
#[cfg(test)]
mod tests;
mod writer;

pub(super) use record::{Record, StoredMessage};
use writer::{Append, Writer};

/// A handle on the journal's writer; the writer ends when the last handle is dropped.
pub(super) struct Journal {
    entries: mpsc::UnboundedSender<Append>,
}

impl Journal {
    /// Opens the journal at `path` and returns the messages in it, oldest first; `lock` is held until it is closed.
    pub(super) fn open(path: &Path, lock: File) -> io::Result<(Self, Vec<StoredMessage>)> {
        let messages = replay::restore(path)?;
        let file = replay::rewrite(path, &messages)?;
        let writer = Writer::new(path.to_owned(), file, messages.len())?;
        let (entries, inbox) = mpsc::unbounded_channel();
        thread::Builder::new().name("journal".to_owned()).spawn(move || {
            writer.run(inbox);
            drop(lock);
        })?;
        Ok((Self { entries }, messages))
    }

    /// Records that `messages` were sent; they are on the disk when this returns.
    pub(super) async fn sent(&self, messages: &[StoredMessage]) -> io::Result<()> {
        let mut entry = Append { added: messages.len(), ..Append::default() };
        for message in messages {
            Record::Sent(message.clone()).write(&mut entry.lines)?;
        }
        let (done, written) = oneshot::channel();
        entry.waiting = Some(done);
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.entries.send(entry).map_err(|_| closed())?;
        written.await.map_err(|_| closed())?.map_err(io::Error::from)
    }

    /// Appends `records` without waiting for the disk.
    pub(super) fn append(&self, records: &[Record]) {
        let mut entry = Append::default();
        for record in records {
            if let Err(error) = record.write(&mut entry.lines) {
                tracing::error!(%error, "journal record not written");
                return;
            }
            entry.deleted += usize::from(matches!(record, Record::Deleted { .. }));
        }
        if self.entries.send(entry).is_err() {
            tracing::error!("journal is closed");
        }
    }
}
