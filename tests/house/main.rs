//! One binary of tests over the whole house, a module per promise.

mod accounts;
mod analytics;
mod bootstraps;
mod clicks;
mod conversions;
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
