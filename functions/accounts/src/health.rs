//! `GET /v2/system/health`: whether the API and its table answer.

use api::{ApiState, Problem};
use axum::Json;
use axum::extract::State;
use domain::values::name::UserId;
use serde::Serialize;

/// The system's health.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    /// Always `ok`: otherwise the answer is 503.
    status: &'static str,
    /// The release.
    version: &'static str,
}

/// Tells whether the API and its table answer.
#[utoipa::path(get, path = "/v2/system/health", tag = "system", responses((status = 200, description = "All is well.", body = Health)))]
pub(crate) async fn handle(State(app): State<ApiState>) -> Result<Json<Health>, Problem> {
    if let Ok(nobody) = "health-check".parse::<UserId>() {
        app.store().accounts().get(&nobody).await?;
    }
    Ok(Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}
