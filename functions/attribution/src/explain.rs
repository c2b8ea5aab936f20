//! `GET …/conversions/{conversionId}/explain`: every step from click to ledger, with a sentence and a stable code.

use api::{ApiState, ConversionsRead, Member, PathId, Problem};
use axum::Json;
use axum::extract::State;
use domain::campaigns::NotCredited;
use domain::clicks::Click;
use domain::conversions::explain::{ConversionAttempt, ConversionOutcome, ExplainedRule, ExplainedRuleKind};
use domain::conversions::ledger::LedgerEntry;
use domain::conversions::{Conversion, Trust};
use domain::values::id::{ClickId, ConversionId};
use domain::values::moment::Moment;
use domain::values::money::{Currency, MoneyChange};
use domain::values::name::{CampaignId, Handle, SessionId, Slug};
use serde::Serialize;
use serde_json::Number;
use store::{RepeatSubmissions, StoredConversion};

use crate::view::EntryView;

/// Why a conversion counts as it does.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explanation {
    conversion_id: ConversionId,
    handle: Handle,
    outcome: ConversionOutcome,
    message: String,
    click: ClickStep,
    rule: RuleStep,
    ctx: CtxStep,
    /// Every submission of its key, oldest first. The first became the conversion; of the later ones at most 50 are stored.
    attempts: Vec<ConversionAttempt>,
    /// The number of submissions, the first included.
    tries_in_all: i64,
    verdict: VerdictStep,
    /// Its ledger, oldest first.
    entries: Vec<EntryView>,
    /// Its value after all its adjustments; null when it has no value.
    #[schema(value_type = Option<f64>, example = 19.74)]
    net_value: Option<Number>,
    currency: Option<Currency>,
}

/// The click it is credited to.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExplainedClick)]
pub(crate) struct ClickStep {
    message: String,
    click_id: ClickId,
    clicked_at: Moment,
    /// Whether the click's record exists; without it, the members that come from it are null.
    found: bool,
    slug: Slug,
    /// The version of the link that was followed.
    link_version: Option<u64>,
    country: Option<String>,
    device: Option<String>,
    source: Option<String>,
    referrer: Option<String>,
    /// `human` or `bot`.
    verdict: &'static str,
    /// Why it was classified as a bot's.
    reasons: Vec<String>,
    /// The version of the classifier.
    classifier: Option<u16>,
    /// The campaign the click counts for.
    campaign_id: Option<CampaignId>,
}

/// The rule that decided the destination.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExplainedRule)]
pub(crate) struct RuleStep {
    message: String,
    /// The label in the context token; null when no rule matched.
    label: Option<String>,
    kind: ExplainedRuleKind,
    /// A routing rule's index in its link's list, from 0.
    index: Option<usize>,
    /// A personalization rule's id.
    rule_id: Option<String>,
}

/// The context token it was submitted with.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExplainedCtx)]
pub(crate) struct CtxStep {
    message: String,
    issued_at: Moment,
    /// When the token expired.
    expires_at: Option<Moment>,
    session_id: Option<SessionId>,
}

/// How it counts.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExplainedVerdict)]
pub(crate) struct VerdictStep {
    message: String,
    trust: Trust,
    /// Whether the click was classified as a bot's.
    bot: bool,
    /// The campaign it counts for.
    campaign_id: Option<CampaignId>,
    /// Why it counts for no campaign although its click had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_credited: Option<NotCredited>,
    /// Whether reports already count it.
    counted: bool,
    /// Whether it is a test conversion.
    test: bool,
}

/// Explains a conversion: click, rule, context token, every submission, verdict, ledger.
#[utoipa::path(
    get,
    path = "/v2/handles/{handle}/conversions/{conversionId}/explain",
    tag = "conversions",
    security(("jwt" = []), ("pat" = ["analytics.read"])),
    params(("handle" = Handle, Path), ("conversionId" = ConversionId, Path)),
    responses((status = 200, description = "The explanation.", body = Explanation))
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<ConversionsRead>,
    PathId(id): PathId<ConversionId>,
) -> Result<Json<Explanation>, Problem> {
    let stored = app.store().conversions().get(member.handle(), id).await?.ok_or_else(|| Problem::not_found("conversion"))?;
    let (stored, entries) = app.store().ledger().with_entries(stored).await?;
    let conversion = stored.current();
    let click = app.store().clicks().get(&conversion.handle, conversion.click_id).await?;
    let tries = app.store().conversions().repeats(&conversion.handle, conversion.id).await?;
    Ok(Json(explained(&stored, click, tries, entries)))
}

fn explained(stored: &StoredConversion, click: Option<Click>, tries: RepeatSubmissions, entries: Vec<LedgerEntry>) -> Explanation {
    let conversion = stored.current();
    let outcome = ConversionOutcome::of(conversion);
    let mut attempts = vec![ConversionAttempt::first(&stored.conversion)];
    attempts.extend(tries.kept);
    Explanation {
        conversion_id: conversion.id,
        handle: conversion.handle.clone(),
        outcome,
        message: outcome_message(outcome, conversion),
        click: click_step(conversion, click),
        rule: rule_step(conversion.rule.as_deref()),
        ctx: ctx_step(conversion),
        attempts,
        tries_in_all: tries.total + 1,
        verdict: verdict_step(stored),
        entries: entries.into_iter().map(EntryView::of).collect(),
        net_value: stored.net().map(MoneyChange::amount),
        currency: conversion.money.map(|money| money.currency),
    }
}

fn outcome_message(outcome: ConversionOutcome, conversion: &Conversion) -> String {
    let campaign = conversion.campaign_id.as_ref().map_or("none", CampaignId::as_str);
    let slug = &conversion.slug;
    match outcome {
        ConversionOutcome::CreditedToCampaign => format!("It counts for campaign {campaign} and for link {slug}."),
        ConversionOutcome::CreditedToLink => format!("It counts for link {slug}; the click had no campaign."),
        ConversionOutcome::NotCreditedCampaignPaused => {
            format!("It counts for link {slug} only; the click's campaign was not active when the conversion was accepted.")
        }
        ConversionOutcome::NotCreditedClickNotTracked => {
            format!("It counts for link {slug} only; the click's campaign was not active when the link was followed.")
        }
        ConversionOutcome::NotCreditedCampaignDeleted => format!("It counts for link {slug} only; the click's campaign was deleted."),
        ConversionOutcome::Test => "It is a test and not part of any figure.".to_owned(),
    }
}

fn click_step(conversion: &Conversion, click: Option<Click>) -> ClickStep {
    let (clicked_at, slug) = (conversion.click_id.moment(), conversion.slug.clone());
    let by = if conversion.bot { "a bot" } else { "a person" };
    let message = match &click {
        Some(click) => format!("On {clicked_at} {by} followed link {slug} from {} on a {} device.", click.country, click.device),
        None => format!("On {clicked_at} {by} followed link {slug}, according to the context token; the click's record does not exist."),
    };
    let is_bot = click.as_ref().map_or(conversion.bot, |click| click.bot);
    let click = click.as_ref();
    let text = |of: fn(&Click) -> &String| click.map(of).cloned();
    ClickStep {
        message,
        click_id: conversion.click_id,
        clicked_at,
        found: click.is_some(),
        slug,
        link_version: click.map(|click| click.link_version),
        country: text(|click| &click.country),
        device: text(|click| &click.device),
        source: text(|click| &click.source),
        referrer: text(|click| &click.referrer),
        verdict: if is_bot { "bot" } else { "human" },
        reasons: click.map(|click| click.reasons.clone()).unwrap_or_default(),
        classifier: click.map(|click| click.classifier),
        campaign_id: click.map_or(&conversion.campaign_id, |click| &click.campaign_id).clone(),
    }
}

fn rule_step(label: Option<&str>) -> RuleStep {
    let rule = ExplainedRule::of_label(label);
    RuleStep {
        message: rule.message(),
        label: label.map(str::to_owned),
        kind: rule.kind,
        index: rule.index,
        rule_id: rule.rule_id.map(str::to_owned),
    }
}

fn ctx_step(conversion: &Conversion) -> CtxStep {
    let (issued_at, expires_at) = (conversion.click_id.moment(), conversion.ctx_expires_at);
    let message = match expires_at {
        Some(expires_at) => format!("The context token of the click was valid until {expires_at}; the conversion was submitted in time."),
        None => "The context token of the click was valid when the conversion was submitted.".to_owned(),
    };
    CtxStep { message, issued_at, expires_at, session_id: conversion.session_id.clone() }
}

fn verdict_step(stored: &StoredConversion) -> VerdictStep {
    let conversion = stored.current();
    let source = match (conversion.trust, &stored.confirmed) {
        (Trust::Claimed, _) => "Reported with the context token",
        (Trust::Confirmed, None) => "Reported with the handle's own token",
        (Trust::Confirmed, Some(_)) => "Reported with the context token, then confirmed with the handle's own token",
    };
    let counted = match (conversion.test, stored.counted) {
        (true, _) => "a test is not part of any figure",
        (false, true) => "reports include it",
        (false, false) => "reports will include it in a moment",
    };
    VerdictStep {
        message: format!("{source}; {counted}."),
        trust: conversion.trust,
        bot: conversion.bot,
        campaign_id: conversion.campaign_id.clone(),
        not_credited: conversion.not_credited,
        counted: stored.counted && !conversion.test,
        test: conversion.test,
    }
}
