//! `POST /v2/public/chain/resolve` and `…/prefetch`: what a page should do at one trigger, or at several.

use std::collections::BTreeMap;

use api::{ApiState, JsonBody, Problem, limit_public};
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use domain::chain::{Action, ChainRule, ChainRules, Decision, Look, Question, Questions, Session, decide, segments};
use domain::values::id::DecisionId;
use domain::values::moment::Moment;
use domain::values::name::{Handle, RuleId, SessionId, Trigger};
use futures::try_join;
use serde::Serialize;
use serde_json::Value;

api::request_body!(QuestionBody, "What to do at a trigger; unknown members are ignored.", Question::body(), {
    "handle": "demo",
    "sessionId": "sess-1",
    "trigger": "checkout"
});

api::request_body!(QuestionsBody, "What to do at each of several triggers; unknown members are ignored.", Questions::body(), {
    "handle": "demo",
    "sessionId": "sess-1",
    "triggers": ["checkout", "exit"]
});

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
#[utoipa::path(post, path = "/v2/public/chain/resolve", tag = "public", request_body = QuestionBody,
    responses((status = 200, description = "The decision.", body = DecisionEnvelope)))]
pub(crate) async fn resolve(State(app): State<ApiState>, request: Request) -> Result<Json<DecisionEnvelope>, Problem> {
    let Question { handle, session, trigger } = Question::read(body_of(&app, request).await?)?;
    let visitor = Visitor::load(&app, handle, session).await?;
    Ok(Json(visitor.decide(&trigger)))
}

/// Decides for several triggers at once; each decision equals that of resolve.
#[utoipa::path(post, path = "/v2/public/chain/prefetch", tag = "public", request_body = QuestionsBody,
    responses((status = 200, description = "The decisions.", body = Decisions)))]
pub(crate) async fn prefetch(State(app): State<ApiState>, request: Request) -> Result<Json<Decisions>, Problem> {
    let Questions { handle, session, triggers } = Questions::read(body_of(&app, request).await?)?;
    let visitor = Visitor::load(&app, handle, session).await?;
    Ok(Json(visitor.decisions(&triggers)))
}

async fn body_of(app: &ApiState, request: Request) -> Result<Value, Problem> {
    limit_public(app, request.headers(), request.extensions()).await?;
    let JsonBody(body) = JsonBody::from_request(request, app).await?;
    Ok(body)
}

/// What decisions for one visitor are made of.
pub(crate) struct Visitor {
    pub(crate) handle: Handle,
    pub(crate) session_id: SessionId,
    pub(crate) session: Session,
    pub(crate) segments: Vec<String>,
    pub(crate) rules: ChainRules,
    pub(crate) now: Moment,
}

impl Visitor {
    /// Reads the session and the handle's rules side by side.
    async fn load(app: &ApiState, handle: Handle, session_id: SessionId) -> Result<Self, Problem> {
        let now = app.now();
        let store = app.store();
        let (profile, (rules, _), kept) = try_join!(
            store.profiles().open(&handle),
            store.rule_sets().get::<ChainRule>(&handle),
            store.sessions().get(&handle, &session_id, now)
        )?;
        profile.ok_or_else(Problem::unknown_handle)?;
        let segments = segments(&kept.session);
        Ok(Self { handle, session_id, session: kept.session, segments, rules, now })
    }

    /// The decisions at several triggers, by trigger.
    pub(crate) fn decisions(&self, triggers: &[Trigger]) -> Decisions {
        Decisions { decisions: triggers.iter().map(|trigger| (trigger.to_string(), self.decide(trigger))).collect() }
    }

    /// The decision at one trigger.
    fn decide(&self, trigger: &Trigger) -> DecisionEnvelope {
        let who = (&self.handle, &self.session_id);
        let Decision { id, rule, action, reason, looks, ttl_seconds } =
            decide(who, trigger, &self.session, &self.segments, &self.rules, self.now);
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
