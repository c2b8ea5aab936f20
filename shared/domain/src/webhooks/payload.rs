//! The payloads of events (specification §10): one struct per type, for messages, examples and the OpenAPI document alike.
//!
//! For a new type of event add its line to the catalogue in [`crate::webhooks::event`], a line below, its struct and its example.

mod example;

use serde::Serialize;
use serde_json::Number;

use crate::clicks::Click;
use crate::clicks::agent::ClickVerdict;
use crate::conversions::{Conversion, Trust};
use crate::links::Link;
use crate::values::destination::Destination;
use crate::values::id::{ClickId, ConversionId, SubscriptionId};
use crate::values::money::{Currency, Money};
use crate::values::name::{self, CampaignId, Slug};
use crate::webhooks::event::WebhookEventType;
use crate::webhooks::subscription::{Disabled, SubscriptionStatus};

/// Declares the payload of each type of event.
macro_rules! payloads {
    ($($variant:ident($payload:ty);)*) => {
        /// What happened, by type of event.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Payload {$(
            #[doc = concat!("The payload of [`WebhookEventType::", stringify!($variant), "`].")]
            $variant($payload),
        )*}

        impl Payload {
            /// The type of event it belongs to.
            pub const fn kind(&self) -> WebhookEventType {
                match self {$(Self::$variant(_) => WebhookEventType::$variant,)*}
            }

            /// The name of the schema of a type's payload, with this schema and those it refers to.
            #[cfg(feature = "openapi")]
            pub fn schemas(kind: WebhookEventType) -> (String, NamedSchemas) {
                match kind {$(WebhookEventType::$variant => schemas_of::<$payload>(),)*}
            }
        }
    };
}

payloads! {
    LinkClicked(ClickPayload);
    LinkCreated(LinkPayload);
    LinkUpdated(LinkPayload);
    LinkDeleted(LinkPayload);
    ConversionRecorded(ConversionPayload);
    ConversionTested(ConversionPayload);
    CampaignHealthChanged(HealthPayload);
    WebhookTest(TestPayload);
    WebhookDisabled(DisabledPayload);
}

/// Schemas by the names under which others refer to them.
#[cfg(feature = "openapi")]
pub type NamedSchemas = Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>;

#[cfg(feature = "openapi")]
fn schemas_of<T: utoipa::ToSchema>() -> (String, NamedSchemas) {
    let name = T::name().into_owned();
    let mut schemas = vec![(name.clone(), T::schema())];
    T::schemas(&mut schemas);
    (name, schemas)
}

/// A click as it was first classified.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClickPayload {
    /// Its id, which its conversions refer to.
    pub click_id: ClickId,
    /// The link.
    pub slug: Slug,
    /// The campaign it is counted for.
    pub campaign_id: Option<CampaignId>,
    /// `bot` is sent only to subscriptions with `includeBots`.
    pub verdict: ClickVerdict,
    /// Why it was classified as a bot's: stable codes.
    pub reasons: Vec<String>,
    /// Country code or `UNKNOWN`.
    pub country: String,
    /// The kind of device it was made on.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::values::device::Device))]
    pub device: String,
    /// Traffic source.
    pub source: String,
    /// Referring host or `direct`.
    pub referrer: String,
}

impl ClickPayload {
    /// The payload for a click.
    pub fn of(click: &Click) -> Self {
        Self {
            click_id: click.id,
            slug: click.slug.clone(),
            campaign_id: click.campaign_id.clone(),
            verdict: if click.bot { ClickVerdict::Bot } else { ClickVerdict::Human },
            reasons: click.reasons.clone(),
            country: click.country.clone(),
            device: click.device.clone(),
            source: click.source.clone(),
            referrer: click.referrer.clone(),
        }
    }
}

/// A link after the write; a deleted link before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LinkPayload {
    /// The link.
    pub slug: Slug,
    /// Its version.
    pub version: u64,
    /// Where visitors go when no rule matches.
    pub destination_url: Destination,
    /// Its title.
    pub title: Option<String>,
    /// Whether it can be followed.
    pub enabled: bool,
    /// The campaign its clicks are counted for.
    pub campaign_id: Option<CampaignId>,
}

impl LinkPayload {
    /// The payload for a link.
    pub fn of(link: &Link) -> Self {
        let settings = &link.settings;
        Self {
            slug: link.slug.clone(),
            version: link.version,
            destination_url: settings.destination_url.clone(),
            title: settings.title.clone(),
            enabled: settings.enabled,
            campaign_id: settings.campaign_id.clone(),
        }
    }
}

/// A conversion as it was accepted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConversionPayload {
    /// Its id.
    pub conversion_id: ConversionId,
    /// The click it is credited to.
    pub click_id: ClickId,
    /// The campaign it is credited to.
    pub campaign_id: Option<CampaignId>,
    /// The link that was followed.
    pub slug: Slug,
    /// The exact amount; null when the conversion has none.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>, example = 24.99))]
    pub value: Option<Number>,
    /// Its currency.
    pub currency: Option<Currency>,
    /// What the visitor did.
    pub event_type: name::EventType,
    /// `confirmed` when the merchant's own token signed the call.
    pub trust: Trust,
    /// True for a campaign's test conversion, which is in no figure.
    pub test: bool,
}

impl ConversionPayload {
    /// The payload for a conversion.
    pub fn of(conversion: &Conversion) -> Self {
        Self {
            conversion_id: conversion.id,
            click_id: conversion.click_id,
            campaign_id: conversion.campaign_id.clone(),
            slug: conversion.slug.clone(),
            value: conversion.money.map(Money::amount),
            currency: conversion.money.map(|money| money.currency),
            event_type: conversion.event_type.clone(),
            trust: conversion.trust,
            test: conversion.test,
        }
    }
}

/// A campaign whose health differs from that of the last check.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct HealthPayload {
    /// The campaign.
    pub campaign_id: CampaignId,
    /// Its health before.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::campaigns::HealthStatus))]
    pub before: String,
    /// Its health now.
    #[cfg_attr(feature = "openapi", schema(value_type = crate::campaigns::HealthStatus))]
    pub after: String,
}

/// A test delivery.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TestPayload {
    /// The subscription that is tested.
    pub subscription_id: SubscriptionId,
    /// A sentence for the person who reads it.
    pub message: String,
}

impl TestPayload {
    /// The payload for a test of this subscription.
    pub fn of(subscription_id: SubscriptionId) -> Self {
        Self { subscription_id, message: "Your endpoint receives events of this handle.".to_owned() }
    }
}

/// A subscription that the system disabled.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DisabledPayload {
    /// The subscription.
    pub subscription_id: SubscriptionId,
    /// `DISABLED_AUTO` after failing for too long, `DISABLED_GONE` after a 410.
    pub status: SubscriptionStatus,
}

impl DisabledPayload {
    /// The payload for a subscription that was disabled for this reason.
    pub const fn of(subscription_id: SubscriptionId, why: Disabled) -> Self {
        Self { subscription_id, status: why.as_status() }
    }
}
