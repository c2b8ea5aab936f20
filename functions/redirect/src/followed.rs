//! A visit that is sent on to a destination: what its address and its click are made of.

use api::PlatformKeys;
use domain::clicks::agent::ClickVerdict;
use domain::clicks::ctx::CtxClaims;
use domain::links::Link;
use domain::links::visit::Visit;
use domain::routing::Matched;
use domain::values::destination::{Additions, Destination, locate};
use domain::values::id::ClickId;

use crate::request_facts::RequestFacts;

/// A link that is followed.
pub(crate) struct Followed<'a> {
    pub(crate) link: &'a Link,
    /// The rule that decided.
    pub(crate) matched: Matched<'a>,
    pub(crate) visit: Visit,
    /// Signals of the visitor's session so far, at most 255.
    pub(crate) chain_position: u8,
    pub(crate) facts: &'a RequestFacts<'a>,
    /// Without keys there is no context token and no address tag.
    pub(crate) keys: Option<&'a PlatformKeys>,
    pub(crate) click_id: ClickId,
}

impl Followed<'_> {
    /// Where the visitor is sent: the destination with the link's tracking parameters, the visitor's own ones and the context token.
    pub(crate) fn location(&self, destination: &Destination, ctx_life_days: i64) -> String {
        let settings = &self.link.settings;
        let ctx = self.ctx(ctx_life_days);
        let mut missing: Vec<(&str, &str)> = settings.tracking.pairs().collect();
        if settings.query_passthrough {
            // A visitor cannot override what the owner set.
            let owned: Vec<&str> = missing.iter().map(|(name, _)| *name).chain(["ctx", "consent"]).collect();
            let own = |name: &str| owned.contains(&name);
            missing.extend(self.facts.query.iter().filter(|(name, _)| !own(name)).map(|(name, value)| (name.as_ref(), value.as_ref())));
        }
        locate(destination, &Additions { missing, ctx: ctx.as_deref() })
    }

    /// The context token, where the link asks for one and there are keys to seal it.
    fn ctx(&self, life_days: i64) -> Option<String> {
        let keys = self.keys.filter(|_| self.link.settings.tracking_policy.append_context_param)?;
        Some(keys.ring.seal(&CtxClaims {
            click_id: self.click_id,
            handle: self.link.handle.clone(),
            slug: self.link.slug.clone(),
            campaign_id: self.link.settings.campaign_id.clone(),
            rule: self.matched.label(),
            session_id: self.visit.session_id.clone(),
            chain_position: self.chain_position,
            consent: self.facts.consent,
            bot: self.facts.classification.verdict() == ClickVerdict::Bot,
            expires_at: self.visit.at.plus_days(life_days),
        }))
    }
}
