//! A world for tests: the local house in memory with a clock to set, seeded ids, callers as types, and faults to inject.
//!
//! The functions run the code they ship, against the embedded DynamoDB and SQS, through the gateway's own events. Every
//! call to AWS is checked against the calling function's IAM statements in the template, and every answer against the
//! OpenAPI document, so that each test is also a test of those.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a harness fails its test by panicking")]

mod answer;
mod callers;
mod contract;
mod env;
mod faults;
pub mod messages;
mod policy;
mod receiver;

pub use answer::Answer;
pub use callers::{BROWSER, Caller, Visit};
pub use contract::{Contract, Exception, Sent};
pub use env::{TestEnv, TestEnvOptions};
pub use faults::{Fault, Faults, Fired, Rule};
pub use receiver::{Behaviour, Posted, Receiver};
