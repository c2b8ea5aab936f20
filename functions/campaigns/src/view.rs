//! A campaign as the API returns it.

use api::ApiState;
use domain::campaigns::{Campaign, CampaignStatus, GoalType};
use domain::values::moment::Moment;
use domain::values::money::Currency;
use domain::values::name::{CampaignId, EventType, Handle, Slug, TrackingPreset};
use serde::Serialize;

/// A campaign.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CampaignView {
    /// Owning handle.
    handle: Handle,
    campaign_id: CampaignId,
    name: Option<String>,
    goal_type: GoalType,
    status: CampaignStatus,
    /// Its primary link; other links can belong to it too.
    primary_slug: Option<Slug>,
    /// The address of that link.
    #[schema(example = "https://demo.10x.in/deal-alpha")]
    short_url: Option<String>,
    /// How its conversions are reported to the merchant's own tools.
    tracking_preset: TrackingPreset,
    /// The event type of its conversions.
    conversion_event_type: EventType,
    /// The currency of its reports.
    currency: Option<Currency>,
    /// Increases with every write.
    version: u64,
    /// When it was created.
    created_at: Moment,
    /// When this version was written.
    updated_at: Moment,
}

impl CampaignView {
    pub(crate) fn of(campaign: Campaign, app: &ApiState) -> Self {
        let short_url = campaign.primary_slug.as_ref().map(|slug| app.settings().short_url(&campaign.handle, slug.as_str()));
        Self {
            handle: campaign.handle,
            campaign_id: campaign.campaign_id,
            name: campaign.name,
            goal_type: campaign.goal_type,
            status: campaign.status,
            primary_slug: campaign.primary_slug,
            short_url,
            tracking_preset: campaign.tracking_preset,
            conversion_event_type: campaign.conversion_event_type,
            currency: campaign.currency,
            version: campaign.version,
            created_at: campaign.created_at,
            updated_at: campaign.updated_at,
        }
    }
}
