//! The chain: what visitors did, told as signals, and what a page should do about it, decided from them (contract §11).
//!
//! Everything here is a function of the signals, the rules and the moment: the same three make the same decision, whoever asks.

mod action;
mod decision;
mod rule;
mod segment;
mod signal;
#[cfg(test)]
mod tests;

pub use action::{Action, ActionType};
pub use decision::{Decision, Look, decide};
pub use rule::{Condition, Rule, RuleBook, SegmentCondition, SignalCondition, When};
pub use segment::segments;
pub use signal::{
    Batch, Confidence, MAX_A_MINUTE, MAX_IN_A_BATCH, MAX_IN_A_SESSION, NewSignal, SIGNAL_DAYS, Session, Signal, SingleTrigger, Triggers,
};
