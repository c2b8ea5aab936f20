//! Deletion of handles, erasure and export of persons, and what is kept of visits and for how long.

pub(crate) mod deletion;
pub(crate) mod erasure;
pub(crate) mod logs;
pub(crate) mod retention;
