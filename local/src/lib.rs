//! The whole system in one process: HTTP gateway, embedded DynamoDB and SQS, queue pollers, schedules and the functions.
//!
//! Nothing is declared here: `template.yaml` says which tables, queues, routes, event sources and schedules there
//! are, and the code that is mounted is the code that runs on Lambda.
//!
//! | module | what it is |
//! |---|---|
//! | [`template`] | reads the tables, queues and functions that `template.yaml` declares |
//! | `server` | [`LocalServer`]: starts the engines, gives each function its environment, answers requests |
//! | [`functions`] | mounts every function of the project in its slot |
//! | `gateway` | the HTTP API: route table, request event, response |
//! | `database` | the embedded DynamoDB |
//! | `queues` | the embedded SQS, with a journal so that messages survive the process |
//! | `workers` | calls functions for queues and schedules |
//! | `http_server` | HTTP/1.1 on a listener, with a graceful stop |
//! | [`jobs`] | offline jobs: re-scoring, recounting, exporting, rotating keys |
//! | [`webhook_receiver`] | verifies and prints webhooks, for `listen` |
//! | [`login`] | the identity provider of this machine, for the console |
//! | [`demo`] | the handle `demo`, its users, and the demo shop |
//! | [`settings`], [`keys`], [`token`] | variables, secrets and access tokens of a server on this machine |
//! | [`private_files`] | files and directories that only their owner can read |
//! | [`document`] | the OpenAPI document |
//!
//! The binary's commands are in `cli`.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

mod database;
pub mod demo;
pub mod document;
mod error;
pub mod functions;
mod gateway;
mod http_server;
pub mod jobs;
pub mod keys;
pub mod login;
pub mod private_files;
mod queues;
mod server;
pub mod settings;
pub mod template;
pub mod token;
pub mod webhook_receiver;
mod workers;

pub use error::Error;
pub use functions::slot::{Function, HttpFunction, QueueFunction, ScheduleFunction};
pub use queues::Depth;
pub use server::{LocalServer, Options};
pub use workers::{DrainReport, Hook};

/// The project's template, so that the binary runs from any folder.
pub const TEMPLATE: &str = include_str!("../../template.yaml");

/// A clock: milliseconds since 1970-01-01T00:00:00Z.
pub type MillisClock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The machine's wall clock, in milliseconds since 1970-01-01T00:00:00Z.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock; everything else is given a clock")]
#[must_use]
pub fn wall_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
