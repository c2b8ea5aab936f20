//! Whether a conversion counts for the campaign its click named (specification §8).

use serde::{Deserialize, Serialize};

use super::campaign::Campaign;
use super::status::CampaignStatus;
use crate::values::moment::Moment;
use crate::values::name::CampaignId;

/// Why a conversion counts for its link alone although its click named a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotCredited {
    /// The campaign is not ACTIVE now.
    CampaignPaused,
    /// The campaign was not ACTIVE when the link was followed.
    ClickNotTracked,
    /// The campaign has been deleted.
    CampaignDeleted,
}

/// What a conversion is credited to besides its link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credit {
    /// The campaign.
    pub campaign_id: Option<CampaignId>,
    /// Why it is none although one was named.
    pub not_credited: Option<NotCredited>,
}

impl Credit {
    /// Decides by the campaign as it is now; `named` is the campaign in the click's token.
    pub fn of(named: Option<&CampaignId>, campaign: Option<&Campaign>, clicked_at: Moment) -> Self {
        let Some(named) = named else { return Self::default() };
        let not_credited = match campaign {
            None => Some(NotCredited::CampaignDeleted),
            Some(campaign) if campaign.status != CampaignStatus::Active => Some(NotCredited::CampaignPaused),
            Some(campaign) if !campaign.was_active_at(clicked_at) => Some(NotCredited::ClickNotTracked),
            Some(_) => None,
        };
        Self { campaign_id: not_credited.is_none().then(|| named.clone()), not_credited }
    }
}
