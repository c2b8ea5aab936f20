//! Conversions: what a merchant submits, and what is kept of it for good (specification §7).

pub mod explain;
pub mod ledger;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::campaigns::{Credit, NotCredited};
use crate::clicks::ctx::{Claims, Consent};
use crate::values::form::{self, Faults, Field, Form, Unknown};
use crate::values::id::{ClickId, ConversionId, RequestId};
use crate::values::moment::Moment;
use crate::values::money::{Currency, Money};
use crate::values::name::{CampaignId, EventType, Handle, SessionId, Slug};
use crate::values::schema::{Schema, SchemaKind};
use crate::values::secret::sha256_hex;

/// Days during which an idempotency key stands for its first conversion.
pub const KEY_DAYS: i64 = 365;

const MAX_KEY_BYTES: usize = 255;
const MAX_METADATA_BYTES: usize = 2048;

/// The merchant's own name of a conversion, compared byte for byte; only its SHA-256 is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub(crate) fn field() -> impl Field<Output = Self> {
        form::leaf(
            || Schema::text().min_length(1).max_length(MAX_KEY_BYTES),
            |value| match value {
                Value::String(text) if (1..=MAX_KEY_BYTES).contains(&text.len()) => Ok(Self(text)),
                Value::String(_) => Err(format!("must be 1 to {MAX_KEY_BYTES} bytes")),
                _ => Err("must be a string, such as the order number".to_owned()),
            },
        )
    }

    /// What stands for the key in the table.
    pub fn digest(&self) -> String {
        sha256_hex(self.0.as_bytes())
    }
}

/// How sure it is that the merchant itself reported a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// Anybody with the ctx could have.
    Claimed,
    /// The call was signed with the handle's own token.
    Confirmed,
}

/// What was posted, without its ctx, which is checked apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The merchant's key.
    pub key: IdempotencyKey,
    /// What the visitor did.
    pub event_type: EventType,
    /// What it was worth.
    pub money: Option<Money>,
    /// When the merchant says it happened.
    pub occurred_at: Option<Moment>,
    /// Whatever else the merchant wants back.
    pub metadata: Option<Value>,
    /// The session it was made in, as the page knows it.
    pub session_id: Option<SessionId>,
}

impl Submission {
    /// Reads a posted conversion and hands its ctx to `open`; unknown members are ignored.
    ///
    /// # Errors
    /// Every bad field at once; what `open` finds wrong with the ctx is reported as the field `ctx`.
    pub fn read(body: Value, open: impl FnOnce(&str) -> Result<Claims, String>) -> Result<(Self, Claims), Faults> {
        form::read(body, Unknown::Ignore, |form| {
            let token = form.required("ctx", "The token from the redirect.", ctx());
            let claims = token.and_then(|token| open(&token).map_err(|message| form.fault("ctx", message)).ok());
            let submission = Self::fields(form);
            Some((submission?, claims?))
        })
    }

    /// Describes a posted conversion.
    pub fn body() -> Schema {
        form::describe(Unknown::Ignore, |form| {
            form.required("ctx", "The token from the redirect.", ctx());
            Self::fields(form)
        })
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        let doc = "The merchant's order or transaction number, 1 to 255 bytes; not a session id.";
        let key = form.required("idempotencyKey", doc, IdempotencyKey::field());
        let event_type = form.required("eventType", "What the visitor did, such as `purchase`.", form::parsed());
        let has_currency = form.has("currency");
        let currency: Option<Currency> = form.optional("currency", "ISO 4217, such as USD; required with `value`.", form::parsed());
        if !has_currency && form.has("value") {
            form.fault("currency", "is required with value: an ISO 4217 code such as USD");
        }
        let doc = "At most twelve integer digits, and no more decimals than the currency has.";
        let money = form.optional("value", doc, Money::field(currency));
        let occurred_at = form.optional("occurredAt", "When it happened, by the merchant's clock.", form::parsed());
        let metadata = form.optional("metadata", "Anything else, at most 2 KiB of JSON.", form::json_object(MAX_METADATA_BYTES));
        // Merchants have long sent members of this name that were theirs alone: one that is no session id of ours is ignored.
        let any = form::leaf(|| Schema::new(SchemaKind::Any), |value| Ok(value.as_str().and_then(|text| text.parse().ok())));
        let doc = "The session it was made in, where the ctx names none; ignored when it is no session id.";
        let session_id = form.optional("sessionId", doc, any).flatten();
        Some(Self { key: key?, event_type: event_type?, money: money.flatten(), occurred_at, metadata, session_id })
    }
}

fn ctx() -> impl Field<Output = String> {
    form::leaf(Schema::text, |value| match value {
        Value::String(token) => Ok(token),
        _ => Err("must be a string, the token from the redirect".to_owned()),
    })
}

/// A test conversion to make: what it is worth, which depends on the campaign's currency when it names none.
#[derive(Clone, Debug, PartialEq)]
pub struct TestConversionRequest {
    /// As it was given; a number.
    pub value: Option<Value>,
    /// Its currency.
    pub currency: Option<Currency>,
}

impl TestConversionRequest {
    /// Reads `{value?, currency?}`.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| Some(Self::fields(form)))
    }

    /// Describes the body.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Some(Self::fields(form)))
    }

    fn fields(form: &mut Form<'_>) -> Self {
        let currency: Option<Currency> = form.optional("currency", "ISO 4217; the campaign's when left out, else USD.", form::parsed());
        let doc = "What it is worth: at most twelve integer digits, and no more decimals than the currency has.";
        let value = form.optional("value", doc, Money::raw_field(currency));
        Self { value, currency }
    }
}

/// One conversion as it is stored: the record, its idempotency key and its place in the outbox are one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conversion {
    /// Its id.
    pub id: ConversionId,
    /// Whose.
    pub handle: Handle,
    /// The link that was followed.
    pub slug: Slug,
    /// The click it is credited to.
    pub click_id: ClickId,
    /// The campaign it is credited to.
    pub campaign_id: Option<CampaignId>,
    /// Why it is credited to none, though its click named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_credited: Option<NotCredited>,
    /// The rule that sent the visitor.
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
    /// Whatever else the merchant sent, as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// Whether the click was judged a bot's.
    pub bot: bool,
    /// Whether it only tries out a campaign: it is stored and announced, and no figure knows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub test: bool,
    /// From when on its ctx would have been refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctx_expires_at: Option<Moment>,
    /// Who vouches for it.
    pub trust: Trust,
    /// When it was accepted; it counts on this day.
    pub accepted_at: Moment,
    /// The request that wrote it: a retry of that very request is answered as the first one.
    pub request_id: RequestId,
}

/// Milliseconds from click to conversion below which no person can have made both: the redirect, the merchant's page and
/// an action on it take longer.
pub const INSTANT_MS: i64 = 800;

impl Conversion {
    /// What becomes of a submission with a good ctx.
    pub fn credit(
        submission: &Submission,
        claims: &Claims,
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

    /// Whether its idempotency key still stands for it.
    pub fn holds_key(&self, now: Moment) -> bool {
        now < self.accepted_at.plus_days(KEY_DAYS)
    }

    /// Whether it came faster after its click than a page loads and a person acts. Trying out a campaign is no visit.
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

/// The session that was signed into the ctx, else the one the page knows; none where consent was denied.
fn session_of(submission: &Submission, claims: &Claims) -> Option<SessionId> {
    match claims.consent {
        Consent::Denied => None,
        Consent::Full | Consent::Basic => claims.session_id.clone().or_else(|| submission.session_id.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims() -> Claims {
        Claims {
            click_id: ClickId::new(Moment::from_millis(1), 1),
            handle: "demo".parse().unwrap(),
            slug: "launch".parse().unwrap(),
            campaign_id: None,
            rule: None,
            session_id: None,
            chain_position: 0,
            consent: crate::clicks::ctx::Consent::Full,
            bot: false,
            expires_at: Moment::from_millis(i64::MAX),
        }
    }

    fn read(body: Value) -> Result<Submission, Vec<String>> {
        let open = |token: &str| if token == "good" { Ok(claims()) } else { Err("is bad".to_owned()) };
        Submission::read(body, open)
            .map(|(submission, _)| submission)
            .map_err(|faults| faults.0.into_iter().map(|fault| fault.field).collect())
    }

    #[test]
    fn the_seed_submissions_are_read_and_strays_are_ignored() {
        assert!(read(json!({"ctx": "good", "idempotencyKey": "purchase-001", "eventType": "purchase"})).is_ok());
        let full = json!({"ctx": "good", "eventType": "affiliate_click", "value": 24.99, "currency": "USD", "idempotencyKey": "txn-2026-02-25-order-789", "handle": "other", "deduped": true});
        assert_eq!(read(full).unwrap().money.map(|money| money.minor), Some(2499));
    }

    #[test]
    fn every_bad_field_is_named_at_once() {
        for (body, fields) in [
            (json!({}), vec!["ctx", "idempotencyKey", "eventType"]),
            (
                json!({"ctx": 7, "idempotencyKey": "", "eventType": "Purchase!", "value": "24.99", "currency": "USD", "occurredAt": 1, "metadata": []}),
                vec!["ctx", "idempotencyKey", "eventType", "value", "occurredAt", "metadata"],
            ),
            (json!({"ctx": "good", "idempotencyKey": "k", "eventType": "purchase", "value": 1}), vec!["currency"]),
            (json!({"ctx": "good", "idempotencyKey": "k", "eventType": "purchase", "value": 1, "currency": "usd"}), vec!["currency"]),
            (json!({"ctx": "good", "idempotencyKey": "k", "eventType": "purchase", "value": -1, "currency": "USD"}), vec!["value"]),
            (json!({"ctx": "good", "idempotencyKey": "k".repeat(256), "eventType": "purchase"}), vec!["idempotencyKey"]),
            (
                json!({"ctx": "good", "idempotencyKey": 5, "eventType": "purchase", "metadata": {"a": "b".repeat(2048)}}),
                vec!["idempotencyKey", "metadata"],
            ),
        ] {
            assert_eq!(read(body.clone()).unwrap_err(), fields, "{body}");
        }
    }

    #[test]
    fn keys_are_compared_byte_for_byte() {
        let digest = |key: &str| IdempotencyKey::field().read(json!(key)).unwrap().digest();
        assert_ne!(digest("caf\u{e9}"), digest("cafe\u{301}"));
        assert_ne!(digest("a"), digest("a "));
        assert_eq!(digest("\u{0}#/🦀"), digest("\u{0}#/🦀"));
    }

    #[test]
    fn a_key_holds_for_365_days_to_the_millisecond() {
        let submission = read(json!({"ctx": "good", "idempotencyKey": "k", "eventType": "purchase"})).unwrap();
        let now = Moment::from_millis(1_772_366_400_000);
        let conversion = Conversion::credit(
            &submission,
            &claims(),
            Credit::default(),
            Trust::Claimed,
            ConversionId::new(now, 1),
            RequestId::new(now, 2),
            now,
        );
        assert!(conversion.holds_key(now.plus_days(365).plus_millis(-1)));
        assert!(!conversion.holds_key(now.plus_days(365)));
    }
}
