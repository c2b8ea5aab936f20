//! The kinds of condition: how each is read, stored and compared.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Number, Value, json};

use super::subject::Subject;
use super::time::{TimeBetween, Weekday};
use crate::links::visit::BUCKETS;
use crate::links::visit::country_code;
use crate::values::decimal::{decimal, scaled};
use crate::values::device::Device;
use crate::values::form::{self, Field, Form};
use crate::values::schema::Schema;

/// A row of the table.
pub(super) struct ConditionKind {
    /// As requests and answers spell it.
    pub(super) name: &'static str,
    /// What it is compared with.
    pub(super) doc: &'static str,
    pub(super) test: Test,
}

impl PartialEq for ConditionKind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for ConditionKind {}

/// How a condition is compared.
pub(super) enum Test {
    /// The visit has one of some values.
    AnyOf(AnyOf),
    /// The visit is at some time of the day.
    TimeBetween,
    /// The visitor is among some share of all.
    Percent,
}

pub(super) struct AnyOf {
    /// Most values one condition may list.
    pub(super) max: usize,
    pub(super) entry: Entry,
    /// What the visit has.
    pub(super) actual: for<'v> fn(&Subject<'v>) -> Actual<'v>,
    /// Whether a wanted value (first) is what the visit has.
    pub(super) matches: fn(&str, &str) -> bool,
}

/// What the entries of a list are.
#[derive(Clone, Copy)]
pub(super) enum Entry {
    Country,
    Device,
    Weekday,
    Word,
}

/// What a visit has of something.
#[derive(Clone, Copy)]
pub(super) enum Actual<'v> {
    Nothing,
    One(&'v str),
    Many(&'v [String]),
}

/// What one condition of a rule asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Expected {
    AnyOf(Vec<String>),
    TimeBetween(TimeBetween),
    Percent(PercentRange),
}

impl ConditionKind {
    pub(super) const fn any_of(
        name: &'static str,
        doc: &'static str,
        max: usize,
        entry: Entry,
        actual: for<'v> fn(&Subject<'v>) -> Actual<'v>,
    ) -> Self {
        Self { name, doc, test: Test::AnyOf(AnyOf { max, entry, actual, matches: same }) }
    }

    pub(super) fn any_of_rule(&self) -> Option<&AnyOf> {
        match &self.test {
            Test::AnyOf(rule) => Some(rule),
            Test::TimeBetween | Test::Percent => None,
        }
    }

    /// Takes the condition out of a request; none when it is not set.
    pub(super) fn read(&self, form: &mut Form<'_>) -> Option<Expected> {
        match &self.test {
            Test::AnyOf(rule) => {
                Some(form.list(self.name, self.doc, rule.max, rule.entry)).filter(|list| !list.is_empty()).map(Expected::AnyOf)
            }
            Test::TimeBetween => form.object(self.name, self.doc, TimeBetween::read).map(Expected::TimeBetween),
            Test::Percent => form.object(self.name, self.doc, PercentRange::read).map(Expected::Percent),
        }
    }

    /// Reads the condition back from where it is stored; none when it asks for nothing.
    pub(super) fn restore(&self, value: Value) -> serde_json::Result<Option<Expected>> {
        Ok(match &self.test {
            Test::AnyOf(_) => Some(Vec::deserialize(value)?).filter(|list| !list.is_empty()).map(Expected::AnyOf),
            Test::TimeBetween => Option::deserialize(value)?.map(Expected::TimeBetween),
            Test::Percent => Option::deserialize(value)?.map(Expected::Percent),
        })
    }
}

impl AnyOf {
    pub(super) fn is_met(&self, wanted: &[String], subject: &Subject<'_>) -> bool {
        let is_wanted = |actual: &str| wanted.iter().any(|wanted| (self.matches)(wanted, actual));
        match (self.actual)(subject) {
            Actual::Nothing => false,
            Actual::One(actual) => is_wanted(actual),
            Actual::Many(actual) => actual.iter().any(|actual| is_wanted(actual)),
        }
    }
}

impl Field for Entry {
    type Output = String;

    fn read(&self, value: Value) -> Result<String, String> {
        match self {
            Self::Country => country_code().read(value),
            Self::Device => form::parsed::<Device>().read(value).map(|device| device.as_str().to_owned()),
            Self::Weekday => form::parsed::<Weekday>().read(value).map(|day| day.as_str().to_owned()),
            Self::Word => form::text(1..=64).read(value),
        }
    }

    fn schema(&self) -> Schema {
        match self {
            Self::Country => country_code().schema(),
            Self::Device => form::parsed::<Device>().schema(),
            Self::Weekday => form::parsed::<Weekday>().schema(),
            Self::Word => form::text(1..=64).schema(),
        }
    }
}

impl<'v> Actual<'v> {
    pub(super) fn of(text: Option<&'v str>) -> Self {
        text.map_or(Self::Nothing, Self::One)
    }
}

impl Serialize for Actual<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::One(text) => serializer.serialize_str(text),
            Self::Many(texts) => texts.serialize(serializer),
        }
    }
}

/// A share of all visitors in hundredths of a percent, `from` in it, `to` not; `{"from": 0, "to": 12.5}` outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PercentRange {
    from: u64,
    to: u64,
}

impl PercentRange {
    fn read(form: &mut Form<'_>) -> Option<Self> {
        let bound = || form::number(0.0..=100.0).then(|value| hundredths(&value));
        let from = form.required("from", "In percent, with at most two decimals.", bound());
        let to = form.required("to", "In percent, with at most two decimals; greater than `from`.", bound());
        let range = Self { from: from?, to: to? };
        if range.from >= range.to {
            form.fault("to", "must be greater than from");
        }
        Some(range)
    }

    pub(super) fn contains(self, bucket: u64) -> bool {
        (self.from..self.to).contains(&bucket)
    }
}

impl Serialize for PercentRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({"from": percent(self.from), "to": percent(self.to)}).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PercentRange {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let bound = |name: &str| hundredths(value.get(name).unwrap_or(&Value::Null)).map_err(serde::de::Error::custom);
        Ok(Self { from: bound("from")?, to: bound("to")? })
    }
}

/// Hundredths of a percent as a number of percent.
pub(super) fn percent(hundredths: u64) -> Number {
    decimal(i128::from(hundredths), 2)
}

/// Reads a percentage of at most two decimals.
fn hundredths(value: &Value) -> Result<u64, String> {
    let hundredths = scaled(value, 2).and_then(|number| u64::try_from(number).ok()).filter(|number| *number <= BUCKETS);
    hundredths.ok_or_else(|| "must be a number from 0 to 100 with at most two decimals".to_owned())
}

/// Whether two texts are the same but for case.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!a.is_ascii() && a.to_lowercase() == b.to_lowercase())
}

/// Whether a language range covers a tag (RFC 4647 §3.3.1).
pub(super) fn covers(range: &str, tag: &str) -> bool {
    let head = tag.get(..range.len()).unwrap_or_default();
    same(head, range) && matches!(tag.as_bytes().get(range.len()), None | Some(b'-'))
}
