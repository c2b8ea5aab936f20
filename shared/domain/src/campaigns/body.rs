//! Reading the bodies of campaign writes, every bad field at once (specification §8).

use serde_json::Value;

use super::{CampaignStatus, GoalType, Primary};
use crate::values::destination::OwnHosts;
use crate::values::form::{self, Faults, Field, Form, Patch, Unknown};
use crate::values::money::Currency;
use crate::values::name::{CampaignId, EventType, TrackingPreset};
use crate::values::schema::Schema;

impl<T: Clone> Patch<T> {
    /// The value after the write, where a reset restores `preset`.
    pub(super) fn over(&self, present: &T, preset: &T) -> T {
        match self {
            Self::Keep => present.clone(),
            Self::Reset => preset.clone(),
            Self::Set(value) => value.clone(),
        }
    }

    /// The value after the write, where a reset leaves none.
    pub(super) fn optional_over(&self, present: Option<&T>) -> Option<T> {
        match self {
            Self::Keep => present.cloned(),
            Self::Reset => None,
            Self::Set(value) => Some(value.clone()),
        }
    }
}

/// What a write changes of a campaign; what is left out stays.
#[derive(Clone, Debug)]
pub struct CampaignChange {
    /// Another goal brings its presets.
    pub goal_type: Option<GoalType>,
    /// The status it moves to.
    pub status: Option<CampaignStatus>,
    /// Shown in lists.
    pub name: Patch<String>,
    /// Instead of the goal's.
    pub tracking_preset: Patch<TrackingPreset>,
    /// Instead of the goal's.
    pub conversion_event_type: Patch<EventType>,
    /// The currency of its reports.
    pub currency: Patch<Currency>,
    /// Its primary link.
    pub primary: Primary,
}

impl CampaignChange {
    /// Reads the body of a change of the campaign `id`.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, id: &CampaignId, own: &OwnHosts) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| Self::change_fields(form, Some(id), own))
    }

    /// Describes the body of a change.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Self::change_fields(form, None, &OwnHosts::default()))
    }

    fn change_fields(form: &mut Form<'_>, id: Option<&CampaignId>, own: &OwnHosts) -> Option<Self> {
        let same = form::parsed::<CampaignId>()
            .then(|named| if Some(&named) == id { Ok(()) } else { Err("cannot be changed; leave it out".to_owned()) });
        form.optional("campaignId", "The campaign's own id; it cannot be changed.", same);
        let goal_type = form.optional("goalType", "Its goal; another one brings its presets.", form::parsed());
        Some(Self::fields(form, goal_type, id, own))
    }

    fn fields(form: &mut Form<'_>, goal_type: Option<GoalType>, id: Option<&CampaignId>, own: &OwnHosts) -> Self {
        Self {
            goal_type,
            status: form.optional("status", "A new campaign is a DRAFT when it is left out.", form::parsed()),
            name: form.patch("name", "Shown in lists; null removes it.", form::text(0..=200)),
            tracking_preset: form.patch(
                "trackingPreset",
                "How conversions are reported to the merchant's own tools; the goal's when left out or null.",
                form::parsed(),
            ),
            conversion_event_type: form.patch(
                "conversionEventType",
                "The event type of its conversions; the goal's when left out or null.",
                form::parsed(),
            ),
            currency: form.patch("currency", "The currency of its reports; null removes it.", form::parsed()),
            primary: Primary::read(form, id, own),
        }
    }
}

/// Keys under which reports count what belongs to no campaign and what exceeds the number of keys: no new campaign gets such an id.
pub const KEYS_OF_REPORTS: [&str; 2] = ["none", "other"];

/// A new campaign.
#[derive(Clone, Debug)]
pub struct NewCampaign {
    /// Its id.
    pub campaign_id: CampaignId,
    /// Its goal.
    pub goal_type: GoalType,
    /// Everything else.
    pub change: CampaignChange,
}

impl NewCampaign {
    /// Reads the body that creates a campaign.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, own: &OwnHosts) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| Self::fields(form, own))
    }

    /// Describes the body that creates a campaign.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Self::fields(form, &OwnHosts::default()))
    }

    fn fields(form: &mut Form<'_>, own: &OwnHosts) -> Option<Self> {
        let campaign_id: Option<CampaignId> = form.required("campaignId", "Its id, which cannot be changed.", form::parsed());
        if campaign_id.as_ref().is_some_and(|id| KEYS_OF_REPORTS.contains(&id.as_str())) {
            form.fault("campaignId", "is a key of reports; choose another id");
        }
        let goal_type = form.required("goalType", "Its goal.", form::parsed());
        let change = CampaignChange::fields(form, goal_type, campaign_id.as_ref(), own);
        Some(Self { campaign_id: campaign_id?, goal_type: goal_type?, change })
    }
}
