//! The decision: the first rule of the trigger whose conditions hold, and why each before it did not.

use serde_json::{Value, json};

use super::{Action, ChainCondition, ChainRule, ChainRules, Session, SessionView, When};
use crate::links::rule_set::Condition;
use crate::values::id::DecisionId;
use crate::values::moment::Moment;
use crate::values::name::{Handle, RuleId, SessionId, Trigger};
use crate::values::secret::sha256;

/// A rule that was evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look<'a> {
    /// The rule.
    pub rule: &'a ChainRule,
    /// The first condition that did not hold, such as `all[0]`; none when the rule matched.
    pub failed: Option<String>,
    /// What it asks for.
    pub expected: Option<Value>,
    /// What the session has instead.
    pub actual: Option<Value>,
}

/// What a page is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The same for the same session, rules, trigger and moment.
    pub id: DecisionId,
    /// The rule that matched.
    pub rule: Option<&'a RuleId>,
    /// What to do.
    pub action: Action,
    /// Why, in a sentence.
    pub reason: String,
    /// Every rule evaluated, in order.
    pub looks: Vec<Look<'a>>,
    /// For how long a page may reuse it, in seconds.
    pub ttl_seconds: u32,
}

/// Decides what to do at a trigger.
pub fn decide<'a>(
    (handle, session_id): (&Handle, &SessionId),
    trigger: &'a Trigger,
    session: &Session,
    segments: &[String],
    rules: &'a ChainRules,
    now: Moment,
) -> Decision<'a> {
    let mut looks = Vec::new();
    let mut matched = None;
    for rule in rules.enabled().filter(|rule| rule.trigger == *trigger) {
        let unmet = first_unmet(rule, session, segments, now);
        let is_match = unmet.is_none();
        let (failed, expected, actual) = match unmet {
            None => (None, None, None),
            Some(Unmet { place, expected, actual }) => (Some(place), Some(expected), Some(actual)),
        };
        looks.push(Look { rule, failed, expected, actual });
        if is_match {
            matched = Some(rule);
            break;
        }
    }
    let reason = match (matched, looks.len()) {
        (Some(rule), _) => format!("rule {} matched", rule.rule_id),
        (None, 0) => format!("no rules for trigger {trigger}"),
        (None, many) => format!("none of {many} rules matched"),
    };
    Decision {
        id: id((handle, session_id), trigger, matched.map(|rule| &rule.rule_id), segments, session, now),
        rule: matched.map(|rule| &rule.rule_id),
        action: matched.map(|rule| rule.action.clone()).unwrap_or_default(),
        reason,
        looks,
        ttl_seconds: matched.map_or(0, |rule| rule.ttl_seconds),
    }
}

/// The moment, and the first ten bytes of SHA-256 over handle, session, trigger, rule (empty without one), segments (a comma
/// between two) and how many signals count, a line feed between two of these; none of them can hold either.
fn id(
    (handle, session_id): (&Handle, &SessionId),
    trigger: &Trigger,
    rule: Option<&RuleId>,
    segments: &[String],
    session: &Session,
    now: Moment,
) -> DecisionId {
    let (rule, segments, many) = (rule.map_or("", RuleId::as_str), segments.join(","), session.signals().len());
    let digest = sha256(format!("{handle}\n{session_id}\n{trigger}\n{rule}\n{segments}\n{many}").as_bytes());
    DecisionId::new(now, digest.iter().take(10).fold(0, |number, byte| (number << 8) | u128::from(*byte)))
}

struct Unmet {
    place: String,
    expected: Value,
    actual: Value,
}

fn first_unmet(rule: &ChainRule, session: &Session, segments: &[String], now: Moment) -> Option<Unmet> {
    let subject = SessionView { session, segments, now };
    let met = |condition: &&ChainCondition| condition.is_met(&subject);
    let actual = |condition: &ChainCondition| condition.actual(&subject);
    let When { all, any, none } = &rule.when;
    if let Some((index, condition)) = all.iter().enumerate().find(|(_, condition)| !met(condition)) {
        return Some(Unmet { place: format!("all[{index}]"), expected: condition.expected(), actual: actual(condition) });
    }
    if !any.is_empty() && !any.iter().any(|condition| met(&condition)) {
        return Some(Unmet { place: "any".to_owned(), expected: json!({"any": any}), actual: any.iter().map(actual).collect() });
    }
    let (index, condition) = none.iter().enumerate().find(|(_, condition)| met(condition))?;
    Some(Unmet { place: format!("none[{index}]"), expected: json!({"not": condition}), actual: actual(condition) })
}
