//! Conditions on the time of a visit: the day of the week, and the time of day.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Time, Weekday as Day};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::values::form::{self, Form};
use crate::values::moment::Moment;
use crate::values::schema::{HasSchema, Schema, any_case, text_schema};
use crate::values::zone::Zone;

/// A day of the week, `MON` to `SUN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Weekday(Day);

const WEEKDAYS: [(&str, &str, Day); 7] = [
    ("MON", "MONDAY", Day::Monday),
    ("TUE", "TUESDAY", Day::Tuesday),
    ("WED", "WEDNESDAY", Day::Wednesday),
    ("THU", "THURSDAY", Day::Thursday),
    ("FRI", "FRIDAY", Day::Friday),
    ("SAT", "SATURDAY", Day::Saturday),
    ("SUN", "SUNDAY", Day::Sunday),
];

impl Weekday {
    /// The three letters of the day.
    pub(super) fn as_str(self) -> &'static str {
        WEEKDAYS.iter().find(|(_, _, day)| *day == self.0).map_or("", |(short, _, _)| short)
    }
}

impl FromStr for Weekday {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = WEEKDAYS.iter().find(|(short, long, _)| text.eq_ignore_ascii_case(short) || text.eq_ignore_ascii_case(long));
        found.map(|(_, _, day)| Self(*day)).ok_or("must be a day of the week such as MON")
    }
}

impl HasSchema for Weekday {
    fn schema() -> Schema {
        let names: Vec<&str> = WEEKDAYS.iter().flat_map(|(short, long, _)| [*short, *long]).collect();
        Schema::text().pattern(any_case(&names)).description("A day of the week such as `MON`, in any case.")
    }
}

/// The day of the week of a moment in a zone.
pub(super) fn weekday(at: Moment, zone: &TimeZone) -> &'static str {
    Weekday(at.timestamp().to_zoned(zone.clone()).weekday()).as_str()
}

/// The time of day of a moment in a zone.
pub(super) fn clock(at: Moment, zone: &TimeZone) -> ClockTime {
    ClockTime(at.timestamp().to_zoned(zone.clone()).time())
}

/// A time of day; written to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct ClockTime(Time);

impl FromStr for ClockTime {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let message = "must be a time of day such as 09:30";
        let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        let (hours, minutes) = text.split_once(':').filter(|(hours, minutes)| digits(hours) && digits(minutes)).ok_or(message)?;
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
        time.to_string()
    }
}

impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

text_schema!(ClockTime, pattern("^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"));

/// A span of the day; `from` is in it, `to` is not; a span over midnight has `from` after `to`, equal ends mean all day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TimeBetween {
    from: ClockTime,
    to: ClockTime,
    /// The zone both are in, and that of `weekdayIn` beside it.
    #[serde(default)]
    pub(super) time_zone: Zone,
}

impl TimeBetween {
    pub(super) fn read(form: &mut Form<'_>) -> Option<Self> {
        let from = form.required("from", "`HH:MM`.", form::parsed());
        let to = form.required("to", "`HH:MM`; before `from` for a span over midnight, equal to it for all day.", form::parsed());
        let time_zone = form.optional("timeZone", "The time zone of both, and of `weekdayIn`; UTC when left out.", form::parsed());
        Some(Self { from: from?, to: to?, time_zone: time_zone.unwrap_or_default() })
    }

    pub(super) fn contains(&self, at: Moment) -> bool {
        let now = clock(at, self.time_zone.zone());
        match self.from.cmp(&self.to) {
            std::cmp::Ordering::Less => self.from <= now && now < self.to,
            std::cmp::Ordering::Greater => self.from <= now || now < self.to,
            std::cmp::Ordering::Equal => true,
        }
    }
}
