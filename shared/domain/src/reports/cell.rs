//! What one cell of the counters covers, and which cells a report reads (specification §9).

use std::fmt;
use std::str::FromStr;

use super::dimension::Dimension;
use crate::values::name::{CampaignId, Slug};

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

/// What part of a scope's counters one stored cell has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CellPart {
    /// All dimensions: of a link, which has few keys.
    All,
    /// One dimension, or the totals as those of [`Dimension::Day`]: a report reads only what it shows.
    Of(Dimension),
}

impl CellPart {
    /// The name in keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Of(dimension) => dimension.as_str(),
        }
    }

    /// Whether counters of this dimension are in it.
    pub(super) fn has(self, dimension: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(of) => of.as_str() == dimension,
        }
    }
}

impl CellScope {
    /// The cells that a day of this scope is stored in.
    pub fn parts(&self) -> Vec<CellPart> {
        match self {
            Self::Handle | Self::Campaign(_) => Dimension::ALL.iter().copied().map(CellPart::Of).collect(),
            Self::Link(..) => vec![CellPart::All],
        }
    }

    /// Whether a report of this selection covers it.
    pub fn is_in(&self, selection: &Selection) -> bool {
        match (self, selection) {
            (Self::Handle, Selection::Handle) => true,
            (Self::Campaign(own), Selection::Campaign(campaign)) => own == campaign,
            (Self::Link(own, _), Selection::Link(slug)) => own == slug,
            (Self::Link(own, of), Selection::LinkInCampaign(slug, campaign)) => own == slug && of.as_ref() == Some(campaign),
            _ => false,
        }
    }
}

impl fmt::Display for CellScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handle => write!(f, "H"),
            Self::Campaign(campaign) => write!(f, "C#{campaign}"),
            Self::Link(slug, campaign) => write!(f, "L#{slug}#{}", campaign.as_ref().map_or("", CampaignId::as_str)),
        }
    }
}

impl FromStr for CellScope {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const UNREADABLE: &str = "is not a scope";
        match text.split_once('#') {
            None if text == "H" => Ok(Self::Handle),
            Some(("C", campaign)) => campaign.parse().map(Self::Campaign).map_err(|_| UNREADABLE),
            Some(("L", rest)) => {
                let (slug, campaign) = rest.split_once('#').ok_or(UNREADABLE)?;
                let slug = slug.parse().map_err(|_| UNREADABLE)?;
                let campaign = Some(campaign).filter(|campaign| !campaign.is_empty());
                Ok(Self::Link(slug, campaign.map(str::parse).transpose().map_err(|_| UNREADABLE)?))
            }
            _ => Err(UNREADABLE),
        }
    }
}

/// The scopes in which a record of this link and campaign is counted.
pub(super) fn scopes(slug: &Slug, campaign: Option<&CampaignId>) -> impl Iterator<Item = CellScope> {
    let scopes =
        [Some(CellScope::Handle), campaign.cloned().map(CellScope::Campaign), Some(CellScope::Link(slug.clone(), campaign.cloned()))];
    scopes.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(text: &str) -> Slug {
        text.parse().unwrap()
    }

    fn campaign(text: &str) -> CampaignId {
        text.parse().unwrap()
    }

    #[test]
    fn a_selection_covers_the_scopes_it_names_and_no_others() {
        let all = ["H", "C#spring", "C#autumn", "L#launch#", "L#launch#spring", "L#launch#autumn", "L#other#", "L#other#spring"];
        for (of_campaign, of_link, expected) in [
            (None, None, vec!["H"]),
            (Some("spring"), None, vec!["C#spring"]),
            (None, Some("launch"), vec!["L#launch#", "L#launch#spring", "L#launch#autumn"]),
            (Some("spring"), Some("launch"), vec!["L#launch#spring"]),
            (Some("autumn"), Some("other"), vec![]),
            (Some("winter"), None, vec![]),
            (None, Some("elsewhere"), vec![]),
        ] {
            let selection = Selection::of(of_campaign.map(campaign), of_link.map(slug));
            let covered: Vec<&str> = all.into_iter().filter(|name| name.parse::<CellScope>().unwrap().is_in(&selection)).collect();
            assert_eq!(covered, expected, "{selection:?}");
        }
    }

    #[test]
    fn a_scope_reads_back_from_its_name_and_nothing_else_is_one() {
        for (scope, name) in [
            (CellScope::Handle, "H"),
            (CellScope::Campaign(campaign("spring")), "C#spring"),
            (CellScope::Link(slug("launch"), None), "L#launch#"),
            (CellScope::Link(slug("launch"), Some(campaign("spring"))), "L#launch#spring"),
        ] {
            assert_eq!((scope.to_string().as_str(), name.parse()), (name, Ok(scope)));
        }
        for text in
            ["", "h", "X", "C", "L", "H#", "H#spring", "C#", "C#No", "X#spring", "L#launch", "L##", "L##spring", "L#a#", "L#launch#No"]
        {
            assert_eq!(text.parse::<CellScope>(), Err("is not a scope"), "{text}");
        }
    }

    #[test]
    fn a_record_is_counted_for_its_handle_its_campaign_and_its_link_in_it() {
        let names =
            |of: Option<&str>| scopes(&slug("launch"), of.map(campaign).as_ref()).map(|scope| scope.to_string()).collect::<Vec<_>>();
        assert_eq!(names(Some("spring")), ["H", "C#spring", "L#launch#spring"]);
        assert_eq!(names(None), ["H", "L#launch#"]);
    }

    #[test]
    fn a_link_is_stored_in_one_cell_and_other_scopes_in_one_for_each_dimension() {
        let parts = |scope: &str| scope.parse::<CellScope>().unwrap().parts();
        let of_each: Vec<CellPart> = Dimension::ALL.iter().copied().map(CellPart::Of).collect();
        assert_eq!((parts("H"), parts("C#spring")), (of_each.clone(), of_each.clone()));
        assert_eq!((parts("L#launch#"), parts("L#launch#spring")), (vec![CellPart::All], vec![CellPart::All]));
        assert_eq!(CellPart::All.as_str(), "all");
        for (part, dimension) in of_each.into_iter().zip(Dimension::ALL) {
            assert_eq!(part.as_str(), dimension.as_str());
            for other in Dimension::ALL {
                assert!(CellPart::All.has(other.as_str()));
                assert_eq!(part.has(other.as_str()), dimension == other, "{dimension:?} and {other:?}");
            }
        }
    }
}
