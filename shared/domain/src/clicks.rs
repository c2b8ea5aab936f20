//! Clicks: what is kept of one followed link, who made it, and the token that carries it to a conversion (specification §4, §6).

pub mod agent;
pub mod burst;
mod click;
pub mod ctx;
mod reason;

pub use click::{Click, truncated_address};
pub use reason::{Reason, Reasons};
