//! Which events a subscription receives (specification §10).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::event::WebhookEventType;
use crate::values::schema::{HasSchema, Schema};

/// The events a subscription wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub enum EventFilter {
    /// `*`: all types, including those of later versions.
    All,
    /// These types.
    In(BTreeSet<WebhookEventType>),
}

impl EventFilter {
    /// The filter that passes whatever one of the entries passes; none for an empty list.
    pub fn of_all(entries: impl IntoIterator<Item = Self>) -> Option<Self> {
        entries.into_iter().reduce(|one, other| match (one, other) {
            (Self::In(one), Self::In(other)) => Self::In(one.into_iter().chain(other).collect()),
            _ => Self::All,
        })
    }

    /// Whether an event of this type passes.
    ///
    /// A subscription to `conversion.tested` also receives real conversions: this is how commission events are pushed
    /// (specification §10).
    pub fn wants(&self, kind: WebhookEventType) -> bool {
        match self {
            Self::All => true,
            Self::In(kinds) => {
                kinds.contains(&kind)
                    || (kind == WebhookEventType::ConversionRecorded && kinds.contains(&WebhookEventType::ConversionTested))
            }
        }
    }
}

impl HasSchema for EventFilter {
    fn schema() -> Schema {
        Schema::one_of(WebhookEventType::ALL.iter().map(|kind| kind.as_str()).chain(["*"]))
    }
}

impl std::str::FromStr for EventFilter {
    type Err = &'static str;

    /// One entry of the list: a type, or `*`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name == "*" { Ok(Self::All) } else { Ok(Self::In(BTreeSet::from([name.parse()?]))) }
    }
}

impl From<Vec<String>> for EventFilter {
    /// Reads a stored filter. A type of another version, written before a rollback, is none that this one sends.
    fn from(names: Vec<String>) -> Self {
        Self::of_all(names.iter().filter_map(|name| name.parse().ok())).unwrap_or_else(|| Self::In(BTreeSet::new()))
    }
}

impl From<EventFilter> for Vec<String> {
    fn from(filter: EventFilter) -> Self {
        match filter {
            EventFilter::All => vec!["*".to_owned()],
            EventFilter::In(kinds) => kinds.into_iter().map(|kind| kind.as_str().to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(names: &[&str]) -> EventFilter {
        names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>().into()
    }

    #[test]
    fn a_filter_passes_the_types_it_names() {
        let both = filter(&["link.clicked", "conversion.tested"]);
        assert!(both.wants(WebhookEventType::LinkClicked) && both.wants(WebhookEventType::ConversionTested));
        assert!(both.wants(WebhookEventType::ConversionRecorded), "commission events are pushed this way");
        assert!(!both.wants(WebhookEventType::LinkCreated));
        assert!(!filter(&["conversion.recorded"]).wants(WebhookEventType::ConversionTested));
        assert!(WebhookEventType::ALL.iter().all(|kind| filter(&["*"]).wants(*kind)));
    }

    #[test]
    fn a_stored_filter_is_read_though_this_version_does_not_know_all_its_types() {
        assert_eq!(filter(&["link.opened", "link.clicked"]), filter(&["link.clicked"]));
        assert!(WebhookEventType::ALL.iter().all(|kind| !filter(&["link.opened"]).wants(*kind)));
    }
}
