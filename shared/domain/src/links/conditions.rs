//! What a rule asks of a visit: conditions AND-ed, the values of one list alternatives, compared without case (specification §5).
//!
//! `KINDS` is the one table of them: a new condition on a list of values is a row of it, and nothing else.

mod kind;
mod subject;
mod time;

use std::fmt;

use jiff::tz::TimeZone;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::links::rule_set::Condition;
use crate::links::visit::Visit;
use crate::values::form::Form;

pub(crate) use kind::same;
pub use subject::Subject;

use kind::{Actual, AnyOf, ConditionKind, Entry, Expected, Test, covers};

/// Every condition, in the order in which they are checked.
static KINDS: [ConditionKind; 9] = [
    ConditionKind::any_of("countryIn", "ISO 3166 codes, or `UNKNOWN`.", 250, Entry::Country, |of| Actual::One(&of.visit.country)),
    ConditionKind::any_of("deviceIn", "Kinds of device.", 5, Entry::Device, |of| Actual::One(of.visit.device.as_str())),
    ConditionKind::any_of("sourceIn", "Traffic sources.", 100, Entry::Word, |of| Actual::One(&of.visit.source)),
    ConditionKind::any_of("campaignIn", "Campaigns of the visit.", 100, Entry::Word, |of| Actual::of(of.visit.campaign.as_deref())),
    ConditionKind::any_of("segmentIn", "Segments of the visitor's session.", 100, Entry::Word, |of| Actual::Many(&of.visit.segments)),
    ConditionKind {
        name: "languageIn",
        doc: "Language ranges (RFC 4647 basic filtering): `de` also matches `de-AT`.",
        test: Test::AnyOf(AnyOf { max: 100, entry: Entry::Word, actual: |of| Actual::of(of.visit.language.as_deref()), matches: covers }),
    },
    ConditionKind::any_of("weekdayIn", "Days of the week, in the time zone of `timeBetween`, else UTC.", 7, Entry::Weekday, |of| {
        Actual::One(time::weekday(of.visit.at, of.zone))
    }),
    ConditionKind { name: "timeBetween", doc: "A span of the day: from `from` up to, but not including, `to`.", test: Test::TimeBetween },
    ConditionKind { name: "percent", doc: "A share of all visitors: from `from` up to, but not including, `to`.", test: Test::Percent },
];

/// The conditions of one rule, in the table's order; without any the rule always matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions(Vec<RoutingCondition>);

/// One condition of a rule.
#[derive(Clone, PartialEq, Eq)]
pub struct RoutingCondition {
    kind: &'static ConditionKind,
    expected: Expected,
}

impl Conditions {
    /// Reads the object of conditions; an empty list is no condition.
    pub(crate) fn read(form: &mut Form<'_>) -> Option<Self> {
        let set = KINDS.iter().filter_map(|kind| Some(RoutingCondition { kind, expected: kind.read(form)? }));
        Some(Self(set.collect()))
    }

    /// A visit as these conditions see it.
    pub fn subject<'v>(&'v self, visit: &'v Visit, bucket: &'v dyn Fn() -> u64) -> Subject<'v> {
        Subject { visit, zone: self.zone(), bucket }
    }

    /// The first condition that the visit does not meet.
    pub(crate) fn first_unmet(&self, visit: &Visit, bucket: &dyn Fn() -> u64) -> Option<&RoutingCondition> {
        let subject = self.subject(visit, bucket);
        self.0.iter().find(|condition| !condition.is_met(&subject))
    }

    /// The names of the conditions that are set.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(RoutingCondition::name).collect()
    }

    fn zone(&self) -> &TimeZone {
        static UTC: TimeZone = TimeZone::UTC;
        let span = self.0.iter().find_map(|condition| match &condition.expected {
            Expected::TimeBetween(span) => Some(span.time_zone.zone()),
            Expected::AnyOf(_) | Expected::Percent(_) => None,
        });
        span.unwrap_or(&UTC)
    }
}

impl RoutingCondition {
    /// As requests and answers spell it.
    pub fn name(&self) -> &'static str {
        self.kind.name
    }
}

impl Condition for RoutingCondition {
    type Subject<'s> = Subject<'s>;

    fn is_met(&self, subject: &Subject<'_>) -> bool {
        match &self.expected {
            Expected::AnyOf(wanted) => self.kind.any_of_rule().is_some_and(|rule| rule.is_met(wanted, subject)),
            Expected::TimeBetween(span) => span.contains(subject.visit.at),
            Expected::Percent(range) => range.contains((subject.bucket)()),
        }
    }

    fn expected(&self) -> Value {
        json!(self.expected)
    }

    fn actual(&self, subject: &Subject<'_>) -> Value {
        match &self.expected {
            Expected::AnyOf(_) => self.kind.any_of_rule().map_or(Value::Null, |rule| json!((rule.actual)(subject))),
            Expected::TimeBetween(_) => json!(time::clock(subject.visit.at, subject.zone).to_string()),
            Expected::Percent(_) => json!(kind::percent((subject.bucket)())),
        }
    }
}

impl fmt::Debug for RoutingCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.name(), self.expected)
    }
}

impl Serialize for Conditions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for condition in &self.0 {
            map.serialize_entry(condition.name(), &condition.expected)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Conditions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Stored;

        impl<'de> Visitor<'de> for Stored {
            type Value = Conditions;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of conditions")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Conditions, A::Error> {
                let mut set = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    // A condition of a later version, written before a rollback, is none of this one's.
                    let Some((place, kind)) = KINDS.iter().enumerate().find(|(_, kind)| kind.name == name) else { continue };
                    let expected = kind.restore(value).map_err(Error::custom)?;
                    set.extend(expected.map(|expected| (place, RoutingCondition { kind, expected })));
                }
                set.sort_by_key(|(place, _)| *place);
                Ok(Conditions(set.into_iter().map(|(_, condition)| condition).collect()))
            }
        }

        deserializer.deserialize_map(Stored)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Conditions {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        crate::values::form::describe(crate::values::form::Unknown::Refuse, Self::read).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Conditions {}

#[cfg(test)]
mod tests;
