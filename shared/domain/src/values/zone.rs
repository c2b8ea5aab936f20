//! Time zones by their IANA names (specification §2).

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A time zone of the IANA database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Zone {
    zone: TimeZone,
    /// The name of a stored zone that the database of this version does not have; it is taken for UTC.
    unknown: Option<String>,
}

impl Zone {
    /// The time zone, for calculations.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, unknown: None }
    }
}

impl FromStr for Zone {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let zone = TimeZone::get(text).ok().filter(|zone| zone.iana_name().is_some());
        zone.map(|zone| Self { zone, unknown: None }).ok_or("must be an IANA time zone such as Europe/Berlin")
    }
}

impl From<String> for Zone {
    /// Reads a stored name. The database changes with every version, and an account or a rule stays usable without its zone.
    fn from(text: String) -> Self {
        text.parse().unwrap_or_else(|_| Self { zone: TimeZone::UTC, unknown: Some(text) })
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.to_string()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.unknown.as_deref().or_else(|| self.zone.iana_name()).unwrap_or("UTC"))
    }
}

crate::values::schema::text_schema!(
    Zone,
    pattern("^[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*$"),
    description("An IANA time zone such as Europe/Berlin.")
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_zone_is_read_and_keeps_its_name_though_the_database_has_it_no_longer() {
        assert!("Mars/Phobos".parse::<Zone>().is_err());
        let zone: Zone = serde_json::from_str("\"Mars/Phobos\"").unwrap();
        assert_eq!((zone.to_string().as_str(), zone.zone()), ("Mars/Phobos", &TimeZone::UTC));
        assert_eq!(serde_json::to_string(&zone).unwrap(), "\"Mars/Phobos\"");
    }
}
