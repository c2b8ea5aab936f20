//! The entries of a conversion's ledger as answers and exports show them: the conversion itself, then its adjustments
//! (specification §7).

use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;

use super::Adjustment;
use crate::accounts::audit::Actor;
use crate::conversions::{Conversion, Trust};
use crate::values::id::{AdjustmentId, ClickId, ConversionId};
use crate::values::moment::Moment;
use crate::values::money::MoneyChange;
use crate::values::name::{CampaignId, EventType, Slug};

/// The kind of a ledger entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum LedgerEntryKind {
    /// The conversion itself.
    Conversion,
    /// A later change of its value.
    Adjustment,
}

impl LedgerEntryKind {
    /// The name, as answers and exports spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Conversion => "CONVERSION",
            Self::Adjustment => "ADJUSTMENT",
        }
    }
}

/// The id of a ledger entry; entries are in the order of the moments in their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerEntryId {
    /// The conversion itself.
    Conversion(ConversionId),
    /// An adjustment.
    Adjustment(AdjustmentId),
}

impl LedgerEntryId {
    /// The kind of the entry.
    pub const fn kind(self) -> LedgerEntryKind {
        match self {
            Self::Conversion(_) => LedgerEntryKind::Conversion,
            Self::Adjustment(_) => LedgerEntryKind::Adjustment,
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

impl Ord for LedgerEntryId {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.to_bytes(), self.kind().as_str()).cmp(&(other.to_bytes(), other.kind().as_str()))
    }
}

impl PartialOrd for LedgerEntryId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for LedgerEntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conversion(id) => id.fmt(f),
            Self::Adjustment(id) => id.fmt(f),
        }
    }
}

/// One ledger entry, with everything an export contains of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its id, which determines its kind.
    pub id: LedgerEntryId,
    /// The conversion it belongs to.
    pub conversion_id: ConversionId,
    /// When it was written; it is counted on this UTC day.
    pub at: Moment,
    /// The link.
    pub slug: Slug,
    /// The campaign.
    pub campaign_id: Option<CampaignId>,
    /// The click.
    pub click_id: ClickId,
    /// What the visitor did.
    pub event_type: EventType,
    /// The conversion's value, or the change of it; none for a conversion without value.
    pub amount: Option<MoneyChange>,
    /// The reason of an adjustment.
    pub reason: Option<String>,
    /// The caller who made the adjustment.
    pub actor: Option<Actor>,
    /// How certain it is that the merchant reported the conversion.
    pub trust: Trust,
    /// Whether the click was classified as a bot's.
    pub bot: bool,
}

impl LedgerEntry {
    /// The kind of the entry.
    pub const fn kind(&self) -> LedgerEntryKind {
        self.id.kind()
    }
}

impl From<&Conversion> for LedgerEntry {
    fn from(conversion: &Conversion) -> Self {
        Self {
            id: LedgerEntryId::Conversion(conversion.id),
            conversion_id: conversion.id,
            at: conversion.accepted_at,
            slug: conversion.slug.clone(),
            campaign_id: conversion.campaign_id.clone(),
            click_id: conversion.click_id,
            event_type: conversion.event_type.clone(),
            amount: conversion.money.map(MoneyChange::from),
            reason: None,
            actor: None,
            trust: conversion.trust,
            bot: conversion.bot,
        }
    }
}

impl From<Adjustment> for LedgerEntry {
    fn from(adjustment: Adjustment) -> Self {
        Self {
            id: LedgerEntryId::Adjustment(adjustment.id),
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
    use crate::accounts::audit::ActorKind;
    use crate::conversions::ledger::Cause;
    use crate::testing;
    use crate::values::id::RequestId;
    use crate::values::money::{Currency, Money};
    use proptest::prelude::*;

    const AT: Moment = Moment::from_millis(1_772_366_400_000);

    fn of_conversion(random: u128) -> LedgerEntryId {
        LedgerEntryId::Conversion(ConversionId::new(AT, random))
    }

    fn of_adjustment(random: u128) -> LedgerEntryId {
        LedgerEntryId::Adjustment(AdjustmentId::new(AT, random))
    }

    #[test]
    fn a_conversion_is_an_entry_with_its_value_and_without_a_reason() {
        let conversion = Conversion {
            slug: "other".parse().unwrap(),
            click_id: ClickId::new(AT, 3),
            campaign_id: Some("spring".parse().unwrap()),
            event_type: "order".parse().unwrap(),
            money: Some(Money { minor: 2499, currency: Currency::USD }),
            bot: true,
            trust: Trust::Confirmed,
            accepted_at: AT.plus_secs(1),
            ..testing::conversion(AT, 2)
        };
        let entry = LedgerEntry {
            id: of_conversion(2),
            conversion_id: ConversionId::new(AT, 2),
            at: AT.plus_secs(1),
            slug: "other".parse().unwrap(),
            campaign_id: Some("spring".parse().unwrap()),
            click_id: ClickId::new(AT, 3),
            event_type: "order".parse().unwrap(),
            amount: Some(MoneyChange { minor: 2499, currency: Currency::USD }),
            reason: None,
            actor: None,
            trust: Trust::Confirmed,
            bot: true,
        };
        assert_eq!(LedgerEntry::from(&conversion), entry);
        assert_eq!((entry.kind(), entry.kind().as_str()), (LedgerEntryKind::Conversion, "CONVERSION"));
        assert_eq!(LedgerEntry::from(&Conversion { money: None, ..conversion }), LedgerEntry { amount: None, ..entry });
    }

    #[test]
    fn an_adjustment_is_an_entry_with_its_change_its_reason_and_its_actor() {
        let actor = Actor { kind: ActorKind::Jwt, id: "user".to_owned() };
        let entry = LedgerEntry::from(Adjustment {
            id: AdjustmentId::new(AT, 1),
            handle: "demo".parse().unwrap(),
            conversion_id: ConversionId::new(AT, 2),
            cause: Cause::Requested,
            elsewhere: false,
            amount: Some(MoneyChange { minor: -5, currency: Currency::USD }),
            reason: "refund".to_owned(),
            actor: actor.clone(),
            created_at: AT.plus_secs(1),
            request_id: RequestId::new(AT, 4),
            slug: "launch".parse().unwrap(),
            campaign_id: None,
            click_id: ClickId::new(AT, 3),
            event_type: "order".parse().unwrap(),
            trust: Trust::Claimed,
            bot: false,
        });
        let expected = LedgerEntry {
            id: of_adjustment(1),
            conversion_id: ConversionId::new(AT, 2),
            at: AT.plus_secs(1),
            slug: "launch".parse().unwrap(),
            campaign_id: None,
            click_id: ClickId::new(AT, 3),
            event_type: "order".parse().unwrap(),
            amount: Some(MoneyChange { minor: -5, currency: Currency::USD }),
            reason: Some("refund".to_owned()),
            actor: Some(actor),
            trust: Trust::Claimed,
            bot: false,
        };
        assert_eq!(entry, expected);
        assert_eq!((entry.kind(), entry.kind().as_str()), (LedgerEntryKind::Adjustment, "ADJUSTMENT"));
    }

    #[test]
    fn kinds_and_ids_are_spelled_as_those_of_the_entries() {
        for kind in [LedgerEntryKind::Conversion, LedgerEntryKind::Adjustment] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(of_conversion(7).to_string(), ConversionId::new(AT, 7).to_string());
        assert_eq!(of_adjustment(7).to_string(), AdjustmentId::new(AT, 7).to_string());
    }

    proptest! {
        #[test]
        fn entries_are_in_the_order_of_their_ulids_whatever_their_kind(a in 0..4_u128, b in 0..4_u128, of_a in any::<bool>(), of_b in any::<bool>()) {
            let id = |random: u128, is_conversion: bool| if is_conversion { of_conversion(random) } else { of_adjustment(random) };
            let (one, other) = (id(a, of_a), id(b, of_b));
            // A conversion comes after an adjustment with the same ULID.
            let expected = (a, of_a).cmp(&(b, of_b));
            prop_assert_eq!(one.cmp(&other), expected);
            prop_assert_eq!(one.partial_cmp(&other), Some(expected));
            prop_assert_eq!(one == other, expected == Ordering::Equal);
        }
    }
}
