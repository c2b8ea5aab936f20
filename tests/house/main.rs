//! One binary of tests over the whole house, a module per promise.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod accounts;
mod analytics;
mod audit;
mod bootstraps;
mod campaigns;
mod chain;
mod clicks;
mod conversions;
mod credit;
mod delivery_model;
mod document;
mod events;
mod export;
mod invariants;
mod isolation;
mod kill;
mod ledger;
mod limits;
mod links;
mod playbook;
mod preview;
mod quality;
mod redirect;
mod tokens;
mod webhooks;
