//! `GET …/audit-events`: who did what on a handle, newest first (contract §12).

use api::{ApiState, ListResponse, Member, Operator, Paging, Problem};
use axum::Json;
use axum::extract::State;
use domain::accounts::audit::Event;
use domain::values::name::Handle;

/// Lists what was done on a handle, newest first, for 400 days.
#[utoipa::path(get, path = "/v2/handles/{handle}/audit-events", tag = "handles", security(("jwt" = [])),
    params(("handle" = Handle, Path), Paging),
    responses((status = 200, description = "A page of audit events.", body = ListResponse<Event>)))]
pub(crate) async fn list(
    State(app): State<ApiState>,
    member: Member<Operator>,
    paging: Paging,
) -> Result<Json<ListResponse<Event>>, Problem> {
    let page = app.store().audit_events(member.handle(), app.now(), paging.limit, paging.cursor.as_deref()).await?;
    Ok(Json(ListResponse::of(page, |event| event)))
}
