//! The lines of a conversion's ledger as answers and exports show them: the conversion itself, then its adjustments.

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

/// What kind of line of the ledger it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum LedgerEntryKind {
    /// The conversion itself.
    Conversion,
    /// A later change of what it is worth.
    Adjustment,
}

impl LedgerEntryKind {
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
pub enum LedgerEntryId {
    /// Of the conversion itself.
    Conversion(ConversionId),
    /// Of an adjustment.
    Adjustment(AdjustmentId),
}

impl LedgerEntryId {
    /// What kind of line it is.
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

/// One line of the ledger, with all that an export tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its id, which tells its kind.
    pub id: LedgerEntryId,
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
    pub amount: Option<MoneyChange>,
    /// Why it was adjusted.
    pub reason: Option<String>,
    /// Who adjusted it.
    pub actor: Option<Actor>,
    /// Who vouches for the conversion.
    pub trust: Trust,
    /// Whether the click was judged a bot's.
    pub bot: bool,
}

impl LedgerEntry {
    /// What kind of line it is.
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
