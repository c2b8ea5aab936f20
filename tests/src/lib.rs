//! The test environment: the local server in memory with a clock to set, seeded ids, callers, and faults to inject.
//!
//! The functions run the code they ship, against the embedded DynamoDB and SQS, through the gateway's own events. Every
//! call to AWS is checked against the calling function's IAM statements in the template, and every answer against the
//! OpenAPI document, so that each test is also a test of those.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a harness fails its test by panicking")]

mod answer;
mod callers;
mod clicks;
mod contract;
mod env;
pub mod events;
mod faults;
pub mod fixtures;
mod log;
pub mod messages;
pub mod operations;
mod policy;
mod programs;
mod random;
mod receiver;
mod story;

pub use answer::Answer;
pub use callers::{BROWSER, Caller, Visit};
pub use clicks::clicks_of_day;
pub use contract::{Contract, Exception, Sent};
pub use env::{TestEnv, TestEnvOptions};
pub use faults::{Fault, Faults, Fired, Rule};
pub use log::{Log, keep_metric_lines, metric_lines};
pub use programs::{FUNCTIONS, PAGES, programs};
pub use random::Random;
pub use receiver::{Behaviour, Posted, Receiver};
pub use story::{Invoke, Story};
