//! Sessions: signals that are only appended, with limits that hold under concurrent writers.

mod append;
mod impressions;
mod limits;
mod read;

pub use limits::Appended;
pub use read::{Sessions, StoredSession};
