//! What a chain rule asks of a session: signals of a kind, or a segment. Each kind of condition is one type in this file.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Confidence, Session, Signal};
use crate::links::conditions::same;
use crate::links::rule_set::Condition;
use crate::values::form::{self, Field, Form};
use crate::values::moment::Moment;
use crate::values::name::SignalKey;

/// Values, or segments, one condition may name.
const MAX_VALUES: usize = 50;
/// Signals one condition may ask for: as many as a session may have.
const MAX_COUNT: i64 = 200;
/// The longest time a condition may look back: as long as a signal counts.
const MAX_WITHIN_SECS: i64 = 30 * 86_400;

/// What a rule asks of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum ChainCondition {
    /// A number of signals of a kind.
    Signals(SignalCondition),
    /// A segment.
    Segment(SegmentCondition),
}

/// A session as conditions see it.
#[derive(Clone, Copy)]
pub struct SessionView<'s> {
    /// The session.
    pub session: &'s Session,
    /// Its segments.
    pub segments: &'s [String],
    /// The moment of the decision.
    pub now: Moment,
}

impl ChainCondition {
    pub(super) fn read(form: &mut Form<'_>) -> Option<Self> {
        form.either(
            "segmentIn",
            |form| SegmentCondition::read(form).map(Self::Segment),
            |form| SignalCondition::read(form).map(Self::Signals),
        )
    }
}

impl Condition for ChainCondition {
    type Subject<'s> = SessionView<'s>;

    fn is_met(&self, subject: &SessionView<'_>) -> bool {
        match self {
            Self::Signals(condition) => condition.is_met(subject),
            Self::Segment(condition) => condition.is_met(subject),
        }
    }

    fn expected(&self) -> Value {
        json!(self)
    }

    fn actual(&self, subject: &SessionView<'_>) -> Value {
        match self {
            Self::Signals(condition) => json!({"count": condition.count(subject)}),
            Self::Segment(_) => json!(subject.segments),
        }
    }
}

/// A number of signals of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SignalCondition {
    /// Of this key.
    pub signal_key: SignalKey,
    /// With one of these values, compared case-insensitively.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signal_value_in: Vec<String>,
    /// The least number of signals.
    #[serde(default = "one")]
    pub min_count: u32,
    /// No older than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_seconds: Option<u32>,
    /// At least this certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_confidence: Option<Confidence>,
}

fn one() -> u32 {
    1
}

impl SignalCondition {
    fn read(form: &mut Form<'_>) -> Option<Self> {
        let number = |max| form::integer(1..=max).map(|number| u32::try_from(number).unwrap_or(1));
        let signal_key = form.required("signalKey", "Signals of this key.", form::parsed());
        let doc = "With one of these values, compared case-insensitively; any value when left out.";
        let signal_value_in = form.list("signalValueIn", doc, MAX_VALUES, form::text(0..=256));
        let min_count = form.optional("minCount", "The least number of signals; 1 when left out.", number(MAX_COUNT)).unwrap_or(1);
        let within_seconds = form.optional("withinSeconds", "No older than this.", number(MAX_WITHIN_SECS));
        let min_confidence = form.optional("minConfidence", "At least this certain.", Confidence::field());
        Some(Self { signal_key: signal_key?, signal_value_in, min_count, within_seconds, min_confidence })
    }

    fn is_met(&self, subject: &SessionView<'_>) -> bool {
        u32::try_from(self.count(subject)).is_ok_and(|count| count >= self.min_count)
    }

    /// How many signals of the session are such.
    fn count(&self, subject: &SessionView<'_>) -> usize {
        let is_value = |signal: &Signal| {
            self.signal_value_in.is_empty()
                || signal.value.as_ref().is_some_and(|value| self.signal_value_in.iter().any(|wanted| same(wanted, value)))
        };
        let is_recent = |signal: &Signal| self.within_seconds.is_none_or(|seconds| subject.now < signal.at.plus_secs(i64::from(seconds)));
        let is_certain = |signal: &Signal| self.min_confidence.is_none_or(|least| signal.confidence >= least);
        let counts = |signal: &&Signal| signal.key == self.signal_key && is_recent(signal) && is_certain(signal) && is_value(signal);
        subject.session.signals().iter().filter(counts).count()
    }
}

/// One of some segments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SegmentCondition {
    /// These.
    pub segment_in: Vec<String>,
}

impl SegmentCondition {
    fn read(form: &mut Form<'_>) -> Option<Self> {
        let doc = "One of these segments, compared case-insensitively.";
        Some(Self { segment_in: form.required_list("segmentIn", doc, 1..=MAX_VALUES, form::text(0..=64)) })
    }

    fn is_met(&self, subject: &SessionView<'_>) -> bool {
        subject.segments.iter().any(|segment| self.segment_in.iter().any(|wanted| same(wanted, segment)))
    }
}
