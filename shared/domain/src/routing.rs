//! The decision where a visitor goes; redirect and preview both call [`decide`] (specification §5).

mod preview;
mod rules;

use sha2::{Digest, Sha256};

use crate::links::conditions::{Conditions, RoutingCondition};
use crate::links::rules::RoutingRule;
use crate::links::visit::{BUCKETS, Visit};
use crate::links::{Closed, Link};
use crate::values::destination::Destination;
use crate::values::name::RuleId;

pub use preview::{DescribedVisit, MAX_VISITS, PreviewRequest, PreviewedVisits};
pub use rules::{PersonalizationRule, PersonalizationRules, Variant};

/// Where the visitor goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoutingOutcome<'a> {
    /// To one of the link's or rule's destinations.
    Follow(&'a Destination, Matched<'a>),
    /// The link is closed and has a fallback; no ctx is appended.
    Fallback(&'a Destination, Closed),
    /// The link is closed.
    Unavailable(Closed),
}

/// The rule that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched<'a> {
    /// A rule of the link.
    RoutingRule {
        /// Its index in the link's list.
        index: usize,
        /// The rule.
        rule: &'a RoutingRule,
    },
    /// A rule of the handle.
    PersonalizationRule {
        /// Its index in the order of evaluation.
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

    /// A short label for the ctx and the click: `r2` for the link's third rule, `p:de_rule` for a handle's rule.
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
    /// Its index in its list.
    pub index: usize,
    /// Its priority.
    pub priority: i64,
    /// Its conditions.
    pub conditions: &'a Conditions,
    /// The first condition that was not met; none when the rule matched.
    pub failed: Option<&'a RoutingCondition>,
}

/// Decides where `visit` goes; `explain` receives every rule that is evaluated, in order.
///
/// Order: the link's rules by ascending priority (equal ones in list order), then the handle's enabled rules by priority
/// and id, then the link's destination. The first rule whose conditions all hold wins.
pub fn decide<'a>(
    link: &'a Link,
    rules: &'a PersonalizationRules,
    visit: &Visit,
    clicks_used_up: bool,
    explain: impl FnMut(Step<'a>),
) -> RoutingOutcome<'a> {
    match link.closed(visit.at, clicks_used_up) {
        Some(closed) => match &link.settings.fallback_url {
            Some(fallback) => RoutingOutcome::Fallback(fallback, closed),
            None => RoutingOutcome::Unavailable(closed),
        },
        None => {
            let (destination, matched) = evaluate(link, rules, visit, explain);
            RoutingOutcome::Follow(destination, matched)
        }
    }
}

/// Where an open link leads `visit`: the part of [`decide`] that is left once the link is known not to be closed.
pub fn decide_open<'a>(link: &'a Link, rules: &'a PersonalizationRules, visit: &Visit) -> (&'a Destination, Matched<'a>) {
    evaluate(link, rules, visit, |_| {})
}

fn evaluate<'a>(
    link: &'a Link,
    rules: &'a PersonalizationRules,
    visit: &Visit,
    mut explain: impl FnMut(Step<'a>),
) -> (&'a Destination, Matched<'a>) {
    let bucket = || bucket(link, &visit.subject);
    for (index, rule) in by_priority(&link.settings.routing_rules) {
        let failed = rule.conditions.first_unmet(visit, &bucket);
        explain(Step { rule_id: None, index, priority: rule.priority, conditions: &rule.conditions, failed });
        if failed.is_none() {
            return (&rule.destination_url, Matched::RoutingRule { index, rule });
        }
    }
    for (index, rule) in rules.enabled().enumerate() {
        let failed = rule.when.first_unmet(visit, &bucket);
        explain(Step { rule_id: Some(&rule.rule_id), index, priority: rule.priority, conditions: &rule.when, failed });
        if failed.is_none() {
            return (&rule.variant.destination_url, Matched::PersonalizationRule { index, rule });
        }
    }
    (&link.settings.destination_url, Matched::Default)
}

/// The rules with their index in the list, lowest priority number first; the sort is stable, so ties keep list order.
fn by_priority(rules: &[RoutingRule]) -> Vec<(usize, &RoutingRule)> {
    let mut ordered: Vec<_> = rules.iter().enumerate().collect();
    ordered.sort_by_key(|(_, rule)| rule.priority);
    ordered
}

/// The visitor's stable bucket, below [`BUCKETS`]: the first eight bytes of SHA-256 over `handle/slug LF subject`, big endian, modulo.
pub fn bucket(link: &Link, subject: &str) -> u64 {
    let digest = Sha256::digest(format!("{}/{}\n{subject}", link.handle, link.slug));
    u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default()) % BUCKETS
}

#[cfg(test)]
mod tests;
