//! What a rule asks of a visit: conditions AND-ed, the values of one list alternatives, compared without case (contract §5).

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Time, Weekday as Day};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::links::visit::{BUCKETS, UNKNOWN_COUNTRY, Visit};
use crate::values::form::{self, Form};
use crate::values::zone::Zone;

/// A condition's name, in the order in which they are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The visitor's country.
    CountryIn,
    /// The kind of device.
    DeviceIn,
    /// The traffic source.
    SourceIn,
    /// The campaign of the visit.
    CampaignIn,
    /// A segment of the visitor's session.
    SegmentIn,
    /// The preferred language; `de` also stands for `de-AT` (RFC 4647 basic filtering).
    LanguageIn,
    /// The day of the week.
    WeekdayIn,
    /// The time of day.
    TimeBetween,
    /// A share of all visitors.
    Percent,
}

impl Condition {
    /// As requests and answers spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CountryIn => "countryIn",
            Self::DeviceIn => "deviceIn",
            Self::SourceIn => "sourceIn",
            Self::CampaignIn => "campaignIn",
            Self::SegmentIn => "segmentIn",
            Self::LanguageIn => "languageIn",
            Self::WeekdayIn => "weekdayIn",
            Self::TimeBetween => "timeBetween",
            Self::Percent => "percent",
        }
    }
}

/// A day of the week, `MON` to `SUN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Weekday(Day);

const WEEKDAYS: [(&str, &str, Day); 7] = [
    ("MON", "MONDAY", Day::Monday),
    ("TUE", "TUESDAY", Day::Tuesday),
    ("WED", "WEDNESDAY", Day::Wednesday),
    ("THU", "THURSDAY", Day::Thursday),
    ("FRI", "FRIDAY", Day::Friday),
    ("SAT", "SATURDAY", Day::Saturday),
    ("SUN", "SUNDAY", Day::Sunday),
];

impl FromStr for Weekday {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = WEEKDAYS.iter().find(|(short, long, _)| text.eq_ignore_ascii_case(short) || text.eq_ignore_ascii_case(long));
        found.map(|(_, _, day)| Self(*day)).ok_or("must be a day of the week such as MON")
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = WEEKDAYS.iter().find(|(_, _, day)| *day == self.0);
        f.write_str(found.map_or("", |(short, _, _)| short))
    }
}

impl TryFrom<String> for Weekday {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Weekday> for String {
    fn from(day: Weekday) -> Self {
        day.to_string()
    }
}

/// A span of the day; `from` is in it, `to` is not; a span over midnight has `from` after `to`, equal ends mean all day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TimeBetween {
    /// `HH:MM`.
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[0-2][0-9]:[0-5][0-9]$"))]
    pub from: ClockTime,
    /// `HH:MM`.
    #[cfg_attr(feature = "openapi", schema(value_type = String, pattern = "^[0-2][0-9]:[0-5][0-9]$"))]
    pub to: ClockTime,
    /// The zone both are told in, also for `weekdayIn` beside it; UTC when absent.
    #[serde(default)]
    pub time_zone: Zone,
}

/// A time of day to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClockTime(Time);

impl FromStr for ClockTime {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let message = "must be a time of day such as 09:30";
        let (hours, minutes) = text.split_once(':').filter(|_| text.len() == 5).ok_or(message)?;
        let (hours, minutes) = (hours.parse().map_err(|_| message)?, minutes.parse().map_err(|_| message)?);
        Time::new(hours, minutes, 0, 0).map(Self).map_err(|_| message)
    }
}

impl TryFrom<String> for ClockTime {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ClockTime> for String {
    fn from(time: ClockTime) -> Self {
        format!("{:02}:{:02}", time.0.hour(), time.0.minute())
    }
}

/// A share of all visitors in hundredths of a percent, `from` in it, `to` not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percent {
    /// Hundredths of a percent.
    pub from: u64,
    /// Hundredths of a percent.
    pub to: u64,
}

/// The conditions of one rule; without any the rule always matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Conditions {
    /// ISO 3166 codes or `UNKNOWN`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub country_in: Vec<String>,
    /// `MOBILE`, `TABLET`, `DESKTOP`, `BOT`, `UNKNOWN`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub device_in: Vec<String>,
    /// Traffic sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub source_in: Vec<String>,
    /// Campaigns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub campaign_in: Vec<String>,
    /// Segments of the visitor's session.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub segment_in: Vec<String>,
    /// Language ranges.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub language_in: Vec<String>,
    /// Days of the week, in the zone of `timeBetween`, else UTC.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub weekday_in: Vec<Weekday>,
    /// A span of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_between: Option<TimeBetween>,
    /// A share of all visitors, in percent with two decimals.
    #[serde(skip_serializing_if = "Option::is_none", with = "percent")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub percent: Option<Percent>,
}

/// `{"from": 0, "to": 12.5}` outside, hundredths inside.
mod percent {
    use super::{Percent, share};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::{Number, Value, json};

    pub(super) fn number(hundredths: u64) -> Number {
        crate::values::money::decimal(i128::from(hundredths), 2)
    }

    pub(super) fn serialize<S: Serializer>(percent: &Option<Percent>, serializer: S) -> Result<S::Ok, S::Error> {
        percent.map(|percent| json!({"from": number(percent.from), "to": number(percent.to)})).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Percent>, D::Error> {
        let Some(value) = Option::<Value>::deserialize(deserializer)? else { return Ok(None) };
        let bound = |name: &str| share(value.get(name).cloned().unwrap_or_default()).map_err(serde::de::Error::custom);
        Ok(Some(Percent { from: bound("from")?, to: bound("to")? }))
    }
}

/// Reads a percentage of at most two decimals as hundredths.
fn share(value: Value) -> Result<u64, &'static str> {
    let message = "must be a number from 0 to 100 with at most two decimals";
    let hundredths = crate::values::money::scaled(&value, 2).ok_or(message)?;
    u64::try_from(hundredths).ok().filter(|number| *number <= BUCKETS).ok_or(message)
}

impl Conditions {
    /// Reads the object of conditions; an empty list is no condition.
    pub(crate) fn read(form: &mut Form<'_>) -> Option<Self> {
        let word = |value| {
            form::text_up_to(64)(value).and_then(|text| if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(text) })
        };
        let time_between = form.object("timeBetween", |span| {
            let from = span.required("from", form::parsed);
            let to = span.required("to", form::parsed);
            let time_zone = span.optional("timeZone", form::parsed).unwrap_or_default();
            Some(TimeBetween { from: from?, to: to?, time_zone })
        });
        let percent = form.object("percent", |range| {
            let (from, to) = (range.required("from", share), range.required("to", share));
            let percent = Percent { from: from?, to: to? };
            if percent.from >= percent.to {
                range.fault("to", "must be greater than from");
            }
            Some(percent)
        });
        Some(Self {
            country_in: form.list("countryIn", 250, country),
            device_in: form.list("deviceIn", 5, |value| form::text(value).and_then(|text| device(&text))),
            source_in: form.list("sourceIn", 100, word),
            campaign_in: form.list("campaignIn", 100, word),
            segment_in: form.list("segmentIn", 100, word),
            language_in: form.list("languageIn", 100, word),
            weekday_in: form.list("weekdayIn", 7, form::parsed),
            time_between,
            percent,
        })
    }

    /// The first condition `visit` does not meet; `bucket` is asked only when a percentage is.
    pub(crate) fn first_unmet(&self, visit: &Visit, bucket: impl Fn() -> u64) -> Option<Condition> {
        let among = |list: &[String], value: &str| list.iter().any(|entry| same(entry, value));
        let checks = [
            (Condition::CountryIn, self.country_in.is_empty() || among(&self.country_in, &visit.country)),
            (Condition::DeviceIn, self.device_in.is_empty() || among(&self.device_in, visit.device.as_str())),
            (Condition::SourceIn, self.source_in.is_empty() || among(&self.source_in, &visit.source)),
            (
                Condition::CampaignIn,
                self.campaign_in.is_empty() || visit.campaign.as_ref().is_some_and(|campaign| among(&self.campaign_in, campaign)),
            ),
            (Condition::SegmentIn, self.segment_in.is_empty() || visit.segments.iter().any(|segment| among(&self.segment_in, segment))),
            (
                Condition::LanguageIn,
                self.language_in.is_empty()
                    || visit.language.as_ref().is_some_and(|tag| self.language_in.iter().any(|range| covers(range, tag))),
            ),
            (Condition::WeekdayIn, self.weekday_in.is_empty() || self.weekday_in.contains(&self.weekday(visit))),
            (Condition::TimeBetween, self.time_between.as_ref().is_none_or(|span| span.holds(visit))),
            (Condition::Percent, self.percent.is_none_or(|percent| (percent.from..percent.to).contains(&bucket()))),
        ];
        checks.into_iter().find(|(_, met)| !met).map(|(condition, _)| condition)
    }

    fn zone(&self) -> TimeZone {
        self.time_between.as_ref().map_or(TimeZone::UTC, |span| span.time_zone.zone().clone())
    }

    fn weekday(&self, visit: &Visit) -> Weekday {
        Weekday(visit.at.timestamp().to_zoned(self.zone()).weekday())
    }

    /// The names of the conditions that are set.
    pub fn names(&self) -> Vec<&'static str> {
        let set = [
            (Condition::CountryIn, !self.country_in.is_empty()),
            (Condition::DeviceIn, !self.device_in.is_empty()),
            (Condition::SourceIn, !self.source_in.is_empty()),
            (Condition::CampaignIn, !self.campaign_in.is_empty()),
            (Condition::SegmentIn, !self.segment_in.is_empty()),
            (Condition::LanguageIn, !self.language_in.is_empty()),
            (Condition::WeekdayIn, !self.weekday_in.is_empty()),
            (Condition::TimeBetween, self.time_between.is_some()),
            (Condition::Percent, self.percent.is_some()),
        ];
        set.into_iter().filter(|(_, is_set)| *is_set).map(|(condition, _)| condition.as_str()).collect()
    }

    /// What a condition asks for, for the explanation.
    pub fn expected(&self, condition: Condition) -> Value {
        match condition {
            Condition::CountryIn => json!(self.country_in),
            Condition::DeviceIn => json!(self.device_in),
            Condition::SourceIn => json!(self.source_in),
            Condition::CampaignIn => json!(self.campaign_in),
            Condition::SegmentIn => json!(self.segment_in),
            Condition::LanguageIn => json!(self.language_in),
            Condition::WeekdayIn => json!(self.weekday_in),
            Condition::TimeBetween => json!(self.time_between),
            Condition::Percent => {
                json!(self.percent.map(|range| json!({"from": percent::number(range.from), "to": percent::number(range.to)})))
            }
        }
    }

    /// What the visit has instead.
    pub fn actual(&self, condition: Condition, visit: &Visit, bucket: u64) -> Value {
        match condition {
            Condition::CountryIn => json!(visit.country),
            Condition::DeviceIn => json!(visit.device.as_str()),
            Condition::SourceIn => json!(visit.source),
            Condition::CampaignIn => json!(visit.campaign),
            Condition::SegmentIn => json!(visit.segments),
            Condition::LanguageIn => json!(visit.language),
            Condition::WeekdayIn => json!(self.weekday(visit)),
            Condition::TimeBetween => json!(visit.at.timestamp().to_zoned(self.zone()).strftime("%H:%M").to_string()),
            Condition::Percent => json!(percent::number(bucket)),
        }
    }
}

impl TimeBetween {
    fn holds(&self, visit: &Visit) -> bool {
        let now = ClockTime(visit.at.timestamp().to_zoned(self.time_zone.zone().clone()).time());
        match self.from.cmp(&self.to) {
            std::cmp::Ordering::Less => self.from <= now && now < self.to,
            std::cmp::Ordering::Greater => self.from <= now || now < self.to,
            std::cmp::Ordering::Equal => true,
        }
    }
}

/// Whether two texts are the same but for case.
pub(crate) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!a.is_ascii() && a.to_lowercase() == b.to_lowercase())
}

fn covers(range: &str, tag: &str) -> bool {
    let head = tag.get(..range.len()).unwrap_or_default();
    same(head, range) && matches!(tag.as_bytes().get(range.len()), None | Some(b'-'))
}

fn country(value: Value) -> Result<String, String> {
    let code = form::text(value)?.to_ascii_uppercase();
    let is_code = code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
    if is_code || code == UNKNOWN_COUNTRY { Ok(code) } else { Err("must be a two-letter country code or UNKNOWN".to_owned()) }
}

fn device(text: &str) -> Result<String, &'static str> {
    crate::values::device::Device::from_str(text).map(|device| device.as_str().to_owned())
}
