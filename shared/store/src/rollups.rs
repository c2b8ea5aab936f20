//! Report cells: read by days; added to in the transaction that stores what they count.

mod cells;
mod count;

pub use cells::{Cells, Rollups};
pub use count::CountOutcome;

pub(crate) use cells::{MAX_COUNTERS, in_shard, parts};
pub(crate) use count::{ClickChange, contended_shard, count_once};
