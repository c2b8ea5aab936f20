//! The link that is written in one transaction with its campaign and bound to it.

use api::{ApiState, CampaignsWrite, Code, Member, Problem};
use domain::accounts::audit::AuditEvent;
use domain::accounts::token::Scope;
use domain::campaigns::{Primary, Unbindable};
use domain::links::{Link, NextPassword};
use domain::values::name::CampaignId;
use serde_json::Value;
use store::Expect;

/// A link's next version.
pub(crate) struct Binding {
    before: Option<Link>,
    link: Link,
}

impl Binding {
    /// The link to write, and what it must replace.
    pub(crate) fn write(&self) -> (&Link, Expect) {
        (&self.link, Expect::of(self.before.as_ref()))
    }

    /// The audit event of the link's own change.
    pub(crate) fn event(&self, app: &ApiState, member: &Member<CampaignsWrite>) -> AuditEvent {
        let action = if self.before.is_some() { "link.updated" } else { "link.created" };
        let before = self.before.as_ref().map_or(Value::Null, Link::audited);
        member.event(app, action, &self.link.slug).between(before, self.link.audited())
    }
}

/// The hash of a primary link's password: slow, therefore computed once a request.
pub(crate) fn password(app: &ApiState, primary: &Primary) -> Result<NextPassword, Problem> {
    let Primary::Link(link) = primary else { return Ok(NextPassword::Keep) };
    let hashed = link.password.clone().hashed(app.random().to_le_bytes());
    hashed.ok_or_else(|| Problem::field("primaryLink.password", "cannot be used"))
}

/// The link version that binds a campaign's primary link to it, if one must be written.
///
/// # Errors
/// 400 when the named link does not exist, 409 when it belongs to another campaign or would replace a link that is none of this one's,
/// 403 when a token that may not write links would change one.
pub(crate) async fn load(
    app: &ApiState,
    member: &Member<CampaignsWrite>,
    id: &CampaignId,
    primary: &Primary,
    password: &NextPassword,
) -> Result<Option<Binding>, Problem> {
    let Some(slug) = primary.slug() else { return Ok(None) };
    let before = app.store().links().get(member.handle(), slug).await?;
    let owner = match before.as_ref().and_then(|link| link.settings.campaign_id.as_ref()).filter(|owner| *owner != id) {
        // A campaign that was deleted owns nothing any more.
        Some(named) => app.store().campaigns().get(member.handle(), named).await?.map(|campaign| campaign.campaign_id),
        None => None,
    };
    let settings = primary.bind(id, before.as_ref(), owner.as_ref()).map_err(|unbindable| match unbindable {
        Unbindable::Missing => Problem::field("primarySlug", "names no link of this handle; write it first, or send it as primaryLink"),
        Unbindable::Elsewhere(other) => {
            let message = format!("the link {slug} belongs to the campaign {other}; choose another slug, or change the link's campaignId");
            Problem::new(Code::Conflict, message)
        }
        Unbindable::Exists => {
            let message = format!("there is a link {slug} already; name it as primarySlug to keep it as it is, or choose another slug");
            Problem::new(Code::Conflict, message)
        }
    })?;
    if before.is_some() && matches!(primary, Primary::Link(_)) {
        member.needs(Scope::LinksWrite, app).await?;
    }
    let Some(settings) = settings else { return Ok(None) };
    let link = match &before {
        Some(link) => link.following(settings, password, app.now()),
        None => Link::first(app.id(), member.handle(), slug, settings, password, app.now()),
    };
    Ok(Some(Binding { before, link }))
}
