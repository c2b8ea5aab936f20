//! A campaign as the API returns it, and as callers write it.

use api::ApiState;
use domain::campaigns::{Campaign, CampaignStatus, GoalType};
use domain::links::Settings;
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

/// A link written together with its campaign.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PrimaryLinkBody {
    slug: Slug,
    /// At most 128 characters; null removes it.
    password: Option<String>,
    #[serde(flatten)]
    settings: Settings,
}

/// A campaign to make.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewCampaign {
    campaign_id: CampaignId,
    goal_type: GoalType,
    #[serde(flatten)]
    change: CampaignChange,
}

/// What is to change; what is left out stays.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CampaignChange {
    /// DRAFT in a new campaign.
    status: Option<CampaignStatus>,
    /// At most 200 characters; null removes it.
    name: Option<String>,
    /// A link that exists; null names none.
    primary_slug: Option<Slug>,
    /// A link to write in the same transaction, instead of `primarySlug`.
    primary_link: Option<PrimaryLinkBody>,
    /// Instead of the goal's; null goes back to that.
    tracking_preset: Option<TrackingPreset>,
    /// Instead of the goal's; null goes back to that.
    conversion_event_type: Option<EventType>,
    /// The currency of its reports; null removes it.
    currency: Option<Currency>,
}

/// What is to change in a campaign that exists.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CampaignUpdate {
    /// May be repeated, not changed.
    campaign_id: Option<CampaignId>,
    /// Another goal brings its presets along, unless they are given.
    goal_type: Option<GoalType>,
    #[serde(flatten)]
    change: CampaignChange,
}
