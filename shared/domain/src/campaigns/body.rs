//! Reading the bodies of campaign writes, every bad field at once.

use serde_json::Value;

use super::{CampaignStatus, GoalType, Primary};
use crate::values::destination::OwnHosts;
use crate::values::form::{self, Faults, Form, Notes, Unknown};
use crate::values::money::Currency;
use crate::values::name::{CampaignId, EventType, TrackingPreset};

/// What a write says of a member that may be reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patch<T> {
    /// It is left out.
    Keep,
    /// It is null.
    Reset,
    /// It has a value.
    Be(T),
}

impl<T: Clone> Patch<T> {
    /// The value after the write, where a reset goes back to `preset`.
    pub(super) fn over(&self, present: &T, preset: &T) -> T {
        match self {
            Self::Keep => present.clone(),
            Self::Reset => preset.clone(),
            Self::Be(value) => value.clone(),
        }
    }

    /// The value after the write, where a reset leaves none.
    pub(super) fn optional_over(&self, present: Option<&T>) -> Option<T> {
        match self {
            Self::Keep => present.cloned(),
            Self::Reset => None,
            Self::Be(value) => Some(value.clone()),
        }
    }

    pub(super) fn read<E: ToString>(form: &mut Form<'_>, name: &str, parse: impl FnOnce(Value) -> Result<T, E>) -> Self {
        if !form.has(name) {
            return if form.names(name) { Self::Reset } else { Self::Keep };
        }
        form.optional(name, parse).map_or(Self::Keep, Self::Be)
    }
}

/// What a write asks of a campaign; what is left out stays.
#[derive(Clone, Debug)]
pub struct Change {
    /// Another goal brings its presets.
    pub goal_type: Option<GoalType>,
    /// Where it is to go.
    pub status: Option<CampaignStatus>,
    /// Shown in lists.
    pub name: Patch<String>,
    /// Instead of the goal's.
    pub tracking_preset: Patch<TrackingPreset>,
    /// Instead of the goal's.
    pub conversion_event_type: Patch<EventType>,
    /// The currency of its reports.
    pub currency: Patch<Currency>,
    /// The link that is to stand for it.
    pub primary: Primary,
}

impl Change {
    /// Reads the body of a change of the campaign `id`.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, id: &CampaignId, own: &OwnHosts) -> Result<Self, Faults> {
        let notes = Notes::default();
        let change = Form::open(body, Unknown::Refuse, &notes).map(|mut form| {
            form.optional("campaignId", |value| match form::parsed::<CampaignId>(value) {
                Ok(named) if named == *id => Ok(()),
                _ => Err("cannot be changed; leave it out"),
            });
            let goal_type = form.optional("goalType", form::parsed);
            let change = Self::fields(&mut form, goal_type, Some(id), own);
            form.close();
            change
        });
        notes.settle(change)
    }

    fn fields(form: &mut Form<'_>, goal_type: Option<GoalType>, id: Option<&CampaignId>, own: &OwnHosts) -> Self {
        Self {
            goal_type,
            status: form.optional("status", form::parsed),
            name: Patch::read(form, "name", form::text_up_to(200)),
            tracking_preset: Patch::read(form, "trackingPreset", form::parsed),
            conversion_event_type: Patch::read(form, "conversionEventType", form::parsed),
            currency: Patch::read(form, "currency", form::parsed),
            primary: Primary::read(form, id, own),
        }
    }
}

/// A campaign to make.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its id.
    pub campaign_id: CampaignId,
    /// What it wants.
    pub goal_type: GoalType,
    /// Everything else.
    pub change: Change,
}

impl Draft {
    /// Reads the body that makes a campaign.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, own: &OwnHosts) -> Result<Self, Faults> {
        let notes = Notes::default();
        let draft = Form::open(body, Unknown::Refuse, &notes).and_then(|mut form| {
            let campaign_id: Option<CampaignId> = form.required("campaignId", form::parsed);
            let goal_type = form.required("goalType", form::parsed);
            let change = Change::fields(&mut form, goal_type, campaign_id.as_ref(), own);
            form.close();
            Some(Self { campaign_id: campaign_id?, goal_type: goal_type?, change })
        });
        notes.settle(draft)
    }
}
