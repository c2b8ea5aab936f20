//! A campaign as it is stored, and the periods during which it was active (specification §8).

use serde::{Deserialize, Serialize};

use super::body::{CampaignChange, NewCampaign};
use super::goal::GoalType;
use super::primary::Primary;
use super::status::{CampaignStatus, IllegalMove};
use crate::values::moment::Moment;
use crate::values::money::Currency;
use crate::values::name::{CampaignId, EventType, Handle, Slug, TrackingPreset};

/// Days for which a period of activity is kept after its end: as long as reports reach back.
const PERIOD_KEPT_DAYS: i64 = 400;
/// Periods one campaign may have; the oldest are dropped, so that the size of its item is bounded.
const MAX_PERIODS: usize = 500;

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
    /// Owning handle.
    pub handle: Handle,
    /// Its id.
    pub campaign_id: CampaignId,
    /// Shown in lists.
    pub name: Option<String>,
    /// What it aims at.
    pub goal_type: GoalType,
    /// Whether it tracks.
    pub status: CampaignStatus,
    /// Its primary link.
    pub primary_slug: Option<Slug>,
    /// How conversions are reported to the merchant's own tools.
    pub tracking_preset: TrackingPreset,
    /// The event type of its conversions.
    pub conversion_event_type: EventType,
    /// The currency of its reports.
    pub currency: Option<Currency>,
    /// One higher with every write.
    pub version: u64,
    /// When the campaign was created.
    pub created_at: Moment,
    /// When this version was written.
    pub updated_at: Moment,
    /// When it was ACTIVE, in order.
    pub active: Vec<Period>,
}

impl Campaign {
    /// A new campaign, in the status given by `draft`.
    pub fn new(handle: &Handle, draft: &NewCampaign, now: Moment) -> Self {
        let (tracking_preset, conversion_event_type) = draft.goal_type.presets();
        let mut campaign = Self {
            handle: handle.clone(),
            campaign_id: draft.campaign_id.clone(),
            name: None,
            goal_type: draft.goal_type,
            status: CampaignStatus::Draft,
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
    /// When the present status cannot change to the requested one.
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

    /// Changes the status, and ends or begins a period of activity with it.
    fn enter(&mut self, status: CampaignStatus, now: Moment) {
        let (was, is) = (self.status == CampaignStatus::Active, status == CampaignStatus::Active);
        self.status = status;
        if was && !is {
            for period in self.active.iter_mut().filter(|period| period.until.is_none()) {
                period.until = Some(now);
            }
        }
        if is && !was {
            self.active.push(Period { from: now, until: None });
        }
        let kept_since = now.plus_days(-PERIOD_KEPT_DAYS);
        self.active.retain(|period| period.until.is_none_or(|until| until > period.from && until >= kept_since));
        self.active.drain(..self.active.len().saturating_sub(MAX_PERIODS));
    }

    /// Whether clicks of this moment are credited to it.
    pub fn was_active_at(&self, at: Moment) -> bool {
        self.active.iter().any(|period| period.from <= at && period.until.is_none_or(|until| at < until))
    }

    /// Its state in the audit log: everything its owner set.
    pub fn audited(&self) -> serde_json::Value {
        serde_json::json!({
            "name": self.name, "goalType": self.goal_type, "status": self.status, "primarySlug": self.primary_slug,
            "trackingPreset": self.tracking_preset, "conversionEventType": self.conversion_event_type, "currency": self.currency,
        })
    }
}
