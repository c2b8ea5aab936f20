//! `GET …/audit-events`: the audit events of a handle, newest first (specification §12).

use api::{ApiState, ListResponse, Member, Operator, Paging, Problem};
use axum::Json;
use axum::extract::State;
use domain::accounts::audit::AuditEvent;
use domain::values::name::Handle;

/// Lists the audit events of a handle, newest first. They are kept for 400 days.
#[utoipa::path(get, path = "/v2/handles/{handle}/audit-events", tag = "handles", security(("jwt" = [])),
    params(("handle" = Handle, Path), Paging),
    responses((status = 200, description = "A page of audit events.", body = ListResponse<AuditEvent>)))]
pub(crate) async fn list(
    State(app): State<ApiState>,
    member: Member<Operator>,
    paging: Paging,
) -> Result<Json<ListResponse<AuditEvent>>, Problem> {
    let page = app.store().audit_log().list(member.handle(), app.now(), paging.limit, paging.cursor.as_deref()).await?;
    Ok(Json(ListResponse::of(page, |event| event)))
}
