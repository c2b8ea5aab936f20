//! The body of a request that adjusts a conversion (specification §7).

use serde_json::Value;

use crate::conversions::IdempotencyKey;
use crate::values::form::{self, Faults, Field, Form, Unknown};
use crate::values::money::{Currency, MoneyChange};
use crate::values::schema::Schema;

/// Characters of a reason.
const MAX_REASON: usize = 500;

/// The body that adjusts a conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdjustmentRequest {
    /// The caller's own name of the adjustment.
    pub key: IdempotencyKey,
    /// By how much; none when there is no currency it could be read in.
    pub amount: Option<MoneyChange>,
    /// Why.
    pub reason: String,
}

impl AdjustmentRequest {
    /// Reads an adjustment of a conversion in `currency`; without one the amount is only known to be a number.
    ///
    /// # Errors
    /// Every bad field at once.
    pub fn read(body: Value, currency: Option<Currency>) -> Result<Self, Faults> {
        form::read(body, Unknown::Refuse, |form| Self::fields(form, currency))
    }

    /// Describes the body.
    pub fn body() -> Schema {
        form::describe(Unknown::Refuse, |form| Self::fields(form, None))
    }

    fn fields(form: &mut Form<'_>, currency: Option<Currency>) -> Option<Self> {
        let doc = "In the conversion's currency and to its decimals, not 0: negative for a refund, positive for a correction upward.";
        let amount = form.required("amount", doc, MoneyChange::field(currency));
        let reason = form::text(1..=MAX_REASON)
            .then(|text| if text.trim().is_empty() { Err(format!("must be 1 to {MAX_REASON} characters")) } else { Ok(text) });
        let reason = form.required("reason", "Why; not only spaces. Name no person: it is kept when a person is erased.", reason);
        let doc = "The caller's own name of this adjustment, such as the refund's number, unique in the conversion; 1 to 255 bytes.";
        let key = form.required("idempotencyKey", doc, IdempotencyKey::field());
        Some(Self { key: key?, amount: amount?, reason: reason? })
    }
}
