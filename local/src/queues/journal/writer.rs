//! The thread that owns the journal's file: one write and one `fdatasync` for all callers that wait.

use std::{
    fs::File,
    io::{self, Write},
    path::PathBuf,
};

use tokio::sync::{mpsc, oneshot};

use super::replay::{restore, rewrite};

/// Lines to append together.
#[derive(Default)]
pub(super) struct Append {
    /// The lines.
    pub(super) lines: Vec<u8>,
    /// How many messages they add.
    pub(super) added: usize,
    /// How many messages they delete.
    pub(super) deleted: usize,
    /// The caller to notify when they are on the disk.
    pub(super) waiting: Option<oneshot::Sender<Result<(), io::ErrorKind>>>,
}

/// A smaller journal is not compacted.
const MIN_COMPACTION_BYTES: u64 = 8 << 20;

/// Bytes after which a group is written.
const GROUP_BYTES: usize = 4 << 20;

/// The file, its length in bytes, and how many of its messages are not deleted.
pub(super) struct Writer {
    path: PathBuf,
    file: File,
    length: u64,
    live: usize,
    added: usize,
}

impl Writer {
    pub(super) fn new(path: PathBuf, file: File, live: usize) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { path, file, length, live, added: live })
    }

    /// Writes until the last handle is dropped.
    pub(super) fn run(mut self, mut entries: mpsc::UnboundedReceiver<Append>) {
        while let Some(mut group) = entries.blocking_recv() {
            let mut waiting: Vec<_> = group.waiting.take().into_iter().collect();
            while group.lines.len() < GROUP_BYTES
                && let Ok(entry) = entries.try_recv()
            {
                group.lines.extend_from_slice(&entry.lines);
                group.added += entry.added;
                group.deleted += entry.deleted;
                waiting.extend(entry.waiting);
            }
            let written = self.append(&group, !waiting.is_empty());
            if let Err(error) = &written {
                tracing::error!(%error, "journal not written");
            }
            for caller in waiting {
                // A caller may have been cancelled.
                let _ = caller.send(written.as_ref().copied().map_err(io::Error::kind));
            }
            if self.is_mostly_deleted()
                && let Err(error) = self.compact()
            {
                tracing::error!(%error, "journal not compacted");
            }
        }
    }

    fn append(&mut self, group: &Append, durable: bool) -> io::Result<()> {
        let appended = self.file.write_all(&group.lines);
        let appended = appended.and_then(|()| if durable { self.file.sync_data() } else { Ok(()) });
        if let Err(error) = appended {
            // A partial line must not become the beginning of the next one.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += group.lines.len() as u64;
        self.added += group.added;
        self.live = (self.live + group.added).saturating_sub(group.deleted);
        Ok(())
    }

    fn is_mostly_deleted(&self) -> bool {
        self.length > MIN_COMPACTION_BYTES && self.live.saturating_mul(4) < self.added
    }

    fn compact(&mut self) -> io::Result<()> {
        let messages = restore(&self.path)?;
        let file = rewrite(&self.path, &messages)?;
        *self = Self::new(std::mem::take(&mut self.path), file, messages.len())?;
        Ok(())
    }
}
