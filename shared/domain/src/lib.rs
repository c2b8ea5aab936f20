//! Domain rules: pure and synchronous.
//!
//! Nothing here reads a clock, draws a random number, opens a socket or knows HTTP or AWS: time, randomness and
//! settings come in as arguments, decisions go out as enums. One module per noun; each uses only those above it:
//!
//! - [`values`]: ids, names, moments, money, URLs, secrets, and the reader of JSON bodies.
//! - [`accounts`]: handles, roles, plans, access tokens, audit events.
//! - [`links`]: tracked links and what their owners may set.
//! - [`clicks`]: recorded visits, bot detection, the signed context token.
//! - [`routing`]: where a visitor goes, and why.
//! - [`campaigns`]: goals, periods, credit, health.
//! - [`conversions`]: submissions, the ledger, explanations.
//! - [`chain`]: behavioural signals and the decisions made from them.
//! - [`webhooks`]: events, subscriptions, signatures, deliveries.
//! - [`reports`]: counters, reports, recounts, confidence.
//! - [`privacy`]: the records of a person, and what stays of them.

pub mod accounts;
pub mod campaigns;
pub mod chain;
pub mod clicks;
pub mod conversions;
pub mod links;
pub mod privacy;
pub mod reports;
pub mod routing;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod values;
pub mod webhooks;
