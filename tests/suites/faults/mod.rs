//! Processes that die and services that fail.

pub(crate) mod answer_first;
pub(crate) mod chain;
pub(crate) mod first_start;
pub(crate) mod kill;
pub(crate) mod platform_secret;
pub(crate) mod rehearsals;
pub(crate) mod sweeping;
