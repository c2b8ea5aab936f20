//! The decision: the first rule of the trigger whose conditions hold, and why each before it did not.

use serde_json::{Value, json};

use super::rule::{SegmentCondition, SignalCondition};
use super::{Action, Condition, Rule, RuleBook, Session};
use crate::id::DecisionId;
use crate::moment::Moment;
use crate::name::{Handle, RuleId, SessionId, Trigger};
use crate::secret::sha256_hex;

/// A rule that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The first condition that did not hold, such as `all[0]`; none when the rule matched.
    pub failed: Option<String>,
    /// What it asked for.
    pub expected: Option<Value>,
    /// What was there.
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
    /// Every rule looked at, in order.
    pub looks: Vec<Look<'a>>,
    /// For how long a page may go by it.
    pub ttl_seconds: u32,
}

/// Decides what to do at a trigger.
pub fn decide<'a>(
    (handle, session_id): (&Handle, &SessionId),
    trigger: &'a Trigger,
    session: &Session,
    segments: &[String],
    book: &'a RuleBook,
    now: Moment,
) -> Decision<'a> {
    let mut looks = Vec::new();
    let mut matched = None;
    for rule in book.of(trigger) {
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
    let told = (matched.map(|rule| &rule.rule_id), &segments, session.signals());
    let seen = sha256_hex(format!("{handle}|{session_id}|{trigger}|{told:?}").as_bytes());
    let random = seen.get(..20).and_then(|hex| u128::from_str_radix(hex, 16).ok()).unwrap_or_default();
    Decision {
        id: DecisionId::new(now, random),
        rule: matched.map(|rule| &rule.rule_id),
        action: matched.map(|rule| rule.action.clone()).unwrap_or_default(),
        reason,
        looks,
        ttl_seconds: matched.map_or(0, |rule| rule.ttl_seconds),
    }
}

struct Unmet {
    place: String,
    expected: Value,
    actual: Value,
}

fn first_unmet(rule: &Rule, session: &Session, segments: &[String], now: Moment) -> Option<Unmet> {
    let holds = |condition: &Condition| held(condition, session, segments, now);
    for (index, condition) in rule.when.all.iter().enumerate() {
        if let (false, expected, actual) = holds(condition) {
            return Some(Unmet { place: format!("all[{index}]"), expected, actual });
        }
    }
    if !rule.when.any.is_empty() && !rule.when.any.iter().any(|condition| holds(condition).0) {
        let seen: Vec<(bool, Value, Value)> = rule.when.any.iter().map(holds).collect();
        let expected = seen.iter().map(|(_, expected, _)| expected.clone()).collect();
        let actual = seen.iter().map(|(.., actual)| actual.clone()).collect();
        return Some(Unmet { place: "any".to_owned(), expected: Value::Array(expected), actual: Value::Array(actual) });
    }
    for (index, condition) in rule.when.none.iter().enumerate() {
        if let (true, expected, actual) = holds(condition) {
            return Some(Unmet { place: format!("none[{index}]"), expected: json!({"not": expected}), actual });
        }
    }
    None
}

/// Whether a condition holds, with what it asked for and what was there.
fn held(condition: &Condition, session: &Session, segments: &[String], now: Moment) -> (bool, Value, Value) {
    match condition {
        Condition::Segment(SegmentCondition { segment_in }) => {
            let is_one = segments.iter().any(|segment| segment_in.iter().any(|wanted| wanted.eq_ignore_ascii_case(segment)));
            (is_one, json!({"segmentIn": segment_in}), json!(segments))
        }
        Condition::Signals(SignalCondition { signal_key, signal_value_in, min_count, within_seconds, min_confidence }) => {
            let counts = session.signals().iter().filter(|signal| {
                let is_value = signal_value_in.is_empty()
                    || signal.value.as_ref().is_some_and(|value| signal_value_in.iter().any(|wanted| wanted.eq_ignore_ascii_case(value)));
                let is_recent = within_seconds.is_none_or(|seconds| now < signal.at.plus_secs(i64::from(seconds)));
                let is_sure = min_confidence.is_none_or(|least| signal.confidence >= least);
                signal.key == *signal_key && is_value && is_recent && is_sure
            });
            let count = counts.count();
            let is_enough = u32::try_from(count).is_ok_and(|count| count >= *min_count);
            (is_enough, json!({"signalKey": signal_key, "minCount": min_count}), json!({"count": count}))
        }
    }
}
