//! What a campaign aims at, and the presets that come with it (specification §8).

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::values::name::{EventType, TrackingPreset};
use crate::values::schema::{HasSchema, Schema};

/// What a campaign aims at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GoalType {
    /// A visitor buys something.
    ProductSale,
    /// A visitor leaves contact data.
    LeadCapture,
    /// A visitor subscribes to a newsletter.
    Newsletter,
    /// A visitor follows a partner's link to a merchant.
    AffiliateClickout,
    /// A visitor installs an app.
    AppInstall,
}

impl GoalType {
    pub(super) const ALL: [(Self, &str); 5] = [
        (Self::ProductSale, "PRODUCT_SALE"),
        (Self::LeadCapture, "LEAD_CAPTURE"),
        (Self::Newsletter, "NEWSLETTER"),
        (Self::AffiliateClickout, "AFFILIATE_CLICKOUT"),
        (Self::AppInstall, "APP_INSTALL"),
    ];

    /// The tracking preset and the conversion event type that go with it.
    pub(super) fn presets(self) -> (TrackingPreset, EventType) {
        let (preset, event) = match self {
            Self::ProductSale => ("ga4_purchase", "purchase"),
            Self::LeadCapture => ("ga4_lead", "lead"),
            Self::Newsletter => ("ga4_sign_up", "newsletter_signup"),
            Self::AffiliateClickout => ("custom_webhook", "affiliate_click"),
            Self::AppInstall => ("ga4_app_install", "app_install"),
        };
        (TrackingPreset::known(preset), EventType::known(event))
    }
}

impl HasSchema for GoalType {
    fn schema() -> Schema {
        Schema::one_of(Self::ALL.map(|(_, name)| name))
    }
}

impl FromStr for GoalType {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().find(|(_, name)| *name == text);
        known.map(|(goal, _)| *goal).ok_or("must be PRODUCT_SALE, LEAD_CAPTURE, NEWSLETTER, AFFILIATE_CLICKOUT or APP_INSTALL")
    }
}
