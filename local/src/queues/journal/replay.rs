//! Reads a journal into the messages that were not deleted, and rewrites it without the others.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use super::record::{Record, StoredMessage};
use crate::private_files;

/// The messages in `path` that were not deleted, oldest first. A damaged journal is set aside, since what it is rewritten to lacks
/// the damaged lines.
pub(super) fn restore(path: &Path) -> io::Result<Vec<StoredMessage>> {
    let content = match fs::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut replayed = Replay::default();
    let mut damaged = 0_usize;
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        match serde_json::from_slice(line) {
            Ok(record) if line.ends_with(b"\n") => replayed.apply(record),
            Err(error) if line.ends_with(b"\n") || !error.is_eof() => damaged = damaged.saturating_add(1),
            // A last line without its line break is a write that was interrupted, so it was never acknowledged.
            Ok(_) | Err(_) => tracing::warn!(bytes = line.len(), "last journal line skipped: cut short"),
        }
    }
    if damaged > 0 {
        let kept = private_files::set_aside(path)?;
        tracing::error!(lines = damaged, kept = %kept.display(), "the journal has damaged lines: their messages are lost, it was set aside");
    }
    Ok(replayed.messages.into_values().collect())
}

/// Replaces `path` by a journal of just `messages`, and opens it for appending.
pub(super) fn rewrite(path: &Path, messages: &[StoredMessage]) -> io::Result<File> {
    let fresh = path.with_extension("new");
    let mut lines = Vec::new();
    for message in messages {
        Record::Sent(message.clone()).write(&mut lines)?;
    }
    let mut file = private_files::create(&fresh)?;
    file.write_all(&lines)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    if let Some(folder) = path.parent() {
        // The rename must be on the disk too.
        File::open(folder)?.sync_all()?;
    }
    File::options().append(true).open(path)
}

/// Messages in the order they were sent.
#[derive(Default)]
struct Replay {
    messages: BTreeMap<usize, StoredMessage>,
    positions: HashMap<String, usize>,
    next: usize,
}

impl Replay {
    fn apply(&mut self, record: Record) {
        match record {
            Record::Sent(message) => {
                self.positions.insert(message.id.clone(), self.next);
                self.messages.insert(self.next, message);
                self.next += 1;
            }
            Record::Received { id, at } => {
                if let Some(message) = self.find(&id) {
                    message.receives = message.receives.saturating_add(1);
                    message.first_received_at.get_or_insert(at);
                }
            }
            Record::Moved { id, queue } => {
                if let Some(message) = self.find(&id) {
                    message.queue = queue;
                }
            }
            Record::Deleted { id } => {
                if let Some(position) = self.positions.remove(&id) {
                    self.messages.remove(&position);
                }
            }
        }
    }

    fn find(&mut self, id: &str) -> Option<&mut StoredMessage> {
        self.positions.get(id).and_then(|position| self.messages.get_mut(position))
    }
}
