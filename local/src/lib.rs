//! The whole house on one machine: gateway, embedded DynamoDB and SQS, pollers, schedules and the functions.
//!
//! Nothing is declared here: `template.yaml` says which tables, queues, routes, event sources and schedules there
//! are, and the code that is mounted is the code that runs on Lambda.
//!
//! - [`template`] reads what `template.yaml` declares.
//! - [`LocalServer`] opens the engines, gives each function its environment, and answers requests.
//! - `gateway` is the HTTP API: route table, event, answer.
//! - `queues` is the embedded SQS, with a journal so that messages outlive the process; `database` the embedded DynamoDB.
//! - `workers` calls functions for queues and schedules.
//! - [`jobs`] work over stored data: re-scoring, recounting, exporting, rotating keys.
//! - [`listen`] is a receiver of webhooks to look at.
//! - [`keys`], [`token`], [`settings`], [`demo`], [`shop`] and [`rooms`] are what the binary adds to a bare server.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

mod assembly;
mod database;
pub mod demo;
pub mod document;
mod error;
mod function_slot;
pub mod functions;
mod gateway;
mod http_server;
pub mod jobs;
pub mod keys;
pub mod listen;
mod queues;
mod server;
pub mod settings;
pub mod shop;
pub mod template;
pub mod token;
mod workers;

pub use error::Error;
pub use function_slot::{Function, HttpFunction, QueueFunction, ScheduleFunction};
pub use queues::Depth;
pub use server::{LocalServer, Options};
pub use workers::{DrainReport, Hook};

/// The project's template, so that the binary runs from any folder.
pub const TEMPLATE: &str = include_str!("../../template.yaml");

/// The time in milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The time by the machine's clock.
#[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
#[must_use]
pub fn wall_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
