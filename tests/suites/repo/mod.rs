//! The repository itself: layers, dependencies, template.

pub(crate) mod invariants;
