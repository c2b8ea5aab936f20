//! Conversions and their ledger.
//!
//! The record, its idempotency key and its outbox entry are one item, accepted by one conditional write. Under
//! `CONV#handle#digest(key)` the sort key `A` has the conversion that holds the key. While it has `duePk` it is also an entry of
//! the outbox. Counting it adds it to its report cells and removes `duePk` in one transaction, so that it is counted exactly once
//! however often it is announced. When a key is used again after its year, the former conversion moves to its own sort key in
//! the same transaction: no accepted conversion is ever overwritten.

mod accept;
mod corrections;
pub(crate) mod ledger;
mod ledger_list;
mod process;
mod read;
mod repeat_submissions;
mod stored;

pub use accept::Accepted;
pub use ledger::{Adjusted, Ledger, StoredAdjustment};
pub use ledger_list::ledger_cursor_moment;
pub use process::Countable;
pub use read::{Conversions, Paged};
pub use repeat_submissions::RepeatSubmissions;
pub use stored::StoredConversion;

pub(crate) use stored::{CONFIRMED, stored};
