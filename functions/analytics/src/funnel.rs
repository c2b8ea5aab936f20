//! Funnels: each campaign's way from clicks to revenue, side by side.

use std::collections::BTreeSet;

use api::{DayRange, Problem};
use domain::campaigns::Campaign;
use domain::reports::confidence::Freshness;
use domain::reports::{Dimension, NONE, OTHER, Selection};
use domain::values::moment::{Day, Moment};
use domain::values::money::Currency;
use domain::values::name::{CampaignId, Handle};
use serde::Serialize;
use serde_json::Number;
use store::{Cells, Found, Store};

use crate::figures::{PenaltyView, Totals, rated, report};

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
    /// Campaigns by id; deleted ones too that have figures on these days.
    funnel: Vec<CampaignFunnel>,
    /// That of the most recently updated campaign.
    freshness: Freshness,
}

/// One campaign's way from clicks to revenue.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CampaignFunnel {
    campaign_id: CampaignId,
    /// True for a campaign that was deleted; its figures remain.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    deleted: bool,
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

/// A campaign whose funnel is wanted.
struct Listed {
    id: CampaignId,
    currency: Option<Currency>,
    is_deleted: bool,
}

impl Listed {
    fn of(campaign: Campaign) -> Self {
        Self { id: campaign.campaign_id, currency: campaign.currency, is_deleted: false }
    }

    /// One that is deleted, or cannot be decoded: its currency is not known.
    fn only_named(id: CampaignId, is_deleted: bool) -> Self {
        Self { id, currency: None, is_deleted }
    }
}

impl CampaignFunnel {
    fn of(campaign: Listed, cells: &Cells, waiting_since: Option<Moment>, now: Moment) -> Self {
        let figures = report(cells, Dimension::Day).totals;
        let currency = campaign.currency.unwrap_or_else(|| figures.main_currency());
        let (confidence, penalties) = rated(&figures, &Freshness::of(cells.updated_at, waiting_since, now));
        Self {
            campaign_id: campaign.id,
            deleted: campaign.is_deleted,
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
    DayRange { from, to }: DayRange,
    now: Moment,
) -> Result<Funnel, Problem> {
    let campaigns = match campaign {
        Some(id) => vec![one(store, handle, id, (from, to)).await?],
        None => all(store, handle, (from, to)).await?,
    };
    let selections: Vec<Selection> = campaigns.iter().map(|campaign| Selection::Campaign(campaign.id.clone())).collect();
    let cells = store.rollups().read_many(handle, &selections, Some(Dimension::Day), from, to);
    let (cells, waiting_since) = futures::try_join!(cells, store.system().waiting_since(handle))?;
    let updated_at = cells.iter().filter_map(|cells| cells.updated_at).max();
    let funnel = campaigns.into_iter().zip(&cells);
    let funnel = funnel.map(|(campaign, cells)| CampaignFunnel::of(campaign, cells, waiting_since, now)).collect();
    Ok(Funnel { handle: handle.clone(), from, to, funnel, freshness: Freshness::of(updated_at, waiting_since, now) })
}

/// The campaign of this id. A deleted one is known by its figures.
async fn one(store: &Store, handle: &Handle, id: CampaignId, (from, to): (Day, Day)) -> Result<Listed, Problem> {
    match store.campaigns().find(handle, &id).await? {
        Some(Found::Intact(campaign)) => Ok(Listed::of(campaign)),
        Some(Found::Damaged(_)) => Ok(Listed::only_named(id, false)),
        None => {
            let cells = store.rollups().read(handle, &Selection::Campaign(id.clone()), Some(Dimension::Day), from, to).await?;
            if cells.days.is_empty() { Err(Problem::not_found("campaign")) } else { Ok(Listed::only_named(id, true)) }
        }
    }
}

/// All campaigns by id, and those deleted ones that the handle's figures of these days name.
async fn all(store: &Store, handle: &Handle, (from, to): (Day, Day)) -> Result<Vec<Listed>, Problem> {
    let counted = async { Ok(store.rollups().read(handle, &Selection::Handle, Some(Dimension::Campaign), from, to).await?) };
    let (known, counted) = futures::try_join!(known_campaigns(store, handle), counted)?;
    let ids = known.ids();
    let KnownCampaigns { intact, damaged } = known;
    let deleted = report(&counted, Dimension::Campaign).rows.into_iter().filter_map(|(key, _)| deleted_campaign(&key, &ids));
    let deleted: Vec<Listed> = deleted.map(|id| Listed::only_named(id, true)).collect();
    let mut campaigns: Vec<Listed> = intact.into_iter().map(Listed::of).collect();
    campaigns.extend(damaged.into_iter().map(|id| Listed::only_named(id, false)));
    campaigns.extend(deleted);
    campaigns.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(campaigns)
}

/// The campaign that a key of a report names, if it is none of those that exist. The keys `none` and `other` stand for no campaign.
pub(crate) fn deleted_campaign(key: &str, known: &BTreeSet<CampaignId>) -> Option<CampaignId> {
    let id: CampaignId = key.parse().ok().filter(|_| !matches!(key, NONE | OTHER))?;
    (!known.contains(&id)).then_some(id)
}

/// The campaigns of a handle.
pub(crate) struct KnownCampaigns {
    intact: Vec<Campaign>,
    damaged: Vec<CampaignId>,
}

impl KnownCampaigns {
    /// Their ids.
    pub(crate) fn ids(&self) -> BTreeSet<CampaignId> {
        self.intact.iter().map(|campaign| &campaign.campaign_id).chain(&self.damaged).cloned().collect()
    }
}

/// All campaigns in the order of their ids.
pub(crate) async fn known_campaigns(store: &Store, handle: &Handle) -> Result<KnownCampaigns, Problem> {
    let mut known = KnownCampaigns { intact: Vec::new(), damaged: Vec::new() };
    let mut cursor: Option<String> = None;
    loop {
        let page = store.campaigns().list(handle, PAGE_SIZE, cursor.as_deref()).await?;
        known.intact.extend(page.items);
        known.damaged.extend(page.damaged.iter().filter_map(|id| id.parse().ok()));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(known);
        }
    }
}
