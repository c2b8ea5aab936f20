//! `GET /v2/system/health`: whether the API and its table respond, and whether what was accepted is being counted.

use api::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use domain::values::moment::Moment;
use serde::Serialize;
use store::Sweep;

/// How old the sweeper's last run may be, in milliseconds: it runs every minute.
const MAX_SWEEP_AGE_MS: i64 = 300_000;

/// The system's health.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SystemHealth {
    /// Always `ok`: otherwise the response is 503.
    status: &'static str,
    /// Whether accepted conversions and clicks are being counted.
    counting: Counting,
    /// The release.
    version: &'static str,
}

/// Whether what was accepted is being counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Counting {
    /// Nothing is late.
    Current,
    /// Some of it has been waiting for more than a quarter of an hour, or is set aside for an operator.
    Behind,
    /// Nothing has looked for five minutes: the system has just started, or its sweeper does not run.
    Unknown,
}

impl Counting {
    fn of(sweep: &Sweep, now: Moment) -> Self {
        match sweep.swept_at {
            Some(at) if now.millis() - at.millis() <= MAX_SWEEP_AGE_MS => {
                if sweep.late > 0 || sweep.set_aside {
                    Self::Behind
                } else {
                    Self::Current
                }
            }
            _ => Self::Unknown,
        }
    }
}

/// Reports whether the API and its table respond, and whether what was accepted is being counted.
#[utoipa::path(
    get,
    path = "/v2/system/health",
    tag = "system",
    responses((status = 200, description = "The API and its table respond.", body = SystemHealth))
)]
pub(crate) async fn handle(State(app): State<ApiState>) -> Result<Json<SystemHealth>, Problem> {
    let sweep = app.store().system().last_sweep().await?;
    Ok(Json(SystemHealth { status: "ok", counting: Counting::of(&sweep, app.now()), version: env!("CARGO_PKG_VERSION") }))
}
