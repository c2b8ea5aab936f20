//! What one cell of the counters covers, and which cells a report reads (specification §9).

use crate::values::moment::Day;
use crate::values::name::{CampaignId, Handle, Slug};

/// What one cell covers besides its day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CellScope {
    /// Everything of a handle.
    Handle,
    /// One campaign.
    Campaign(CampaignId),
    /// One link's share of one campaign, or of none; a link's own figures are the sum over its campaigns.
    Link(Slug, Option<CampaignId>),
}

/// What a report covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Everything of a handle.
    Handle,
    /// One campaign.
    Campaign(CampaignId),
    /// One link.
    Link(Slug),
    /// One link's share of one campaign.
    LinkInCampaign(Slug, CampaignId),
}

impl Selection {
    /// What these filters select.
    pub fn of(campaign: Option<CampaignId>, slug: Option<Slug>) -> Self {
        match (campaign, slug) {
            (None, None) => Self::Handle,
            (Some(campaign), None) => Self::Campaign(campaign),
            (None, Some(slug)) => Self::Link(slug),
            (Some(campaign), Some(slug)) => Self::LinkInCampaign(slug, campaign),
        }
    }
}

/// A cell: one day of one scope of one handle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellKey {
    /// Owning handle.
    pub handle: Handle,
    /// What it covers.
    pub scope: CellScope,
    /// The UTC day.
    pub day: Day,
}

/// The cells in which a record of this link and campaign is counted on this day.
pub fn cells(handle: &Handle, slug: &Slug, campaign: Option<&CampaignId>, day: Day) -> Vec<CellKey> {
    let scopes =
        [Some(CellScope::Handle), campaign.cloned().map(CellScope::Campaign), Some(CellScope::Link(slug.clone(), campaign.cloned()))];
    scopes.into_iter().flatten().map(|scope| CellKey { handle: handle.clone(), scope, day }).collect()
}
