//! Reads a journal back into the messages that are still owed to somebody, and rewrites it without the rest.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use super::record::{Letter, Record};

/// The messages in `path` that were not deleted, oldest first.
///
/// A last line without its end is a write that was cut short, so nobody was told that it happened.
pub(super) fn replay(path: &Path) -> io::Result<Vec<Letter>> {
    let content = match fs::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut shelf = Shelf::default();
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        match serde_json::from_slice(line) {
            Ok(record) if line.ends_with(b"\n") => shelf.apply(record),
            Ok(_) | Err(_) => tracing::warn!(bytes = line.len(), "journal line skipped: cut short"),
        }
    }
    Ok(shelf.letters.into_values().collect())
}

/// Replaces `path` by a journal of just `letters`, and opens it for appending.
pub(super) fn rewrite(path: &Path, letters: &[Letter]) -> io::Result<File> {
    let fresh = path.with_extension("new");
    let mut lines = Vec::new();
    for letter in letters {
        Record::Sent(letter.clone()).write(&mut lines)?;
    }
    let mut file = File::create(&fresh)?;
    file.write_all(&lines)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    if let Some(folder) = path.parent() {
        // The new name itself must survive too.
        File::open(folder)?.sync_all()?;
    }
    File::options().append(true).open(path)
}

/// Messages by the order of their sending.
#[derive(Default)]
struct Shelf {
    letters: BTreeMap<usize, Letter>,
    places: HashMap<String, usize>,
    next: usize,
}

impl Shelf {
    fn apply(&mut self, record: Record) {
        match record {
            Record::Sent(letter) => {
                self.places.insert(letter.id.clone(), self.next);
                self.letters.insert(self.next, letter);
                self.next += 1;
            }
            Record::Received { id, at } => {
                if let Some(letter) = self.find(&id) {
                    letter.receives = letter.receives.saturating_add(1);
                    letter.first_received_at.get_or_insert(at);
                }
            }
            Record::Moved { id, queue } => {
                if let Some(letter) = self.find(&id) {
                    letter.queue = queue;
                }
            }
            Record::Deleted { id } => {
                if let Some(place) = self.places.remove(&id) {
                    self.letters.remove(&place);
                }
            }
        }
    }

    fn find(&mut self, id: &str) -> Option<&mut Letter> {
        self.places.get(id).and_then(|place| self.letters.get_mut(place))
    }
}
