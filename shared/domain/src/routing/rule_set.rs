//! Rule books: all rules of one kind that a handle has, in the order in which they are looked at.

use serde::{Deserialize, Serialize};

use crate::values::name::RuleId;

/// Rules one book may have.
pub const MAX_RULES: usize = 100;
/// A book is one item, and an item may have 400 KB.
pub const MAX_BOOK: usize = 300 * 1024;

/// A rule that stands in a book.
pub trait BookRule {
    /// What messages call it, such as `chain rule`.
    const CALLED: &'static str;
    /// What audit events call it, such as `chain_rule`.
    const AUDITED: &'static str;

    /// Its name, once in a book.
    fn rule_id(&self) -> &RuleId;

    /// Its place: the lowest number is looked at first, equal ones by name.
    fn priority(&self) -> i64;

    /// Whether it is looked at.
    fn is_enabled(&self) -> bool;
}

/// All rules of one kind that a handle has; one item, so that one read brings them all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleBook<R> {
    rules: Vec<R>,
}

impl<R> Default for RuleBook<R> {
    fn default() -> Self {
        Self { rules: Vec::new() }
    }
}

impl<R: BookRule> RuleBook<R> {
    /// All rules in the order of evaluation.
    pub fn rules(&self) -> &[R] {
        &self.rules
    }

    /// Those that are looked at, in this order.
    pub(crate) fn enabled(&self) -> impl Iterator<Item = &R> {
        self.rules.iter().filter(|rule| rule.is_enabled())
    }

    /// Puts a rule in its place and gives back the one it replaces.
    pub fn insert(&mut self, rule: R) -> Option<R> {
        let before = self.remove(rule.rule_id());
        let place = self.rules.partition_point(|other| (other.priority(), other.rule_id()) < (rule.priority(), rule.rule_id()));
        self.rules.insert(place, rule);
        before
    }

    /// Takes a rule out.
    pub fn remove(&mut self, rule_id: &RuleId) -> Option<R> {
        let place = self.rules.iter().position(|rule| rule.rule_id() == rule_id)?;
        Some(self.rules.remove(place))
    }
}
