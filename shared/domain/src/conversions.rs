//! Conversions: what a merchant submits, and what is kept of it for good (contract §7).

mod conversion;
pub mod explain;
pub mod ledger;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clicks::ctx::CtxClaims;
use crate::values::form::{self, Faults, Form, Notes, Unknown};
use crate::values::moment::Moment;
use crate::values::money::{Currency, Money};
use crate::values::name::{EventType, SessionId};
use crate::values::secret::sha256_hex;

pub use conversion::{Conversion, INSTANT_MS, KEY_DAYS};

const MAX_KEY: usize = 255;
const MAX_METADATA: usize = 2048;

/// The merchant's own name of a conversion, compared byte for byte; only its SHA-256 is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub(crate) fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) if (1..=MAX_KEY).contains(&text.len()) => Ok(Self(text)),
            Value::String(_) => Err(format!("must be 1 to {MAX_KEY} bytes")),
            _ => Err("must be a string, such as the order number".to_owned()),
        }
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
    /// Reads a posted conversion and hands its ctx to `open`; members nobody knows are ignored.
    ///
    /// # Errors
    /// Every bad field at once; what `open` finds wrong with the ctx is told as the field `ctx`.
    pub fn read(body: Value, open: impl FnOnce(&str) -> Result<CtxClaims, String>) -> Result<(Self, CtxClaims), Faults> {
        let notes = Notes::default();
        let read = Form::open(body, Unknown::Ignore, &notes).and_then(|mut form| {
            let claims = form.required("ctx", |value| match value {
                Value::String(token) => open(&token),
                _ => Err("must be a string, the token from the redirect".to_owned()),
            });
            let submission = Self::fields(&mut form);
            Some((submission?, claims?))
        });
        notes.settle(read)
    }

    fn fields(form: &mut Form<'_>) -> Option<Self> {
        let key = form.required("idempotencyKey", IdempotencyKey::read);
        let event_type = form.required("eventType", form::parsed);
        let currency: Option<Option<Currency>> = form.has("currency").then(|| form.optional("currency", form::parsed));
        if currency.is_none() && form.has("value") {
            form.fault("currency", "is required with value: an ISO 4217 code such as USD");
        }
        let money = form.optional("value", |value| match currency.flatten() {
            Some(currency) => Money::read(&value, currency).map(Some),
            None => Money::check(&value).map(|()| None),
        });
        let occurred_at = form.optional("occurredAt", form::parsed);
        let metadata = form.optional("metadata", |value| match &value {
            Value::Object(_) if value.to_string().len() <= MAX_METADATA => Ok(value),
            Value::Object(_) => Err(format!("must be at most {MAX_METADATA} bytes of JSON")),
            _ => Err("must be an object".to_owned()),
        });
        // Merchants have long sent members of this name that were theirs alone: one that is no session id of ours is ignored.
        let session_id = form.optional("sessionId", |value| Ok::<_, String>(value.as_str().and_then(|text| text.parse().ok()))).flatten();
        Some(Self { key: key?, event_type: event_type?, money: money.flatten(), occurred_at, metadata, session_id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::id::ClickId;
    use serde_json::json;

    fn claims() -> CtxClaims {
        CtxClaims {
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
        let digest = |key: &str| IdempotencyKey::read(json!(key)).unwrap().digest();
        assert_ne!(digest("caf\u{e9}"), digest("cafe\u{301}"));
        assert_ne!(digest("a"), digest("a "));
        assert_eq!(digest("\u{0}#/🦀"), digest("\u{0}#/🦀"));
    }
}
