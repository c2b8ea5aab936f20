//! Reports: counters per day that every report is read from, so that its cost does not grow with clicks (specification §9).
//!
//! A cell is one day of one scope (a handle, a campaign, a link). All its counters are updated in one write together with
//! the raw records they count, so that in every cell, for every dimension, the rows add up to the totals.

pub mod campaign_health;
mod cell;
pub mod confidence;
mod counters;
mod dimension;
pub mod recount;
mod report;

pub use cell::{CellKey, CellScope, Selection, cells};
pub use counters::{Counts, MAX_KEYS, OTHER, Tally};
pub use dimension::{Dimension, NONE, Origin};
pub use report::{Figures, Report};

#[cfg(test)]
mod tests;
