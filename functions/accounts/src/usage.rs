//! `…/usage-meters`: today's usage of the owning account.

use api::{ApiState, Creator, Member, Problem, account};
use axum::Json;
use axum::extract::State;
use domain::accounts::Plan;
use domain::values::moment::Moment;
use domain::values::name::Handle;
use domain::values::zone::Zone;
use serde::Serialize;

/// The owning account's usage.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Usage {
    handle: Handle,
    plan: Plan,
    time_zone: Zone,
    limits: Limits,
    usage: Used,
    /// The account's next midnight.
    resets_at: Moment,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Limits {
    pub(crate) writes_per_day: u32,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Used {
    writes_today: u32,
    /// The account's local day, as 20260401.
    writes_day: String,
}

/// Reads today's usage of the account that owns the handle.
#[utoipa::path(get, path = "/v2/handles/{handle}/usage-meters", tag = "handles", security(("jwt" = [])), params(("handle" = Handle, Path)),
    responses((status = 200, description = "The usage.", body = Usage)))]
pub(crate) async fn handle(State(app): State<ApiState>, member: Member<Creator>) -> Result<Json<Usage>, Problem> {
    let owner = &member.profile.owner;
    let account = account(&app, owner).await?;
    let window = account.window(app.now());
    let used = app.store().limits().writes_used(owner, &window).await?;
    Ok(Json(Usage {
        handle: member.handle().clone(),
        plan: account.plan,
        time_zone: account.time_zone,
        limits: Limits { writes_per_day: window.limit },
        usage: Used { writes_today: used, writes_day: window.day.compact() },
        resets_at: window.ends,
    }))
}
