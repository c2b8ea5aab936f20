//! One binary of tests over the whole server, a module per promise.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod api;
mod console;
mod contract;
mod delivery;
mod faults;
mod privacy;
mod repo;
mod reporting;
