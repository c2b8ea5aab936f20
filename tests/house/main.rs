//! One binary of tests over the whole house, a module per promise.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod accounts;
mod analytics;
mod audit;
mod bootstraps;
mod clicks;
mod conversions;
mod delivery_model;
mod document;
mod events;
mod invariants;
mod isolation;
mod kill;
mod limits;
mod links;
mod playbook;
mod preview;
mod redirect;
mod tokens;
