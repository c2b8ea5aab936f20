//! The ledger of a conversion: what it was worth when it was accepted, and every adjustment since; entries are only appended.

pub mod correction;
mod request;

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::accounts::audit::Actor;
use crate::conversions::{Conversion, Trust};
use crate::values::id::{AdjustmentId, ClickId, ConversionId, RequestId};
use crate::values::moment::Moment;
use crate::values::money::{Change, Money, most_minor};
use crate::values::name::{CampaignId, EventType, Handle, Slug};

pub use request::AdjustmentRequest;

/// Why a conversion cannot be adjusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fixed {
    /// No figure knows it.
    #[error("a test conversion is in no figure and cannot be adjusted")]
    Test,
    /// It has no money.
    #[error("this conversion has no value that could be adjusted")]
    NoValue,
}

/// What a conversion that can be adjusted was worth when it was accepted.
///
/// # Errors
/// When it cannot be adjusted.
pub fn adjustable(conversion: &Conversion) -> Result<Money, Fixed> {
    if conversion.test {
        return Err(Fixed::Test);
    }
    conversion.money.ok_or(Fixed::NoValue)
}

/// Adjusted sums a conversion may have for a change to be allowed: its worth stays from zero to the most a value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The least sum of earlier adjustments.
    pub least: i64,
    /// The most.
    pub most: i64,
}

impl Room {
    /// Of a change of a conversion that was worth `value` when it was accepted.
    pub fn of(value: Money, change: Change) -> Self {
        let after = value.minor.saturating_add(change.minor);
        Self { least: 0_i64.saturating_sub(after), most: most_minor(value.currency).saturating_sub(after) }
    }

    /// Whether the change is allowed after this sum of earlier ones.
    pub fn holds(self, adjusted: i64) -> bool {
        (self.least..=self.most).contains(&adjusted)
    }
}

/// Why an adjustment was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// Somebody asked for it: money alone.
    #[default]
    Asked,
    /// Of a correction: the claimed conversion is taken back.
    Reversal,
    /// Of a correction: the confirmed conversion is added.
    Confirmation,
}

impl Cause {
    /// Whether somebody asked for it by itself.
    fn is_asked(&self) -> bool {
        *self == Self::Asked
    }

    /// How many conversions it adds to those that are counted.
    pub const fn conversions(self) -> i64 {
        match self {
            Self::Asked => 0,
            Self::Reversal => -1,
            Self::Confirmation => 1,
        }
    }
}

/// One adjustment as it is stored, with all it is counted under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Adjustment {
    /// Its id.
    pub id: AdjustmentId,
    /// Whose.
    pub handle: Handle,
    /// The conversion it adjusts.
    pub conversion_id: ConversionId,
    /// Why it was made.
    #[serde(default, skip_serializing_if = "Cause::is_asked")]
    pub cause: Cause,
    /// Whether its click is another than the conversion was first credited to, so that it counts where that one came from.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
    /// By how much, in the conversion's currency; none when a conversion without money is corrected.
    pub amount: Option<Change>,
    /// Why.
    pub reason: String,
    /// Who made it.
    pub actor: Actor,
    /// When; it counts on this day, whenever the conversion was.
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
    /// Who vouches for the conversion.
    pub trust: Trust,
    /// Whether the conversion's click was judged a bot's.
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

/// What kind of line of the ledger it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "openapi", schema(as = LedgerEntryKind))]
pub enum Kind {
    /// The conversion itself.
    Conversion,
    /// A later change of what it is worth.
    Adjustment,
}

impl Kind {
    /// As answers and exports spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conversion => "CONVERSION",
            Self::Adjustment => "ADJUSTMENT",
        }
    }
}

/// The id of a line of the ledger; lines are in the order of their ids' moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryId {
    /// Of the conversion itself.
    Conversion(ConversionId),
    /// Of an adjustment.
    Adjustment(AdjustmentId),
}

impl EntryId {
    /// What kind of line it is.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Conversion(_) => Kind::Conversion,
            Self::Adjustment(_) => Kind::Adjustment,
        }
    }

    /// The sixteen bytes of its ULID, which sort by time.
    pub fn to_bytes(self) -> [u8; 16] {
        match self {
            Self::Conversion(id) => id.to_bytes(),
            Self::Adjustment(id) => id.to_bytes(),
        }
    }
}

impl Ord for EntryId {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.to_bytes(), self.kind().as_str()).cmp(&(other.to_bytes(), other.kind().as_str()))
    }
}

impl PartialOrd for EntryId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conversion(id) => id.fmt(f),
            Self::Adjustment(id) => id.fmt(f),
        }
    }
}

/// One line of the ledger, with all that an export tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id, which tells its kind.
    pub id: EntryId,
    /// The conversion it belongs to.
    pub conversion_id: ConversionId,
    /// When it was written; it counts on this day.
    pub at: Moment,
    /// The link.
    pub slug: Slug,
    /// The campaign.
    pub campaign_id: Option<CampaignId>,
    /// The click.
    pub click_id: ClickId,
    /// What the visitor did.
    pub event_type: EventType,
    /// What the conversion was worth, or by how much it was adjusted; none for a conversion without value.
    pub amount: Option<Change>,
    /// Why it was adjusted.
    pub reason: Option<String>,
    /// Who adjusted it.
    pub actor: Option<Actor>,
    /// Who vouches for the conversion.
    pub trust: Trust,
    /// Whether the click was judged a bot's.
    pub bot: bool,
}

impl Entry {
    /// What kind of line it is.
    pub const fn kind(&self) -> Kind {
        self.id.kind()
    }
}

impl From<&Conversion> for Entry {
    fn from(conversion: &Conversion) -> Self {
        Self {
            id: EntryId::Conversion(conversion.id),
            conversion_id: conversion.id,
            at: conversion.accepted_at,
            slug: conversion.slug.clone(),
            campaign_id: conversion.campaign_id.clone(),
            click_id: conversion.click_id,
            event_type: conversion.event_type.clone(),
            amount: conversion.money.map(Change::from),
            reason: None,
            actor: None,
            trust: conversion.trust,
            bot: conversion.bot,
        }
    }
}

impl From<Adjustment> for Entry {
    fn from(adjustment: Adjustment) -> Self {
        Self {
            id: EntryId::Adjustment(adjustment.id),
            conversion_id: adjustment.conversion_id,
            at: adjustment.created_at,
            slug: adjustment.slug,
            campaign_id: adjustment.campaign_id,
            click_id: adjustment.click_id,
            event_type: adjustment.event_type,
            amount: adjustment.amount,
            reason: Some(adjustment.reason),
            actor: Some(adjustment.actor),
            trust: adjustment.trust,
            bot: adjustment.bot,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::money::Currency;
    use proptest::prelude::*;
    use serde_json::json;

    fn fields(body: serde_json::Value, currency: Option<&str>) -> Vec<String> {
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
        fn a_change_has_room_exactly_while_the_worth_stays_from_zero_to_the_most(
            value in 0_i64..=200, adjusted in -250_i64..=250, change in -500_i64..=500, high in any::<bool>()
        ) {
            let currency: Currency = "JPY".parse().unwrap();
            let value = if high { most_minor(currency) - value } else { value };
            let worth = value + adjusted + change;
            let room = Room::of(Money { minor: value, currency }, Change { minor: change, currency });
            prop_assert_eq!(room.holds(adjusted), (0..=most_minor(currency)).contains(&worth));
        }
    }
}
