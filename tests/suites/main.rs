//! One binary of tests over the whole server, a module per promise.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod accounts;
mod analytics;
mod audit;
mod bodies;
mod bootstraps;
mod campaigns;
mod chain;
mod chain_faults;
mod clicks;
mod confirmed;
mod conversions;
mod credit;
mod deliveries;
mod delivery_model;
mod document;
mod egress;
mod events;
mod export;
mod hooks;
mod invariants;
mod isolation;
mod kill;
mod ledger;
mod limits;
mod links;
mod lists;
mod notifications;
mod partner_manager;
mod pat;
mod playbook;
mod preview;
mod quality;
mod redirect;
mod sdk;
mod subscriptions;
mod tokens;
mod vectors;
mod webhooks;
