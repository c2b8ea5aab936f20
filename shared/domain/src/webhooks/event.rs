//! What happened: the catalogue of events, the envelope they travel in, and who wants to hear of which (contract §10).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clicks::Click;
use crate::conversions::Conversion;
use crate::values::id::EventId;
use crate::values::moment::Moment;
use crate::values::name::Handle;
use crate::webhooks::payload::{ClickPayload, ConversionPayload, Payload};

/// When the examples happened: 2026-03-01T12:00:00Z.
const EXAMPLE_MS: i64 = 1_772_366_400_000;

/// Declares the catalogue: a variant, its name on the wire, and what it tells.
macro_rules! catalogue {
    ($($variant:ident, $name:literal, $doc:literal;)*) => {
        /// A kind of event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum EventType {$(
            #[doc = $doc]
            #[serde(rename = $name)]
            $variant,
        )*}

        impl EventType {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As messages and subscriptions spell it.
            pub const fn as_str(self) -> &'static str {
                match self {$(Self::$variant => $name,)*}
            }

            /// What it tells, in a sentence.
            pub const fn description(self) -> &'static str {
                match self {$(Self::$variant => $doc,)*}
            }
        }
    };
}

catalogue! {
    LinkClicked, "link.clicked", "Somebody followed a link; bots only for subscriptions with `includeBots`.";
    LinkCreated, "link.created", "A link was made.";
    LinkUpdated, "link.updated", "A link was changed or rolled back.";
    LinkDeleted, "link.deleted", "A link was deleted.";
    ConversionRecorded, "conversion.recorded", "A conversion was accepted; told once for each idempotency key.";
    ConversionTested, "conversion.tested", "A test conversion went the way of a real one; `payload.test` is true.";
    CampaignHealthChanged, "campaign.health_changed", "A campaign's health became better or worse.";
    WebhookTest, "webhook.test", "Somebody asked for a test delivery.";
    WebhookDisabled, "webhook.disabled", "A subscription was disabled: its receiver failed for too long, or said that it is gone (410).";
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for EventType {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let names = Self::ALL.iter().map(|kind| kind.as_str());
        utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String).enum_values(Some(names)).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for EventType {
    fn name() -> std::borrow::Cow<'static, str> {
        "WebhookEventType".into()
    }
}

impl std::str::FromStr for EventType {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or("is no event type; GET …/notifications lists them, * stands for all")
    }
}

/// What an interest in nothing is told.
pub(crate) const NOTHING_NAMED: &str = "must name at least one event type, or *";

/// The events a subscription wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub enum Interest {
    /// `*`: all of them, those of later versions too.
    All,
    /// These.
    In(BTreeSet<EventType>),
}

impl Interest {
    /// What any of these want; none when there are none.
    pub fn of_all(entries: impl IntoIterator<Item = Self>) -> Option<Self> {
        entries.into_iter().reduce(|one, other| match (one, other) {
            (Self::In(one), Self::In(other)) => Self::In(one.into_iter().chain(other).collect()),
            _ => Self::All,
        })
    }

    /// Whether an event of this type is wanted.
    ///
    /// Whoever subscribed to `conversion.tested` hears of real conversions too: that is how commission events are pushed (seed 001 §5).
    pub fn wants(&self, kind: EventType) -> bool {
        match self {
            Self::All => true,
            Self::In(kinds) => {
                kinds.contains(&kind) || (kind == EventType::ConversionRecorded && kinds.contains(&EventType::ConversionTested))
            }
        }
    }
}

impl crate::values::schema::HasSchema for Interest {
    fn schema() -> crate::values::schema::Schema {
        crate::values::schema::Schema::one_of(EventType::ALL.iter().map(|kind| kind.as_str()).chain(["*"]))
    }
}

impl std::str::FromStr for Interest {
    type Err = &'static str;

    /// One entry of the list: a type, or `*`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name == "*" { Ok(Self::All) } else { Ok(Self::In(BTreeSet::from([name.parse()?]))) }
    }
}

impl TryFrom<Vec<String>> for Interest {
    type Error = &'static str;

    fn try_from(names: Vec<String>) -> Result<Self, Self::Error> {
        let entries: Vec<Self> = names.iter().map(|name| name.parse()).collect::<Result<_, _>>()?;
        Self::of_all(entries).ok_or(NOTHING_NAMED)
    }
}

impl From<Interest> for Vec<String> {
    fn from(interest: Interest) -> Self {
        match interest {
            Interest::All => vec!["*".to_owned()],
            Interest::In(kinds) => kinds.into_iter().map(|kind| kind.as_str().to_owned()).collect(),
        }
    }
}

/// The message: what its receiver sees, the same bytes in every attempt and replay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Its id; the same in every attempt, so a receiver that remembers it acts once.
    pub id: EventId,
    /// What kind of event.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// Whose.
    pub handle: Handle,
    /// When it happened.
    pub occurred_at: Moment,
    /// The rest, by type; kept as it is read, so that one of a later version is passed on whole.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub payload: Value,
}

impl Envelope {
    /// The message of an event.
    pub fn new(id: EventId, handle: Handle, occurred_at: Moment, payload: &Payload) -> Self {
        Self { id, kind: payload.kind(), handle, occurred_at, payload: json!(payload) }
    }

    /// A whole message such as receivers see. There is one for every type.
    pub fn example(kind: EventType, handle: Handle) -> Option<Self> {
        let at = Moment::from_millis(EXAMPLE_MS);
        Payload::example(kind, at).map(|payload| Self::new(EventId::new(at, 1), handle, at, &payload))
    }

    /// A conversion, real or a test; told under the conversion's own id, so that it is told once.
    pub fn of_conversion(conversion: &Conversion) -> Self {
        let told = ConversionPayload::of(conversion);
        let payload = if conversion.test { Payload::ConversionTested(told) } else { Payload::ConversionRecorded(told) };
        Self::new(EventId::from_bytes(conversion.id.to_bytes()), conversion.handle.clone(), conversion.accepted_at, &payload)
    }

    /// A click as it was first judged; told under the click's own id, so that it is told once.
    pub fn of_click(click: &Click) -> Self {
        let payload = Payload::LinkClicked(ClickPayload::of(click));
        Self::new(EventId::from_bytes(click.id.to_bytes()), click.handle.clone(), click.at(), &payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interest(names: &[&str]) -> Result<Interest, &'static str> {
        names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>().try_into()
    }

    #[test]
    fn a_subscription_hears_of_what_it_named() {
        let seed = interest(&["link.clicked", "conversion.tested"]).unwrap();
        assert!(seed.wants(EventType::LinkClicked) && seed.wants(EventType::ConversionTested));
        assert!(seed.wants(EventType::ConversionRecorded), "seed 001 pushes commission events this way");
        assert!(!seed.wants(EventType::LinkCreated));
        assert!(!interest(&["conversion.recorded"]).unwrap().wants(EventType::ConversionTested));
        assert!(EventType::ALL.iter().all(|kind| interest(&["*"]).unwrap().wants(*kind)));
    }

    #[test]
    fn unknown_types_and_empty_lists_are_refused() {
        assert!(interest(&["link.opened"]).is_err());
        assert!(interest(&["link.opened", "*"]).is_err());
        assert!(interest(&[]).is_err());
    }

    #[test]
    fn every_type_reads_back_from_its_name() {
        for kind in EventType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
    }
}
