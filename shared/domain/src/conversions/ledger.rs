//! The ledger of a conversion: its value when it was accepted, and every adjustment since; entries are only appended
//! (specification §7).

pub mod correction;
mod entry;
mod request;

use serde::{Deserialize, Serialize};

use crate::accounts::audit::Actor;
use crate::conversions::{Conversion, Trust};
use crate::values::id::{AdjustmentId, ClickId, ConversionId, RequestId};
use crate::values::moment::Moment;
use crate::values::money::{Money, MoneyChange, max_minor};
use crate::values::name::{CampaignId, EventType, Handle, Slug};

pub use entry::{LedgerEntry, LedgerEntryId, LedgerEntryKind};
pub use request::AdjustmentRequest;

/// Why a conversion cannot be adjusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdjustable {
    /// It is a test.
    #[error("a test conversion is in no figure and cannot be adjusted")]
    Test,
    /// It has no value.
    #[error("this conversion has no value that could be adjusted")]
    NoValue,
}

/// The value of a conversion when it was accepted, if it can be adjusted.
///
/// # Errors
/// When it cannot be adjusted.
pub fn adjustable(conversion: &Conversion) -> Result<Money, NotAdjustable> {
    if conversion.test {
        return Err(NotAdjustable::Test);
    }
    conversion.money.ok_or(NotAdjustable::NoValue)
}

/// The sums of earlier adjustments for which a change is allowed: the conversion's net value stays between zero and the
/// largest value one may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdjustmentBounds {
    /// The lowest allowed sum of earlier adjustments, in minor units.
    pub min: i64,
    /// The highest allowed sum, in minor units.
    pub max: i64,
}

impl AdjustmentBounds {
    /// The bounds for a change of a conversion that had this value when it was accepted.
    pub fn of(value: Money, change: MoneyChange) -> Self {
        let after = value.minor.saturating_add(change.minor);
        Self { min: 0_i64.saturating_sub(after), max: max_minor(value.currency).saturating_sub(after) }
    }

    /// Whether the change is allowed after this sum of earlier adjustments, in minor units.
    pub fn contains(self, adjusted: i64) -> bool {
        (self.min..=self.max).contains(&adjusted)
    }
}

/// Why an adjustment was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// It was requested by itself; it changes money alone.
    #[default]
    #[serde(rename = "asked")]
    Requested,
    /// Part of a correction: it takes the claimed conversion back.
    Reversal,
    /// Part of a correction: it adds the confirmed conversion.
    Confirmation,
}

impl Cause {
    /// Whether it was requested by itself.
    fn is_requested(&self) -> bool {
        *self == Self::Requested
    }

    /// How many conversions it adds to the counted ones.
    pub const fn conversions(self) -> i64 {
        match self {
            Self::Requested => 0,
            Self::Reversal => -1,
            Self::Confirmation => 1,
        }
    }
}

/// One adjustment as it is stored, with every key it is counted under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Adjustment {
    /// Its id.
    pub id: AdjustmentId,
    /// Owning handle.
    pub handle: Handle,
    /// The conversion it adjusts.
    pub conversion_id: ConversionId,
    /// Why it was made.
    #[serde(default, skip_serializing_if = "Cause::is_requested")]
    pub cause: Cause,
    /// Whether it belongs to another click than the one the conversion was first credited to, and is counted under that click's keys.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
    /// The change, in the conversion's currency; none when a conversion without value is corrected.
    pub amount: Option<MoneyChange>,
    /// The reason given for it.
    pub reason: String,
    /// The caller who made it.
    pub actor: Actor,
    /// The moment it was made; it is counted on this UTC day, whenever the conversion was.
    pub created_at: Moment,
    /// The request that wrote it: a retry of that very request is answered as the first one.
    pub request_id: RequestId,
    /// The conversion's link.
    pub slug: Slug,
    /// The conversion's campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign_id: Option<CampaignId>,
    /// The conversion's click.
    pub click_id: ClickId,
    /// What the conversion's visitor did.
    pub event_type: EventType,
    /// How certain it is that the merchant reported the conversion.
    pub trust: Trust,
    /// Whether the conversion's click was classified as a bot's.
    pub bot: bool,
}

impl Adjustment {
    /// The fields in which a repeated request differs from the first.
    pub fn mismatch(&self, again: &AdjustmentRequest) -> Vec<&'static str> {
        let mut fields = Vec::new();
        if again.amount != self.amount {
            fields.push("amount");
        }
        if again.reason != self.reason {
            fields.push("reason");
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::audit::ActorKind;
    use crate::testing;
    use crate::values::money::Currency;
    use proptest::prelude::*;
    use serde_json::Value;
    use serde_json::json;

    const AT: Moment = Moment::from_millis(1_772_366_400_000);

    /// Every member is set, and no two have the same value.
    fn adjustment() -> Adjustment {
        Adjustment {
            id: AdjustmentId::new(AT, 1),
            handle: "demo".parse().unwrap(),
            conversion_id: ConversionId::new(AT, 2),
            cause: Cause::Reversal,
            elsewhere: true,
            amount: Some(MoneyChange { minor: -525, currency: "EUR".parse().unwrap() }),
            reason: "partial refund".to_owned(),
            actor: Actor { kind: ActorKind::Pat, id: "token".to_owned() },
            created_at: AT.plus_secs(3),
            request_id: RequestId::new(AT, 4),
            slug: "launch".parse().unwrap(),
            campaign_id: Some("spring".parse().unwrap()),
            click_id: ClickId::new(AT, 5),
            event_type: "order".parse().unwrap(),
            trust: Trust::Confirmed,
            bot: true,
        }
    }

    #[test]
    fn an_adjustment_is_stored_whole_and_what_is_usual_is_left_out() {
        let whole = json!({
            "id": AdjustmentId::new(AT, 1), "handle": "demo", "conversionId": ConversionId::new(AT, 2), "cause": "reversal",
            "elsewhere": true, "amount": {"minor": -525, "currency": "EUR"}, "reason": "partial refund",
            "actor": {"kind": "PAT", "id": "token"}, "createdAt": "2026-03-01T12:00:03.000Z", "requestId": RequestId::new(AT, 4),
            "slug": "launch", "campaignId": "spring", "clickId": ClickId::new(AT, 5), "eventType": "order", "trust": "confirmed",
            "bot": true,
        });
        let mut confirmation = whole.clone();
        confirmation["cause"] = json!("confirmation");
        let mut usual = whole.clone();
        usual.as_object_mut().unwrap().retain(|name, _| !["cause", "elsewhere", "campaignId"].contains(&name.as_str()));
        for (adjustment, stored) in [
            (adjustment(), whole),
            (Adjustment { cause: Cause::Confirmation, ..adjustment() }, confirmation),
            (Adjustment { cause: Cause::Requested, elsewhere: false, campaign_id: None, ..adjustment() }, usual),
        ] {
            assert_eq!(serde_json::to_value(&adjustment).unwrap(), stored);
            assert_eq!(serde_json::from_value::<Adjustment>(stored).unwrap(), adjustment);
        }
    }

    #[test]
    fn a_correction_takes_one_conversion_back_and_adds_one_and_a_refund_does_neither() {
        let counted = [Cause::Requested, Cause::Reversal, Cause::Confirmation].map(Cause::conversions);
        assert_eq!(counted, [0, -1, 1]);
    }

    #[test]
    fn only_what_has_a_value_and_is_no_test_can_be_adjusted() {
        let money = Some(Money { minor: 0, currency: Currency::USD });
        for (test, money, expected) in [
            (false, money, Ok(Money { minor: 0, currency: Currency::USD })),
            (false, None, Err("this conversion has no value that could be adjusted")),
            (true, money, Err("a test conversion is in no figure and cannot be adjusted")),
            (true, None, Err("a test conversion is in no figure and cannot be adjusted")),
        ] {
            let found = adjustable(&Conversion { test, money, ..testing::conversion(AT, 1) });
            assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(str::to_owned), "test: {test}, {money:?}");
        }
    }

    #[test]
    fn a_repeated_adjustment_differs_in_the_fields_that_are_not_the_same() {
        for (amount, reason, expected) in [
            (json!(-5.25), "partial refund", vec![]),
            (json!(-5.2), "partial refund", vec!["amount"]),
            (json!(5.25), "partial refund", vec!["amount"]),
            (json!(-5.25), "Partial refund", vec!["reason"]),
            (json!(1), "goodwill", vec!["amount", "reason"]),
        ] {
            let body = json!({"amount": amount, "reason": reason, "idempotencyKey": "refund-1"});
            let again = AdjustmentRequest::read(body.clone(), Some("EUR".parse().unwrap())).unwrap();
            assert_eq!(adjustment().mismatch(&again), expected, "{body}");
        }
        let body = json!({"amount": -5.25, "reason": "partial refund", "idempotencyKey": "refund-1"});
        for (currency, expected) in [(Some("USD"), vec!["amount"]), (None, vec!["amount"])] {
            let again = AdjustmentRequest::read(body.clone(), currency.map(|code| code.parse().unwrap())).unwrap();
            assert_eq!(adjustment().mismatch(&again), expected, "{currency:?}");
        }
    }

    fn fields(body: Value, currency: Option<&str>) -> Vec<String> {
        let currency = currency.map(|code| code.parse().unwrap());
        let faults = AdjustmentRequest::read(body, currency).map(|_| ()).err().map_or(Vec::new(), |faults| faults.0);
        faults.into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn every_bad_field_of_an_adjustment_is_named_at_once() {
        let good = json!({"amount": -5.25, "reason": "partial refund", "idempotencyKey": "refund-1"});
        assert!(fields(good.clone(), Some("USD")).is_empty());
        assert!(fields(good.clone(), None).is_empty());
        assert_eq!(fields(good, Some("JPY")), ["amount"]);
        assert_eq!(fields(json!({}), Some("USD")), ["amount", "reason", "idempotencyKey"]);
        for amount in [json!(0), json!("5"), json!(null), json!(1_000_000_000_000_u64)] {
            for currency in [Some("USD"), None] {
                let body = json!({"amount": amount, "reason": " ", "idempotencyKey": "", "stray": 1});
                assert_eq!(fields(body, currency), ["amount", "reason", "idempotencyKey", "stray"], "{amount}");
            }
        }
        assert_eq!(fields(json!({"amount": 1, "reason": "x".repeat(501), "idempotencyKey": "k"}), Some("USD")), ["reason"]);
        assert!(fields(json!({"amount": 1, "reason": "x".repeat(500), "idempotencyKey": "k".repeat(255)}), Some("USD")).is_empty());
        assert_eq!(fields(json!([]), None), ["body"]);
    }

    proptest! {
        #[test]
        fn a_change_is_allowed_exactly_while_the_net_value_stays_within_bounds(
            value in 0_i64..=200, adjusted in -250_i64..=250, change in -500_i64..=500, high in any::<bool>()
        ) {
            let currency: Currency = "JPY".parse().unwrap();
            let value = if high { max_minor(currency) - value } else { value };
            let worth = value + adjusted + change;
            let bounds = AdjustmentBounds::of(Money { minor: value, currency }, MoneyChange { minor: change, currency });
            prop_assert_eq!(bounds.contains(adjusted), (0..=999_999_999_999).contains(&worth));
        }
    }
}
