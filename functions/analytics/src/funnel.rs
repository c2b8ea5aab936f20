//! Funnels: each campaign's way from clicks to revenue, side by side.

use api::Problem;
use domain::campaigns::Campaign;
use domain::reports::confidence::Freshness;
use domain::reports::{Dimension, Selection};
use domain::values::moment::{Day, Moment};
use domain::values::name::{CampaignId, Handle};
use serde::Serialize;
use serde_json::Number;
use store::{Cells, Store};

use crate::figures::{PenaltyView, Totals, rated, report};
use crate::parameters::Range;

/// Campaigns read by one query.
const PAGE_SIZE: usize = 100;

/// A funnel.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Funnel {
    handle: Handle,
    /// First day, UTC.
    #[schema(value_type = String, format = Date)]
    from: Day,
    /// Last day, UTC, included.
    #[schema(value_type = String, format = Date)]
    to: Day,
    /// Campaigns by id.
    funnel: Vec<CampaignFunnel>,
    /// That of the most recently updated campaign.
    freshness: Freshness,
}

/// One campaign's way from clicks to revenue.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CampaignFunnel {
    campaign_id: CampaignId,
    #[serde(flatten)]
    totals: Totals,
    /// Conversions over qualified clicks, to four decimals; null without qualified clicks.
    #[schema(value_type = Option<f64>)]
    conversion_rate: Option<Number>,
    /// How reliable these figures are, out of 100; below 50 they should be examined.
    #[schema(maximum = 100)]
    confidence: u8,
    /// What reduces it.
    penalties: Vec<PenaltyView>,
}

impl CampaignFunnel {
    fn of(campaign: Campaign, cells: &Cells, now: Moment) -> Self {
        let figures = report(cells, Dimension::Day).totals;
        let currency = campaign.currency.unwrap_or_else(|| figures.main_currency());
        let (confidence, penalties) = rated(&figures, &Freshness::of(cells.updated_at, now));
        Self {
            campaign_id: campaign.campaign_id,
            totals: Totals::of(&figures, currency),
            conversion_rate: figures.conversion_rate(),
            confidence,
            penalties,
        }
    }
}

/// The funnel of one campaign, or of all of a handle. Each is computed from the campaign's own cells, so that both agree.
pub(crate) async fn funnel(
    store: &Store,
    handle: &Handle,
    campaign: Option<CampaignId>,
    Range { from, to }: Range,
    now: Moment,
) -> Result<Funnel, Problem> {
    let campaigns = match campaign {
        Some(id) => vec![store.campaigns().get(handle, &id).await?.ok_or_else(|| Problem::not_found("campaign"))?],
        None => every_campaign(store, handle).await?,
    };
    let selections: Vec<Selection> = campaigns.iter().map(|campaign| Selection::Campaign(campaign.campaign_id.clone())).collect();
    let cells = store.rollups().read_many(handle, &selections, Some(Dimension::Day), from, to).await?;
    let updated_at = cells.iter().filter_map(|cells| cells.updated_at).max();
    let funnel = campaigns.into_iter().zip(&cells).map(|(campaign, cells)| CampaignFunnel::of(campaign, cells, now)).collect();
    Ok(Funnel { handle: handle.clone(), from, to, funnel, freshness: Freshness::of(updated_at, now) })
}

/// All campaigns in the order of their ids.
async fn every_campaign(store: &Store, handle: &Handle) -> Result<Vec<Campaign>, Problem> {
    let mut campaigns = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = store.campaigns().list(handle, PAGE_SIZE, cursor.as_deref()).await?;
        campaigns.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(campaigns);
        }
    }
}
