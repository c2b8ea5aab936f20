//! Campaigns: what they aim at, and during which periods clicks and conversions are credited to them (contract §8).

mod body;
mod credit;
mod health;
mod primary;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::values::moment::Moment;
use crate::values::money::Currency;
use crate::values::name::{CampaignId, EventType, Handle, Slug, TrackingPreset};
use crate::values::schema::{HasSchema, Schema};

pub use body::{CampaignChange, NewCampaign};
pub use credit::{Credit, NotCredited};
pub use health::{Check, Facts, Health, checks, worst};
pub use primary::{Primary, PrimaryLink, Unbindable};

/// Days a period of activity is remembered after its end: as long as reports reach back.
const REMEMBERED_DAYS: i64 = 400;
/// Periods one campaign may have; the oldest make room, so that its item stays small whatever is done to it.
const MAX_PERIODS: usize = 500;

/// What a campaign wants of its visitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum GoalType {
    /// Something is bought.
    ProductSale,
    /// Somebody leaves an address.
    LeadCapture,
    /// Somebody subscribes.
    Newsletter,
    /// Somebody follows a partner's link to a merchant.
    AffiliateClickout,
    /// An app is installed.
    AppInstall,
}

impl GoalType {
    const ALL: [(Self, &str); 5] = [
        (Self::ProductSale, "PRODUCT_SALE"),
        (Self::LeadCapture, "LEAD_CAPTURE"),
        (Self::Newsletter, "NEWSLETTER"),
        (Self::AffiliateClickout, "AFFILIATE_CLICKOUT"),
        (Self::AppInstall, "APP_INSTALL"),
    ];

    /// The tracking preset and the conversion event type that go with it.
    fn presets(self) -> (TrackingPreset, EventType) {
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

/// Whether a campaign tracks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "openapi", schema(as = CampaignStatus))]
pub enum Status {
    /// Made, not tracking yet.
    #[default]
    Draft,
    /// Clicks and conversions are credited to it.
    Active,
    /// What it has is kept, nothing new is credited.
    Paused,
}

impl Status {
    const ALL: [Self; 3] = [Self::Draft, Self::Active, Self::Paused];

    /// As requests spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "DRAFT",
            Self::Active => "ACTIVE",
            Self::Paused => "PAUSED",
        }
    }

    /// The status after a move; to stay is no move.
    ///
    /// # Errors
    /// When there is no way from here to there.
    pub fn advance(self, to: Self) -> Result<Self, IllegalMove> {
        match (self, to) {
            (Self::Draft, Self::Draft | Self::Active)
            | (Self::Active, Self::Active | Self::Paused)
            | (Self::Paused, Self::Paused | Self::Active | Self::Draft) => Ok(to),
            (Self::Draft, Self::Paused) | (Self::Active, Self::Draft) => Err(IllegalMove { from: self, to }),
        }
    }
}

impl HasSchema for Status {
    fn schema() -> Schema {
        Schema::one_of(Self::ALL.map(Self::as_str))
    }
}

impl FromStr for Status {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or("must be DRAFT, ACTIVE or PAUSED")
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A move that is not one of the life of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a campaign cannot go from {from} to {to}; it goes from DRAFT to ACTIVE, between ACTIVE and PAUSED, and from PAUSED to DRAFT")]
pub struct IllegalMove {
    /// Where it is.
    pub from: Status,
    /// Where it was to go.
    pub to: Status,
}

/// A time during which a campaign was ACTIVE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its first moment.
    pub from: Moment,
    /// The first moment after it; none while it lasts.
    pub until: Option<Moment>,
}

/// A campaign as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Campaign {
    /// Whose it is.
    pub handle: Handle,
    /// Its id.
    pub campaign_id: CampaignId,
    /// Shown in lists.
    pub name: Option<String>,
    /// What it wants.
    pub goal_type: GoalType,
    /// Whether it tracks.
    pub status: Status,
    /// The link that stands for it.
    pub primary_slug: Option<Slug>,
    /// How conversions are told to the merchant's own tools.
    pub tracking_preset: TrackingPreset,
    /// What its conversions are called.
    pub conversion_event_type: EventType,
    /// The currency of its reports.
    pub currency: Option<Currency>,
    /// One more with every write.
    pub version: u64,
    /// When this life of the campaign began.
    pub created_at: Moment,
    /// When this version was written.
    pub updated_at: Moment,
    /// When it was ACTIVE, in order.
    pub active: Vec<Period>,
}

impl Campaign {
    /// A new campaign, in whatever status it is to begin.
    pub fn new(handle: &Handle, draft: &NewCampaign, now: Moment) -> Self {
        let (tracking_preset, conversion_event_type) = draft.goal_type.presets();
        let mut campaign = Self {
            handle: handle.clone(),
            campaign_id: draft.campaign_id.clone(),
            name: None,
            goal_type: draft.goal_type,
            status: Status::Draft,
            primary_slug: None,
            tracking_preset,
            conversion_event_type,
            currency: None,
            version: 1,
            created_at: now,
            updated_at: now,
            active: Vec::new(),
        };
        campaign.apply(&draft.change);
        campaign.enter(draft.change.status.unwrap_or_default(), now);
        campaign
    }

    /// The next version of the campaign: what is left out stays.
    ///
    /// # Errors
    /// When the status cannot become what is asked.
    pub fn changed(&self, change: &CampaignChange, now: Moment) -> Result<Self, IllegalMove> {
        let to = self.status.advance(change.status.unwrap_or(self.status))?;
        let mut next = Self { version: self.version + 1, updated_at: now, ..self.clone() };
        next.apply(change);
        next.enter(to, now);
        Ok(next)
    }

    fn apply(&mut self, change: &CampaignChange) {
        let goal = change.goal_type.unwrap_or(self.goal_type);
        let presets = goal.presets();
        if goal != self.goal_type {
            self.goal_type = goal;
            (self.tracking_preset, self.conversion_event_type) = presets.clone();
        }
        self.tracking_preset = change.tracking_preset.over(&self.tracking_preset, &presets.0);
        self.conversion_event_type = change.conversion_event_type.over(&self.conversion_event_type, &presets.1);
        self.name = change.name.optional_over(self.name.as_ref());
        self.currency = change.currency.optional_over(self.currency.as_ref());
        self.primary_slug = match &change.primary {
            Primary::Keep => self.primary_slug.take(),
            Primary::None => None,
            Primary::Slug(slug) => Some(slug.clone()),
            Primary::Link(link) => Some(link.slug.clone()),
        };
    }

    /// Ends or begins a period of activity with a change of status.
    fn enter(&mut self, status: Status, now: Moment) {
        let (was, is) = (self.status == Status::Active, status == Status::Active);
        self.status = status;
        if was && !is {
            for period in self.active.iter_mut().filter(|period| period.until.is_none()) {
                period.until = Some(now);
            }
        }
        if is && !was {
            self.active.push(Period { from: now, until: None });
        }
        let forgotten = now.plus_days(-REMEMBERED_DAYS);
        self.active.retain(|period| period.until.is_none_or(|until| until > period.from && until >= forgotten));
        self.active.drain(..self.active.len().saturating_sub(MAX_PERIODS));
    }

    /// Whether clicks of this moment are credited to it.
    pub fn was_active_at(&self, at: Moment) -> bool {
        self.active.iter().any(|period| period.from <= at && period.until.is_none_or(|until| at < until))
    }

    /// What the audit log tells of it: everything its owner set.
    pub fn audited(&self) -> serde_json::Value {
        serde_json::json!({
            "name": self.name, "goalType": self.goal_type, "status": self.status, "primarySlug": self.primary_slug,
            "trackingPreset": self.tracking_preset, "conversionEventType": self.conversion_event_type, "currency": self.currency,
        })
    }
}

#[cfg(test)]
mod tests;
