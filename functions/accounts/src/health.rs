//! `GET /v2/system/health`: whether the API and its table respond.

use api::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use domain::values::name::UserId;
use serde::Serialize;

/// The system's health.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SystemHealth {
    /// Always `ok`: otherwise the response is 503.
    status: &'static str,
    /// The release.
    version: &'static str,
}

/// Reports whether the API and its table respond.
#[utoipa::path(
    get,
    path = "/v2/system/health",
    tag = "system",
    responses((status = 200, description = "The system is healthy.", body = SystemHealth))
)]
pub(crate) async fn handle(State(app): State<ApiState>) -> Result<Json<SystemHealth>, Problem> {
    if let Ok(user) = "health-check".parse::<UserId>() {
        app.store().accounts().get(&user).await?;
    }
    Ok(Json(SystemHealth { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}
