//! Reports: counters per day that every report is read from, so that its cost does not grow with clicks (specification §9).
//!
//! A scope is a handle, a campaign or a link. What records add to a day of their scopes is a [`Delta`], stored in the transaction
//! that counts the records, and later folded into cells. A report adds up cells and deltas, so that it does not matter which of a
//! record's figures are where; for every dimension the rows add up to the totals.

pub mod campaign_health;
mod cell;
pub mod confidence;
mod counters;
mod delta;
mod dimension;
pub mod recount;
mod report;
mod rows;

pub use cell::{CellPart, CellScope, Selection};
pub use counters::{Counts, MAX_KEY_BYTES, MAX_KEYS, OTHER, Tally};
pub use delta::{Addition, Delta, is_worth_writing};
pub use dimension::{Dimension, NONE, Origin};
pub use report::{Figures, Report};
pub use rows::{MAX_CELL_BYTES, Rows};

#[cfg(test)]
mod tests;
