//! Damage of the database's files, found before they are used.
//!
//! SQLite's check finds a damaged structure; a changed byte within a stored value it cannot see. SQLite ends its write-ahead log at
//! the first frame whose checksum is wrong and overwrites what follows, so damage there is looked for here.

use std::{fs, io, path::Path};

use rusqlite::Connection;

use crate::{Error, private_files};

/// Refuses a damaged database, and sets a damaged write-ahead log aside before SQLite shortens it.
///
/// # Errors
/// When the database is damaged, or a file cannot be read or set aside.
pub(super) fn examine(database: &Path, log: &Path) -> Result<(), Error> {
    let content = match fs::read(log) {
        Ok(content) => content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::on(log)(error)),
    };
    if is_damaged(&content) {
        let kept = private_files::set_aside(log).map_err(Error::on(log))?;
        tracing::error!(
            kept = %kept.display(),
            "the database's write-ahead log is damaged: what was written after the damage is lost, the log was set aside"
        );
    }
    let finding = Connection::open(database)
        .and_then(|connection| connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0)))
        .unwrap_or_else(|error| error.to_string());
    if finding == "ok" { Ok(()) } else { Err(Error::DamagedDatabase { path: database.to_owned(), finding }) }
}

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The magic number of a log whose checksums read little-endian words; that of big-endian words is one more.
const LITTLE_ENDIAN: u32 = 0x377f_0682;

/// Whether a write-ahead log has committed transactions after a frame that SQLite does not accept.
///
/// Without damage there are none: what a kill interrupted, or a rollback left, has no commit. Frames of an earlier use of the file
/// have another salt. The format is that of <https://www.sqlite.org/fileformat2.html#walformat>.
fn is_damaged(log: &[u8]) -> bool {
    let Some((header, frames)) = log.split_at_checked(HEADER_BYTES) else { return false };
    let Some(format) = Format::of(header) else { return !frames.is_empty() };
    let mut checksum = format.checksum;
    let mut is_valid = true;
    for frame in frames.chunks_exact(FRAME_HEADER_BYTES.saturating_add(format.page_bytes)) {
        let (head, page) = frame.split_at(FRAME_HEADER_BYTES);
        let is_of_this_use = head.get(8..16) == Some(format.salt);
        if is_valid {
            checksum = format.sum(format.sum(checksum, head.get(..8).unwrap_or_default()), page);
            is_valid = is_of_this_use && stored_checksum(head, 16) == Some(checksum);
        } else if is_of_this_use && word(head, 4).is_some_and(|pages| pages != 0) {
            return true;
        }
    }
    false
}

/// What the header of a write-ahead log says.
struct Format<'a> {
    word: fn([u8; 4]) -> u32,
    page_bytes: usize,
    salt: &'a [u8],
    checksum: (u32, u32),
}

impl<'a> Format<'a> {
    /// None when the header is damaged.
    fn of(header: &'a [u8]) -> Option<Self> {
        let word_order = match word(header, 0)?.checked_sub(LITTLE_ENDIAN)? {
            0 => u32::from_le_bytes,
            1 => u32::from_be_bytes,
            _ => return None,
        };
        let page_bytes = usize::try_from(word(header, 8)?).ok()?;
        let format = Self { word: word_order, page_bytes, salt: header.get(16..24)?, checksum: stored_checksum(header, 24)? };
        (format.sum((0, 0), header.get(..24)?) == format.checksum).then_some(format)
    }

    fn sum(&self, (mut first, mut second): (u32, u32), bytes: &[u8]) -> (u32, u32) {
        let (pairs, _) = bytes.as_chunks::<8>();
        for [a, b, c, d, e, f, g, h] in pairs {
            first = first.wrapping_add((self.word)([*a, *b, *c, *d])).wrapping_add(second);
            second = second.wrapping_add((self.word)([*e, *f, *g, *h])).wrapping_add(first);
        }
        (first, second)
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_be_bytes(*word))
}

fn stored_checksum(bytes: &[u8], at: usize) -> Option<(u32, u32)> {
    Some((word(bytes, at)?, word(bytes, at.checked_add(4)?)?))
}
