//! `POST /v2/public/chain/resolve` and `…/prefetch`: what a page should do at one trigger, or at several.

use std::collections::BTreeMap;

use api::{ApiState, JsonBody, Problem, limit_public};
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use domain::chain::{Action, Decision, Look, Rule, RuleBook, Session, SingleTrigger, Triggers, decide, segments};
use domain::values::id::DecisionId;
use domain::values::moment::Moment;
use domain::values::name::{Handle, RuleId, SessionId, Trigger};
use futures::try_join;
use serde::Serialize;
use serde_json::Value;

/// A question.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Question {
    handle: Handle,
    session_id: SessionId,
    /// What the page is about to do, such as `checkout`.
    trigger: Trigger,
    /// Taken, and means nothing yet: no condition asks about it.
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
}

/// Several questions of one session.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Questions {
    handle: Handle,
    session_id: SessionId,
    #[schema(min_items = 1, max_items = 20)]
    triggers: Vec<Trigger>,
    /// Taken, and means nothing yet: no condition asks about it.
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
}

/// A decision with its explanation.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DecisionEnvelope {
    /// Identical for the same session, rules, trigger and moment.
    decision_id: DecisionId,
    handle: Handle,
    session_id: SessionId,
    trigger: Trigger,
    matched: bool,
    rule_id: Option<RuleId>,
    action: Action,
    reason: String,
    /// Every evaluated rule, in order.
    evaluated: Vec<EvaluatedRule>,
    segments: Vec<String>,
    signals_considered: usize,
    decided_at: Moment,
    /// Seconds for which a page may cache the decision.
    ttl_seconds: u32,
}

/// An evaluated rule.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EvaluatedRule {
    kind: &'static str,
    rule_id: RuleId,
    priority: i64,
    matched: bool,
    /// The first unmet condition, such as `all[0]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_condition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    expected: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<Value>,
}

/// Decisions by trigger.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Decisions {
    decisions: BTreeMap<String, DecisionEnvelope>,
}

/// Decides what a page should do at a trigger: the same for the same session, rules and moment.
#[utoipa::path(post, path = "/v2/public/chain/resolve", tag = "public", request_body = Question,
    responses((status = 200, description = "The decision.", body = DecisionEnvelope)))]
pub(crate) async fn resolve(State(app): State<ApiState>, request: Request) -> Result<Json<DecisionEnvelope>, Problem> {
    let SingleTrigger { handle, session, trigger } = SingleTrigger::read(body_of(&app, request).await?)?;
    let visitor = Visitor::load(&app, handle, session).await?;
    Ok(Json(visitor.decide(&trigger)))
}

/// Decides for several triggers at once; each decision equals that of resolve.
#[utoipa::path(post, path = "/v2/public/chain/prefetch", tag = "public", request_body = Questions,
    responses((status = 200, description = "The decisions.", body = Decisions)))]
pub(crate) async fn prefetch(State(app): State<ApiState>, request: Request) -> Result<Json<Decisions>, Problem> {
    let Triggers { handle, session, triggers } = Triggers::read(body_of(&app, request).await?)?;
    let visitor = Visitor::load(&app, handle, session).await?;
    let decisions = triggers.iter().map(|trigger| (trigger.to_string(), visitor.decide(trigger))).collect();
    Ok(Json(Decisions { decisions }))
}

async fn body_of(app: &ApiState, request: Request) -> Result<Value, Problem> {
    limit_public(app, request.headers(), request.extensions()).await?;
    let JsonBody(body) = JsonBody::from_request(request, app).await?;
    Ok(body)
}

/// What decisions for one visitor are made of.
struct Visitor {
    handle: Handle,
    session_id: SessionId,
    session: Session,
    segments: Vec<String>,
    book: RuleBook,
    now: Moment,
}

impl Visitor {
    /// Reads the session and the handle's rules side by side.
    async fn load(app: &ApiState, handle: Handle, session_id: SessionId) -> Result<Self, Problem> {
        let now = app.now();
        let store = app.store();
        let (profile, (book, _), kept) = try_join!(
            store.profiles().get(&handle),
            store.rule_sets().get::<Rule>(&handle),
            store.sessions().get(&handle, &session_id, now)
        )?;
        profile.ok_or_else(Problem::unknown_handle)?;
        let segments = segments(&kept.session);
        Ok(Self { handle, session_id, session: kept.session, segments, book, now })
    }

    /// The decision at one trigger.
    fn decide(&self, trigger: &Trigger) -> DecisionEnvelope {
        let who = (&self.handle, &self.session_id);
        let Decision { id, rule, action, reason, looks, ttl_seconds } =
            decide(who, trigger, &self.session, &self.segments, &self.book, self.now);
        DecisionEnvelope {
            decision_id: id,
            handle: self.handle.clone(),
            session_id: self.session_id.clone(),
            trigger: trigger.clone(),
            matched: rule.is_some(),
            rule_id: rule.cloned(),
            action,
            reason,
            evaluated: looks.into_iter().map(EvaluatedRule::of).collect(),
            segments: self.segments.clone(),
            signals_considered: self.session.signals().len(),
            decided_at: self.now,
            ttl_seconds,
        }
    }
}

impl EvaluatedRule {
    fn of(look: Look<'_>) -> Self {
        Self {
            kind: "CHAIN_RULE",
            rule_id: look.rule.rule_id.clone(),
            priority: look.rule.priority,
            matched: look.failed.is_none(),
            failed_condition: look.failed,
            expected: look.expected,
            actual: look.actual,
        }
    }
}
