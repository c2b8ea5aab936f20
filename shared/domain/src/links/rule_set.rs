//! Rule sets: all rules of one kind that a handle has, in the order in which they are evaluated; and what is common to their conditions.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::values::name::RuleId;

/// Rules one set may have.
pub const MAX_RULES: usize = 100;
/// Bytes of JSON one set may have: a set is one item, and an item may have 400 KB.
pub const MAX_RULE_SET_BYTES: usize = 300 * 1024;

/// One thing a rule asks of its subject: of a visit when it routes, of a session when it is a rule of the chain.
pub trait Condition {
    /// What it is compared with.
    type Subject<'s>;

    /// Whether the subject is as it asks.
    fn is_met(&self, subject: &Self::Subject<'_>) -> bool;

    /// What it asks for, as explanations show it.
    fn expected(&self) -> Value;

    /// What the subject has instead, as explanations show it.
    fn actual(&self, subject: &Self::Subject<'_>) -> Value;
}

/// A rule of a set.
pub trait Rule {
    /// What messages call it, such as `chain rule`.
    const DISPLAY_NAME: &'static str;
    /// What audit events call it, such as `chain_rule`.
    const AUDIT_NAME: &'static str;

    /// Its name, unique in a set.
    fn rule_id(&self) -> &RuleId;

    /// Its place: the lowest number is evaluated first, equal ones by name.
    fn priority(&self) -> i64;

    /// Whether it is evaluated.
    fn is_enabled(&self) -> bool;
}

/// All rules of one kind that a handle has; stored as one item, so that one read brings them all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSet<R> {
    rules: Vec<R>,
}

impl<R> Default for RuleSet<R> {
    fn default() -> Self {
        Self { rules: Vec::new() }
    }
}

impl<R: Rule> RuleSet<R> {
    /// All rules in the order of evaluation.
    pub fn rules(&self) -> &[R] {
        &self.rules
    }

    /// Those that are evaluated, in this order.
    pub(crate) fn enabled(&self) -> impl Iterator<Item = &R> {
        self.rules.iter().filter(|rule| rule.is_enabled())
    }

    /// Adds a rule in its place and returns the one it replaces.
    pub fn insert(&mut self, rule: R) -> Option<R> {
        let before = self.remove(rule.rule_id());
        let place = self.rules.partition_point(|other| (other.priority(), other.rule_id()) < (rule.priority(), rule.rule_id()));
        self.rules.insert(place, rule);
        before
    }

    /// Removes a rule.
    pub fn remove(&mut self, rule_id: &RuleId) -> Option<R> {
        let place = self.rules.iter().position(|rule| rule.rule_id() == rule_id)?;
        Some(self.rules.remove(place))
    }
}
