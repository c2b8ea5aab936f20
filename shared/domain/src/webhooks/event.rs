//! The catalogue of events (specification §10).

use serde::{Deserialize, Serialize};

use crate::values::schema::{HasSchema, Schema};

/// Declares the catalogue: a variant, its name in messages, and when it is sent.
macro_rules! catalogue {
    ($($variant:ident, $name:literal, $doc:literal;)*) => {
        /// A type of event that webhooks deliver.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum WebhookEventType {$(
            #[doc = $doc]
            #[serde(rename = $name)]
            $variant,
        )*}

        impl WebhookEventType {
            /// Every type, in the order in which they are listed.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name, as messages and subscriptions spell it.
            pub const fn as_str(self) -> &'static str {
                match self {$(Self::$variant => $name,)*}
            }

            /// When it is sent, in a sentence.
            pub const fn description(self) -> &'static str {
                match self {$(Self::$variant => $doc,)*}
            }
        }
    };
}

catalogue! {
    LinkClicked, "link.clicked", "A visitor followed a link; clicks of bots only for subscriptions with `includeBots`.";
    LinkCreated, "link.created", "A link was created.";
    LinkUpdated, "link.updated", "A link was changed or rolled back.";
    LinkDeleted, "link.deleted", "A link was deleted.";
    ConversionRecorded, "conversion.recorded", "A conversion was accepted; sent once for each idempotency key.";
    ConversionTested, "conversion.tested", "A test conversion was accepted and delivered like a real one; `payload.test` is true.";
    CampaignHealthChanged, "campaign.health_changed", "A campaign's health became better or worse.";
    WebhookTest, "webhook.test", "A test delivery was requested.";
    WebhookDisabled, "webhook.disabled", "A subscription was disabled: its receiver failed for too long, or answered 410 Gone.";
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for WebhookEventType {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let names = Self::ALL.iter().map(|kind| kind.as_str());
        utoipa::openapi::ObjectBuilder::new().schema_type(utoipa::openapi::schema::Type::String).enum_values(Some(names)).into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for WebhookEventType {
    fn name() -> std::borrow::Cow<'static, str> {
        "WebhookEventType".into()
    }
}

impl HasSchema for WebhookEventType {
    fn schema() -> Schema {
        Schema::one_of(Self::ALL.iter().map(|kind| kind.as_str()))
    }
}

impl std::str::FromStr for WebhookEventType {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or("is not an event type; GET …/notifications lists them, * means all")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_reads_back_from_its_name() {
        for kind in WebhookEventType::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
    }
}
