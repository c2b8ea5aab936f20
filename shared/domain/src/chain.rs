//! The chain: what visitors did, reported as signals, and what a page is to do about it, decided from them (specification §11).
//!
//! Everything here is a function of the signals, the rules and the moment: the same three make the same decision.

mod action;
mod body;
mod condition;
mod decision;
mod preview;
mod rule;
mod segment;
mod signal;
#[cfg(test)]
mod tests;

pub use action::{Action, ActionType};
pub use body::{NewSignal, Question, Questions, SignalBatch};
pub use condition::{ChainCondition, SegmentCondition, SessionView, SignalCondition};
pub use decision::{Decision, Look, decide};
pub use preview::ChainPreview;
pub use rule::{ChainRule, ChainRules, When};
pub use segment::segments;
pub use signal::{Confidence, MAX_A_MINUTE, MAX_IN_A_BATCH, MAX_IN_A_SESSION, SIGNAL_DAYS, Session, Signal};
