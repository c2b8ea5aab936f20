//! Report cells: records are appended with their deltas, deltas are folded into cells, reports add up both.
//!
//! - **Append**: one transaction stores or changes records and puts one new item, the delta: what they add to the cells of their
//!   handle and day. It touches nothing another writer touches, so it neither conflicts nor depends on the size of a cell.
//! - **Fold**: when enough deltas have gathered, or the day is over, one transaction adds some of them to the cells, and records in the
//!   day's fold state that they are removed; then they are deleted. The transaction's condition is the version of the fold state, so
//!   of two folds at once one has no effect, and a fold that dies at any moment is either not begun or complete. A lease keeps workers
//!   from trying it at once.
//! - **Read**: a report is cells plus the deltas that are not removed. It reads the versions of the fold states before and after;
//!   when one has changed, it reads again, so that it never adds a delta to a cell that has it, nor misses it in both.
//!
//! Folding only reduces what a report reads: figures are exact without it.

mod append;
mod fold;
mod lease;
mod outstanding;
mod read;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use domain::values::moment::Day;
use domain::values::name::Handle;

use crate::dynamo::Database;
use crate::outbox::Outbox;

pub use append::CountOutcome;
pub use fold::FoldOutcome;
pub use read::Cells;

pub(crate) use append::{Appended, Entry};

/// Handle of the report cells: `store.rollups()`.
#[derive(Clone, Copy, Debug)]
pub struct Rollups<'a> {
    db: &'a Database,
    outbox: Outbox<'a>,
    scheduled: &'a ScheduledDays,
}

impl<'a> Rollups<'a> {
    pub(crate) fn new(db: &'a Database, outbox: Outbox<'a>, scheduled: &'a ScheduledDays) -> Self {
        Self { db, outbox, scheduled }
    }
}

/// The days whose fold this process has scheduled, so that it does so once.
#[derive(Debug, Default)]
pub(crate) struct ScheduledDays(Mutex<HashSet<(Handle, Day)>>);

impl ScheduledDays {
    /// Days remembered; beyond them all are forgotten and scheduled again, which has no further effect.
    const MAX: usize = 10_000;

    /// Whether a day is new here; it is not from then on.
    fn is_new(&self, handle: &Handle, day: Day) -> bool {
        let mut days = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if days.len() >= Self::MAX {
            days.clear();
        }
        days.insert((handle.clone(), day))
    }
}
