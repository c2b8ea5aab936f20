//! A conversion as callers see it.

use domain::accounts::audit::Actor;
use domain::campaigns::NotCredited;
use domain::conversions::ledger::{LedgerEntry, LedgerEntryKind};
use domain::conversions::{Conversion, Trust};
use domain::values::id::{ClickId, ConversionId};
use domain::values::moment::Moment;
use domain::values::money::{Currency, MoneyChange};
use domain::values::name::{CampaignId, EventType, Handle, SessionId, Slug};
use serde::Serialize;
use serde_json::{Number, Value};
use store::StoredConversion;

/// A conversion.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConversionView {
    pub(crate) conversion_id: ConversionId,
    pub(crate) click_id: ClickId,
    pub(crate) handle: Handle,
    pub(crate) slug: Slug,
    pub(crate) campaign_id: Option<CampaignId>,
    /// Why it counts for its link alone, though its click named a campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_credited: Option<NotCredited>,
    pub(crate) event_type: EventType,
    /// The amount, to the last digit; null when the conversion has none.
    #[schema(value_type = Option<f64>, example = 24.99)]
    pub(crate) value: Option<Number>,
    pub(crate) currency: Option<Currency>,
    /// `confirmed` when the merchant's own token signed the call.
    pub(crate) trust: Trust,
    pub(crate) accepted_at: Moment,
}

impl ConversionView {
    pub(crate) fn of(conversion: &Conversion) -> Self {
        Self {
            conversion_id: conversion.id,
            click_id: conversion.click_id,
            handle: conversion.handle.clone(),
            slug: conversion.slug.clone(),
            campaign_id: conversion.campaign_id.clone(),
            not_credited: conversion.not_credited,
            event_type: conversion.event_type.clone(),
            value: conversion.money.map(domain::values::money::Money::amount),
            currency: conversion.money.map(|money| money.currency),
            trust: conversion.trust,
            accepted_at: conversion.accepted_at,
        }
    }
}

/// A conversion with all its stored fields.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConversionDetail {
    #[serde(flatten)]
    conversion: ConversionView,
    /// When it happened, by the merchant's word.
    occurred_at: Option<Moment>,
    session_id: Option<SessionId>,
    /// The rule that sent the visitor: `r2` for the link's third, `p:<ruleId>` for a handle's.
    rule: Option<String>,
    /// What the merchant sent along.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// Whether the click was classified as a bot's.
    bot: bool,
    /// Whether it only tries out a campaign; no report counts it then.
    test: bool,
    /// Whether reports already count it.
    counted: bool,
    /// The sum of its adjustments; null when it has no value.
    #[schema(value_type = Option<f64>, example = -5.25)]
    adjusted: Option<Number>,
    /// What it is worth after its adjustments; null when it has no value.
    #[schema(value_type = Option<f64>, example = 19.74)]
    net_value: Option<Number>,
}

/// Whether reports count a conversion already; they never count a test.
pub(crate) fn is_counted(stored: &StoredConversion) -> bool {
    stored.counted && !stored.conversion.test
}

impl ConversionDetail {
    pub(crate) fn of(stored: StoredConversion) -> Self {
        let (adjusted, net_value) = (stored.adjustments().map(MoneyChange::amount), stored.net().map(MoneyChange::amount));
        let counted = is_counted(&stored);
        let conversion = stored.current();
        Self {
            adjusted,
            net_value,
            occurred_at: conversion.occurred_at,
            session_id: conversion.session_id.clone(),
            rule: conversion.rule.clone(),
            metadata: conversion.metadata.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            bot: conversion.bot,
            test: conversion.test,
            counted,
            conversion: ConversionView::of(conversion),
        }
    }
}

/// One entry of a conversion's ledger.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LedgerEntry)]
pub(crate) struct EntryView {
    kind: LedgerEntryKind,
    /// The id of the conversion or of the adjustment.
    entry_id: String,
    conversion_id: ConversionId,
    /// When it was written; it counts on this day.
    at: Moment,
    /// What the conversion was worth, or by how much it was adjusted; null when the conversion has no value.
    #[schema(value_type = Option<f64>, example = -5.25)]
    amount: Option<Number>,
    currency: Option<Currency>,
    /// Why it was adjusted; both entries of a correction say so.
    reason: Option<String>,
    /// Who adjusted it.
    actor: Option<Actor>,
}

impl EntryView {
    pub(crate) fn of(entry: LedgerEntry) -> Self {
        Self {
            kind: entry.kind(),
            entry_id: entry.id.to_string(),
            conversion_id: entry.conversion_id,
            at: entry.at,
            amount: entry.amount.map(MoneyChange::amount),
            currency: entry.amount.map(|amount| amount.currency),
            reason: entry.reason,
            actor: entry.actor,
        }
    }
}
