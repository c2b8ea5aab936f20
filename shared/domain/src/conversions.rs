//! Conversions: what a merchant submits, and what is kept of it for good (specification §7).

mod conversion;
pub mod explain;
mod filter;
pub mod ledger;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clicks::ctx::CtxClaims;
use crate::values::form::{self, Faults, Field, Form, Unknown};
use crate::values::moment::Moment;
use crate::values::money::{Currency, Money};
use crate::values::name::{EventType, SessionId};
use crate::values::schema::Schema;
use crate::values::secret::sha256_hex;

pub use conversion::{Conversion, INSTANT_MS, KEY_DAYS};
pub use filter::ConversionFilter;

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
    /// Any caller who has the ctx could have reported it.
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
    pub fn read(body: Value, open: impl FnOnce(&str) -> Result<CtxClaims, String>) -> Result<(Self, CtxClaims), Faults> {
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
        if has_currency && !form.has("value") {
            form.fault("value", "is required with currency");
        }
        let money = form.optional("value", doc, Money::field(currency));
        let occurred_at = form.optional("occurredAt", "When it happened, by the merchant's clock.", form::parsed());
        let metadata = form.optional("metadata", "Anything else, at most 2 KiB of JSON.", form::json_object(MAX_METADATA_BYTES));
        let session_id = form.optional("sessionId", "The session it was made in, where the ctx names none.", form::parsed());
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
            (json!({"ctx": "good", "idempotencyKey": "k", "eventType": "purchase", "currency": "USD"}), vec!["value"]),
            (json!({"ctx": "good", "idempotencyKey": "k", "eventType": "purchase", "currency": "USD", "value": null}), vec!["value"]),
            (json!({"ctx": "good", "idempotencyKey": "k", "eventType": "purchase", "sessionId": "a b"}), vec!["sessionId"]),
            (json!({"ctx": "good", "idempotencyKey": "k", "eventType": "purchase", "sessionId": 7}), vec!["sessionId"]),
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
    fn a_bad_key_is_said_to_be_too_long_or_no_text() {
        for (key, message) in [
            (json!(""), "must be 1 to 255 bytes"),
            (json!("k".repeat(256)), "must be 1 to 255 bytes"),
            (json!(5), "must be a string, such as the order number"),
        ] {
            let faults = IdempotencyKey::field().read(key.clone()).unwrap_err();
            assert_eq!(faults, message, "{key}");
        }
    }

    #[test]
    fn keys_are_compared_byte_for_byte() {
        let digest = |key: &str| IdempotencyKey::field().read(json!(key)).unwrap().digest();
        assert_ne!(digest("caf\u{e9}"), digest("cafe\u{301}"));
        assert_ne!(digest("a"), digest("a "));
        assert_eq!(digest("\u{0}#/🦀"), digest("\u{0}#/🦀"));
    }
}
