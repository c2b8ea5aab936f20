//! Conversions and their ledger.

pub(crate) mod accept;
mod corrections;
pub(crate) mod ledger;
pub(crate) mod repeat_submissions;
