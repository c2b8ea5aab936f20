//! Rule sets: all rules of one kind that a handle has, in the order in which they are evaluated; and what is common to their conditions.

use serde::de::DeserializeOwned;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};
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

/// The name of a damaged rule whose own cannot be read.
const UNNAMED: &str = "unnamed";

/// All rules of one kind that a handle has; stored as one item, so that one read brings them all.
///
/// A rule that cannot be decoded is evaluated nowhere and disables no other. It stays in the set as it is stored, until a rule of
/// its name replaces it or it is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSet<R> {
    rules: Vec<R>,
    damaged: Vec<Value>,
}

impl<R> Default for RuleSet<R> {
    fn default() -> Self {
        Self { rules: Vec::new(), damaged: Vec::new() }
    }
}

impl<R: Serialize> Serialize for RuleSet<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Entry<'s, R> {
            Rule(&'s R),
            Damaged(&'s Value),
        }
        let rules: Vec<Entry<'_, R>> = self.rules.iter().map(Entry::Rule).chain(self.damaged.iter().map(Entry::Damaged)).collect();
        let mut set = serializer.serialize_struct("RuleSet", 1)?;
        set.serialize_field("rules", &rules)?;
        set.end()
    }
}

impl<R: DeserializeOwned> RuleSet<R> {
    /// Reads a set from the text that is stored, each rule by itself if need be. A text that is no set at all is one damaged rule.
    pub fn restore(text: &str) -> Self {
        #[derive(Deserialize)]
        struct Stored<T> {
            rules: Vec<T>,
        }
        // Nearly always every rule can be decoded, and then without a detour through values.
        if let Ok(Stored { rules }) = serde_json::from_str(text) {
            return Self { rules, damaged: Vec::new() };
        }
        let Ok(Stored::<Value> { rules: values }) = serde_json::from_str(text) else {
            return Self { rules: Vec::new(), damaged: vec![text.into()] };
        };
        let mut set = Self::default();
        for value in values {
            match R::deserialize(&value) {
                Ok(rule) => set.rules.push(rule),
                Err(_) => set.damaged.push(value),
            }
        }
        set
    }
}

impl<R> RuleSet<R> {
    /// The names of the rules that cannot be decoded, in the order of the set.
    pub fn damaged(&self) -> impl Iterator<Item = &str> {
        self.damaged.iter().map(name_of)
    }

    /// Removes the damaged rules of this name; returns whether there were any.
    pub fn remove_damaged(&mut self, rule_id: &RuleId) -> bool {
        let before = self.damaged.len();
        self.damaged.retain(|rule| name_of(rule) != rule_id.as_str());
        self.damaged.len() < before
    }

    /// How many rules there are, damaged ones included.
    pub fn size(&self) -> usize {
        self.rules.len() + self.damaged.len()
    }
}

/// The name of a damaged rule, if it is one by which a request can address it.
fn name_of(rule: &Value) -> &str {
    let name = rule.get("ruleId").and_then(Value::as_str).filter(|name| name.parse::<RuleId>().is_ok());
    name.unwrap_or(UNNAMED)
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

    /// Adds a rule in its place and returns the one it replaces; damaged ones of its name are replaced as well.
    pub fn insert(&mut self, rule: R) -> Option<R> {
        let before = self.remove(rule.rule_id());
        self.remove_damaged(rule.rule_id());
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
