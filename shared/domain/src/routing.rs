//! The one decision where a visitor goes; redirect and preview both call [`decide`] (specification §5).

mod conditions;
mod preview;
pub mod rule_set;
mod rules;
pub mod visit;

use sha2::{Digest, Sha256};

use crate::links::{Closed, Link};
use crate::routing::visit::Visit;
use crate::values::destination::Destination;
use crate::values::name::RuleId;

pub(crate) use conditions::same;
pub use conditions::{Conditions, RoutingCondition, Subject};
pub use preview::DescribedVisit;
pub(crate) use rules::priority;
pub use rules::{PersonalizationRule, PersonalizationRules, RoutingRule, Variant};

/// Where the visitor goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// To one of the link's or rule's destinations.
    Follow(&'a Destination, Matched<'a>),
    /// The link is closed and names somewhere else to go; no context travels along.
    Fallback(&'a Destination, Closed),
    /// The link is closed.
    Unavailable(Closed),
}

/// Which rule decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched<'a> {
    /// A rule of the link.
    RoutingRule {
        /// Its place in the link's list.
        index: usize,
        /// The rule.
        rule: &'a RoutingRule,
    },
    /// A rule of the handle.
    PersonalizationRule {
        /// Its place in the order of evaluation.
        index: usize,
        /// The rule.
        rule: &'a PersonalizationRule,
    },
    /// None: the link's own destination.
    Default,
}

impl Matched<'_> {
    /// The conditions that were met.
    pub fn conditions(&self) -> Option<&Conditions> {
        match self {
            Self::RoutingRule { rule, .. } => Some(&rule.conditions),
            Self::PersonalizationRule { rule, .. } => Some(&rule.when),
            Self::Default => None,
        }
    }

    /// A short name for the context token and the click: `r2` for the link's third rule, `p:de_rule` for a handle's rule.
    pub fn label(&self) -> Option<String> {
        match self {
            Self::RoutingRule { index, .. } => Some(format!("r{index}")),
            Self::PersonalizationRule { rule, .. } => Some(format!("p:{}", rule.rule_id)),
            Self::Default => None,
        }
    }
}

/// A rule that was evaluated, for the explanation.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The handle's rule this is; none for a rule of the link.
    pub rule_id: Option<&'a RuleId>,
    /// Its place in its list.
    pub index: usize,
    /// Its priority.
    pub priority: i64,
    /// Its conditions.
    pub conditions: &'a Conditions,
    /// The first condition that was not met; none when the rule matched.
    pub failed: Option<&'a RoutingCondition>,
}

/// Decides where `visit` goes, reporting every rule evaluated to `explain`, in order.
///
/// Order: the link's rules by ascending priority (equal ones in list order), then the handle's enabled rules by priority
/// and id, then the link's destination. The first rule whose conditions all hold wins.
pub fn decide<'a>(
    link: &'a Link,
    rules: &'a PersonalizationRules,
    visit: &Visit,
    clicks_used_up: bool,
    mut explain: impl FnMut(Step<'a>),
) -> Outcome<'a> {
    if let Some(closed) = link.closed(visit.at, clicks_used_up) {
        return match &link.settings.fallback_url {
            Some(fallback) => Outcome::Fallback(fallback, closed),
            None => Outcome::Unavailable(closed),
        };
    }
    let bucket = || bucket(link, &visit.subject);
    for (index, rule) in by_priority(&link.settings.routing_rules) {
        let failed = rule.conditions.first_unmet(visit, &bucket);
        explain(Step { rule_id: None, index, priority: rule.priority, conditions: &rule.conditions, failed });
        if failed.is_none() {
            return Outcome::Follow(&rule.destination_url, Matched::RoutingRule { index, rule });
        }
    }
    for (index, rule) in rules.enabled().enumerate() {
        let failed = rule.when.first_unmet(visit, &bucket);
        explain(Step { rule_id: Some(&rule.rule_id), index, priority: rule.priority, conditions: &rule.when, failed });
        if failed.is_none() {
            return Outcome::Follow(&rule.variant.destination_url, Matched::PersonalizationRule { index, rule });
        }
    }
    Outcome::Follow(&link.settings.destination_url, Matched::Default)
}

/// The rules with their place in the list, lowest priority number first; the sort is stable, so ties keep list order.
fn by_priority(rules: &[RoutingRule]) -> Vec<(usize, &RoutingRule)> {
    let mut ordered: Vec<_> = rules.iter().enumerate().collect();
    ordered.sort_by_key(|(_, rule)| rule.priority);
    ordered
}

/// Ten-thousandths of all visitors.
pub const BUCKETS: u64 = 10_000;

/// The visitor's stable place among [`BUCKETS`]: the first eight bytes of SHA-256 over `handle/slug LF subject`, big endian, modulo.
pub fn bucket(link: &Link, subject: &str) -> u64 {
    let digest = Sha256::digest(format!("{}/{}\n{subject}", link.handle, link.slug));
    let first = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    first % BUCKETS
}

#[cfg(test)]
mod tests;
