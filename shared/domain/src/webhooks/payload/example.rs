//! Examples of payloads, one for every type of event, for the OpenAPI document and test deliveries.

use super::{ClickPayload, ConversionPayload, DisabledPayload, HealthPayload, LinkPayload, Payload, TestPayload};
use crate::campaigns::HealthStatus;
use crate::clicks::agent::ClickVerdict;
use crate::conversions::Trust;
use crate::values::destination::{Destination, OwnHosts};
use crate::values::device::Device;
use crate::values::id::{ClickId, ConversionId, SubscriptionId};
use crate::values::moment::Moment;
use crate::values::money::{Currency, Money};
use crate::values::name::{CampaignId, Slug};
use crate::webhooks::event::WebhookEventType;
use crate::webhooks::subscription::Disabled;

impl Payload {
    /// An example, for every type. None only if one of the names below were invalid, which a test excludes.
    pub fn example(kind: WebhookEventType, at: Moment) -> Option<Self> {
        let slug: Slug = "deal-alpha".parse().ok()?;
        let campaign_id: CampaignId = "partner-alpha".parse().ok()?;
        let (click_id, subscription_id) = (ClickId::new(at, 1), SubscriptionId::new(at, 1));
        let link = LinkPayload {
            slug: slug.clone(),
            version: 1,
            destination_url: Destination::admit("https://merchant.example.com/product?ref=alpha", &OwnHosts::default()).ok()?,
            title: Some("Partner Alpha - Product Deal".to_owned()),
            enabled: true,
            campaign_id: Some(campaign_id.clone()),
        };
        let conversion = ConversionPayload {
            conversion_id: ConversionId::new(at, 1),
            click_id,
            campaign_id: Some(campaign_id.clone()),
            slug: slug.clone(),
            value: Some(Money { minor: 2499, currency: Currency::USD }.amount()),
            currency: Some(Currency::USD),
            event_type: "affiliate_click".parse().ok()?,
            trust: Trust::Claimed,
            test: kind == WebhookEventType::ConversionTested,
        };
        Some(match kind {
            WebhookEventType::LinkClicked => Self::LinkClicked(ClickPayload {
                click_id,
                slug,
                campaign_id: Some(campaign_id),
                verdict: ClickVerdict::Human,
                reasons: Vec::new(),
                country: "DE".to_owned(),
                device: Device::Mobile.as_str().to_owned(),
                source: "instagram".to_owned(),
                referrer: "www.instagram.com".to_owned(),
            }),
            WebhookEventType::LinkCreated => Self::LinkCreated(link),
            WebhookEventType::LinkUpdated => Self::LinkUpdated(LinkPayload { version: 2, ..link }),
            WebhookEventType::LinkDeleted => Self::LinkDeleted(link),
            WebhookEventType::ConversionRecorded => Self::ConversionRecorded(conversion),
            WebhookEventType::ConversionTested => Self::ConversionTested(conversion),
            WebhookEventType::CampaignHealthChanged => {
                let (before, after) = (HealthStatus::Warn.as_str().to_owned(), HealthStatus::Pass.as_str().to_owned());
                Self::CampaignHealthChanged(HealthPayload { campaign_id, before, after })
            }
            WebhookEventType::WebhookTest => Self::WebhookTest(TestPayload::of(subscription_id)),
            WebhookEventType::WebhookDisabled => Self::WebhookDisabled(DisabledPayload::of(subscription_id, Disabled::Auto)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_an_example_of_its_own_type() {
        for kind in WebhookEventType::ALL {
            let example = Payload::example(*kind, Moment::from_millis(1_772_366_400_000)).unwrap();
            assert_eq!(example.kind(), *kind);
        }
    }

    #[test]
    fn an_amount_keeps_its_digits() {
        let example = Payload::example(WebhookEventType::ConversionTested, Moment::from_millis(1_772_366_400_000)).unwrap();
        let sent = serde_json::to_value(example).unwrap();
        assert_eq!((sent["value"].to_string().as_str(), &sent["test"]), ("24.99", &serde_json::json!(true)));
    }
}
