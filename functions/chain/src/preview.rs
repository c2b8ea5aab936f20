//! `POST …/chain/preview`: decisions for sessions that may be invented, by rules that may be drafts.

use api::{ApiState, JsonBody, Member, PersonalizationRead, Problem};
use axum::Json;
use axum::extract::State;
use domain::chain::{ChainPreview, ChainRule, Session, segments};
use domain::values::name::Handle;

use crate::ask::{Decisions, Visitor};

api::request_body!(ChainPreviewBody, "What to decide, for which session and by which rules.", ChainPreview::body(), {
    "triggers": ["checkout"],
    "signals": [{"signalKey": "intent", "signalValue": "cart", "confidence": 0.9}],
    "rules": [{
        "ruleId": "free-delivery",
        "trigger": "checkout",
        "when": {"all": [{"signalKey": "intent", "minConfidence": 0.7}]},
        "action": {"type": "banner", "text": "Free delivery today"}
    }]
});

/// The session that an answer names when the request names none.
const INVENTED: &str = "preview";

/// Decides what a page would do at some triggers. Stores nothing and is not charged to the quota.
///
/// The session's own signals and the handle's own rules count, unless the request has others: `signals` are added to those of
/// `sessionId`, `rules` take the place of the handle's. Without `sessionId` the answer names the session `preview`.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/chain/preview",
    tag = "chain",
    security(("jwt" = []), ("pat" = ["personalization.read"])),
    params(("handle" = Handle, Path)),
    request_body = ChainPreviewBody,
    responses((status = 200, description = "The decisions; the same for the same request.", body = Decisions))
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<PersonalizationRead>,
    JsonBody(body): JsonBody,
) -> Result<Json<Decisions>, Problem> {
    let ChainPreview { rules, signals, session, triggers, at } = ChainPreview::read(body, &app.settings().own_hosts, app.now())?;
    let handle = member.handle().clone();
    let rules = match rules {
        Some(rules) => rules,
        None => app.store().rule_sets().get::<ChainRule>(&handle).await?.0,
    };
    let stored = match &session {
        Some(session) => app.store().sessions().get(&handle, session, at).await?.session,
        None => Session::default(),
    };
    let session_id = match session {
        Some(session) => session,
        None => INVENTED.parse().map_err(Problem::internal)?,
    };
    let session = Session::new(stored.signals().iter().cloned().chain(signals), stored.is_converted, at);
    let visitor = Visitor { segments: segments(&session), handle, session_id, session, rules, now: at };
    Ok(Json(visitor.decisions(&triggers)))
}
