//! The journal: every message that was accepted and not yet deleted survives the process.
//!
//! The embedded SQS keeps messages in memory, so what it accepts is written here first. Callers that
//! send wait for the disk; receives and deletes do not, since losing one only means one more delivery.

use std::{fs::File, io, path::Path, thread};

use tokio::sync::{mpsc, oneshot};

mod record;
mod replay;
#[cfg(test)]
mod tests;
mod writer;

pub(super) use record::{Letter, Record};
use writer::{Entry, Writer};

/// A handle on the journal's writer; the writer ends when the last handle is dropped.
pub(super) struct Journal {
    entries: mpsc::UnboundedSender<Entry>,
}

impl Journal {
    /// Opens the journal at `path` and gives back the messages in it, oldest first; `lock` is held until it is closed.
    pub(super) fn open(path: &Path, lock: File) -> io::Result<(Self, Vec<Letter>)> {
        let letters = replay::replay(path)?;
        let file = replay::rewrite(path, &letters)?;
        let writer = Writer::new(path.to_owned(), file, letters.len())?;
        let (entries, inbox) = mpsc::unbounded_channel();
        thread::Builder::new().name("journal".to_owned()).spawn(move || {
            writer.run(inbox);
            drop(lock);
        })?;
        Ok((Self { entries }, letters))
    }

    /// Writes that `letters` were sent; they are on the disk when this returns.
    pub(super) async fn sent(&self, letters: &[Letter]) -> io::Result<()> {
        let mut entry = Entry { added: letters.len(), ..Entry::default() };
        for letter in letters {
            Record::Sent(letter.clone()).write(&mut entry.lines)?;
        }
        let (done, written) = oneshot::channel();
        entry.waiting = Some(done);
        let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.entries.send(entry).map_err(|_| closed())?;
        written.await.map_err(|_| closed())?.map_err(io::Error::from)
    }

    /// Writes `records` soon, without anybody waiting.
    pub(super) fn note(&self, records: &[Record]) {
        let mut entry = Entry::default();
        for record in records {
            if let Err(error) = record.write(&mut entry.lines) {
                tracing::error!(%error, "journal record not written");
                return;
            }
            entry.struck += usize::from(matches!(record, Record::Deleted { .. }));
        }
        if self.entries.send(entry).is_err() {
            tracing::error!("journal is closed");
        }
    }
}
