//! `POST …/links/{slug}/route-preview`: the redirect's decision for a described visit, with its reasons.

use api::{ApiState, JsonBody, LinksRead, Member, PathParam, Problem};
use axum::Json;
use axum::extract::State;
use domain::chain::segments;
use domain::links::visit::{UNKNOWN_COUNTRY, Visit, word};
use domain::links::{Link, RedirectType};
use domain::routing::{Matched, RoutingOutcome, RuleBook, Step, bucket, decide};
use domain::values::device::Device;
use domain::values::form::{self, Faults, Form, Notes, Unknown};
use domain::values::moment::Moment;
use domain::values::name::{Handle, RuleId, SessionId, Slug};
use serde::Serialize;
use serde_json::Value;

/// The visit to decide for; what is left out is as of a visitor nothing is known of.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Request {
    /// Two letters, or `UNKNOWN`.
    country: Option<String>,
    /// `MOBILE`, `TABLET`, `DESKTOP`, `BOT` or `UNKNOWN`, in any case.
    device: Option<String>,
    /// Traffic source; `direct` when left out.
    source: Option<String>,
    /// Campaign; the link's own when left out.
    campaign: Option<String>,
    /// Segments of the session; those its signals make when left out.
    segments: Option<Vec<String>>,
    /// Preferred language.
    language: Option<String>,
    /// Decides percentages, and the segments where none are named; without one the decision is that of the empty session.
    session_id: Option<SessionId>,
    /// The moment; now when left out.
    at: Option<Moment>,
}

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

/// Decides where a visit would be sent, and explains it. Writes nothing and is not charged to the quota.
#[utoipa::path(post, path = "/v2/handles/{handle}/links/{slug}/route-preview", tag = "links", security(("jwt" = []), ("pat" = ["links.read"])),
    params(("handle" = Handle, Path), ("slug" = Slug, Path)), request_body = Request,
    responses((status = 200, description = "The decision; the same for the same request.", body = Preview)))]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<LinksRead>,
    PathParam(slug): PathParam<Slug>,
    JsonBody(body): JsonBody,
) -> Result<Json<Preview>, Problem> {
    let PreviewRequest { mut visit, at, names_segments } = read(body, app.now())?;
    let (link, book) = app.store().links().get_with_rules(member.handle(), &slug).await?;
    let link = link.ok_or_else(|| Problem::not_found("link"))?;
    visit.campaign = visit.campaign.or_else(|| link.settings.campaign_id.as_ref().map(ToString::to_string));
    if let (Some(session), false) = (&visit.session_id, names_segments) {
        visit.segments = segments(&app.store().sessions().get(&link.handle, session, visit.at).await?.session);
    }
    let used_up = match link.settings.max_clicks {
        Some(most) => u64::from(app.store().limits().clicks_used(&link.handle, link.id).await?) >= most,
        None => false,
    };
    Ok(Json(explain(&link, &book, visit, at, used_up)))
}

/// A described visit.
struct PreviewRequest {
    visit: Visit,
    /// The moment, where one was named.
    at: Option<Moment>,
    names_segments: bool,
}

fn read(body: Value, now: Moment) -> Result<PreviewRequest, Faults> {
    let notes = Notes::default();
    let read = Form::open(body, Unknown::Refuse, &notes).map(|mut form| {
        let country = form.optional("country", |value| match form::text(value)?.to_ascii_uppercase() {
            code if code == UNKNOWN_COUNTRY || (code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())) => Ok(code),
            _ => Err("must be a two-letter country code or UNKNOWN"),
        });
        let a_word = |value| form::text(value).and_then(|text| word(&text).ok_or("must not be empty"));
        let at = form.optional("at", form::parsed);
        let session_id: Option<SessionId> = form.optional("sessionId", form::parsed);
        let names_segments = form.has("segments");
        let visit = Visit {
            country: country.unwrap_or_else(|| UNKNOWN_COUNTRY.to_owned()),
            device: form.optional("device", form::parsed).unwrap_or(Device::Unknown),
            source: form.optional("source", a_word).unwrap_or_else(|| "direct".to_owned()),
            campaign: form.optional("campaign", a_word),
            referrer: "direct".to_owned(),
            language: form.optional("language", form::text_up_to(35)),
            segments: form.list("segments", 100, a_word),
            subject: session_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            session_id,
            at: at.unwrap_or(now),
        };
        form.close();
        PreviewRequest { visit, at, names_segments }
    });
    notes.settle(read)
}

fn explain(link: &Link, book: &RuleBook, visit: Visit, at: Option<Moment>, used_up: bool) -> Preview {
    let mut evaluated = Vec::new();
    let outcome = decide(link, book, &visit, used_up, |step| evaluated.push(looked_at(link, &visit, step)));
    let (destination, matched, reason) = match outcome {
        RoutingOutcome::Follow(destination, matched) => (Some(destination), decided(&matched), because(&matched, evaluated.is_empty())),
        RoutingOutcome::Fallback(destination, closed) => {
            (Some(destination), PreviewMatch::only("FALLBACK"), format!("link is closed ({}), fallbackUrl is set", closed.as_str()))
        }
        RoutingOutcome::Unavailable(closed) => (None, PreviewMatch::only("UNAVAILABLE"), format!("link is closed ({})", closed.as_str())),
    };
    Preview {
        handle: link.handle.clone(),
        slug: link.slug.clone(),
        destination_url: destination.map(|destination| destination.as_str().to_owned()),
        redirect_type: link.settings.redirect_type,
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

fn looked_at(link: &Link, visit: &Visit, step: Step<'_>) -> PreviewedRule {
    PreviewedRule {
        kind: if step.rule_id.is_some() { "PERSONALIZATION_RULE" } else { "ROUTING_RULE" },
        index: step.index,
        rule_id: step.rule_id.cloned(),
        priority: step.priority,
        matched: step.failed.is_none(),
        failed_condition: step.failed.map(|condition| condition.as_str()),
        expected: step.failed.map(|condition| step.conditions.expected(condition)),
        actual: step.failed.map(|condition| step.conditions.actual(condition, visit, bucket(link, &visit.subject))),
    }
}
