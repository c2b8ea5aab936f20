//! Which links a list shows, and the state of a link in one word (specification §4.3).

use std::str::FromStr;

use serde::Serialize;

use super::{Closed, Link};
use crate::values::form::{self, Form};
use crate::values::name::CampaignId;
use crate::values::schema::{HasSchema, Schema};

/// Whether a link leads to its destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum LinkStatus {
    /// It does.
    Live,
    /// Before `scheduledStartAt`.
    Scheduled,
    /// From `scheduledEndAt` or `expiresAt` on.
    Expired,
    /// `maxClicks` human clicks have been made.
    Capped,
    /// `enabled` is false.
    Disabled,
}

impl LinkStatus {
    const ALL: [(&'static str, Self); 5] = [
        ("live", Self::Live),
        ("scheduled", Self::Scheduled),
        ("expired", Self::Expired),
        ("capped", Self::Capped),
        ("disabled", Self::Disabled),
    ];

    /// The state of a link that is closed for this reason, or open without one.
    pub const fn of(closed: Option<Closed>) -> Self {
        match closed {
            None => Self::Live,
            Some(Closed::Disabled) => Self::Disabled,
            Some(Closed::NotStarted) => Self::Scheduled,
            Some(Closed::Ended | Closed::Expired) => Self::Expired,
            Some(Closed::ClickLimit) => Self::Capped,
        }
    }
}

impl FromStr for LinkStatus {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|(word, _)| *word == text);
        found.map(|(_, status)| status).ok_or("must be live, scheduled, expired, capped or disabled")
    }
}

impl HasSchema for LinkStatus {
    fn schema() -> Schema {
        Schema::one_of(Self::ALL.map(|(word, _)| word))
    }
}

/// The links a list shows: those that are all of what is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkFilter {
    /// Text, in lower case, that the slug, the destination or the title contains.
    text: Option<String>,
    /// A tag the link has.
    tag: Option<String>,
    /// The campaign the link is in.
    campaign_id: Option<CampaignId>,
    /// The state of the link; it depends on the moment and on the clicks made, so that [`LinkFilter::passes`] leaves it to the caller.
    pub status: Option<LinkStatus>,
}

impl LinkFilter {
    /// Reads the parameters of the filter from a query that has others too.
    pub fn fields(form: &mut Form<'_>) -> Self {
        let text =
            form.optional("q", "Only links whose slug, destination or title contains this text, in either case.", form::text(1..=100));
        Self {
            text: text.map(|text| text.to_lowercase()),
            tag: form.optional("tag", "Only links with this tag.", form::text(1..=64)),
            campaign_id: form.optional("campaignId", "Only links of this campaign.", form::parsed()),
            status: form.optional("status", "Only links that are in this state now.", form::parsed()),
        }
    }

    /// Whether every link passes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a link is all that is named but its state.
    pub fn passes(&self, link: &Link) -> bool {
        let Link { slug, settings, .. } = link;
        let contains = |text: &String| {
            let of_link = [slug.as_str(), settings.destination_url.as_str(), settings.title.as_deref().unwrap_or_default()];
            of_link.into_iter().any(|part| part.to_lowercase().contains(text.as_str()))
        };
        self.text.as_ref().is_none_or(contains)
            && self.tag.as_ref().is_none_or(|tag| settings.tags.contains(tag))
            && self.campaign_id.as_ref().is_none_or(|id| settings.campaign_id.as_ref() == Some(id))
    }
}
