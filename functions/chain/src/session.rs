//! `GET …/chain/{sessionId}`: a session's signals and segments.

use api::{ApiState, Member, PathId, PersonalizationRead, Problem};
use axum::Json;
use axum::extract::State;
use domain::chain::{Confidence, Signal, segments};
use domain::values::moment::Moment;
use domain::values::name::{Handle, SessionId, SignalKey};
use serde::Serialize;
use serde_json::Value;

/// A session.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChainSession {
    handle: Handle,
    session_id: SessionId,
    /// Current signals, oldest first.
    signals: Vec<SessionSignal>,
    segments: Vec<String>,
    /// Whether a conversion happened in it.
    converted: bool,
    /// When its newest signal expires; null without any.
    expires_at: Option<Moment>,
}

/// A signal.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionSignal {
    signal_key: SignalKey,
    signal_value: Option<String>,
    confidence: Confidence,
    source: Option<String>,
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    occurred_at: Moment,
}

impl SessionSignal {
    fn of(signal: &Signal) -> Self {
        Self {
            signal_key: signal.key.clone(),
            signal_value: signal.value.clone(),
            confidence: signal.confidence,
            source: signal.source.clone(),
            metadata: signal.metadata.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            occurred_at: signal.at,
        }
    }
}

/// Reads a session.
///
/// A session without a current signal and without a conversion does not exist.
#[utoipa::path(
    get,
    path = "/v2/handles/{handle}/chain/{sessionId}",
    tag = "chain",
    security(("jwt" = []), ("pat" = ["personalization.read"])),
    params(("handle" = Handle, Path), ("sessionId" = SessionId, Path)),
    responses((status = 200, description = "The session.", body = ChainSession))
)]
pub(crate) async fn handle(
    State(app): State<ApiState>,
    member: Member<PersonalizationRead>,
    PathId(id): PathId<SessionId>,
) -> Result<Json<ChainSession>, Problem> {
    let kept = app.store().sessions().get(member.handle(), &id, app.now()).await?;
    if kept.session.signals().is_empty() && !kept.session.is_converted {
        return Err(Problem::not_found("session"));
    }
    Ok(Json(ChainSession {
        handle: member.handle().clone(),
        session_id: id,
        signals: kept.session.signals().iter().map(SessionSignal::of).collect(),
        segments: segments(&kept.session),
        converted: kept.session.is_converted,
        expires_at: kept.expires_at,
    }))
}
