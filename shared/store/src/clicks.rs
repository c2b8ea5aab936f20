//! Clicks: counting, reading and restating them.

pub(crate) mod read;
pub(crate) mod restate;
pub(crate) mod write;
