//! Chain rules: at which trigger, after which signals, what a page is to do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Action;
use super::Confidence;
use crate::routing::rule_set::{self, BookRule};
use crate::values::destination::OwnHosts;
use crate::values::form::{self, Faults, Form, Notes, Unknown};
use crate::values::name::{RuleId, SignalKey, Trigger};

const MAX_CONDITIONS: usize = 20;
const MAX_VALUES: usize = 50;
/// Seconds a page may go by a decision when its rule does not say.
const DEFAULT_TTL_SECS: u32 = 300;

/// What a rule asks of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", schema(as = ChainCondition))]
pub enum Condition {
    /// So many signals of a kind.
    Signals(SignalCondition),
    /// A segment.
    Segment(SegmentCondition),
}

/// So many signals of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignalCondition {
    /// Of this key.
    pub signal_key: SignalKey,
    /// With one of these values, compared case-insensitively.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signal_value_in: Vec<String>,
    /// At least so many.
    #[serde(default = "one")]
    pub min_count: u32,
    /// Not longer ago than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_seconds: Option<u32>,
    /// At least so sure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_confidence: Option<Confidence>,
}

/// One of some segments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SegmentCondition {
    /// These.
    pub segment_in: Vec<String>,
}

fn one() -> u32 {
    1
}

impl Condition {
    fn read(form: &mut Form<'_>) -> Option<Self> {
        if form.has("segmentIn") {
            if form.is_empty_list("segmentIn") {
                form.fault("segmentIn", "must name a segment");
            }
            let segment_in = form.list("segmentIn", MAX_VALUES, form::text_up_to(64));
            return Some(Self::Segment(SegmentCondition { segment_in }));
        }
        let count = |value| form::integer(1, 200)(value).map(|count| u32::try_from(count).unwrap_or(1));
        let seconds = |value| form::integer(1, 30 * 86_400)(value).map(|seconds| u32::try_from(seconds).unwrap_or(1));
        let signal_key = form.required("signalKey", form::parsed);
        let signal_value_in = form.list("signalValueIn", MAX_VALUES, form::text_up_to(256));
        let min_count = form.optional("minCount", count).unwrap_or(1);
        let within_seconds = form.optional("withinSeconds", seconds);
        let min_confidence = form.optional("minConfidence", Confidence::read);
        Some(Self::Signals(SignalCondition { signal_key: signal_key?, signal_value_in, min_count, within_seconds, min_confidence }))
    }
}

/// What must hold for a rule to match; a rule that asks nothing always does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ChainWhen))]
pub struct When {
    /// Every one of these.
    #[serde(default)]
    pub all: Vec<Condition>,
    /// At least one of these, if there are any.
    #[serde(default)]
    pub any: Vec<Condition>,
    /// Not one of these.
    #[serde(default)]
    pub none: Vec<Condition>,
}

/// A rule of a handle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", schema(as = ChainRule))]
pub struct Rule {
    /// Its name.
    pub rule_id: RuleId,
    /// When it is looked at.
    pub trigger: Trigger,
    /// The lowest number is looked at first, equal ones by id.
    pub priority: i64,
    /// Whether it is looked at.
    pub enabled: bool,
    /// What it asks.
    pub when: When,
    /// What the page is to do.
    pub action: Action,
    /// For how long a page may go by it.
    pub ttl_seconds: u32,
}

impl Rule {
    /// Reads the body of a rule write.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(rule_id: RuleId, body: Value, own: &OwnHosts) -> Result<Self, Faults> {
        let notes = Notes::default();
        let read = Form::open(body, Unknown::Refuse, &notes).and_then(|mut form| {
            let rule = Self::fields(rule_id, &mut form, own);
            form.close();
            rule
        });
        notes.settle(read)
    }

    fn fields(rule_id: RuleId, form: &mut Form<'_>, own: &OwnHosts) -> Option<Self> {
        let trigger = form.required("trigger", form::parsed);
        let priority = form.optional("priority", form::integer(0, 1_000_000)).unwrap_or(0);
        let enabled = form.optional("enabled", form::boolean).unwrap_or(true);
        let when = form.object("when", |when| {
            Some(When {
                all: when.objects("all", MAX_CONDITIONS, Condition::read),
                any: when.objects("any", MAX_CONDITIONS, Condition::read),
                none: when.objects("none", MAX_CONDITIONS, Condition::read),
            })
        });
        if !form.has("action") {
            form.fault("action", "is required: {type, …}");
        }
        let action = form.object("action", |action| Action::read(action, own));
        let ttl = form.optional("ttlSeconds", form::integer(0, 86_400)).and_then(|ttl| u32::try_from(ttl).ok());
        let ttl_seconds = ttl.unwrap_or(DEFAULT_TTL_SECS);
        Some(Self { rule_id, trigger: trigger?, priority, enabled, when: when.unwrap_or_default(), action: action?, ttl_seconds })
    }
}

impl BookRule for Rule {
    const CALLED: &'static str = "chain rule";
    const AUDITED: &'static str = "chain_rule";

    fn rule_id(&self) -> &RuleId {
        &self.rule_id
    }

    fn priority(&self) -> i64 {
        self.priority
    }

    fn is_enabled(&self) -> bool {
        self.enabled
    }
}

/// A handle's chain rules.
pub type RuleBook = rule_set::RuleBook<Rule>;
