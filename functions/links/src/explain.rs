//! The decision of a route preview, with its reasons.

use domain::links::rule_set::Condition;
use domain::links::visit::Visit;
use domain::links::{Link, RedirectType};
use domain::routing::{Matched, PersonalizationRules, RoutingOutcome, Step, bucket, decide};
use domain::values::moment::Moment;
use domain::values::name::{Handle, RuleId, SessionId, Slug};
use serde::Serialize;
use serde_json::Value;

/// The decision.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preview {
    handle: Handle,
    slug: Slug,
    /// Where the visitor would be sent; null when nowhere.
    destination_url: Option<String>,
    redirect_type: RedirectType,
    matched: PreviewMatch,
    /// The reason in words.
    reason: String,
    /// Every evaluated rule, in order.
    evaluated: Vec<PreviewedRule>,
    context: PreviewContext,
    /// The version that decided; of a draft, the one it would be written as.
    link_version: u64,
    /// Whether the destination would get a `ctx`.
    would_append_ctx: bool,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewMatch {
    /// `ROUTING_RULE`, `PERSONALIZATION_RULE`, `DEFAULT`, `FALLBACK` or `UNAVAILABLE`.
    kind: &'static str,
    rule_id: Option<RuleId>,
    priority: Option<i64>,
    index: Option<usize>,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewedRule {
    kind: &'static str,
    index: usize,
    rule_id: Option<RuleId>,
    priority: i64,
    matched: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_condition: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<Value>,
}

/// The visit that was evaluated; `at` is null when the request names no moment.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewContext {
    country: String,
    device: &'static str,
    source: String,
    campaign: Option<String>,
    segments: Vec<String>,
    language: Option<String>,
    session_id: Option<SessionId>,
    at: Option<Moment>,
}

/// Decides for a visit as the redirect does, and explains it; `at` is the moment the request names.
pub(crate) fn explain(link: &Link, rules: &PersonalizationRules, visit: Visit, at: Option<Moment>, used_up: bool) -> Preview {
    let mut evaluated = Vec::new();
    let outcome = decide(link, rules, &visit, used_up, |step| evaluated.push(self::evaluated(link, &visit, step)));
    let (destination, matched, reason) = match outcome {
        RoutingOutcome::Follow(destination, matched) => (Some(destination), decided(&matched), because(&matched, evaluated.is_empty())),
        RoutingOutcome::Fallback(destination, closed) => {
            (Some(destination), PreviewMatch::only("FALLBACK"), format!("link is closed ({}), fallbackUrl is set", closed.as_str()))
        }
        RoutingOutcome::Unavailable(closed) => (None, PreviewMatch::only("UNAVAILABLE"), format!("link is closed ({})", closed.as_str())),
    };
    // A closed link leads to its fallback by 302, whatever its own type.
    let redirect_type = match outcome {
        RoutingOutcome::Fallback(..) => RedirectType::Found,
        RoutingOutcome::Follow(..) | RoutingOutcome::Unavailable(_) => link.settings.redirect_type,
    };
    Preview {
        handle: link.handle.clone(),
        slug: link.slug.clone(),
        destination_url: destination.map(|destination| destination.as_str().to_owned()),
        redirect_type,
        matched,
        reason,
        evaluated,
        link_version: link.version,
        would_append_ctx: matches!(outcome, RoutingOutcome::Follow(..)) && link.settings.tracking_policy.append_context_param,
        context: PreviewContext {
            country: visit.country,
            device: visit.device.as_str(),
            source: visit.source,
            campaign: visit.campaign,
            segments: visit.segments,
            language: visit.language,
            session_id: visit.session_id,
            at,
        },
    }
}

impl PreviewMatch {
    fn only(kind: &'static str) -> Self {
        Self { kind, rule_id: None, priority: None, index: None }
    }
}

fn decided(matched: &Matched<'_>) -> PreviewMatch {
    match matched {
        Matched::RoutingRule { index, rule } => {
            PreviewMatch { kind: "ROUTING_RULE", rule_id: None, priority: Some(rule.priority), index: Some(*index) }
        }
        Matched::PersonalizationRule { index, rule } => PreviewMatch {
            kind: "PERSONALIZATION_RULE",
            rule_id: Some(rule.rule_id.clone()),
            priority: Some(rule.priority),
            index: Some(*index),
        },
        Matched::Default => PreviewMatch::only("DEFAULT"),
    }
}

fn because(matched: &Matched<'_>, nothing_evaluated: bool) -> String {
    match matched.conditions() {
        Some(conditions) => match conditions.names() {
            names if names.is_empty() => "matched a rule without conditions".to_owned(),
            names => format!("matched {}", names.join(", ")),
        },
        None if nothing_evaluated => "no rules".to_owned(),
        None => "no rule matched".to_owned(),
    }
}

fn evaluated(link: &Link, visit: &Visit, step: Step<'_>) -> PreviewedRule {
    let bucket = || bucket(link, &visit.subject);
    let subject = step.conditions.subject(visit, &bucket);
    PreviewedRule {
        kind: if step.rule_id.is_some() { "PERSONALIZATION_RULE" } else { "ROUTING_RULE" },
        index: step.index,
        rule_id: step.rule_id.cloned(),
        priority: step.priority,
        matched: step.failed.is_none(),
        failed_condition: step.failed.map(|condition| condition.name()),
        expected: step.failed.map(Condition::expected),
        actual: step.failed.map(|condition| condition.actual(&subject)),
    }
}
