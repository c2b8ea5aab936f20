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
    /// Whether it is credited to the campaign that its click named; none when the click named none.
    pub const fn is_credited(&self) -> Option<bool> {
        match (&self.campaign_id, self.not_credited) {
            (Some(_), _) => Some(true),
            (None, Some(_)) => Some(false),
            (None, None) => None,
        }
    }

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
    use crate::testing;
    use serde_json::json;

    const AT: Moment = Moment::from_millis(1_772_366_400_000);

    fn claims() -> CtxClaims {
        CtxClaims {
            click_id: ClickId::new(AT.plus_secs(-60), 1),
            handle: "demo".parse().unwrap(),
            slug: "launch".parse().unwrap(),
            campaign_id: Some("named".parse().unwrap()),
            rule: Some("r3".to_owned()),
            session_id: Some("of-the-ctx".parse().unwrap()),
            chain_position: 2,
            consent: Consent::Basic,
            bot: true,
            expires_at: AT.plus_days(30),
        }
    }

    fn submission(body: Value) -> Submission {
        Submission::read(body, |_| Ok(claims())).unwrap().0
    }

    fn full() -> Submission {
        submission(json!({"ctx": "c", "idempotencyKey": "k", "eventType": "order", "value": 24.99, "currency": "EUR",
            "occurredAt": "2026-03-01T11:00:00Z", "metadata": {"b": 1, "a": [true]}, "sessionId": "of-the-page"}))
    }

    fn least() -> Submission {
        submission(json!({"ctx": "c", "idempotencyKey": "k", "eventType": "purchase"}))
    }

    fn credited(submission: &Submission, claims: &CtxClaims, credit: Credit, trust: Trust) -> Conversion {
        Conversion::credit(submission, claims, credit, trust, ConversionId::new(AT, 2), RequestId::new(AT, 3), AT)
    }

    #[test]
    fn a_conversion_is_stored_with_everything_its_click_and_its_merchant_say() {
        let credit = Credit { campaign_id: Some("credited".parse().unwrap()), not_credited: None };
        let whole = credited(&full(), &claims(), credit, Trust::Confirmed);
        let stored = json!({
            "id": ConversionId::new(AT, 2), "handle": "demo", "slug": "launch", "clickId": ClickId::new(AT.plus_secs(-60), 1),
            "campaignId": "credited", "rule": "r3", "sessionId": "of-the-ctx", "eventType": "order",
            "money": {"minor": 2499, "currency": "EUR"}, "occurredAt": "2026-03-01T11:00:00.000Z", "metadata": r#"{"b":1,"a":[true]}"#,
            "bot": true, "ctxExpiresAt": "2026-03-31T12:00:00.000Z", "trust": "confirmed", "acceptedAt": "2026-03-01T12:00:00.000Z",
            "requestId": RequestId::new(AT, 3),
        });
        let claims = CtxClaims { rule: None, session_id: None, bot: false, ..claims() };
        let credit = Credit { campaign_id: None, not_credited: Some(NotCredited::CampaignPaused) };
        let small = Conversion { ctx_expires_at: None, test: true, ..credited(&least(), &claims, credit, Trust::Claimed) };
        let stored_small = json!({
            "id": ConversionId::new(AT, 2), "handle": "demo", "slug": "launch", "clickId": ClickId::new(AT.plus_secs(-60), 1),
            "campaignId": null, "notCredited": "campaign_paused", "eventType": "purchase", "money": null, "bot": false, "test": true,
            "trust": "claimed", "acceptedAt": "2026-03-01T12:00:00.000Z", "requestId": RequestId::new(AT, 3),
        });
        for (conversion, stored) in [(whole, stored), (small, stored_small)] {
            assert_eq!(serde_json::to_value(&conversion).unwrap(), stored);
            assert_eq!(serde_json::from_value::<Conversion>(stored).unwrap(), conversion);
        }
    }

    #[test]
    fn the_session_is_that_of_the_ctx_else_of_the_page_and_none_where_consent_was_denied() {
        for (consent, of_ctx, submission, expected) in [
            (Consent::Full, Some("of-the-ctx"), full(), Some("of-the-ctx")),
            (Consent::Full, None, full(), Some("of-the-page")),
            (Consent::Full, Some("of-the-ctx"), least(), Some("of-the-ctx")),
            (Consent::Full, None, least(), None),
            (Consent::Basic, Some("of-the-ctx"), full(), Some("of-the-ctx")),
            (Consent::Basic, None, full(), Some("of-the-page")),
            (Consent::Denied, Some("of-the-ctx"), full(), None),
            (Consent::Denied, None, full(), None),
        ] {
            let claims = CtxClaims { consent, session_id: of_ctx.map(|id| id.parse().unwrap()), ..claims() };
            let conversion = credited(&submission, &claims, Credit::default(), Trust::Claimed);
            assert_eq!(conversion.session_id.as_ref().map(SessionId::as_str), expected, "{consent:?}, {of_ctx:?}");
        }
    }

    #[test]
    fn a_key_holds_for_365_days_to_the_millisecond() {
        let conversion = testing::conversion(AT, 1);
        let end = AT.plus_days(365);
        for (now, holds) in [(AT, true), (end.plus_millis(-1), true), (end, false), (end.plus_millis(1), false)] {
            assert_eq!(conversion.holds_key(now), holds, "{now}");
        }
    }

    #[test]
    fn a_conversion_less_than_800_ms_after_its_click_is_instant_unless_it_is_a_test() {
        for (after_ms, is_instant) in [(-5, true), (0, true), (799, true), (800, false), (801, false), (60_000, false)] {
            let conversion = Conversion { accepted_at: AT.plus_millis(after_ms), ..testing::conversion(AT, 1) };
            assert_eq!(conversion.is_instant(), is_instant, "{after_ms} ms");
            assert!(!Conversion { test: true, ..conversion }.is_instant(), "{after_ms} ms");
        }
    }

    #[test]
    fn a_repetition_differs_in_the_fields_that_are_not_the_same() {
        let body = |event: &str, money: Option<(Value, &str)>| {
            let mut body = json!({"ctx": "c", "idempotencyKey": "k", "eventType": event});
            if let Some((value, currency)) = money {
                (body["value"], body["currency"]) = (value, currency.into());
            }
            submission(body)
        };
        let first = credited(&body("order", Some((json!(25), "EUR"))), &claims(), Credit::default(), Trust::Claimed);
        let free = Conversion { money: None, ..first.clone() };
        for (conversion, again, expected) in [
            (&first, body("order", Some((json!(25.00), "EUR"))), vec![]),
            (&first, body("refill", Some((json!(25), "EUR"))), vec!["eventType"]),
            (&first, body("order", Some((json!(25.01), "EUR"))), vec!["value"]),
            (&first, body("order", Some((json!(25), "USD"))), vec!["currency"]),
            (&first, body("order", Some((json!(25), "JPY"))), vec!["value", "currency"]),
            (&first, body("refill", Some((json!(1), "USD"))), vec!["eventType", "value", "currency"]),
            (&first, body("order", None), vec!["value", "currency"]),
            (&free, body("order", None), vec![]),
            (&free, body("order", Some((json!(0), "EUR"))), vec!["value", "currency"]),
        ] {
            assert_eq!(conversion.mismatch(&again), expected, "{again:?}");
        }
        let more = Submission { metadata: Some(json!({"a": 1})), occurred_at: Some(AT), ..body("order", None) };
        assert_eq!(free.mismatch(&more), Vec::<&str>::new(), "what the merchant adds for itself is no difference");
    }
}
