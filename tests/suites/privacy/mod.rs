//! Deletion of handles, and erasure and export of persons.

pub(crate) mod deletion;
pub(crate) mod erasure;
