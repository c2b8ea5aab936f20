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
