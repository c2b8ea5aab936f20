//! `POST …/chain/signals`: what a visitor did, appended to the session.

use api::{ApiState, Code, JsonBody, Member, Problem, SignalsBody, SignalsWrite, limit_public};
use axum::Json;
use axum::extract::{FromRequest, Request, State};
use domain::chain::{MAX_A_MINUTE, MAX_IN_A_SESSION, SignalBatch};
use domain::values::moment::Moment;
use domain::values::name::{Handle, SessionId};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use store::Appended;

api::request_body!(SignalsPosted, "Signals of one session; unknown members are ignored.", SignalBatch::body(), {
    "handle": "demo",
    "sessionId": "sess-1",
    "signals": [{"type": "view"}, {"signalKey": "intent", "signalValue": "checkout", "confidence": 0.8, "signalId": "s-2"}]
});

api::request_body!(SessionSignals, "Signals of one session, of the handle in the path.", SignalBatch::session_body(), {
    "sessionId": "sess-1",
    "signals": [{"signalKey": "segment", "signalValue": "vip", "source": "crm"}]
});

/// The result of submitted signals.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SignalsReceipt {
    /// Signals stored now.
    accepted: u32,
    /// Signals already stored, by their ids.
    deduped: u32,
    session_id: SessionId,
    /// All current signals of the session.
    total: u32,
    /// When the newest of them expires.
    expires_at: Moment,
}

/// Appends signals to a session: all new ones, or none.
#[utoipa::path(
    post,
    path = "/v2/public/chain/signals",
    tag = "public",
    request_body(
        content((SignalsPosted = "application/json"), (SignalsPosted = "text/plain")),
        description = "JSON; a page's beacon sends it as text.",
    ),
    responses((status = 202, description = "Stored.", body = SignalsReceipt))
)]
pub(crate) async fn from_page(State(app): State<ApiState>, request: Request) -> Result<(StatusCode, Json<SignalsReceipt>), Problem> {
    limit_public(&app, request.headers(), request.extensions()).await?;
    let SignalsBody(body) = SignalsBody::from_request(request, &app).await?;
    let batch = SignalBatch::read(body)?;
    app.store().profiles().open(&batch.handle).await?.ok_or_else(Problem::unknown_handle)?;
    append(&app, batch).await
}

/// Appends signals to a session on behalf of its visitor.
///
/// The same as the public route, for a merchant's own server: there is no limit of requests per address.
#[utoipa::path(
    post,
    path = "/v2/handles/{handle}/chain/signals",
    tag = "chain",
    security(("jwt" = []), ("pat" = ["chain.signal.write"])),
    params(("handle" = Handle, Path)),
    request_body = SessionSignals,
    responses((status = 202, description = "Stored.", body = SignalsReceipt))
)]
pub(crate) async fn from_server(
    State(app): State<ApiState>,
    member: Member<SignalsWrite>,
    JsonBody(body): JsonBody,
) -> Result<(StatusCode, Json<SignalsReceipt>), Problem> {
    append(&app, SignalBatch::read_for(member.handle(), body)?).await
}

async fn append(
    app: &ApiState,
    SignalBatch { handle, session, signals }: SignalBatch,
) -> Result<(StatusCode, Json<SignalsReceipt>), Problem> {
    let now = app.now();
    let fresh = || app.id::<domain::values::id::Request>().to_string();
    match app.store().sessions().append((&handle, &session), &signals, &fresh, now).await? {
        Appended::Kept { accepted, deduped, total, ends } => {
            let expires_at = ends.unwrap_or(now);
            Ok((StatusCode::ACCEPTED, Json(SignalsReceipt { accepted, deduped, session_id: session, total, expires_at })))
        }
        Appended::Full { until } => {
            let message = format!("this session has the maximum of {MAX_IN_A_SESSION} signals until one expires; begin a new session");
            Err(too_many(message, json!({"signalsPerSession": MAX_IN_A_SESSION}), until, now))
        }
        Appended::TooFast { until } => {
            let message = format!("more than {MAX_A_MINUTE} signals per minute in one session; wait for the time in Retry-After");
            Err(too_many(message, json!({"signalsPerMinute": MAX_A_MINUTE}), until, now))
        }
    }
}

fn too_many(message: String, limits: Value, until: Moment, now: Moment) -> Problem {
    Problem::new(Code::RateLimited, message).with("limits", limits).retry_at(until, now)
}
