//! `POST /v2/public/chain/resolve` and `…/prefetch`: what a page is to do, for one trigger or for several at once.

use std::collections::BTreeMap;

use api::{ApiState, JsonBody, Problem, limit_public};
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use domain::chain::{Action, ChainRule, Decision, Look, Question, Questions, Session, decide, segments};
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
    /// The same for the same session, rules, trigger and moment.
    decision_id: DecisionId,
    handle: Handle,
    session_id: SessionId,
    trigger: Trigger,
    matched: bool,
    rule_id: Option<RuleId>,
    action: Action,
    reason: String,
    /// Every rule evaluated, in order.
    evaluated: Vec<EvaluatedRule>,
    segments: Vec<String>,
    signals_considered: usize,
    decided_at: Moment,
    /// For how long a page may reuse it, in seconds.
    ttl_seconds: u32,
}

/// A rule that was evaluated.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EvaluatedRule {
    kind: &'static str,
    rule_id: RuleId,
    priority: i64,
    matched: bool,
    /// The first condition that did not hold, such as `all[0]`.
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

/// Decides what a page is to do at a trigger: the same for the same session, rules and moment.
#[utoipa::path(post, path = "/v2/public/chain/resolve", tag = "public", request_body = QuestionBody,
    responses((status = 200, description = "The decision.", body = DecisionEnvelope)))]
pub(crate) async fn resolve(State(app): State<ApiState>, request: Request) -> Result<Json<DecisionEnvelope>, Problem> {
    let Question { handle, session, trigger } = Question::read(asked(&app, request).await?)?;
    let mut decisions = decisions(&app, Questions { handle, session, triggers: vec![trigger] }).await?;
    decisions.pop_first().map(|(_, decision)| Json(decision)).ok_or_else(|| Problem::field("trigger", "is required"))
}

/// Decides for several triggers at once; each decision equals its own resolve.
#[utoipa::path(post, path = "/v2/public/chain/prefetch", tag = "public", request_body = QuestionsBody,
    responses((status = 200, description = "The decisions.", body = Decisions)))]
pub(crate) async fn prefetch(State(app): State<ApiState>, request: Request) -> Result<Json<Decisions>, Problem> {
    let asked = Questions::read(asked(&app, request).await?)?;
    Ok(Json(Decisions { decisions: decisions(&app, asked).await? }))
}

async fn asked(app: &ApiState, request: Request) -> Result<Value, Problem> {
    limit_public(app, request.headers(), request.extensions()).await?;
    let JsonBody(body) = JsonBody::from_request(request, app).await?;
    Ok(body)
}

/// One query for the session and one read of the rules, side by side, however many triggers there are.
async fn decisions(app: &ApiState, asked: Questions) -> Result<BTreeMap<String, DecisionEnvelope>, Problem> {
    let Questions { handle, session, triggers } = asked;
    let now = app.now();
    let store = app.store();
    let (profile, (book, _), kept) =
        try_join!(store.profile(&handle), store.rule_book::<ChainRule>(&handle), store.session(&handle, &session, now))?;
    profile.ok_or_else(Problem::unknown_handle)?;
    let segments = segments(&kept.session);
    let decided = triggers.iter().map(|trigger| {
        let decision = decide((&handle, &session), trigger, &kept.session, &segments, &book, now);
        (trigger.to_string(), DecisionEnvelope::of(decision, (&handle, &session), trigger, &kept.session, &segments, now))
    });
    Ok(decided.collect())
}

impl DecisionEnvelope {
    fn of(
        Decision { id, rule, action, reason, looks, ttl_seconds }: Decision<'_>,
        (handle, session_id): (&Handle, &SessionId),
        trigger: &Trigger,
        session: &Session,
        segments: &[String],
        now: Moment,
    ) -> Self {
        Self {
            decision_id: id,
            handle: handle.clone(),
            session_id: session_id.clone(),
            trigger: trigger.clone(),
            matched: rule.is_some(),
            rule_id: rule.cloned(),
            action,
            reason,
            evaluated: looks.into_iter().map(EvaluatedRule::of).collect(),
            segments: segments.to_vec(),
            signals_considered: session.signals().len(),
            decided_at: now,
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
