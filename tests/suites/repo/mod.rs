//! The repository itself: layers, dependencies, template, what operators rely on, and what former versions stored.

pub(crate) mod invariants;
mod monitoring;
mod versions;
