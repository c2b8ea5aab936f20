//! What every Lambda function needs, whether it serves HTTP, a queue or a schedule.
//!
//! - [`App`]: settings, store, platform keys, clock and randomness of one function; [`Inputs`]: the last two alone.
//! - [`settings`]: the environment, read once and checked before the first event.
//! - [`start`]: start-up on Lambda: one thread, JSON log lines.
//! - [`batch`]: SQS batches with partial failure reports.
//! - [`log`]: log lines with the ids of the work they belong to.
//! - [`telemetry`]: one line of metrics for each invocation.
//!
//! Nothing here knows HTTP APIs, JWTs or OpenAPI: that is `api`.

mod app;
mod keys;

pub mod batch;
pub mod log;
pub mod settings;
pub mod start;
pub mod telemetry;

pub use app::{App, Clock, Entropy, Inputs};
pub use keys::{KeysError, PlatformKeys};
pub use settings::{InvalidSettings, SecretSource, Settings, Variables};
