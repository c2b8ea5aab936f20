//! The primary link of a campaign: named, or written together with it.

use crate::links::{Link, LinkSettings, PasswordChange};
use crate::values::destination::OwnHosts;
use crate::values::form::{self, Form, Patch};
use crate::values::name::{CampaignId, Slug};

/// What a write says of the primary link.
#[derive(Clone, Debug)]
pub enum Primary {
    /// Nothing: it stays as it is.
    Keep,
    /// None.
    None,
    /// A link that exists.
    Slug(Slug),
    /// A link to write.
    Link(Box<PrimaryLink>),
}

/// A link written together with its campaign.
#[derive(Clone, Debug)]
pub struct PrimaryLink {
    /// Its path.
    pub slug: Slug,
    /// What a link write may set.
    pub settings: LinkSettings,
    /// And its password.
    pub password: PasswordChange,
}

/// Why a link cannot be the primary link of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unbindable {
    /// There is no such link.
    Missing,
    /// It belongs to another campaign.
    Elsewhere(CampaignId),
    /// It is to be written together with the campaign, but a link of that path exists and is not the campaign's: it would be replaced.
    Exists,
}

impl Primary {
    pub(super) fn read(form: &mut Form<'_>, id: Option<&CampaignId>, own: &OwnHosts) -> Self {
        if form.has("primarySlug") && form.has("primaryLink") {
            form.fault("primaryLink", "cannot be given together with primarySlug: name a link or write one");
        }
        let slug = form.patch("primarySlug", "A link that exists, to become the campaign's primary link; null: none.", form::parsed());
        let is_reset = form.is_null("primaryLink");
        let link = form.object("primaryLink", "A link to write as the campaign's primary link, instead of `primarySlug`.", |link| {
            let slug = link.required("slug", "Its slug.", form::parsed());
            let (settings, password) = LinkSettings::fields(link, own)?;
            let is_anothers = id.is_some() && settings.campaign_id.is_some() && settings.campaign_id.as_ref() != id;
            if is_anothers {
                link.fault("campaignId", "must be this campaign; leave it out");
            }
            Some(PrimaryLink { slug: slug?, settings, password })
        });
        match (slug, link) {
            (_, Some(link)) => Self::Link(Box::new(link)),
            (Patch::Set(slug), None) => Self::Slug(slug),
            (Patch::Reset, None) => Self::None,
            (Patch::Keep, None) if is_reset => Self::None,
            (Patch::Keep, None) => Self::Keep,
        }
    }

    /// The link the write names.
    pub fn slug(&self) -> Option<&Slug> {
        match self {
            Self::Keep | Self::None => None,
            Self::Slug(slug) => Some(slug),
            Self::Link(link) => Some(&link.slug),
        }
    }

    /// The settings of the link's next version, which binds it to the campaign `id`; none when no link needs writing.
    ///
    /// `owner` is the campaign the link belongs to, if there is one: a campaign that was deleted owns nothing.
    ///
    /// # Errors
    /// When the link is not there, belongs to another campaign, or exists already and is to be written.
    pub fn bind(&self, id: &CampaignId, link: Option<&Link>, owner: Option<&CampaignId>) -> Result<Option<LinkSettings>, Unbindable> {
        if let (Some(_), Some(other)) = (self.slug(), owner.filter(|owner| *owner != id)) {
            return Err(Unbindable::Elsewhere(other.clone()));
        }
        let bound = |settings: &LinkSettings| LinkSettings { campaign_id: Some(id.clone()), ..settings.clone() };
        match self {
            Self::Keep | Self::None => Ok(None),
            Self::Slug(_) => {
                let present = &link.ok_or(Unbindable::Missing)?.settings;
                Ok((present.campaign_id.as_ref() != Some(id)).then(|| bound(present)))
            }
            Self::Link(_) if link.is_some_and(|link| link.settings.campaign_id.as_ref() != Some(id)) => Err(Unbindable::Exists),
            Self::Link(link) => Ok(Some(bound(&link.settings))),
        }
    }
}
