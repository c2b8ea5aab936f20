//! What reports can be split by: one table from which the enum, its names, the error text and the counted keys follow.
//!
//! To add a dimension whose value is on the click, add a line to the table, regenerate the OpenAPI document and describe it
//! in a test. What was counted before has no keys of the new dimension until a recount writes them; a conversion's stored
//! origin that lacks it counts under the key for unknown values.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::Deserialize;
use serde::ser::SerializeMap;

use crate::clicks::Click;
use crate::values::moment::Moment;
use crate::values::name::{CampaignId, Slug};
use crate::values::schema::{HasSchema, Schema};

/// The key of records without a campaign or without a segment.
pub const NONE: &str = "none";

/// Where the key of a dimension comes from.
enum KeySource {
    /// The cell: it covers one day, so the day is not counted inside it.
    Cell,
    /// The counted record (click, conversion or adjustment), which has its own link, campaign and time.
    Record(for<'a> fn(&'a Slug, Option<&'a CampaignId>, Moment) -> Cow<'a, str>),
    /// The click, also for conversions of it.
    Click {
        /// The value on the click.
        read: fn(&Click) -> &str,
        /// The key when the click cannot be found, or the origin was stored before the dimension existed.
        unknown: &'static str,
    },
}

/// Declares the dimensions: the variant, its name in requests and counters, where its key comes from, and what it is.
macro_rules! dimensions {
    ($($variant:ident, $name:literal, $source:expr, $doc:literal;)*) => {
        /// What a report can be split by.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Dimension {$(
            #[doc = $doc]
            $variant,
        )*}

        impl Dimension {
            /// Every dimension, in the order in which texts list them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name, as requests and counters spell it.
            pub const fn as_str(self) -> &'static str {
                match self {$(Self::$variant => $name,)*}
            }

            /// What it is, in a sentence.
            pub const fn description(self) -> &'static str {
                match self {$(Self::$variant => $doc,)*}
            }

            const fn source(self) -> KeySource {
                match self {$(Self::$variant => $source,)*}
            }
        }
    };
}

dimensions! {
    Day, "day", KeySource::Cell, "UTC day.";
    Hour, "hour", KeySource::Record(|_, _, at| hour_of(at).into()), "UTC hour, such as 2026-03-01T13.";
    Slug, "slug", KeySource::Record(|slug, _, _| slug.as_str().into()), "Link.";
    Country, "country", KeySource::Click { read: |click| &click.country, unknown: "UNKNOWN" }, "Country code.";
    Device, "device", KeySource::Click { read: |click| &click.device, unknown: "UNKNOWN" }, "Device class.";
    Referrer, "referrer", KeySource::Click { read: |click| &click.referrer, unknown: "unknown" }, "Referring host.";
    Source, "source", KeySource::Click { read: |click| &click.source, unknown: "unknown" }, "Traffic source.";
    Campaign, "campaign", KeySource::Record(|_, campaign, _| campaign.map_or(NONE, CampaignId::as_str).into()), "Campaign credited.";
    Segment, "segment", KeySource::Click { read: first_segment, unknown: NONE },
        "Segment of the visitor: the first of the session's segments, which are in order of precedence.";
    Reason, "reason", KeySource::Click { read: first_reason, unknown: NONE }, "Why the click was classified as a bot's: its first reason.";
}

fn first_segment(click: &Click) -> &str {
    click.segments.first().map_or(NONE, String::as_str)
}

fn first_reason(click: &Click) -> &str {
    click.reasons.first().map_or(NONE, String::as_str)
}

/// The hour of the day in UTC, in two digits: the day is in the key of the cell.
fn hour_of(at: Moment) -> String {
    const HOUR_MS: i64 = 3_600_000;
    format!("{:02}", at.millis().div_euclid(HOUR_MS).rem_euclid(24))
}

impl Dimension {
    /// Whether its rows are in order of time.
    pub(super) fn is_of_time(self) -> bool {
        matches!(self, Self::Day | Self::Hour)
    }

    /// The dimensions counted inside each cell: all but the day, which is the cell's own.
    pub fn counted() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|dimension| !matches!(dimension.source(), KeySource::Cell))
    }

    /// The names of all dimensions as prose: `day, slug, … or segment`.
    pub fn names() -> String {
        let names: Vec<&str> = Self::ALL.iter().map(|dimension| dimension.as_str()).collect();
        names.split_last().map_or(String::new(), |(last, before)| format!("{} or {last}", before.join(", ")))
    }
}

impl HasSchema for Dimension {
    fn schema() -> Schema {
        Schema::one_of(Self::ALL.iter().map(|dimension| dimension.as_str()))
    }
}

impl std::str::FromStr for Dimension {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().copied().find(|dimension| dimension.as_str() == text);
        known.ok_or_else(|| format!("must be {}", Self::names()))
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for Dimension {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let names = Self::ALL.iter().map(|dimension| dimension.as_str());
        utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String).enum_values(Some(names)).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for Dimension {}

/// The keys of a conversion's click, under which the conversion is counted too; stored with the conversion so that a recount agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(Vec<(Dimension, String)>);

impl Origin {
    fn new(mut key: impl FnMut(Dimension, fn(&Click) -> &str, &'static str) -> String) -> Self {
        let of_click = |dimension: &Dimension| match dimension.source() {
            KeySource::Click { read, unknown } => Some((*dimension, key(*dimension, read, unknown))),
            KeySource::Cell | KeySource::Record(_) => None,
        };
        Self(Dimension::ALL.iter().filter_map(of_click).collect())
    }

    /// The keys on this click.
    pub fn of(click: &Click) -> Self {
        Self::new(|_, read, _| read(click).to_owned())
    }

    /// The keys of a conversion whose click cannot be found.
    pub fn unknown() -> Self {
        Self::new(|_, _, unknown| unknown.to_owned())
    }

    /// The same with another referrer.
    #[must_use]
    pub(crate) fn with_referrer(&self, referrer: &str) -> Self {
        let key = |(dimension, key): &(Dimension, String)| {
            let key = if *dimension == Dimension::Referrer { referrer.to_owned() } else { key.clone() };
            (*dimension, key)
        };
        Self(self.0.iter().map(key).collect())
    }

    /// Every counted dimension with the key of a record of this link, campaign and moment that came from here.
    pub(super) fn keys<'a>(&'a self, slug: &'a Slug, campaign: Option<&'a CampaignId>, at: Moment) -> Vec<(Dimension, Cow<'a, str>)> {
        let mut keys: Vec<(Dimension, Cow<'_, str>)> = self.0.iter().map(|(dimension, key)| (*dimension, key.into())).collect();
        keys.extend(Dimension::ALL.iter().filter_map(|dimension| match dimension.source() {
            KeySource::Record(read) => Some((*dimension, read(slug, campaign, at))),
            KeySource::Cell | KeySource::Click { .. } => None,
        }));
        keys
    }
}

impl serde::Serialize for Origin {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (dimension, key) in &self.0 {
            map.serialize_entry(dimension.as_str(), key)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut stored = BTreeMap::<String, String>::deserialize(deserializer)?;
        Ok(Self::new(|dimension, _, unknown| stored.remove(dimension.as_str()).unwrap_or_else(|| unknown.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_reads_back_from_its_name() {
        for dimension in Dimension::ALL {
            assert_eq!(dimension.as_str().parse(), Ok(*dimension));
        }
        let expected = "must be day, hour, slug, country, device, referrer, source, campaign, segment or reason";
        assert_eq!("moon".parse::<Dimension>(), Err(expected.to_owned()));
    }

    #[test]
    fn every_dimension_is_counted_but_the_day_and_only_days_and_hours_are_of_time() {
        let counted: Vec<&str> = Dimension::counted().map(Dimension::as_str).collect();
        assert_eq!(counted, ["hour", "slug", "country", "device", "referrer", "source", "campaign", "segment", "reason"]);
        let of_time: Vec<&str> =
            Dimension::ALL.iter().filter(|dimension| dimension.is_of_time()).map(|dimension| dimension.as_str()).collect();
        assert_eq!(of_time, ["day", "hour"]);
    }

    #[test]
    fn a_record_has_the_keys_of_its_click_and_its_own_link_campaign_and_hour() {
        let at: Moment = "2026-03-01T13:59:59.999Z".parse().unwrap();
        let texts = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
        let click = Click {
            country: "DE".to_owned(),
            device: "MOBILE".to_owned(),
            referrer: "t.co".to_owned(),
            source: "email".to_owned(),
            segments: texts(["vip", "new"]),
            reasons: texts(["known_bot", "burst_hits"]),
            ..crate::testing::click(at, 1)
        };
        let keys = |origin: &Origin, campaign: Option<&CampaignId>| {
            let keys = origin.keys(&click.slug, campaign, at).into_iter().map(|(dimension, key)| format!("{}={key}", dimension.as_str()));
            keys.collect::<Vec<_>>().join(" ")
        };
        let origin = Origin::of(&click);
        assert_eq!(
            keys(&origin, Some(&"spring".parse().unwrap())),
            "country=DE device=MOBILE referrer=t.co source=email segment=vip reason=known_bot hour=13 slug=launch campaign=spring"
        );
        assert_eq!(
            keys(&Origin::of(&crate::testing::click(at, 1)), None),
            "country=US device=DESKTOP referrer=direct source=direct segment=none reason=none hour=13 slug=launch campaign=none"
        );
        let stored = r#"{"country":"DE","device":"MOBILE","referrer":"t.co","source":"email","segment":"vip","reason":"known_bot"}"#;
        assert_eq!(serde_json::to_string(&origin).unwrap(), stored);
        assert_eq!(serde_json::from_str::<Origin>(stored).unwrap(), origin);
    }

    #[test]
    fn an_erased_origin_differs_in_its_referrer_alone() {
        let origin = |referrer: &str| {
            let (country, device, source) = ("DE".to_owned(), "MOBILE".to_owned(), "email".to_owned());
            let referrer = referrer.to_owned();
            Origin::of(&Click { country, device, source, referrer, ..crate::testing::click(Moment::from_millis(0), 1) })
        };
        assert_ne!(origin("t.co"), origin("unknown"));
        assert_eq!(origin("t.co").erased(), origin("unknown"));
    }

    #[test]
    fn the_hour_is_that_of_the_utc_day_also_before_1970() {
        for (at, hour) in [("2026-03-01T00:00:00Z", "00"), ("2026-03-01T13:59:59.999Z", "13"), ("1969-12-31T23:00:00Z", "23")] {
            assert_eq!(hour_of(at.parse().unwrap()), hour);
        }
    }

    #[test]
    fn an_origin_is_stored_by_name_and_one_stored_without_a_dimension_counts_as_unknown() {
        let text = r#"{"country":"UNKNOWN","device":"UNKNOWN","referrer":"unknown","source":"unknown","segment":"none","reason":"none"}"#;
        assert_eq!(serde_json::to_string(&Origin::unknown()).unwrap(), text);
        assert_eq!(serde_json::from_str::<Origin>(text).unwrap(), Origin::unknown());
        let older = r#"{"country":"UNKNOWN","device":"UNKNOWN","referrer":"unknown","source":"unknown"}"#;
        assert_eq!(serde_json::from_str::<Origin>(older).unwrap(), Origin::unknown());
    }
}
