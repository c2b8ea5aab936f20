//! A conversion as it is stored: what it is credited to, and what a repeated submission is compared with (specification §7).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Submission, Trust};
use crate::campaigns::{Credit, NotCredited};
use crate::clicks::ctx::{Consent, CtxClaims};
use crate::values::id::{ClickId, ConversionId, RequestId};
use crate::values::moment::Moment;
use crate::values::money::Money;
use crate::values::name::{CampaignId, EventType, Handle, SessionId, Slug};

/// Idempotency window: days during which a key refers to its first conversion.
pub const KEY_DAYS: i64 = 365;

/// One conversion as it is stored: the record, its idempotency key and its place in the outbox are one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversion {
    /// Its id.
    pub id: ConversionId,
    /// Owning handle.
    pub handle: Handle,
    /// The link that was followed.
    pub slug: Slug,
    /// The click it is credited to.
    pub click_id: ClickId,
    /// The campaign it is credited to.
    pub campaign_id: Option<CampaignId>,
    /// Why it is credited to no campaign although its click named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_credited: Option<NotCredited>,
    /// The label of the rule that decided the visitor's destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The visitor's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// What the visitor did.
    pub event_type: EventType,
    /// What it was worth.
    pub money: Option<Money>,
    /// When the merchant says it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Moment>,
    /// Further data of the merchant, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// Whether the click was classified as a bot's.
    pub bot: bool,
    /// Whether it is a campaign's test: it is stored and announced, and in no figure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// The moment from which its ctx would have been refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctx_expires_at: Option<Moment>,
    /// How certain it is that the merchant reported it.
    pub trust: Trust,
    /// When it was accepted; it is counted on this UTC day.
    pub accepted_at: Moment,
    /// The request that wrote it: a retry of that very request is answered as the first one.
    pub request_id: RequestId,
}

/// Milliseconds from click to conversion below which no person can have caused both: the redirect, the merchant's page and an
/// action on it take longer (specification §4).
pub const INSTANT_MS: i64 = 800;

impl Conversion {
    /// The conversion that a submission with a valid ctx becomes.
    pub fn credit(
        submission: &Submission,
        claims: &CtxClaims,
        credit: Credit,
        trust: Trust,
        id: ConversionId,
        request_id: RequestId,
        accepted_at: Moment,
    ) -> Self {
        Self {
            id,
            handle: claims.handle.clone(),
            slug: claims.slug.clone(),
            click_id: claims.click_id,
            campaign_id: credit.campaign_id,
            not_credited: credit.not_credited,
            rule: claims.rule.clone(),
            session_id: session_of(submission, claims),
            event_type: submission.event_type.clone(),
            money: submission.money,
            occurred_at: submission.occurred_at,
            metadata: submission.metadata.as_ref().map(Value::to_string),
            bot: claims.bot,
            test: false,
            ctx_expires_at: Some(claims.expires_at),
            trust,
            accepted_at,
            request_id,
        }
    }

    /// Whether its idempotency key still refers to it.
    pub fn holds_key(&self, now: Moment) -> bool {
        now < self.accepted_at.plus_days(KEY_DAYS)
    }

    /// Whether it followed its click faster than a page loads and a person acts. A test is not a visit, so never.
    pub fn is_instant(&self) -> bool {
        !self.test && self.accepted_at.millis() - self.click_id.moment().millis() < INSTANT_MS
    }

    /// The fields in which a repeated submission differs from the first.
    pub fn mismatch(&self, again: &Submission) -> Vec<&'static str> {
        let mut fields = Vec::new();
        if self.event_type != again.event_type {
            fields.push("eventType");
        }
        if self.money.map(|money| money.minor) != again.money.map(|money| money.minor) {
            fields.push("value");
        }
        if self.money.map(|money| money.currency) != again.money.map(|money| money.currency) {
            fields.push("currency");
        }
        fields
    }
}

/// The session in the ctx, else the one submitted by the page; none where consent was denied.
fn session_of(submission: &Submission, claims: &CtxClaims) -> Option<SessionId> {
    match claims.consent {
        Consent::Denied => None,
        Consent::Full | Consent::Basic => claims.session_id.clone().or_else(|| submission.session_id.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_holds_for_365_days_to_the_millisecond() {
        let now = Moment::from_millis(1_772_366_400_000);
        let claims = CtxClaims {
            click_id: ClickId::new(Moment::from_millis(1), 1),
            handle: "demo".parse().unwrap(),
            slug: "launch".parse().unwrap(),
            campaign_id: None,
            rule: None,
            session_id: None,
            chain_position: 0,
            consent: Consent::Full,
            bot: false,
            expires_at: Moment::from_millis(i64::MAX),
        };
        let body = json!({"ctx": "good", "idempotencyKey": "k", "eventType": "purchase"});
        let (submission, claims) = Submission::read(body, |_| Ok(claims)).unwrap();
        let (id, request_id) = (ConversionId::new(now, 1), RequestId::new(now, 2));
        let conversion = Conversion::credit(&submission, &claims, Credit::default(), Trust::Claimed, id, request_id, now);
        assert!(conversion.holds_key(now.plus_days(365).plus_millis(-1)));
        assert!(!conversion.holds_key(now.plus_days(365)));
    }
}
