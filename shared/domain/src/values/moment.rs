//! Moments in time: milliseconds since the epoch inside, RFC 3339 UTC with milliseconds outside (specification §1).

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds of an hour.
pub const HOUR_MS: i64 = 3_600_000;
/// How far the clock of another machine may be ahead, in milliseconds.
pub const MAX_CLOCK_SKEW_MS: i64 = 60_000;

/// A moment, to the millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// 0000-01-01T00:00:00Z, the first that RFC 3339 can write.
    const FIRST: Self = Self(-62_167_219_200_000);

    /// The moment this many milliseconds after 1970-01-01T00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00Z.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00Z, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment plus some milliseconds (or minus, when negative).
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// This moment plus some seconds.
    #[must_use]
    pub const fn plus_secs(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }

    /// This moment plus some days of 24 hours.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_secs(days.saturating_mul(86_400))
    }

    /// The beginning of its hour.
    #[must_use]
    pub const fn hour(self) -> Self {
        Self(self.0 - self.0.rem_euclid(HOUR_MS))
    }

    /// The UTC day it falls on.
    pub fn day(self) -> Day {
        Day(self.timestamp().to_zoned(TimeZone::UTC).date())
    }

    /// The same moment as a jiff timestamp, clamped to the range of that type.
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX })
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

/// Why a text is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMoment {
    /// It is not an RFC 3339 date and time.
    #[error("must be an RFC 3339 date and time such as 2026-03-01T12:00:00Z")]
    Syntax,
    /// RFC 3339 has four digits for a year, and its offset may lead into one that needs more.
    #[error("must be in the years 0000 to 9999 of UTC")]
    Year,
}

impl FromStr for Moment {
    type Err = InvalidMoment;

    fn from_str(text: &str) -> Result<Self, InvalidMoment> {
        // The parser takes other forms of ISO 8601 as well.
        if !is_rfc_3339(text.as_bytes()) {
            return Err(InvalidMoment::Syntax);
        }
        // The range of the parser ends on the last days of 9999.
        let at = text.parse::<Timestamp>();
        let at = at.map_err(|_| if text.starts_with("9999-12-3") { InvalidMoment::Year } else { InvalidMoment::Syntax })?;
        let moment = Self(at.as_millisecond());
        if moment < Self::FIRST { Err(InvalidMoment::Year) } else { Ok(moment) }
    }
}

/// Whether the text has the shape of a `date-time` (RFC 3339 §5.6); what the digits may be is the parser's affair.
fn is_rfc_3339(text: &[u8]) -> bool {
    let has_shape = |text: &[u8], shape: &[u8]| {
        text.len() == shape.len()
            && text
                .iter()
                .zip(shape)
                .all(|(byte, wanted)| if *wanted == b'0' { byte.is_ascii_digit() } else { byte.eq_ignore_ascii_case(wanted) })
    };
    let Some((seconds, rest)) = text.split_at_checked(19) else { return false };
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            fraction.get(digits..).filter(|_| digits > 0)
        }
        None => Some(rest),
    };
    // The parser takes offsets of more than a day.
    let is_time =
        |offset: &[u8]| offset.get(1..3).is_some_and(|hours| hours <= b"23") && offset.get(4..).is_some_and(|minutes| minutes <= b"59");
    let is_offset = |zone: &[u8]| (has_shape(zone, b"+00:00") || has_shape(zone, b"-00:00")) && is_time(zone);
    let is_zone = |zone: &[u8]| zone.eq_ignore_ascii_case(b"z") || is_offset(zone);
    has_shape(seconds, b"0000-00-00T00:00:00") && rest.is_some_and(is_zone)
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Whatever a moment is written as: it may lie outside the years that requests may name.
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse::<Timestamp>().map(|at| Self(at.as_millisecond())).map_err(serde::de::Error::custom)
    }
}

crate::values::schema::text_schema!(Moment, format("date-time"));

/// A calendar day, in UTC unless a time zone is given with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The day in `zone` at this moment.
    pub fn of(at: Moment, zone: &TimeZone) -> Self {
        Self(at.timestamp().to_zoned(zone.clone()).date())
    }

    /// The first moment of the day after this one in `zone`; daylight saving makes days of 23 and 25 hours.
    pub fn end(self, zone: &TimeZone) -> Moment {
        let next = self.0.tomorrow().unwrap_or(Date::MAX);
        next.to_zoned(zone.clone()).map_or(Moment(i64::MAX), |midnight| Moment(midnight.timestamp().as_millisecond()))
    }

    /// The first moment of this day in UTC.
    pub fn start(self) -> Moment {
        self.0.to_zoned(TimeZone::UTC).map_or(Moment(0), |midnight| Moment(midnight.timestamp().as_millisecond()))
    }

    /// This day plus some days.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0.checked_add(SignedDuration::from_hours(days * 24)).unwrap_or(self.0))
    }

    /// The first day of this day's month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self(self.0.first_of_month())
    }

    /// The first day of the month after this day's.
    #[must_use]
    pub fn first_of_next_month(self) -> Self {
        Self(self.0.last_of_month().tomorrow().unwrap_or(Date::MAX))
    }

    /// How many days lie between, counting both ends; zero or less when `last` is before this day.
    pub fn days_to(self, last: Self) -> i64 {
        (last.start().millis() - self.start().millis()) / 86_400_000 + 1
    }

    /// As `20260401`.
    pub fn compact(self) -> String {
        format!("{:04}{:02}{:02}", self.0.year(), self.0.month(), self.0.day())
    }

    /// As `202604`.
    pub fn month(self) -> String {
        format!("{:04}{:02}", self.0.year(), self.0.month())
    }

    /// Reads [`Day::compact`] back.
    pub fn from_compact(text: &str) -> Option<Self> {
        if text.len() != 8 {
            return None;
        }
        let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i16>().ok();
        Date::new(number(0..4)?, i8::try_from(number(4..6)?).ok()?, i8::try_from(number(6..8)?).ok()?).ok().map(Self)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let message = "must be a date such as 2026-03-01";
        if text.len() != 10 {
            return Err(message);
        }
        text.parse().map(Self).map_err(|_| message)
    }
}

crate::values::schema::text_schema!(Day, format("date"));

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_prints_as_rfc_3339_with_milliseconds_and_reads_back() {
        let at = Moment::from_millis(1_772_366_400_000);
        assert_eq!(at.to_string(), "2026-03-01T12:00:00.000Z");
        assert_eq!("2026-03-01T13:00:00+01:00".parse(), Ok(at));
        assert!("2026-03-01".parse::<Moment>().is_err());
        assert_eq!("0000-01-01T00:00:00+00:01".parse::<Moment>(), Err(InvalidMoment::Year));
        assert_eq!("9999-12-31T23:59:59Z".parse::<Moment>(), Err(InvalidMoment::Year));
        assert_eq!("9999-02-30T23:59:59Z".parse::<Moment>(), Err(InvalidMoment::Syntax));
        for (offset, is_valid) in [("+23:59", true), ("-23:59", true), ("+24:00", false), ("-25:00", false), ("+10:60", false)] {
            assert_eq!(format!("2026-03-01T12:00:00{offset}").parse::<Moment>().is_ok(), is_valid, "{offset}");
        }
    }

    #[test]
    fn a_local_day_ends_at_the_local_midnight_also_when_the_clocks_change() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        // 2026-03-29 has 23 hours in Berlin, 2026-10-25 has 25.
        for (at, hours) in [("2026-03-28T23:00:00Z", 23), ("2026-10-24T22:00:00Z", 25), ("2026-06-01T22:00:00Z", 24)] {
            let start: Moment = at.parse().unwrap();
            let end = Day::of(start, &berlin).end(&berlin);
            assert_eq!(end, start.plus_secs(hours * 3600), "{at}");
            assert_ne!(Day::of(end, &berlin), Day::of(end.plus_millis(-1), &berlin));
        }
    }

    #[test]
    fn days_count_and_print_both_ways() {
        let day: Day = "2026-02-27".parse().unwrap();
        assert_eq!(day.plus(2).to_string(), "2026-03-01");
        assert_eq!(Day::from_compact(&day.compact()), Some(day));
        assert_eq!(day.days_to(day.plus(2)), 3);
    }
}
